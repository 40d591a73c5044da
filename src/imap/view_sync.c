// SPDX-License-Identifier: Apache-2.0
// Synchronising: the difference between two snapshots is reported to the
// client. This is the only source of untagged EXPUNGE, VANISHED, EXISTS,
// RECENT, and of FETCH that the client has not asked for.
//
// A synchronisation changes to the newest snapshot at once, and turns messages
// that are gone into ghosts. Then it reports, in this order: FLAGS, expunges
// (where they are allowed), new messages, and changed flags. When the output is
// full it stops between two responses; `before` stays set, and the next call
// continues. Until it is complete, it ignores newer snapshots.
#include "imap/put.h"
#include "imap/view.h"

#include "base/mem.h"

// UIDs in one VANISHED response, so that it does not become one line of
// megabytes.
#define VANISHED_UIDS_MAX 2000

static bool has_feature(const struct imap_view *view, enum imap_feature feature)
{
	return imap_has_feature(view->session, feature);
}

static bool is_full(const struct buf *out)
{
	return out->len >= NET_OUTPUT_HIGH;
}

// ---- What is gone ----------------------------------------------------------

// Adds to the ghosts the messages of `uids`, all of which are in `before`.
static void add_ghosts(struct imap_view *view,
    const struct store_snapshot *before, const struct rangeset *uids)
{
	size_t count = (size_t)rangeset_size(uids);
	if (count == 0)
		return;
	if (view->ghost_count == 0)
		view->ghost_floor = store_snapshot_highestmodseq(before);
	size_t total = view->ghost_count + count;
	struct store_message *merged = mem_alloc(total * sizeof(*merged));
	size_t old = 0;
	size_t at = 0;
	for (size_t i = 0; i < uids->count; i++) {
		struct range range = uids->ranges[i];
		struct store_walk walk;
		store_walk_init(
		    &walk, before, store_snapshot_rank(before, range.first));
		uint32_t index;
		struct store_message message;
		while (at < total && store_walk_next(&walk, &index, &message) &&
		       message.uid <= range.last) {
			while (old < view->ghost_count &&
			       view->ghosts[old].uid < message.uid)
				merged[at++] = view->ghosts[old++];
			merged[at++] = message;
		}
	}
	while (old < view->ghost_count)
		merged[at++] = view->ghosts[old++];
	free(view->ghosts);
	view->ghosts = merged;
	view->ghost_count = at;
	view->ghost_capacity = total;
}

// Writes EXPUNGE from the highest sequence number down, so that the other
// numbers stay right.
static void write_expunge(struct imap_view *view, struct buf *out)
{
	size_t last = view->ghost_count - 1;
	uint32_t uid = view->ghosts[last].uid;
	char text[64];
	char *at = put_literal(text, "* ");
	at = put_u32(
	    at, store_snapshot_rank(view->snapshot, uid) + (uint32_t)last + 1);
	at = put_literal(at, " EXPUNGE\r\n");
	buf_add(out, view_of(text, (size_t)(at - text)));
	view->ghost_count = last;
}

static void write_vanished(struct imap_view *view, struct buf *out)
{
	size_t first = view->ghost_count > VANISHED_UIDS_MAX
			   ? view->ghost_count - VANISHED_UIDS_MAX
			   : 0;
	struct rangeset uids;
	rangeset_init(&uids);
	for (size_t i = first; i < view->ghost_count; i++)
		rangeset_add(&uids, view->ghosts[i].uid, view->ghosts[i].uid);
	buf_add_literal(out, "* VANISHED ");
	rangeset_format(&uids, out);
	buf_add_literal(out, "\r\n");
	rangeset_done(&uids);
	view->ghost_count = first;
}

// False when the output is full before everything is reported.
static bool tell_expunges(struct imap_view *view, struct buf *out)
{
	// Removed all at once: one by one could take quadratic time.
	if (imap_view_drop_ghosts(view, &view->recent_uids))
		view->recent_due = true;
	while (view->ghost_count) {
		if (is_full(out))
			return false;
		// RFC 7162 section 3.2.10.2
		if (has_feature(view, IMAP_FEATURE_QRESYNC))
			write_vanished(view, out);
		else
			write_expunge(view, out);
		view->vanished = true;
	}
	if (view->ghost_capacity) {
		free(view->ghosts);
		view->ghosts = NULL;
		view->ghost_capacity = 0;
	}
	return true;
}

// ---- Echoes of the session's own changes -----------------------------------

struct echo_check {
	const struct imap_view_echo *echo; // NULL: none
	struct store_keyword_set keywords; // of the change
	struct imap_finder finder;         // in `before`
};

static void echo_check_init(struct echo_check *check,
    const struct imap_view *view, const struct imap_view_echo *echo)
{
	*check = (struct echo_check){.echo = echo};
	if (!echo)
		return;
	const struct store_flags *flags = &echo->change->flags;
	for (size_t i = 0; i < flags->keyword_count; i++) {
		unsigned n;
		if (store_snapshot_keyword_find(
			view->snapshot, flags->keywords[i], &n) == RC_OK)
			check->keywords.bits[n / 64] |= 1ull << (n % 64);
	}
}

// Whether the flags of `now` are the flags of `then` after the command's
// change.
static bool is_expected(const struct echo_check *check,
    const struct store_message *then, const struct store_message *now)
{
	const struct store_flags_change *change = check->echo->change;
	unsigned flags = 0;
	switch (change->operation) {
	case STORE_FLAGS_SET: flags = change->flags.system; break;
	case STORE_FLAGS_ADD: flags = then->flags | change->flags.system; break;
	case STORE_FLAGS_REMOVE:
		flags = then->flags & ~change->flags.system;
		break;
	}
	if (flags != now->flags)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(check->keywords.bits); i++) {
		uint64_t bits = 0;
		uint64_t had = then->has_keywords ? then->keywords.bits[i] : 0;
		switch (change->operation) {
		case STORE_FLAGS_SET: bits = check->keywords.bits[i]; break;
		case STORE_FLAGS_ADD:
			bits = had | check->keywords.bits[i];
			break;
		case STORE_FLAGS_REMOVE:
			bits = had & ~check->keywords.bits[i];
			break;
		}
		if (bits != (now->has_keywords ? now->keywords.bits[i] : 0))
			return false;
	}
	return true;
}

// Whether nobody but the session's own command has changed this message, so
// that the client knows its flags.
static bool is_echo(struct echo_check *check, const struct imap_view *view,
    const struct store_message *message)
{
	const struct imap_view_echo *echo = check->echo;
	return echo && message->modseq == echo->modseq &&
	       rangeset_has(echo->uids, message->uid) &&
	       imap_finder_seek(&check->finder, view->before, message->uid) &&
	       check->finder.message.uid == message->uid &&
	       is_expected(check, &check->finder.message, message);
}

// ---- Changed flags ---------------------------------------------------------

// Reports changed messages that the client knew before.
static bool tell_changes(
    struct imap_view *view, const struct imap_view_echo *echo, struct buf *out)
{
	uint32_t uidnext = store_snapshot_uidnext(view->before);
	struct echo_check check;
	echo_check_init(&check, view, echo);
	uint32_t index;
	struct store_message message;
	while (!is_full(out)) {
		if (!store_walk_next(&view->walk, &index, &message) ||
		    message.uid >= uidnext)
			return true;
		if (view->known && !rangeset_has(view->known, message.uid))
			continue;
		if (is_echo(&check, view, &message))
			continue;
		imap_view_write_update(view,
		    imap_view_sequence(view, index, message.uid), &message,
		    (echo && echo->uid) || view->resyncing, true, out);
		if (echo)
			rangeset_add(echo->ret_told, message.uid, message.uid);
	}
	return false;
}

// ---- Beginning and end -----------------------------------------------------

static void begin(struct imap_view *view, struct buf *out)
{
	view->before = view->snapshot;
	view->snapshot = store_mailbox_snapshot(view->mailbox);
	view->generation++;

	struct rangeset uids;
	rangeset_init(&uids);
	store_snapshot_vanished(view->before, view->snapshot, &uids);
	add_ghosts(view, view->before, &uids);
	rangeset_done(&uids);

	uint32_t uidnext = store_snapshot_uidnext(view->before);
	if (store_snapshot_rank(view->snapshot, uidnext) <
	    store_snapshot_count(view->snapshot)) {
		view->exists_due = true;
		imap_view_claim_recent(view, uidnext);
	}
	store_walk_init_changed(&view->walk, view->snapshot,
	    store_snapshot_highestmodseq(view->before));

	// RFC 9051 section 7.3.5: clients learn of new keywords.
	unsigned keywords = store_snapshot_keyword_count(view->snapshot);
	if (keywords != view->keyword_count) {
		view->keyword_count = keywords;
		imap_view_write_flags_line(view, view->read_only, out);
	}
}

// All changes have been reported: the view has only one snapshot again.
static void complete(struct imap_view *view)
{
	store_snapshot_unref(&view->before);
	if (view->known) {
		rangeset_done(view->known);
		free(view->known);
		view->known = NULL;
	}
	view->resyncing = false;
}

static void write_highestmodseq(
    uint64_t modseq, const char *text, struct buf *out)
{
	buf_add_literal(out, "* OK [HIGHESTMODSEQ ");
	buf_add_u64(out, modseq);
	buf_add_literal(out, "] ");
	buf_add_string(out, text);
	buf_add_literal(out, "\r\n");
}

// Tells HIGHESTMODSEQ at the end of a command, for QRESYNC.
static void tell_modseq(struct imap_view *view, bool tagged, struct buf *out)
{
	bool qresync = has_feature(view, IMAP_FEATURE_QRESYNC);
	if (qresync && view->ghost_count && view->modseq_sent)
		// RFC 7162 section 3.2: HIGHESTMODSEQ may not reach past an
		// expunge that the client has not been told of.
		write_highestmodseq(view->ghost_floor,
		    "Some messages are gone; that is still to be told", out);
	else if (qresync && view->vanished && !tagged)
		write_highestmodseq(
		    imap_view_highestmodseq(view), "Up to date", out);
	view->modseq_sent = false;
	view->vanished = false;
}

// Continues until everything is reported (true) or the output is full.
static bool run(struct imap_view *view, bool expunge,
    const struct imap_view_echo *echo, struct buf *out)
{
	if (!view->before &&
	    !store_mailbox_is_current(view->mailbox, view->snapshot))
		begin(view, out);
	if (expunge && view->ghost_count && !tell_expunges(view, out))
		return false;
	if (view->exists_due) {
		imap_view_write_exists(view, out);
		view->exists_due = false;
		view->exists_missed = true;
	} else if (view->recent_due) {
		// RFC 3501 section 7.3.2: when the size of the mailbox changes.
		imap_view_write_recent(view, out);
	}
	view->recent_due = false;
	if (!view->before)
		return true;
	if (!tell_changes(view, echo, out))
		return false;
	complete(view);
	return true;
}

enum imap_step imap_view_sync(
    struct imap_view *view, bool expunge, struct buf *out)
{
	if (!run(view, expunge, NULL, out))
		return IMAP_STEP_MORE;
	tell_modseq(view, false, out);
	return IMAP_STEP_DONE;
}

void imap_view_idle(struct imap_view *view)
{
	view->exists_due |= view->exists_missed;
}

enum imap_step imap_view_sync_expunged(struct imap_view *view, struct buf *out)
{
	if (!run(view, true, NULL, out))
		return IMAP_STEP_MORE;
	tell_modseq(view, true, out);
	return IMAP_STEP_DONE;
}

enum imap_step imap_view_sync_echo(
    struct imap_view *view, const struct imap_view_echo *echo, struct buf *out)
{
	return run(view, false, echo, out) ? IMAP_STEP_DONE : IMAP_STEP_MORE;
}
