// SPDX-License-Identifier: Apache-2.0
// What the files of this room share: records, single reads, guarded changes.
#ifndef ROOST_ROUTE_IMPL_H
#define ROOST_ROUTE_IMPL_H

#include "route/route.h"

struct route {
	struct engine *engine;
	struct auth *auth;
	char *postmaster; // owned
	struct log *log;
};

// ---- Records (record.c) ----------------------------------------------------

#define ROUTE_DOMAIN_PREFIX "domain/" // then the domain
#define ROUTE_PRIMARY_KEY   "primary" // its value: the primary domain
#define ROUTE_ALIAS_PREFIX  "alias/"  // domain, NUL, folded local part
#define ROUTE_DETAIL_PREFIX "detail/" // account, eight bytes

// Longest stored target: each of the SMTP_LOCAL_MAX bytes of a local part may
// need an escape inside quotes.
#define ROUTE_TARGET_LEN_MAX 512
#define ROUTE_ALIAS_RECORD_MAX                                                 \
	((size_t)ROUTE_TARGETS_MAX * (ROUTE_TARGET_LEN_MAX + 2) + 5)
#define ROUTE_DOMAIN_RECORD_MAX ((size_t)2048)

struct view route_domain_key(struct arena *arena, struct view domain);
struct view route_alias_key(
    struct arena *arena, struct view domain, struct view local);
struct view route_detail_key(struct arena *arena, uint64_t account);
// Splits an alias's key into domain and local part; false if it is not such a
// key.
bool route_alias_key_split(
    struct view key, struct view *ret_domain, struct view *ret_local);

void route_domain_encode(const struct route_domain *domain, struct buf *out);
// The texts of `ret_domain` are in `bytes`; its name and `primary` are not set.
// RC_CORRUPT: it is not a domain's record.
MUST_CHECK enum rc route_domain_decode(
    struct view bytes, struct route_domain *ret_domain);
void route_alias_encode(
    const struct view *targets, size_t count, struct buf *out);
MUST_CHECK enum rc route_alias_decode(struct arena *arena, struct view bytes,
    struct view **ret_targets, size_t *ret_count);

// ---- Reading (record.c) ----------------------------------------------------

// Reads a value into `arena`. RC_NOT_FOUND; RC_CORRUPT: it is longer than
// `max`.
MUST_CHECK enum rc route_read(struct engine_snapshot *from, struct arena *arena,
    struct view key, size_t max, struct view *ret_value);
// The result is empty if there is none.
MUST_CHECK enum rc route_read_primary(
    struct engine_snapshot *from, struct arena *arena, struct view *ret_domain);
// Reads a domain by its canonical name.
MUST_CHECK enum rc route_read_domain(struct engine_snapshot *from,
    struct arena *arena, struct view name, struct route_domain *ret_domain);
MUST_CHECK enum rc route_read_alias(struct engine_snapshot *from,
    struct arena *arena, struct view key, struct view **ret_targets,
    size_t *ret_count);

// ---- Names (names.c) -------------------------------------------------------

MUST_CHECK enum rc route_canonical_domain(struct arena *arena, struct view name,
    struct fault *fault, struct view *ret_name);
// The address of an alias in canonical form: the local part folded, the domain
// in A-labels.
MUST_CHECK enum rc route_canonical_alias(struct arena *arena,
    struct view address, struct fault *fault, struct view *ret_domain,
    struct view *ret_local);
// The target of an alias in canonical form: an address with A-labels, or the
// name of a user. RC_INVALID: there is no such user.
MUST_CHECK enum rc route_canonical_target(struct route *route,
    struct arena *arena, struct view target, struct fault *fault,
    struct view *ret_target);
// The place of the last '@' in a user's name; SIZE_MAX if there is none.
size_t route_find_at(struct view name);
// Makes "local@domain", with quotes if they are needed.
struct view route_print_address(
    struct arena *arena, struct view local, struct view domain);
// As route_user_address(), for a given `primary`. RC_NOT_FOUND: the primary
// domain is needed, but is empty.
MUST_CHECK enum rc route_address_of(struct arena *arena, struct view name,
    struct view primary, struct view *ret_address);

// ---- Users (login.c) -------------------------------------------------------

// Finds a user by name, disabled or not. RC_NOT_FOUND also for text that cannot
// be a user name.
MUST_CHECK enum rc route_find_user(struct engine *engine, struct view name,
    struct auth_name *ret_name, struct auth_record *ret_record);
// Finds the user "local@domain", with the domain in either form, or "local" if
// `domain` is the primary domain. `domain` is canonical.
MUST_CHECK enum rc route_find_user_at(struct engine *engine,
    struct arena *arena, struct view local, struct view domain,
    struct view primary, struct auth_name *ret_name,
    struct auth_record *ret_record);

// ---- Changing (route.c) ----------------------------------------------------

struct route_change {
	// One attempt: it reads the snapshot and fills the batch.
	enum rc (*make)(const struct route_change *change, struct arena *arena,
	    struct engine_snapshot *from, struct engine_batch *batch);
	const void *what;
	struct fault *fault;
};

MUST_CHECK enum rc route_carry_out(
    struct route *route, struct route_change *change);

// ---- Resolving (resolve.c) -------------------------------------------------

// As route_resolve(). With `any_detail`, details are accepted that the user
// refuses.
MUST_CHECK enum rc route_walk(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, bool any_detail, struct buf *explain,
    struct route_result *ret_result, bool *ret_by_catch_all);

#endif
