// SPDX-License-Identifier: Apache-2.0
// Mailboxes: their names, their attributes, opening one, and hearing of its
// changes.
//
// A name is UTF-8, its levels separated by '/'; INBOX is the same in any case
// and is spelled in capitals here. Names are ordered so that a mailbox comes
// directly before its children.
#ifndef ROOST_STORE_MAILBOX_H
#define ROOST_STORE_MAILBOX_H

#include "base/arena.h"
#include "store/store.h"

#define STORE_NAME_MAX      1000 // bytes in a mailbox name
#define STORE_LEVELS_MAX    100  // levels in a mailbox name
#define STORE_MAILBOXES_MAX 200000

// Special uses (RFC 6154 section 2, RFC 8457); a mailbox may have several.
enum store_special_use {
	STORE_USE_ALL = 1 << 0,
	STORE_USE_ARCHIVE = 1 << 1,
	STORE_USE_DRAFTS = 1 << 2,
	STORE_USE_FLAGGED = 1 << 3,
	STORE_USE_JUNK = 1 << 4,
	STORE_USE_SENT = 1 << 5,
	STORE_USE_TRASH = 1 << 6,
	STORE_USE_IMPORTANT = 1 << 7,
};

struct store_mailbox_info {
	struct view name;     // in the arena of the call
	unsigned rights;      // of the asker, of enum store_right
	uint64_t mailbox_id;  // OBJECTID (RFC 8474); never used again
	unsigned special_use; // of enum store_special_use
	bool subscribed;
	bool has_children; // mailboxes below it that the asker may look up
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint64_t highestmodseq; // at least 1
	uint32_t messages;
	uint32_t unseen;  // messages without \Seen
	uint32_t deleted; // messages with \Deleted
	uint64_t size;    // bytes in all messages
};

// The one spelling of a mailbox's name, under which it is stored and found
// whatever spelling is asked for: in Unicode normalization form C, and INBOX,
// as its first level, in capitals (RFC 9051 section 5.1). In `room`; empty when
// there can be no such name (not UTF-8, or too long). All functions here that
// take a name take any spelling; all that give one give this one.
struct view store_name_canonical(struct view name, char room[STORE_NAME_MAX]);

// Checks a name, in any spelling, as CREATE would (RFC 9051 section 5.1): valid
// UTF-8, no control characters, noncharacters or byte order marks, no empty
// level, not too long or deep. The sentence in `fault` is for the user.
MUST_CHECK enum rc store_name_check(struct view name, struct fault *fault);

// The functions here and below decide by the rights of the asker (rights.h).
// Without the rights that each needs they give RC_DENIED, and RC_NOT_FOUND for
// a mailbox that the asker may not look up: as if it did not exist.

// One mailbox by name, for what needs `rights`: STORE_RIGHT_LOOKUP to list it,
// STORE_RIGHT_READ for its numbers. RC_NOT_FOUND.
MUST_CHECK enum rc store_mailbox_find(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned rights,
    struct arena *arena, struct fault *fault,
    struct store_mailbox_info *ret_info);
// The first mailbox that the asker may look up, in the order of names, after
// the name `after` (empty: the first of all); RC_END. A walk sees each mailbox
// that stays, whatever changes meanwhile. O(log mailboxes) for the owner; for
// others it costs what has to be skipped, too.
MUST_CHECK enum rc store_mailbox_next(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct store_mailbox_info *ret_info);
// As store_mailbox_next(), but skips all children of `after` too.
MUST_CHECK enum rc store_mailbox_next_sibling(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct store_mailbox_info *ret_info);
// The next subscribed name, whether a mailbox has it or not. Subscriptions are
// the owner's: others find none.
MUST_CHECK enum rc store_subscription_next(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct view *ret_name);
// The order of names: byte order, but '/' comes before everything.
int store_name_compare(struct view a, struct view b);

// Creates a mailbox, and those above it that do not exist (RFC 9051 section
// 6.3.4). Needs "k" on the nearest parent that exists; RC_DENIED, whether the
// asker may look that up or not. RC_EXISTS, RC_INVALID, RC_LIMIT.
MUST_CHECK enum rc store_mailbox_create(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned special_use,
    struct fault *fault, uint64_t *ret_mailbox_id);
// Deletes a mailbox with its messages; its children stay. Needs "x".
// RC_NOT_FOUND; INBOX: RC_DENIED. Those who have it open keep their last
// snapshot and get RC_GONE from every change.
MUST_CHECK enum rc store_mailbox_delete(const struct store_asker *asker,
    struct store_account *account, struct view name, struct fault *fault);
// Renames a mailbox with all its children; renaming INBOX moves its messages
// to a new mailbox and leaves INBOX and its children where they are (RFC 9051
// section 6.3.6). Subscriptions keep their names. Needs "x" on the
// mailbox (where only children of that name exist: on each of them), and "k" as
// for the creation of the new name. RC_NOT_FOUND, RC_EXISTS, RC_INVALID.
MUST_CHECK enum rc store_mailbox_rename(const struct store_asker *asker,
    struct store_account *account, struct view from, struct view to,
    struct fault *fault);
// Subscribing needs no mailbox of that name (RFC 9051 section 6.3.7). Only the
// owner of the account has subscriptions there: others get RC_DENIED.
MUST_CHECK enum rc store_subscribe(const struct store_asker *asker,
    struct store_account *account, struct view name, bool subscribe,
    struct fault *fault);

// ---- An open mailbox -------------------------------------------------------

struct store_mailbox;

// The one place where a mailbox is obtained: `asker` is who asks, `rights` (of
// enum store_right) what for. RC_NOT_FOUND (also where the asker may not even
// look), RC_DENIED.
MUST_CHECK enum rc store_mailbox_open(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned rights,
    struct fault *fault, struct store_mailbox **ret_mailbox);
// Where mail for the account goes: the mailbox `name` if there is one, else
// (and for an empty name) INBOX. With the right to post (RFC 4314 section 2.1).
MUST_CHECK enum rc store_mailbox_open_for_mail(const struct store_asker *asker,
    struct store_account *account, struct view name, struct fault *fault,
    struct store_mailbox **ret_mailbox);
void store_mailbox_close(struct store_mailbox **mailbox);

// All rights that whoever opened it has to it now.
unsigned store_mailbox_rights(const struct store_mailbox *mailbox);
uint64_t store_mailbox_id(const struct store_mailbox *mailbox);
struct store_account *store_mailbox_account(
    const struct store_mailbox *mailbox);
// The mailbox has been deleted meanwhile.
bool store_mailbox_gone(const struct store_mailbox *mailbox);
// Its name now (it may have been renamed).
struct view store_mailbox_name(
    struct store_mailbox *mailbox, struct arena *arena);

// `moved` is called after each change of the mailbox (and at its deletion),
// from the thread that made it, with the account locked: it may only wake
// someone. One a handle; NULL: no more calls come once this returned.
void store_mailbox_watch(
    struct store_mailbox *mailbox, void (*moved)(void *context), void *context);

#endif
