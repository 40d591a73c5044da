// SPDX-License-Identifier: Apache-2.0
// Mailboxes: their names, their attributes, opening one, and being told of its
// changes.
//
// A name is UTF-8, with '/' between its levels. INBOX is the same name in upper
// and lower case; here it is always in capitals. Names are ordered so that a
// mailbox comes directly before its children.
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
	struct view name; // in the arena of the call
	unsigned rights;  // the asker's, of enum store_right
	// OBJECTID (RFC 8474); never given to another mailbox.
	uint64_t mailbox_id;
	unsigned special_use; // of enum store_special_use
	bool subscribed;
	bool has_children; // the asker may look up a mailbox below it
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint64_t highestmodseq; // at least 1
	uint32_t messages;
	uint32_t unseen;  // messages without \Seen
	uint32_t deleted; // messages with \Deleted
	uint64_t size;    // bytes in all messages
};

// Gives the one spelling of a mailbox's name, in which the name is stored and
// compared: Unicode normalization form C, and INBOX, if it is the first level,
// in capitals (RFC 9051 section 5.1). The result is in `room`; it is empty when
// no mailbox can have the name (not UTF-8, or too long). All functions here
// accept a name in any spelling and give names in this one.
struct view store_name_canonical(struct view name, char room[STORE_NAME_MAX]);

// Checks whether CREATE may use a name, in any spelling (RFC 9051 section 5.1):
// valid UTF-8, no control characters, noncharacters or byte order marks, no
// empty level, not too long and not too deep. The sentence in `fault` is for
// the user.
MUST_CHECK enum rc store_name_check(struct view name, struct fault *fault);

// All functions below check the rights of the asker (rights.h). RC_DENIED when
// the asker lacks a right that the function needs; RC_NOT_FOUND, as if there
// were no such mailbox, when the asker may not look it up.
//
// One mailbox by name, for what needs `rights`: STORE_RIGHT_LOOKUP to list it,
// STORE_RIGHT_READ for its numbers. RC_NOT_FOUND.
MUST_CHECK enum rc store_mailbox_find(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned rights,
    struct arena *arena, struct fault *fault,
    struct store_mailbox_info *ret_info);
// Gives the first mailbox after the name `after` (empty: the first of all), in
// the order of names, that the asker may look up; RC_END. A walk gives each
// mailbox that stays, even if others change meanwhile. It costs O(log
// mailboxes) for the owner; for others, the mailboxes to be skipped add to it.
MUST_CHECK enum rc store_mailbox_next(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct store_mailbox_info *ret_info);
// Like store_mailbox_next(), but skips all children of `after` as well.
MUST_CHECK enum rc store_mailbox_next_sibling(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct store_mailbox_info *ret_info);
// Gives the next subscribed name, whether there is such a mailbox or not. Only
// the owner has subscriptions: others get none.
MUST_CHECK enum rc store_subscription_next(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct view *ret_name);
// The order of names: byte order, but '/' comes before everything.
int store_name_compare(struct view a, struct view b);

// Creates a mailbox, and its parents that do not exist (RFC 9051 section
// 6.3.4). Needs "k" on the nearest parent that exists; without it RC_DENIED,
// whether the asker may look that parent up or not. RC_EXISTS, RC_INVALID,
// RC_LIMIT.
MUST_CHECK enum rc store_mailbox_create(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned special_use,
    struct fault *fault, uint64_t *ret_mailbox_id);
// Gives every mailbox of the account a new UIDVALIDITY. Only for a process that
// alone uses the store, and in which no mailbox is open.
MUST_CHECK enum rc store_mailboxes_renew(
    struct store_account *account, struct fault *fault);
// Deletes a mailbox with its messages; its children stay. Needs "x".
// RC_NOT_FOUND; RC_DENIED for INBOX. Sessions that have it open keep their last
// snapshot, and each change they try gives RC_GONE.
// More than store_options.commit_max messages are removed by further commits,
// after the one that deletes the mailbox; if these fail, the mailbox is deleted
// all the same, and store_mailboxes_finish() removes the rest.
MUST_CHECK enum rc store_mailbox_delete(const struct store_asker *asker,
    struct store_account *account, struct view name, struct fault *fault);
// Deletes the mailbox with this id, as JMAP does: RC_IN_USE if it has children,
// or, unless `with_messages`, a message without \Deleted.
MUST_CHECK enum rc store_mailbox_destroy(const struct store_asker *asker,
    struct store_account *account, uint64_t mailbox_id, bool with_messages,
    struct fault *fault);
// Sets its special uses. Needs "x", as renaming does. RC_EXISTS: another
// mailbox has one of them; with a single use a mailbox has one role (RFC 8621
// section 2).
MUST_CHECK enum rc store_mailbox_set_use(const struct store_asker *asker,
    struct store_account *account, uint64_t mailbox_id, unsigned special_use,
    struct fault *fault);
// Removes the messages that deleted mailboxes of the account have left, after a
// crash or a failure. An account that has nothing of the kind is not opened.
// RC_CORRUPT: some of them cannot be read; the others were removed.
MUST_CHECK enum rc store_mailboxes_finish(
    struct store *store, uint64_t account_id, struct fault *fault);
// Renames a mailbox with all its children. Renaming INBOX moves its messages to
// a new mailbox; INBOX and its children stay where they are (RFC 9051 section
// 6.3.6); more than store_options.commit_max of them by several commits, and
// after a failure those that were moved stay there. Subscriptions keep their
// names. Needs "x" on the mailbox, and "k" as store_mailbox_create() does. If
// there is no mailbox `from`, but there are some below that name, each of those
// needs "x". RC_NOT_FOUND, RC_EXISTS, RC_INVALID.
MUST_CHECK enum rc store_mailbox_rename(const struct store_asker *asker,
    struct store_account *account, struct view from, struct view to,
    struct fault *fault);
// A name can be subscribed without such a mailbox (RFC 9051 section 6.3.7).
// Only the owner of the account has subscriptions: others get RC_DENIED.
MUST_CHECK enum rc store_subscribe(const struct store_asker *asker,
    struct store_account *account, struct view name, bool subscribe,
    struct fault *fault);

// ---- An open mailbox -------------------------------------------------------

struct store_mailbox;

// Opens a mailbox; there is no other way to get one. `asker` wants to do what
// needs `rights` (of enum store_right). RC_NOT_FOUND, also when the asker may
// not look it up; RC_DENIED.
MUST_CHECK enum rc store_mailbox_open(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned rights,
    struct fault *fault, struct store_mailbox **ret_mailbox);
// Opens the mailbox that mail for the account goes to: `name`, or INBOX if
// `name` is empty or no such mailbox exists. Needs the right to post (RFC 4314
// section 2.1).
MUST_CHECK enum rc store_mailbox_open_for_mail(const struct store_asker *asker,
    struct store_account *account, struct view name, struct fault *fault,
    struct store_mailbox **ret_mailbox);
void store_mailbox_close(struct store_mailbox **mailbox);

// All rights to the mailbox that whoever opened it has now.
unsigned store_mailbox_rights(const struct store_mailbox *mailbox);
uint64_t store_mailbox_id(const struct store_mailbox *mailbox);
struct store_account *store_mailbox_account(
    const struct store_mailbox *mailbox);
// Whether the mailbox has been deleted since it was opened.
bool store_mailbox_gone(const struct store_mailbox *mailbox);

// `moved` is called after each change of the mailbox, and after its deletion,
// by the thread that made the change, with the account locked: it may only wake
// somebody. A handle has one such function. NULL removes it; once this has
// returned, it is not called any more.
void store_mailbox_watch(
    struct store_mailbox *mailbox, void (*moved)(void *context), void *context);

#endif
