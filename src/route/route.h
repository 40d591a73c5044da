// SPDX-License-Identifier: Apache-2.0
// Where an address leads: local domains, aliases, catch-all addresses, and the
// users behind them. Kept in a partition of its own; users are those of auth.
// It knows no protocol and no DNS: what is not ours is somebody else's.
//
// Which names exist in a local domain, the first that fits:
//   - an alias of exactly that address;
//   - a user named "local@domain" (the domain in either form);
//   - in the primary domain a user named "local" without a domain;
//   - with a detail, from the first "+" on ("local+detail"), the same again
//     for "local" alone;
//   - "postmaster" (RFC 5321 section 4.5.1): what the settings say;
//   - the domain's catch-all.
// A domain alias has the names of the domain that it stands for, and nothing of
// its own. "postmaster" without a domain is the primary domain's.
//
// Local parts of aliases are compared as smtp_local_fold() has them, names of
// users as auth prepares them. A local part with "@" in it, quoted, is nobody's
// unless it is an alias. "%" and "!" mean nothing.
//
// An alias may lead to its own address: that is then the user of that name, so
// that "anna@example.org leads to anna@example.org, archive" does what it says.
// A target that is gone (a user removed, a name unknown) or switched off is
// passed over while there are others. A detail is not handed on by an alias: it
// names a folder only at a user's own address.
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
	uint64_t account; // of a user
	struct view user; // its name
	// Mailbox named by the detail, as it was written; empty: INBOX.
	struct view folder;
	// In full, with A-labels: what RCPT TO says to a remote one; of a user,
	// the user's own address without a detail (only the name while there is
	// no primary domain).
	struct view address;
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

// The user whose own address it is, with any detail, whatever alias has that
// name: for mail whose aliases were followed before. At most one target.
MUST_CHECK enum rc route_resolve_user(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, struct route_result *ret_result);

// The user who logs in under `name`: the user of that name, or else the one
// whose address it is. A name without "@" is taken for one of the primary
// domain. What counts as the user's address is narrower than for mail: the
// user's own (which goes before an alias of that name here), an alias with this
// one target, a chain of such; a domain alias; with any detail, refused ones
// too. A catch-all does not count, nor does the settings' postmaster: whoever
// guesses at a user would have any number of names for it, and nobody gave the
// user any of them. A disabled user is found.
// RC_NOT_FOUND: nobody's; then too `ret_name` is set, to one text for all
// spellings of the name ("zoe", "Zoe+x@alias.example": "zoe@ours.example").
MUST_CHECK enum rc route_login_name(
    struct route *route, struct view name, struct auth_name *ret_name);

// Whether mail for the domain (A-labels, lower case) is ours. Literals are not.
MUST_CHECK enum rc route_is_local_domain(
    struct route *route, struct view domain, bool *ret_local);

// Whether the user may send as this address: it leads to the user and to no
// one else, or is an alias that leads to the user among others, with any
// detail, refused ones too. Through a catch-all, only alone. RC_DENIED.
MUST_CHECK enum rc route_may_send_as(struct route *route,
    const struct auth_user *user, const struct smtp_mailbox *address);

// The user's own address: "name@primary" or the name itself. RC_NOT_FOUND while
// there is no primary domain.
MUST_CHECK enum rc route_user_address(struct route *route,
    const struct auth_user *user, struct arena *arena,
    struct view *ret_address);

// A user who has the address that a user called `name` would have, under
// another name: "anna" and "anna@primary", or the two forms of a domain. Mail
// could not tell them apart. RC_NOT_FOUND: there is none.
MUST_CHECK enum rc route_user_twin(struct route *route, struct view name,
    struct arena *arena, struct view *ret_twin);

// ---- Domains ---------------------------------------------------------------

struct route_domain {
	struct view name;      // A-labels, lower case
	struct view alias_of;  // the domain that it stands for; empty
	struct view catch_all; // an address or a user; empty
	bool primary;          // users without a domain live here
};

// Names, here and for aliases, may be given in any form; what comes back is
// canonical. The first domain becomes the primary one, a later one that says so
// takes its place. RC_EXISTS, RC_INVALID.
MUST_CHECK enum rc route_domain_add(struct route *route,
    const struct route_domain *domain, struct fault *fault);
// Changes all of one that exists. RC_NOT_FOUND; RC_INVALID; RC_IN_USE when it
// would become an alias, but has aliases or stands for others.
MUST_CHECK enum rc route_domain_set(struct route *route,
    const struct route_domain *domain, struct fault *fault);
// RC_NOT_FOUND; RC_IN_USE while it has aliases, or stands for others, or is the
// primary one of several.
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

// Makes or replaces an alias of a local domain that is not an alias itself.
// RC_INVALID when a target is neither an address nor a user; RC_LIMIT.
MUST_CHECK enum rc route_alias_set(
    struct route *route, const struct route_alias *alias, struct fault *fault);
// Adds the targets to those there are, or makes the alias.
MUST_CHECK enum rc route_alias_add(
    struct route *route, const struct route_alias *alias, struct fault *fault);
// Takes the targets away, with the last one the alias. RC_NOT_FOUND, also when
// it did not lead to one of them: then nothing changes.
MUST_CHECK enum rc route_alias_subtract(
    struct route *route, const struct route_alias *alias, struct fault *fault);
MUST_CHECK enum rc route_alias_remove(
    struct route *route, struct view address, struct fault *fault);
// By domain, then local part, in byte order: the first one after the address
// `after`, which may be "@domain", before all of that domain; empty: the first
// of all. RC_END.
MUST_CHECK enum rc route_alias_next(struct route *route, struct view after,
    struct arena *arena, struct route_alias *ret_alias);

// ---- Details ---------------------------------------------------------------

// What "user+detail" does (RFC 5233 names the parts).
enum route_detail {
	ROUTE_DETAIL_INBOX,  // the detail says nothing; the default
	ROUTE_DETAIL_FOLDER, // into the mailbox of that name, if there is one
	// Such an address is unknown, and not the catch-all's either.
	ROUTE_DETAIL_REFUSE,
};
// By account: a user who is removed and added again has the default.
MUST_CHECK enum rc route_detail_set(struct route *route,
    const struct auth_user *user, enum route_detail detail,
    struct fault *fault);
MUST_CHECK enum rc route_detail_get(struct route *route,
    const struct auth_user *user, enum route_detail *ret_detail);

#endif
