// SPDX-License-Identifier: Apache-2.0
// What SELECT and EXAMINE report of a mailbox (RFC 9051 section 6.3.2), and the
// quick resynchronisation of QRESYNC (RFC 7162 sections 3.2.5 and 3.2.6).
#include "imap/view.h"

#include "base/mem.h"

// Ranges in one VANISHED response, so that it does not become one line of
// megabytes.
#define VANISHED_RANGES_MAX 2000

static void write_code(
    struct buf *out, const char *name, uint64_t number, const char *text)
{
	buf_add_literal(out, "* OK [");
	buf_add_string(out, name);
	buf_add_char(out, ' ');
	buf_add_u64(out, number);
	buf_add_literal(out, "] ");
	buf_add_string(out, text);
	buf_add_literal(out, "\r\n");
}

void imap_view_select(struct imap_view *view, struct buf *out)
{
	const struct store_snapshot *snapshot = view->snapshot;
	bool rev2 = imap_has_feature(view->session, IMAP_FEATURE_REV2);
	imap_view_claim_recent(view, 1);
	imap_view_write_flags_line(view, view->read_only, out);
	imap_view_write_exists(view, out);
	// RFC 9051 appendix E: the UNSEEN code was removed.
	uint32_t index;
	if (!rev2 && store_snapshot_first_unseen(snapshot, &index) == RC_OK)
		write_code(out, "UNSEEN", (uint64_t)index + 1, "First unseen");
	write_code(out, "UIDVALIDITY", store_snapshot_uidvalidity(snapshot),
	    "UIDs are valid");
	write_code(
	    out, "UIDNEXT", store_snapshot_uidnext(snapshot), "Next UID");
	// RFC 7162 section 3.1.2.1
	write_code(out, "HIGHESTMODSEQ", store_snapshot_highestmodseq(snapshot),
	    "Highest");
}

// ---- VANISHED (EARLIER) ----------------------------------------------------

// Adds the numbers in both sets that are over `floor`.
static void intersect(const struct rangeset *a, const struct rangeset *b,
    uint32_t floor, struct rangeset *ret_both)
{
	size_t i = 0;
	size_t j = 0;
	while (i < a->count && j < b->count) {
		struct range x = a->ranges[i];
		struct range y = b->ranges[j];
		uint32_t first = x.first > y.first ? x.first : y.first;
		uint32_t last = x.last < y.last ? x.last : y.last;
		if (first <= floor && floor < last)
			first = floor + 1;
		if (first <= last && first > floor)
			rangeset_add(ret_both, first, last);
		if (x.last < y.last)
			i++;
		else
			j++;
	}
}

static void write_earlier(const struct rangeset *uids, struct buf *out)
{
	for (size_t at = 0; at < uids->count;) {
		size_t count = uids->count - at;
		if (count > VANISHED_RANGES_MAX)
			count = VANISHED_RANGES_MAX;
		struct rangeset part = {
		    .ranges = uids->ranges + at, .count = count};
		buf_add_literal(out, "* VANISHED (EARLIER) ");
		rangeset_format(&part, out);
		buf_add_literal(out, "\r\n");
		at += count;
	}
}

static enum rc vanished_earlier(struct imap_view *view,
    const struct rangeset *uids, uint64_t modseq, uint32_t floor,
    struct buf *out)
{
	struct rangeset expunged, told;
	rangeset_init(&expunged);
	rangeset_init(&told);
	enum rc rc = store_expunged_since(
	    view->mailbox, view->snapshot, modseq, &expunged);
	if (rc == RC_OK) {
		intersect(&expunged, uids, floor, &told);
		// A ghost is reported once, by VANISHED without (EARLIER).
		imap_view_drop_ghosts(view, &told);
		write_earlier(&told, out);
	}
	rangeset_done(&expunged);
	rangeset_done(&told);
	return rc;
}

enum rc imap_view_vanished_earlier(struct imap_view *view,
    const struct rangeset *uids, uint64_t modseq, struct buf *out)
{
	return vanished_earlier(view, uids, modseq, 0, out);
}

// ---- Sequence match data ---------------------------------------------------

static bool is_pair(
    const struct imap_view *view, uint32_t sequence, uint32_t uid)
{
	return sequence <= imap_view_count(view) &&
	       imap_view_uid(view, sequence) == uid;
}

// Gives the UID up to which the client knows of all expunges: that of the last
// correct pair (RFC 7162 section 3.2.5.2). When a pair is wrong, a message
// below it has been expunged, so all later pairs are wrong, too; therefore a
// binary search works.
static uint32_t matched_uid(const struct imap_view *view,
    const struct imap_set *sequences, const struct imap_set *uids)
{
	size_t i = 0;
	size_t j = 0;
	// How many numbers of range i, and of range j, have been used.
	uint32_t i_used = 0;
	uint32_t j_used = 0;
	uint32_t matched = 0;
	while (i < sequences->count && j < uids->count) {
		struct range seq = sequences->ranges[i];
		struct range uid = uids->ranges[j];
		uint32_t seq_first = seq.first + i_used;
		uint32_t uid_first = uid.first + j_used;
		uint32_t rest = seq.last - seq_first;
		if (uid.last - uid_first < rest)
			rest = uid.last - uid_first;
		// Pairs 0 .. rest; the correct ones come first.
		uint64_t low = 0;
		uint64_t high = (uint64_t)rest + 1;
		while (low < high) {
			uint64_t middle = low + (high - low) / 2;
			if (is_pair(view, seq_first + (uint32_t)middle,
				uid_first + (uint32_t)middle))
				low = middle + 1;
			else
				high = middle;
		}
		if (low > 0)
			matched = uid_first + (uint32_t)(low - 1);
		if (low <= rest)
			break;
		bool seq_over = seq.last - seq_first == rest;
		bool uid_over = uid.last - uid_first == rest;
		i_used = seq_over ? 0 : i_used + rest + 1;
		j_used = uid_over ? 0 : j_used + rest + 1;
		i += seq_over;
		j += uid_over;
	}
	return matched;
}

// ---- QRESYNC ---------------------------------------------------------------

static void begin_resync(
    struct imap_view *view, const struct imap_qresync *qresync, struct buf *out)
{
	uint32_t uidnext = store_snapshot_uidnext(view->snapshot);
	struct rangeset *known = mem_alloc(sizeof(*known));
	rangeset_init(known);
	if (qresync->has_known)
		imap_set_resolve(&qresync->known, uidnext - 1, NULL, known);
	else if (uidnext > 1)
		rangeset_add(known, 1, uidnext - 1);

	uint32_t floor = 0;
	if (qresync->has_match)
		floor = matched_uid(
		    view, &qresync->match_seqs, &qresync->match_uids);
	// If the store cannot tell, the client finds out by itself: it only
	// knows too many messages.
	enum rc rc = vanished_earlier(view, known, qresync->modseq, floor, out);
	(void)rc;

	view->before = store_snapshot_ref(view->snapshot);
	view->known = known;
	store_walk_init_changed(&view->walk, view->snapshot, qresync->modseq);
}

enum imap_step imap_view_qresync(struct imap_view *view,
    struct imap_command *command, const struct imap_qresync *qresync)
{
	if (!view->resyncing) {
		// RFC 7162 section 3.2.5: the rest has a meaning only if this
		// matches.
		if (qresync->uidvalidity !=
		    store_snapshot_uidvalidity(view->snapshot))
			return IMAP_STEP_DONE;
		view->resyncing = true;
		begin_resync(view, qresync, command->out);
	}
	return imap_view_sync(view, false, command->out);
}
