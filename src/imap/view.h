// SPDX-License-Identifier: Apache-2.0
// The selected mailbox of one session: what this client believes to be there.
// It always stands on a recent store snapshot; messages that are gone from it
// but not yet from the client's numbering are kept as *ghosts*, so a message's
// sequence number is its rank in the snapshot, plus the ghosts below it, plus
// 1. imap_view_sync() is the only source of untagged updates.
//
// Not thread-safe; it belongs to a session.
#ifndef ROOST_IMAP_VIEW_H
#define ROOST_IMAP_VIEW_H

#include "imap/recent.h"
#include "store/change.h"

struct imap_view {
	struct store_mailbox *mailbox;   // owned
	struct store_snapshot *snapshot; // owned reference
	struct imap_recent *recent;      // borrowed; NULL: nothing is \Recent
	bool read_only;                  // EXAMINE
	// What the session has enabled; it keeps these up to date.
	bool rev2;      // IMAP4rev2: no RECENT
	bool condstore; // a CONDSTORE enabling command was given (RFC 7162
			// section 3.1)
	bool qresync;   // VANISHED in place of EXPUNGE; implies condstore

	struct store_message *ghosts; // owned; ascending UIDs
	size_t ghost_count;
	size_t ghost_capacity;
	uint64_t ghost_floor; // HIGHESTMODSEQ before the first of them went
	struct rangeset recent_uids;
	unsigned keyword_count; // announced by FLAGS
	uint32_t exists;        // announced by EXISTS, less expunges
	bool modseq_sent;       // since the last synchronisation

	// The result that "$" names (RFC 5182).
	struct rangeset saved;

	// A synchronisation under way; see view_sync.c.
	struct store_snapshot *before; // owned reference, or NULL: none
	struct store_walk walk;        // of `snapshot`: what changed
	struct rangeset *known;        // owned: announce only these, or NULL
	bool vanished;                 // something was expunged in it
};

// Takes over `mailbox`. Sends nothing.
struct imap_view *imap_view_new(struct store_mailbox *mailbox,
    struct imap_recent *recent, bool read_only, bool rev2, bool condstore,
    bool qresync);
void imap_view_free(struct imap_view **view);

// ---- Numbers ---------------------------------------------------------------

// Messages the client knows of: its highest sequence number.
uint32_t imap_view_count(const struct imap_view *view);
// The highest UID it knows of (0: none): what "*" is in a UID set.
uint32_t imap_view_last_uid(const struct imap_view *view);
// The UID of a sequence number, 1 to count.
uint32_t imap_view_uid(const struct imap_view *view, uint32_t sequence);
// How many messages have a lower UID: the sequence number less 1 of that UID.
uint32_t imap_view_rank(const struct imap_view *view, uint32_t uid);

// What a written set stands for, as UIDs (which may exist or not). `uid`: it is
// a set of UIDs, else of sequence numbers. RC_INVALID: a sequence number over
// the count (the sentence is in `fault`); RC_OK, empty, for "*" in an empty
// mailbox is left to the caller: a client may say 1:* of nothing.
MUST_CHECK enum rc imap_view_resolve(const struct imap_view *view,
    const struct imap_set *set, bool uid, struct fault *fault,
    struct rangeset *ret_uids);
// UIDs the client knows of, as their sequence numbers.
void imap_view_sequences(const struct imap_view *view,
    const struct rangeset *uids, struct rangeset *ret_sequences);
// Takes ghosts out of `uids`; true when there were any.
bool imap_view_drop_ghosts(
    const struct imap_view *view, struct rangeset *uids);
bool imap_view_has_ghosts(
    const struct imap_view *view, const struct rangeset *uids);

// ---- Walking ---------------------------------------------------------------

// A place in a set of UIDs: gives the messages of it that the client knows of,
// ghosts among them, ascending. It survives a synchronisation, as long as that
// expunges nothing.
struct imap_view_cursor {
	const struct imap_view *view;
	const struct store_snapshot *snapshot; // that `walk` is of
	const struct rangeset *uids;
	struct store_walk walk;
	size_t range;      // position in `uids`
	size_t ghost;      // position in the ghosts
	uint64_t next_uid; // nothing below it comes
	bool have;         // `message` was read ahead
	uint32_t index;
	struct store_message message;
};

struct imap_view_message {
	uint32_t sequence;
	bool ghost; // expunged: only what `message` says is known
	struct store_message message;
};

// `uids` stays as long as the cursor.
void imap_view_cursor_init(struct imap_view_cursor *cursor,
    const struct imap_view *view, const struct rangeset *uids);
bool imap_view_cursor_next(
    struct imap_view_cursor *cursor, struct imap_view_message *ret_message);

// ---- What is sent ----------------------------------------------------------

// The untagged answers to SELECT and EXAMINE, without those of QRESYNC: FLAGS,
// EXISTS, RECENT (rev1), and the codes PERMANENTFLAGS, UIDVALIDITY, UIDNEXT,
// UNSEEN (rev1), HIGHESTMODSEQ, MAILBOXID. Once, after new.
void imap_view_select(struct imap_view *view, struct buf *out);

// The QRESYNC parameter (RFC 7162 section 3.2.5), after imap_view_select().
struct imap_view_qresync {
	uint32_t uidvalidity;
	uint64_t modseq;
	const struct imap_set *known_uids; // or NULL: all
	// Sequence match data, or NULL: both or none.
	const struct imap_set *known_sequences;
	const struct imap_set *sequence_uids;
};
// Sends VANISHED (EARLIER) and begins the FETCH responses, which
// imap_view_sync() completes. RC_INVALID: sequence match data that do not go
// together (sentence in `fault`); nothing was sent.
MUST_CHECK enum rc imap_view_resync(struct imap_view *view,
    const struct imap_view_qresync *qresync, struct fault *fault,
    struct buf *out);
// "* VANISHED (EARLIER) …" for those of `uids` that were expunged after
// `modseq` (RFC 7162 section 3.2.6).
MUST_CHECK enum rc imap_view_vanished_earlier(struct imap_view *view,
    const struct rangeset *uids, uint64_t modseq, struct buf *out);

// A CONDSTORE enabling command was given: the first time HIGHESTMODSEQ is sent
// (RFC 7162 section 3.1). The session remembers it for its next mailbox.
void imap_view_enable_condstore(struct imap_view *view, struct buf *out);

enum imap_sync {
	IMAP_SYNC_EXPUNGE = 1, // EXPUNGE may be sent now (RFC 9051 section
			       // 7.5.1: not in FETCH, STORE, SEARCH)
	IMAP_SYNC_UID = 2,     // the command is a UID command: FETCH responses
			       // have UID
	IMAP_SYNC_NO_MODSEQ = 4, // the tagged reply tells HIGHESTMODSEQ
};

// Brings the client up to date. O(1) when nothing has changed. RC_OK: done.
// RC_MORE: `out` is full for now, call again when it has drained, before
// anything else is done with the view. RC_GONE: all is told, and the mailbox
// has been deleted.
MUST_CHECK enum rc imap_view_sync(
    struct imap_view *view, unsigned how, struct buf *out);

// Flags changed by this session's own command. The messages of `uids` that were
// changed by it and by nobody else are not announced; the command answers for
// them itself.
struct imap_view_echo {
	const struct rangeset *uids;
	const struct store_flags_change *change;
	uint64_t modseq; // of the change
	// Gets the UIDs that were left out, ascending.
	struct rangeset *ret_quiet;
};
// As imap_view_sync() without EXPUNGE. `echo` stays until RC_MORE no longer
// comes.
MUST_CHECK enum rc imap_view_sync_echo(struct imap_view *view, unsigned how,
    const struct imap_view_echo *echo, struct buf *out);

// ---- Pieces of FETCH responses ---------------------------------------------

bool imap_view_is_recent(const struct imap_view *view, uint32_t uid);
// "(\Seen $Junk)".
void imap_view_write_flags(const struct imap_view *view,
    const struct store_message *message, struct buf *out);
// "* 12 FETCH (" with UID when asked for: then items with a space before each.
void imap_view_write_update(struct imap_view *view, uint32_t sequence,
    const struct store_message *message, bool uid, bool flags, bool modseq,
    struct buf *out);

#endif
