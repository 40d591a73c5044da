// SPDX-License-Identifier: Apache-2.0
// A view: one account at one moment, as one asker sees it. JMAP answers from
// views. All that a view tells is of the same version of the account: its
// mailboxes and their counts, the messages in them, emails, threads and objects
// (object.h). That version is JMAP's state.
//
// Opening a view costs O(mailboxes) and reads no messages. Messages of a
// mailbox that is not in memory are read when they are asked for. A view holds
// back what the engine could delete, so it is for one request and not for a
// session. One thread at a time may use it.
//
// What JMAP calls an email is visible if it has a *visible place*: a message
// without \Deleted, in a mailbox that the asker may read (RFC 8621 section
// 4.1.1). Other places, and emails that have no visible place, do not exist for
// a view, and do not count.
#ifndef ROOST_STORE_VIEW_H
#define ROOST_STORE_VIEW_H

#include "store/email.h"
#include "store/mailbox.h"
#include "store/snapshot.h"

struct store_view;

// RC_NOT_FOUND: the account does not exist any more. RC_IO, RC_CORRUPT.
MUST_CHECK enum rc store_view_open(const struct store_asker *asker,
    struct store_account *account, struct fault *fault,
    struct store_view **ret_view);
void store_view_close(struct store_view **view);
// At least 1.
uint64_t store_view_version(const struct store_view *view);
struct store_account *store_view_account(const struct store_view *view);

// ---- Mailboxes -------------------------------------------------------------

struct store_view_mailbox {
	struct store_mailbox_info info; // `name` lasts as long as the view
	// The nearest mailbox above it that the asker may look up; 0: none. If
	// "a/b" exists without "a", it is at the top and its own name is "a/b".
	uint64_t parent_id;
	struct view own_name; // below the parent
	// One special use, or 0. Unlike in IMAP a mailbox has one role and no
	// two mailboxes have the same (RFC 8621 section 2): of several
	// mailboxes with the same use the oldest has it. INBOX has none of
	// these; its role is "inbox".
	unsigned role;
};

// The mailboxes that the asker may look up, in the order of names (a mailbox
// comes directly before its children).
size_t store_view_mailbox_count(const struct store_view *view);
const struct store_view_mailbox *store_view_mailbox(
    const struct store_view *view, size_t position);
// By its id: its position, below the count, or the count if there is none.
// O(log mailboxes).
size_t store_view_find(const struct store_view *view, uint64_t mailbox_id);
// The messages of the mailbox at a position; they belong to the view. RC_DENIED
// without the right to read; RC_CORRUPT, RC_IO.
MUST_CHECK enum rc store_view_snapshot(struct store_view *view, size_t position,
    struct fault *fault, struct store_snapshot **ret_snapshot);

// What JMAP counts in a mailbox (RFC 8621 section 2). Emails that are not
// visible do not count, and an email that has several places in a mailbox
// counts once. A thread is unread if any of its emails is, wherever that is;
// but emails that are only in the trash count for the trash alone, and others
// not for it.
struct store_view_counts {
	uint32_t emails;
	uint32_t unread_emails; // neither $seen nor $draft
	uint32_t threads;
	uint32_t unread_threads;
};
// The counts of all mailboxes, by position; they belong to the view. A mailbox
// that the asker may not read, or that is damaged, has none. The first call for
// an account reads all its messages (41 bytes each); what it finds is
// remembered in memory, and later calls cost O(what changed since). RC_IO.
MUST_CHECK enum rc store_view_counts(
    struct store_view *view, const struct store_view_counts **ret_counts);

// ---- Emails ----------------------------------------------------------------

struct store_view_place {
	uint64_t mailbox_id;
	size_t position; // of the mailbox in the view
	uint32_t uid;
	uint32_t index; // in the mailbox's snapshot
};

// What a view says of an email. The arrays last until the next call of
// store_view_email() on the view.
struct store_view_email {
	uint64_t email_id;
	// Its visible places, at least one, by mailbox id and UID. IMAP's COPY
	// can give an email several places in one mailbox.
	const struct store_view_place *places;
	size_t place_count;
	// Of all visible places together: IMAP can give them different flags.
	unsigned flags;              // of enum store_flag; never \Deleted
	const struct view *keywords; // in lower case, ascending, each once
	size_t keyword_count;
	// The same at all places, as a rule; here of the first one.
	uint32_t size;
	int64_t received_at; // the internal date, seconds since 1970 UTC
};

// RC_NOT_FOUND: there is no such email, or it is not visible. RC_CORRUPT: the
// places that could tell cannot be read. Ascending order of ids costs least.
MUST_CHECK enum rc store_view_email(struct store_view *view, uint64_t email_id,
    struct store_view_email *ret_email);
// The thread of an email, whether it is visible or not. RC_NOT_FOUND.
MUST_CHECK enum rc store_view_thread_of(
    struct store_view *view, uint64_t email_id, uint64_t *ret_thread_id);
// The same for many emails, for example all of a mailbox, whose threads are to
// be told apart: 0 for one that there is not. It reads no records, but the
// first call for an account that nobody has asked this of reads the threads of
// all its emails. Ascending order of ids costs least. RC_IO.
MUST_CHECK enum rc store_view_threads_of(struct store_view *view,
    const uint64_t *email_ids, size_t count, uint64_t *ret_thread_ids);

struct store_view_thread_email {
	uint64_t email_id;
	int64_t received_at;
};
// The visible emails of a thread, the oldest first (RFC 8621 section 3). The
// array lasts until the next call on the view. RC_NOT_FOUND: there are none.
// Costs the same once as store_view_threads_of(), then O(emails of the thread).
MUST_CHECK enum rc store_view_thread(struct store_view *view,
    uint64_t thread_id, const struct store_view_thread_email **ret_emails,
    size_t *ret_count);

// Reads the emails' bytes and descriptions at the moment of the view. It
// belongs to the view. It does not ask whether an email is visible.
struct store_reader *store_view_reader(struct store_view *view);

#endif
