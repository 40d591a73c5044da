// SPDX-License-Identifier: Apache-2.0
// The selected mailbox of one session: what this client knows of it. It is
// always based on a recent store snapshot. Messages that are gone from the
// snapshot but still have a number at the client are kept as *ghosts*. So a
// message's sequence number is its rank in the snapshot, plus the number of
// ghosts below it, plus 1. imap_view_sync() is the only source of untagged
// updates.
//
// Not thread-safe; it belongs to a session.
#ifndef ROOST_IMAP_VIEW_H
#define ROOST_IMAP_VIEW_H

#include "imap/fetch_places.h"
#include "imap/impl.h"
#include "imap/recent.h"
#include "store/change.h"

struct imap_view {
	const struct imap_session *session; // to see what it has enabled
	struct store_mailbox *mailbox;      // owned
	struct store_snapshot *snapshot;    // owned reference
	uint64_t generation; // counts the snapshots that it has had
	bool read_only;      // EXAMINE

	struct store_message *ghosts; // owned; ascending UIDs
	size_t ghost_count;
	size_t ghost_capacity;
	// HIGHESTMODSEQ before the first ghost was expunged.
	uint64_t ghost_floor;
	struct rangeset recent_uids;
	// Some messages of it were expunged: RECENT has to be sent.
	bool recent_due;
	unsigned keyword_count; // how many FLAGS has announced
	bool modseq_sent;       // since the last synchronisation
	// EXISTS was sent during a command that asked for something else, and
	// the client has not fetched the newest message since. It may have
	// missed the EXISTS. See imap_view_idle().
	bool exists_missed;
	bool resyncing; // imap_view_qresync() is in progress

	// The result that "$" names (RFC 5182).
	struct rangeset saved;

	// For FETCH BINARY[…]<n.m>.
	struct fetch_places_cache places;

	// A synchronisation that is in progress; see view_sync.c.
	struct store_snapshot *before; // owned reference, or NULL: none
	struct store_walk walk;        // through `snapshot`: what changed
	// Owned: announce only these messages; NULL: all.
	struct rangeset *known;
	bool exists_due; // new messages are not announced yet
	// Something was expunged between the snapshots.
	bool vanished;
};

// Opens a view of the mailbox's newest snapshot; takes `mailbox` over. Sends
// nothing: the caller calls imap_view_select() next.
struct imap_view *imap_view_open(struct imap_session *session,
    struct store_mailbox *mailbox_take, bool read_only);
void imap_view_close(struct imap_view **view);

struct store_mailbox *imap_view_mailbox(const struct imap_view *view);
bool imap_view_read_only(const struct imap_view *view);
// What HIGHESTMODSEQ may say now: the client has been told of all changes up to
// it.
uint64_t imap_view_highestmodseq(const struct imap_view *view);

// ---- Numbers ---------------------------------------------------------------

// How many messages the client knows of; this is its highest sequence number.
uint32_t imap_view_count(const struct imap_view *view);
// The highest UID that the client knows of (0: none): "*" in a set of UIDs.
uint32_t imap_view_last_uid(const struct imap_view *view);
// The UID of a sequence number, 1 to count.
uint32_t imap_view_uid(const struct imap_view *view, uint32_t sequence);
// How many messages have a lower UID: the UID's sequence number less 1.
uint32_t imap_view_rank(const struct imap_view *view, uint32_t uid);

// The sequence number of the message at `index` of the snapshot.
uint32_t imap_view_sequence(
    const struct imap_view *view, uint32_t index, uint32_t uid);

// Gives the UIDs that a set from the client means (they need not exist). `uid`:
// it is a set of UIDs; otherwise of sequence numbers. RC_INVALID: a sequence
// number is over the count (with a sentence in `fault`). "*" in an empty
// mailbox gives RC_OK and an empty result: a client may use 1:* there, so the
// caller decides.
MUST_CHECK enum rc imap_view_resolve(const struct imap_view *view,
    const struct imap_set *set, bool uid, struct fault *fault,
    struct rangeset *ret_uids);
// The same for a search, where sequence numbers over the count are no mistake
// and mean no message.
void imap_view_resolve_existing(const struct imap_view *view,
    const struct imap_set *set, bool uid, struct rangeset *ret_uids);
// Gives the sequence numbers of those UIDs that the client knows of.
void imap_view_sequences(const struct imap_view *view,
    const struct rangeset *uids, struct rangeset *ret_sequences);
// Removes ghosts from `uids`; true when there were any.
bool imap_view_drop_ghosts(const struct imap_view *view, struct rangeset *uids);

// ---- Walking ---------------------------------------------------------------

// Finds messages by ascending UIDs. If the next one is near, it is found in
// O(1).
struct imap_finder {
	const struct store_snapshot *snapshot; // NULL: it has not begun
	struct store_walk walk;
	// Finds only what `walk` gives, and never searches from the root.
	bool changed;
	// There is no message at or after the UID that was asked for last.
	bool end;
	uint32_t index; // of `message`
	struct store_message message;
};

// Moves to the first message whose UID is `uid` or higher; false when there is
// none. `finder` begins zeroed. For one snapshot, `uid` must never be lower
// than in the call before.
bool imap_finder_seek(struct imap_finder *finder,
    const struct store_snapshot *snapshot, uint32_t uid);

// A place in a set of UIDs. It gives those messages of the set that the client
// knows of, including ghosts, in ascending order. A synchronisation does not
// disturb it, unless it reports expunges.
struct imap_view_cursor {
	const struct imap_view *view;
	const struct rangeset *uids;
	struct imap_finder finder;
	uint64_t generation; // of the snapshot that `finder` is in
	size_t range;        // position in `uids`
	uint64_t next_uid;   // only this UID and higher ones follow
	bool changed_only;   // gives only messages changed after `since`
	uint64_t since;
};

struct imap_view_message {
	uint32_t sequence;
	bool ghost; // it was expunged: only what is in `message` is known
	struct store_message message;
};

// `uids` must stay as long as the cursor.
void imap_view_cursor_init(struct imap_view_cursor *cursor,
    const struct imap_view *view, const struct rangeset *uids);
// From now on, gives only messages with a MODSEQ over `since`; it costs only
// those.
void imap_view_cursor_changed(struct imap_view_cursor *cursor, uint64_t since);
bool imap_view_cursor_next(
    struct imap_view_cursor *cursor, struct imap_view_message *ret_message);

// ---- What is sent ----------------------------------------------------------

// Writes the untagged answers to SELECT and EXAMINE except those of QRESYNC:
// FLAGS, EXISTS, RECENT (rev1), and the codes PERMANENTFLAGS, UIDVALIDITY,
// UIDNEXT, UNSEEN (rev1), HIGHESTMODSEQ. Claims what is \Recent. To be called
// once, after open.
void imap_view_select(struct imap_view *view, struct buf *out);

// Writes the answer to SELECT's QRESYNC parameter, after imap_view_select():
// VANISHED (EARLIER) and FETCH (RFC 7162 section 3.2.5). IMAP_STEP_MORE: call
// it again when the output has drained.
enum imap_step imap_view_qresync(struct imap_view *view,
    struct imap_command *command, const struct imap_qresync *qresync);
// Writes "* VANISHED (EARLIER) …" for those of `uids` that were expunged after
// `modseq` (RFC 7162 section 3.2.6).
MUST_CHECK enum rc imap_view_vanished_earlier(struct imap_view *view,
    const struct rangeset *uids, uint64_t modseq, struct buf *out);

// Brings the client up to date: EXPUNGE or VANISHED (only with `expunge`),
// EXISTS, FETCH, FLAGS. O(1) when nothing has changed. IMAP_STEP_MORE: `out` is
// full; call it again when it has drained, before doing anything else with the
// view. The session has to find out by itself that the mailbox has been deleted
// (store_mailbox_gone()).
enum imap_step imap_view_sync(
    struct imap_view *view, bool expunge, struct buf *out);

// The same with EXPUNGE, for a command whose tagged response tells
// HIGHESTMODSEQ.
enum imap_step imap_view_sync_expunged(struct imap_view *view, struct buf *out);

// To be called when IDLE begins: if the client may have missed an EXISTS, the
// next synchronisation sends it again. Thunderbird ignores an EXISTS that comes
// during one of its FETCHes, and then idles without having fetched those
// messages.
void imap_view_idle(struct imap_view *view);

// How a command of this session changed flags. Messages of `uids` that only
// this command changed are not announced: the command answers for them itself.
struct imap_view_echo {
	const struct rangeset *uids;
	const struct store_flags_change *change;
	uint64_t modseq; // of the change
	bool uid;        // it is a UID command, so FETCH responses have UID
	struct rangeset *ret_told; // gets the UIDs that were announced
};
// Like imap_view_sync() without EXPUNGE. `echo` must stay until all is done.
enum imap_step imap_view_sync_echo(
    struct imap_view *view, const struct imap_view_echo *echo, struct buf *out);

// ---- Pieces of responses ---------------------------------------------------

// Writes "* FLAGS (…)" and PERMANENTFLAGS.
void imap_view_write_flags_line(
    const struct imap_view *view, bool read_only, struct buf *out);
// Writes "* n EXISTS", and RECENT for rev1.
void imap_view_write_exists(const struct imap_view *view, struct buf *out);
// Writes "* n RECENT", for rev1.
void imap_view_write_recent(const struct imap_view *view, struct buf *out);
// Claims the unclaimed messages from `from_uid` on: they are \Recent here.
void imap_view_claim_recent(struct imap_view *view, uint32_t from_uid);

// Writes "(\Seen $Junk)".
void imap_view_write_flags(const struct imap_view *view,
    const struct store_message *message, struct buf *out);
// Writes a whole untagged FETCH with what is asked for: UID, FLAGS, MODSEQ.
// Once CONDSTORE is enabled, it always has UID and MODSEQ (RFC 7162 section
// 3.2.4).
void imap_view_write_update(struct imap_view *view, uint32_t sequence,
    const struct store_message *message, bool uid, bool flags, struct buf *out);

#endif
