// SPDX-License-Identifier: Apache-2.0
// Where an address leads: local domains, aliases, catch-all addresses, and the
// users behind them. Kept in a partition of its own; users are those of auth.
// It knows no protocol and no DNS: what is not ours is somebody else's.
//
// Which names exist in a local domain:
//   - an alias of exactly that address wins;
//   - a user named "local@domain";
//   - in the primary domain a user named "local" without a domain;
//   - with a detail ("local+detail") the same again for "local" alone;
//   - a domain alias has the names of the domain that it stands for;
//   - else the domain's catch-all, else nobody.
// "postmaster" (RFC 5321 section 4.5.1), also without a domain, is an alias
// like any other, and else the settings' postmaster.
// Thread-safe. Each resolve reads the engine: O(aliases on the way), no cache.
#ifndef ROOST_ROUTE_ROUTE_H
#define ROOST_ROUTE_ROUTE_H

#include "auth/auth.h"
#include "base/arena.h"
#include "wire/smtp_path.h"

#define ROUTE_PARTITION   2    // of the engine
#define ROUTE_ALIASES_MAX 10   // aliases of aliases that are followed
#define ROUTE_TARGETS_MAX 1000 // that one address may lead to

struct route;

struct route_settings {
	struct view postmaster; // an address or a user; empty: none
	struct log *log;        // may be NULL
};

// Engine and auth outlive it.
struct route *route_new(struct engine *engine, struct auth *auth,
    const struct route_settings *settings);
void route_free(struct route **route);

// ---- Asking ----------------------------------------------------------------

enum route_kind {
	ROUTE_USER,   // a mailbox here
	ROUTE_REMOTE, // another server's: by its domain
};

struct route_target {
	enum route_kind kind;
	uint64_t account;    // of a user
	struct view user;    // its name
	struct view folder;  // mailbox named by the detail; empty: INBOX
	struct view address; // in full, canonical: what RCPT TO or Delivered-To
			     // says
};

enum route_verdict {
	ROUTE_OK,       // there are targets
	ROUTE_FOREIGN,  // not a domain of ours; one ROUTE_REMOTE target
	ROUTE_UNKNOWN,  // our domain, but nobody there (550 5.1.1)
	ROUTE_DISABLED, // the user is switched off (550 5.2.1)
	ROUTE_LOOP,     // aliases that lead to themselves, or to too many
};

struct route_result {
	enum route_verdict verdict;
	struct route_target *targets; // each user and address once
	size_t count;
};

// RC_OK also for ROUTE_UNKNOWN; else the engine could not be read. All of the
// result lives in `arena`. `explain` (may be NULL) gets a line for each step,
// for a person: "alias sales@example.org leads to anna, bert".
MUST_CHECK enum rc route_resolve(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, struct buf *explain,
    struct route_result *ret_result);

// Whether mail for the domain (A-labels, lower case) is ours.
MUST_CHECK enum rc route_is_local_domain(
    struct route *route, struct view domain, bool *ret_local);

// Whether the user may send as this address: it leads to the user and to no
// one else, or is an alias that leads to the user among others, with any
// detail. RC_DENIED.
MUST_CHECK enum rc route_may_send_as(struct route *route,
    const struct auth_user *user, const struct smtp_mailbox *address);

// The user's own address: "name@primary" or the name itself. RC_NOT_FOUND while
// there is no primary domain.
MUST_CHECK enum rc route_user_address(struct route *route,
    const struct auth_user *user, struct arena *arena,
    struct view *ret_address);

// ---- Domains ---------------------------------------------------------------

struct route_domain {
	struct view name;      // A-labels, lower case
	struct view alias_of;  // the domain that it stands for; empty
	struct view catch_all; // an address or a user; empty
	bool primary;          // users without a domain live here
};

// The first domain becomes the primary one. RC_EXISTS, RC_INVALID.
MUST_CHECK enum rc route_domain_add(struct route *route,
    const struct route_domain *domain, struct fault *fault);
// Changes one that exists. RC_NOT_FOUND.
MUST_CHECK enum rc route_domain_set(struct route *route,
    const struct route_domain *domain, struct fault *fault);
// RC_NOT_FOUND; RC_IN_USE while it has aliases or stands for others.
MUST_CHECK enum rc route_domain_remove(
    struct route *route, struct view name, struct fault *fault);
MUST_CHECK enum rc route_domain_find(struct route *route, struct view name,
    struct arena *arena, struct route_domain *ret_domain);
// The first one, in byte order, after `after`; RC_END.
MUST_CHECK enum rc route_domain_next(struct route *route, struct view after,
    struct arena *arena, struct route_domain *ret_domain);

// ---- Aliases ---------------------------------------------------------------

struct route_alias {
	struct view address;  // canonical: folded local part, A-label domain
	struct view *targets; // addresses or users
	size_t count;
};

// Makes or replaces an alias of a local domain. RC_INVALID when a target is
// neither an address nor a user; RC_LIMIT.
MUST_CHECK enum rc route_alias_set(
    struct route *route, const struct route_alias *alias, struct fault *fault);
MUST_CHECK enum rc route_alias_remove(
    struct route *route, struct view address, struct fault *fault);
MUST_CHECK enum rc route_alias_next(struct route *route, struct view after,
    struct arena *arena, struct route_alias *ret_alias);

// ---- Details ---------------------------------------------------------------

// What "user+detail" does (RFC 5233 names the parts).
enum route_detail {
	ROUTE_DETAIL_INBOX,  // the detail says nothing; the default
	ROUTE_DETAIL_FOLDER, // into the mailbox of that name, if there is one
	ROUTE_DETAIL_REFUSE, // such an address is unknown
};
MUST_CHECK enum rc route_detail_set(struct route *route,
    const struct auth_user *user, enum route_detail detail,
    struct fault *fault);
MUST_CHECK enum rc route_detail_get(struct route *route,
    const struct auth_user *user, enum route_detail *ret_detail);

#endif
