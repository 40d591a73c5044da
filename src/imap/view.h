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

#include "imap/imap.h"
#include "imap/recent.h"
#include "store/change.h"

struct imap_view {
	const struct imap_session *session; // what it has enabled
	struct store_mailbox *mailbox;      // owned
	struct store_snapshot *snapshot;    // owned reference
	uint64_t generation; // counts the snapshots it has stood on
	bool read_only;      // EXAMINE

	struct store_message *ghosts; // owned; ascending UIDs
	size_t ghost_count;
	size_t ghost_capacity;
	uint64_t ghost_floor; // HIGHESTMODSEQ before the first of them went
	struct rangeset recent_uids;
	bool recent_due;        // some were expunged: RECENT is to be told
	unsigned keyword_count; // announced by FLAGS
	bool modseq_sent;       // since the last synchronisation
	// EXISTS was told amid a command that asked for something else, and
	// the client has not fetched the newest message since: it may have
	// missed it. See imap_view_idle().
	bool exists_missed;
	bool resyncing; // imap_view_qresync() is under way

	// The result that "$" names (RFC 5182).
	struct rangeset saved;

	// A synchronisation under way; see view_sync.c.
	struct store_snapshot *before; // owned reference, or NULL: none
	struct store_walk walk;        // of `snapshot`: what changed
	struct rangeset *known;        // owned: announce only these, or NULL
	bool exists_due;               // new messages are not announced yet
	bool vanished;                 // something was expunged in it
};

// Opens a view of the mailbox's newest snapshot; takes `mailbox` over. Sends
// nothing: imap_view_select() is to be called next.
struct imap_view *imap_view_open(struct imap_session *session,
    struct store_mailbox *mailbox_take, bool read_only);
void imap_view_close(struct imap_view **view);

struct store_mailbox *imap_view_mailbox(const struct imap_view *view);
bool imap_view_read_only(const struct imap_view *view);
// What HIGHESTMODSEQ may say now: all changes up to it have been told.
uint64_t imap_view_highestmodseq(const struct imap_view *view);

// ---- Numbers ---------------------------------------------------------------

// Messages the client knows of: its highest sequence number.
uint32_t imap_view_count(const struct imap_view *view);
// The highest UID it knows of (0: none): what "*" is in a UID set.
uint32_t imap_view_last_uid(const struct imap_view *view);
// The UID of a sequence number, 1 to count.
uint32_t imap_view_uid(const struct imap_view *view, uint32_t sequence);
// How many messages have a lower UID: the sequence number less 1 of that UID.
uint32_t imap_view_rank(const struct imap_view *view, uint32_t uid);

// The sequence number of the message at `index` of the snapshot.
uint32_t imap_view_sequence(
    const struct imap_view *view, uint32_t index, uint32_t uid);

// What a written set stands for, as UIDs (which may exist or not). `uid`: it is
// a set of UIDs, else of sequence numbers. RC_INVALID: a sequence number over
// the count (the sentence is in `fault`); RC_OK, empty, for "*" in an empty
// mailbox is left to the caller: a client may say 1:* of nothing.
MUST_CHECK enum rc imap_view_resolve(const struct imap_view *view,
    const struct imap_set *set, bool uid, struct fault *fault,
    struct rangeset *ret_uids);
// The same for a search, where what does not exist is no mistake: sequence
// numbers over the count name nothing.
void imap_view_resolve_existing(const struct imap_view *view,
    const struct imap_set *set, bool uid, struct rangeset *ret_uids);
// UIDs the client knows of, as their sequence numbers.
void imap_view_sequences(const struct imap_view *view,
    const struct rangeset *uids, struct rangeset *ret_sequences);
// Takes ghosts out of `uids`; true when there were any.
bool imap_view_drop_ghosts(const struct imap_view *view, struct rangeset *uids);
bool imap_view_has_ghosts(
    const struct imap_view *view, const struct rangeset *uids);

// ---- Walking ---------------------------------------------------------------

// Finds messages by ascending UIDs: the next or one near it in O(1).
struct imap_finder {
	const struct store_snapshot *snapshot; // NULL: not begun
	struct store_walk walk;
	bool changed;   // finds only what `walk` gives: never descends anew
	bool end;       // there is none at or after what was asked last
	uint32_t index; // of `message`
	struct store_message message;
};

// Moves to the first message whose UID is `uid` or higher; false when there is
// none. `finder` begins zeroed; `uid` never goes down for one snapshot.
bool imap_finder_seek(struct imap_finder *finder,
    const struct store_snapshot *snapshot, uint32_t uid);

// A place in a set of UIDs: gives the messages of it that the client knows of,
// ghosts among them, ascending. It survives a synchronisation, as long as that
// tells of no expunge.
struct imap_view_cursor {
	const struct imap_view *view;
	const struct rangeset *uids;
	struct imap_finder finder;
	uint64_t generation; // of the view's snapshot that `finder` is in
	size_t range;        // position in `uids`
	uint64_t next_uid;   // nothing below it comes
	bool changed_only;   // gives only messages changed after `since`
	uint64_t since;
};

struct imap_view_message {
	uint32_t sequence;
	bool ghost; // expunged: only what `message` says is known
	struct store_message message;
};

// `uids` stays as long as the cursor.
void imap_view_cursor_init(struct imap_view_cursor *cursor,
    const struct imap_view *view, const struct rangeset *uids);
// From now on it gives only messages with a MODSEQ over `since`, at the cost of
// only those.
void imap_view_cursor_changed(struct imap_view_cursor *cursor, uint64_t since);
bool imap_view_cursor_next(
    struct imap_view_cursor *cursor, struct imap_view_message *ret_message);

// ---- What is sent ----------------------------------------------------------

// The untagged answers to SELECT and EXAMINE, without those of QRESYNC: FLAGS,
// EXISTS, RECENT (rev1), and the codes PERMANENTFLAGS, UIDVALIDITY, UIDNEXT,
// UNSEEN (rev1), HIGHESTMODSEQ. Claims what is \Recent. Once, after open.
void imap_view_select(struct imap_view *view, struct buf *out);

// The answer to SELECT's QRESYNC parameter, after imap_view_select(): VANISHED
// (EARLIER) and FETCH (RFC 7162 section 3.2.5). IMAP_STEP_MORE: call again when
// drained.
enum imap_step imap_view_qresync(struct imap_view *view,
    struct imap_command *command, const struct imap_qresync *qresync);
// "* VANISHED (EARLIER) …" for those of `uids` that were expunged after
// `modseq` (RFC 7162 section 3.2.6).
MUST_CHECK enum rc imap_view_vanished_earlier(struct imap_view *view,
    const struct rangeset *uids, uint64_t modseq, struct buf *out);

// Brings the client up to date: EXPUNGE or VANISHED (only with `expunge`),
// EXISTS, FETCH, FLAGS. O(1) when nothing has changed. IMAP_STEP_MORE: `out` is
// full for now; call again when it has drained, before anything else is done
// with the view. That the mailbox has been deleted is for the session to see
// (store_mailbox_gone()).
enum imap_step imap_view_sync(
    struct imap_view *view, bool expunge, struct buf *out);

// The same with EXPUNGE, for a command whose tagged reply tells HIGHESTMODSEQ.
enum imap_step imap_view_sync_expunged(struct imap_view *view, struct buf *out);

// IDLE begins: EXISTS is told again by the next synchronisation if the client
// may have missed it. Thunderbird passes over an EXISTS that comes inside one
// of its FETCHes, and then idles without having fetched those messages.
void imap_view_idle(struct imap_view *view);

// How a command of this session changed flags. The messages of `uids` that were
// changed by it and by nobody else are not announced; the command answers for
// them itself.
struct imap_view_echo {
	const struct rangeset *uids;
	const struct store_flags_change *change;
	uint64_t modseq; // of the change
	bool uid;        // FETCH responses have UID: it is a UID command
	struct rangeset *ret_told; // UIDs that were announced
};
// As imap_view_sync() without EXPUNGE. `echo` stays until all is done.
enum imap_step imap_view_sync_echo(
    struct imap_view *view, const struct imap_view_echo *echo, struct buf *out);

// ---- Pieces of responses ---------------------------------------------------

// "* FLAGS (…)" and PERMANENTFLAGS.
void imap_view_write_flags_line(
    const struct imap_view *view, bool read_only, struct buf *out);
// "* n EXISTS", and RECENT for rev1.
void imap_view_write_exists(const struct imap_view *view, struct buf *out);
// "* n RECENT", for rev1.
void imap_view_write_recent(const struct imap_view *view, struct buf *out);
// Takes part in what is \Recent, from `from_uid` on.
void imap_view_claim_recent(struct imap_view *view, uint32_t from_uid);

// "(\Seen $Junk)".
void imap_view_write_flags(const struct imap_view *view,
    const struct store_message *message, struct buf *out);
// A whole untagged FETCH with what is asked for: UID, FLAGS, MODSEQ. Once
// CONDSTORE is enabled, UID and MODSEQ are always there (RFC 7162 section
// 3.2.4).
void imap_view_write_update(struct imap_view *view, uint32_t sequence,
    const struct store_message *message, bool uid, bool flags, struct buf *out);

#endif
