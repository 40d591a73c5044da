// SPDX-License-Identifier: Apache-2.0
// Where mail for an address goes: local domains, aliases, catch-all addresses,
// and users. Stored in a partition of its own; the users are those of auth.
// This room knows no protocol and no DNS: an address in a domain that is not
// local belongs to another server.
//
// What an address in a local domain leads to; the first that exists:
// - the alias of exactly that address;
// - the user named "local@domain" (the domain in either form);
// - in the primary domain, the user named "local" without a domain;
// - with a detail, from the first "+" on ("local+detail"): the same again for
//   "local" alone;
// - for "postmaster" (RFC 5321 section 4.5.1), the target in the settings;
// - the domain's catch-all.
// A domain alias has the addresses of the domain that it stands for, and none
// of its own. "postmaster" without a domain is that of the primary domain.
//
// Local parts of aliases are compared as smtp_local_fold() folds them, names of
// users as auth prepares them. A quoted local part with "@" in it never is the
// name of a user, but can be an alias. "%" and "!" have no special meaning.
//
// An alias may have its own address as a target; that target means the user of
// that name. So "anna@example.org leads to anna@example.org, archive" does what
// one expects. A target that no longer exists, or is disabled, is skipped if
// there are others. A detail is not passed on by an alias: it names a folder
// only at a user's own address.
// Thread-safe. Each call reads the engine, once for each alias on the way;
// there is no cache.
#ifndef ROOST_ROUTE_ROUTE_H
#define ROOST_ROUTE_ROUTE_H

#include "auth/auth.h"
#include "base/arena.h"
#include "wire/smtp_path.h"

#define ROUTE_PARTITION   2    // of the engine
#define ROUTE_ALIASES_MAX 10   // length of a chain of aliases
#define ROUTE_TARGETS_MAX 1000 // targets of one address

struct route;

struct route_settings {
	struct view postmaster; // an address or a user; empty: none
	struct log *log;        // may be NULL
};

// The engine and auth must outlive it.
struct route *route_new(struct engine *engine, struct auth *auth,
    const struct route_settings *settings);
void route_free(struct route **route);

// ---- Asking ----------------------------------------------------------------

enum route_kind {
	ROUTE_USER,   // a mailbox here
	ROUTE_REMOTE, // an address on another server
};

struct route_target {
	enum route_kind kind;
	uint64_t account; // of a user
	struct view user; // its name
	// The mailbox that the detail names, as it was written; empty: INBOX.
	struct view folder;
	// The alias that led here, or the address that a catch-all or the
	// settings took the place of; empty: none. It is in one spelling: the
	// local part folded and without a detail, the domain not an alias.
	struct view alias;
	// The full address, with A-labels: for another server, the one to send
	// in RCPT TO; for a user, the own address without a detail (only the
	// name if there is no primary domain).
	struct view address;
};

enum route_verdict {
	ROUTE_OK,       // there are targets
	ROUTE_FOREIGN,  // not a local domain; one ROUTE_REMOTE target
	ROUTE_UNKNOWN,  // a local domain without this address (550 5.1.1)
	ROUTE_DISABLED, // the user is disabled (550 5.2.1)
	ROUTE_LOOP,     // aliases that lead in a circle, or to too many targets
};

struct route_result {
	enum route_verdict verdict;
	struct route_target *targets; // each user and address only once
	size_t count;
};

// RC_OK also with ROUTE_UNKNOWN; otherwise the engine could not be read. The
// whole result is in `arena`. `explain` (may be NULL) gets a line of text for
// each step, for a person to read: "alias sales@example.org leads to anna,
// bert".
MUST_CHECK enum rc route_resolve(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, struct buf *explain,
    struct route_result *ret_result);

// Finds the user whose own address this is, with any detail, even if an alias
// has the same address: for mail whose aliases were followed before. At most
// one target.
MUST_CHECK enum rc route_resolve_user(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, struct route_result *ret_result);

// Finds the user who logs in as `name`: the user of that name, or the user who
// has that address. A name without "@" is completed with the primary domain.
// Fewer addresses count here than for mail: the user's own address (which comes
// before an alias of the same name here), an alias with this user as its only
// target, a chain of such aliases, all these in a domain alias, and all with
// any detail, even if the user refuses details in mail. A catch-all and the
// settings' postmaster do not count: nobody gave these names to the user, and
// somebody who guesses passwords would have any number of names for the same
// user. A disabled user is found.
// RC_NOT_FOUND: the name is nobody's; `ret_name` is set then too, to one text
// for all spellings of the name ("zoe", "Zoe+x@alias.example":
// "zoe@ours.example").
MUST_CHECK enum rc route_login_name(
    struct route *route, struct view name, struct auth_name *ret_name);

// Whether the domain (A-labels, lower case) is local. An address literal is
// not.
MUST_CHECK enum rc route_is_local_domain(
    struct route *route, struct view domain, bool *ret_local);

// Whether the user may send as this address, with any detail. RC_OK if the
// address leads to the user alone, or is an alias that has the user among its
// targets. A catch-all counts only if it leads to the user alone. RC_DENIED
// otherwise.
MUST_CHECK enum rc route_may_send_as(struct route *route,
    const struct auth_user *user, const struct smtp_mailbox *address);

// The user's own address: "name@primary", or the name itself. RC_NOT_FOUND: the
// name has no domain, and there is no primary domain.
MUST_CHECK enum rc route_user_address(struct route *route,
    const struct auth_user *user, struct arena *arena,
    struct view *ret_address);

// Finds a user with another name who has the address that a user named `name`
// would have: "anna" and "anna@primary", or two forms of the same domain. Mail
// could not tell them apart. RC_NOT_FOUND: there is none.
MUST_CHECK enum rc route_user_twin(struct route *route, struct view name,
    struct arena *arena, struct view *ret_twin);

// ---- Domains ---------------------------------------------------------------

struct route_domain {
	struct view name;      // A-labels, lower case
	struct view alias_of;  // the domain that it stands for; empty
	struct view catch_all; // an address or a user; empty
	bool primary;          // the domain of users whose names have none
};

// Here and for aliases, callers may give names in any form, and get them back
// in canonical form. The first domain becomes the primary one; a later one does
// if it says so. RC_EXISTS, RC_INVALID.
MUST_CHECK enum rc route_domain_add(struct route *route,
    const struct route_domain *domain, struct fault *fault);
// Replaces all properties of a domain. RC_NOT_FOUND. RC_INVALID. RC_IN_USE: it
// cannot become a domain alias, because it has aliases or other domains stand
// for it.
MUST_CHECK enum rc route_domain_set(struct route *route,
    const struct route_domain *domain, struct fault *fault);
// RC_NOT_FOUND. RC_IN_USE: it has aliases, or other domains stand for it, or it
// is the primary one of several.
MUST_CHECK enum rc route_domain_remove(
    struct route *route, struct view name, struct fault *fault);
MUST_CHECK enum rc route_domain_find(struct route *route, struct view name,
    struct arena *arena, struct route_domain *ret_domain);
// Gets the first domain after `after`, in byte order. RC_END: there are no
// more.
MUST_CHECK enum rc route_domain_next(struct route *route, struct view after,
    struct arena *arena, struct route_domain *ret_domain);

// ---- Aliases ---------------------------------------------------------------

struct route_alias {
	struct view address;  // canonical: folded local part, A-label domain
	struct view *targets; // addresses or users
	size_t count;
};

// Makes or replaces an alias in a local domain that is not a domain alias.
// RC_INVALID: a target is neither an address nor a user. RC_LIMIT.
MUST_CHECK enum rc route_alias_set(
    struct route *route, const struct route_alias *alias, struct fault *fault);
// Adds the targets to the alias, or makes the alias if there is none.
MUST_CHECK enum rc route_alias_add(
    struct route *route, const struct route_alias *alias, struct fault *fault);
// Removes targets; the alias is removed with its last target. RC_NOT_FOUND:
// there is no such alias, or it does not have one of the targets; then nothing
// changes.
MUST_CHECK enum rc route_alias_subtract(
    struct route *route, const struct route_alias *alias, struct fault *fault);
MUST_CHECK enum rc route_alias_remove(
    struct route *route, struct view address, struct fault *fault);
// Gets the first alias after the address `after`, by domain and then local
// part, in byte order. "@domain" comes before all aliases of that domain;
// empty: the first of all. RC_END: there are no more.
MUST_CHECK enum rc route_alias_next(struct route *route, struct view after,
    struct arena *arena, struct route_alias *ret_alias);

// ---- Details ---------------------------------------------------------------

// What happens to mail for "user+detail" (RFC 5233 names the parts).
enum route_detail {
	ROUTE_DETAIL_INBOX,  // the detail is ignored; the default
	ROUTE_DETAIL_FOLDER, // into the mailbox of that name, if there is one
	// The address does not exist, and mail for it does not go to the
	// catch-all.
	ROUTE_DETAIL_REFUSE,
};
// Stored by account: a user who is removed and added again has the default.
MUST_CHECK enum rc route_detail_set(struct route *route,
    const struct auth_user *user, enum route_detail detail,
    struct fault *fault);
MUST_CHECK enum rc route_detail_get(struct route *route,
    const struct auth_user *user, enum route_detail *ret_detail);

#endif
