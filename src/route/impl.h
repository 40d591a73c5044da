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
#define ROUTE_PRIMARY_KEY   "primary" // has the primary domain's name
#define ROUTE_ALIAS_PREFIX  "alias/"  // domain, NUL, folded local part
#define ROUTE_DETAIL_PREFIX "detail/" // account, eight bytes

// A target as it is kept: a local part of SMTP_LOCAL_MAX bytes may all be
// escaped in its quotes.
#define ROUTE_TARGET_LEN_MAX 512
#define ROUTE_ALIAS_RECORD_MAX                                                 \
	((size_t)ROUTE_TARGETS_MAX * (ROUTE_TARGET_LEN_MAX + 2) + 5)
#define ROUTE_DOMAIN_RECORD_MAX ((size_t)2048)

struct view route_domain_key(struct arena *arena, struct view domain);
struct view route_alias_key(
    struct arena *arena, struct view domain, struct view local);
struct view route_detail_key(struct arena *arena, uint64_t account);
// The domain and the local part; false when it is no such key.
bool route_alias_key_split(
    struct view key, struct view *ret_domain, struct view *ret_local);

void route_domain_encode(const struct route_domain *domain, struct buf *out);
// `ret_domain` (without its name and `primary`) lies in `bytes`. RC_CORRUPT.
MUST_CHECK enum rc route_domain_decode(
    struct view bytes, struct route_domain *ret_domain);
void route_alias_encode(
    const struct view *targets, size_t count, struct buf *out);
MUST_CHECK enum rc route_alias_decode(struct arena *arena, struct view bytes,
    struct view **ret_targets, size_t *ret_count);

// ---- Reading (record.c) ----------------------------------------------------

// A value, in `arena`; RC_NOT_FOUND, and RC_CORRUPT when over `max`.
MUST_CHECK enum rc route_read(struct engine_snapshot *from, struct arena *arena,
    struct view key, size_t max, struct view *ret_value);
// Empty when there is none.
MUST_CHECK enum rc route_read_primary(
    struct engine_snapshot *from, struct arena *arena, struct view *ret_domain);
// By its canonical name.
MUST_CHECK enum rc route_read_domain(struct engine_snapshot *from,
    struct arena *arena, struct view name, struct route_domain *ret_domain);
MUST_CHECK enum rc route_read_alias(struct engine_snapshot *from,
    struct arena *arena, struct view key, struct view **ret_targets,
    size_t *ret_count);

// ---- Names (names.c) -------------------------------------------------------

MUST_CHECK enum rc route_canonical_domain(struct arena *arena, struct view name,
    struct fault *fault, struct view *ret_name);
// An alias's address: local part folded, domain canonical.
MUST_CHECK enum rc route_canonical_alias(struct arena *arena,
    struct view address, struct fault *fault, struct view *ret_domain,
    struct view *ret_local);
// What an alias leads to: an address with A-labels, or the name of a user.
// RC_INVALID when there is no such user.
MUST_CHECK enum rc route_canonical_target(struct route *route,
    struct arena *arena, struct view target, struct fault *fault,
    struct view *ret_target);
// The last '@' of a user's name; SIZE_MAX.
size_t route_find_at(struct view name);
// "local@domain", quoted where it has to be.
struct view route_print_address(
    struct arena *arena, struct view local, struct view domain);
// As route_user_address(), `primary` given; RC_NOT_FOUND when it is needed and
// empty.
MUST_CHECK enum rc route_address_of(struct arena *arena, struct view name,
    struct view primary, struct view *ret_address);

// ---- Users (login.c) -------------------------------------------------------

// A user by name, disabled or not; RC_NOT_FOUND, also when nobody can be called
// so.
MUST_CHECK enum rc route_find_user(struct engine *engine, struct view name,
    struct auth_name *ret_name, struct auth_record *ret_record);
// The user "local@domain", the domain in either form, or "local" in the primary
// domain. `domain` is canonical.
MUST_CHECK enum rc route_find_user_at(struct engine *engine,
    struct arena *arena, struct view local, struct view domain,
    struct view primary, struct auth_name *ret_name,
    struct auth_record *ret_record);

// ---- Changing (route.c) ----------------------------------------------------

struct route_change {
	// One try: reads the snapshot, fills the batch.
	enum rc (*make)(const struct route_change *change, struct arena *arena,
	    struct engine_snapshot *from, struct engine_batch *batch);
	const void *what;
	struct fault *fault;
};

MUST_CHECK enum rc route_carry_out(
    struct route *route, struct route_change *change);

// ---- Resolving (resolve.c) -------------------------------------------------

// As route_resolve(). With `any_detail`, also those that a user refuses.
MUST_CHECK enum rc route_walk(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, bool any_detail, struct buf *explain,
    struct route_result *ret_result, bool *ret_by_catch_all);

#endif
