// SPDX-License-Identifier: Apache-2.0
// The view's numbers: sequence numbers, UIDs, and walks over both. See view.h;
// view_sync.c and view_select.c send them.
#include "imap/view.h"

#include "base/mem.h"
#include "base/vec.h"

struct imap_view *imap_view_open(struct imap_session *session,
    struct store_mailbox *mailbox_take, bool read_only)
{
	struct imap_view *view = mem_zalloc(sizeof(*view));
	view->session = session;
	view->mailbox = mailbox_take;
	view->snapshot = store_mailbox_snapshot(mailbox_take);
	view->read_only = read_only;
	view->keyword_count = store_snapshot_keyword_count(view->snapshot);
	rangeset_init(&view->recent_uids);
	rangeset_init(&view->saved);
	return view;
}

void imap_view_close(struct imap_view **view_ptr)
{
	struct imap_view *view = *view_ptr;
	if (!view)
		return;
	if (view->known) {
		rangeset_done(view->known);
		free(view->known);
	}
	if (view->before)
		store_snapshot_unref(&view->before);
	store_snapshot_unref(&view->snapshot);
	store_mailbox_close(&view->mailbox);
	free(view->ghosts);
	rangeset_done(&view->recent_uids);
	rangeset_done(&view->saved);
	fetch_places_done(&view->places);
	free(view);
	*view_ptr = NULL;
}

struct store_mailbox *imap_view_mailbox(const struct imap_view *view)
{
	return view->mailbox;
}

bool imap_view_read_only(const struct imap_view *view)
{
	return view->read_only;
}

uint64_t imap_view_highestmodseq(const struct imap_view *view)
{
	if (view->ghost_count)
		return view->ghost_floor;
	return store_snapshot_highestmodseq(
	    view->before ? view->before : view->snapshot);
}

// ---- Numbers ---------------------------------------------------------------

// How many ghosts have a UID below `uid`.
static size_t ghost_rank(const struct imap_view *view, uint64_t uid)
{
	size_t at;
	LOWER_BOUND(at, view->ghost_count, view->ghosts[at].uid < uid);
	return at;
}

uint32_t imap_view_count(const struct imap_view *view)
{
	return store_snapshot_count(view->snapshot) +
	       (uint32_t)view->ghost_count;
}

uint32_t imap_view_last_uid(const struct imap_view *view)
{
	uint32_t last = 0;
	uint32_t count = store_snapshot_count(view->snapshot);
	if (count) {
		struct store_message message;
		store_snapshot_get(view->snapshot, count - 1, &message);
		last = message.uid;
	}
	if (view->ghost_count && view->ghosts[view->ghost_count - 1].uid > last)
		last = view->ghosts[view->ghost_count - 1].uid;
	return last;
}

uint32_t imap_view_rank(const struct imap_view *view, uint32_t uid)
{
	return store_snapshot_rank(view->snapshot, uid) +
	       (uint32_t)ghost_rank(view, uid);
}

uint32_t imap_view_sequence(
    const struct imap_view *view, uint32_t index, uint32_t uid)
{
	return index + (uint32_t)ghost_rank(view, uid) + 1;
}

uint32_t imap_view_uid(const struct imap_view *view, uint32_t sequence)
{
	// Ghosts have ascending sequence numbers as well: count those below.
	size_t low = 0;
	size_t high = view->ghost_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t uid = view->ghosts[middle].uid;
		uint32_t at = store_snapshot_rank(view->snapshot, uid) +
			      (uint32_t)middle + 1;
		if (at == sequence)
			return uid;
		if (at < sequence)
			low = middle + 1;
		else
			high = middle;
	}
	struct store_message message;
	store_snapshot_get(
	    view->snapshot, sequence - 1 - (uint32_t)low, &message);
	return message.uid;
}

void imap_view_sequences(const struct imap_view *view,
    const struct rangeset *uids, struct rangeset *ret_sequences)
{
	uint32_t count = imap_view_count(view);
	for (size_t i = 0; i < uids->count; i++) {
		struct range range = uids->ranges[i];
		uint32_t first = imap_view_rank(view, range.first);
		uint32_t end = range.last == UINT32_MAX
				   ? count
				   : imap_view_rank(view, range.last + 1);
		if (first < end)
			rangeset_add(ret_sequences, first + 1, end);
	}
}

// Resolves a set of sequence numbers; "$" in it means the saved messages.
static void resolve_sequences(const struct imap_view *view,
    const struct imap_set *set, struct rangeset *ret_uids)
{
	uint32_t count = imap_view_count(view);
	struct rangeset saved, sequences;
	rangeset_init(&saved);
	rangeset_init(&sequences);
	if (set->has_saved)
		imap_view_sequences(view, &view->saved, &saved);
	imap_set_resolve(set, count, &saved, &sequences);
	if (count < UINT32_MAX)
		rangeset_remove(&sequences, count + 1, UINT32_MAX);
	for (size_t i = 0; i < sequences.count; i++)
		rangeset_add(ret_uids,
		    imap_view_uid(view, sequences.ranges[i].first),
		    imap_view_uid(view, sequences.ranges[i].last));
	rangeset_done(&saved);
	rangeset_done(&sequences);
}

void imap_view_resolve_existing(const struct imap_view *view,
    const struct imap_set *set, bool uid, struct rangeset *ret_uids)
{
	if (uid)
		imap_set_resolve(
		    set, imap_view_last_uid(view), &view->saved, ret_uids);
	else
		resolve_sequences(view, set, ret_uids);
}

enum rc imap_view_resolve(const struct imap_view *view,
    const struct imap_set *set, bool uid, struct fault *fault,
    struct rangeset *ret_uids)
{
	uint32_t count = imap_view_count(view);
	uint32_t highest = imap_set_highest(set);
	if (!uid && highest > count)
		return fault_set(fault, RC_INVALID,
		    "message %u does not exist, the mailbox has %u", highest,
		    count);
	// RFC 9051 section 9, seq-number: this includes "*" if the selected
	// mailbox is empty.
	if (!uid && set->has_star && count == 0)
		return fault_set(fault, RC_INVALID,
		    "\"*\" names no message, the mailbox is empty");
	imap_view_resolve_existing(view, set, uid, ret_uids);
	return RC_OK;
}

// ---- Ghosts ----------------------------------------------------------------

static bool has_ghosts(
    const struct imap_view *view, const struct rangeset *uids)
{
	for (size_t i = 0; i < view->ghost_count; i++)
		if (rangeset_has(uids, view->ghosts[i].uid))
			return true;
	return false;
}

bool imap_view_drop_ghosts(const struct imap_view *view, struct rangeset *uids)
{
	if (!has_ghosts(view, uids))
		return false;
	struct rangeset kept;
	rangeset_init(&kept);
	for (size_t i = 0; i < uids->count; i++) {
		struct range range = uids->ranges[i];
		uint64_t from = range.first;
		size_t ghost = ghost_rank(view, range.first);
		for (; ghost < view->ghost_count; ghost++) {
			uint32_t uid = view->ghosts[ghost].uid;
			if (uid > range.last)
				break;
			if (from < uid)
				rangeset_add(&kept, (uint32_t)from, uid - 1);
			from = (uint64_t)uid + 1;
		}
		if (from <= range.last)
			rangeset_add(&kept, (uint32_t)from, range.last);
	}
	rangeset_done(uids);
	*uids = kept;
	return true;
}

// ---- Walking ---------------------------------------------------------------

// After this many steps, a new search from the root is cheaper.
#define FINDER_STEPS 8

bool imap_finder_seek(struct imap_finder *finder,
    const struct store_snapshot *snapshot, uint32_t uid)
{
	if (finder->snapshot == snapshot) {
		if (finder->end)
			return false;
		for (int i = 0; finder->changed || i < FINDER_STEPS; i++) {
			if (finder->message.uid >= uid)
				return true;
			finder->end = !store_walk_next(
			    &finder->walk, &finder->index, &finder->message);
			if (finder->end)
				return false;
		}
		if (finder->message.uid >= uid)
			return true;
	}
	finder->snapshot = snapshot;
	store_walk_init(
	    &finder->walk, snapshot, store_snapshot_rank(snapshot, uid));
	finder->end =
	    !store_walk_next(&finder->walk, &finder->index, &finder->message);
	return !finder->end;
}

void imap_view_cursor_init(struct imap_view_cursor *cursor,
    const struct imap_view *view, const struct rangeset *uids)
{
	*cursor = (struct imap_view_cursor){
	    .view = view, .uids = uids, .generation = UINT64_MAX};
}

void imap_view_cursor_changed(struct imap_view_cursor *cursor, uint64_t since)
{
	cursor->changed_only = true;
	cursor->since = since;
}

// The view has moved: the finder belongs to an older snapshot.
static void finder_renew(struct imap_view_cursor *cursor)
{
	struct imap_finder *finder = &cursor->finder;
	*finder = (struct imap_finder){0};
	cursor->generation = cursor->view->generation;
	if (!cursor->changed_only)
		return;
	finder->snapshot = cursor->view->snapshot;
	finder->changed = true;
	store_walk_init_changed(&finder->walk, finder->snapshot, cursor->since);
	finder->end =
	    !store_walk_next(&finder->walk, &finder->index, &finder->message);
}

// Sets `ret_message` to the ghost or to the message where the finder is,
// whichever has the lower UID; false when there is neither.
static bool next_from(struct imap_view_cursor *cursor, uint32_t uid,
    struct imap_view_message *ret_message)
{
	const struct imap_view *view = cursor->view;
	if (cursor->generation != view->generation)
		finder_renew(cursor);
	bool found = imap_finder_seek(&cursor->finder, view->snapshot, uid);
	size_t below = view->ghost_count ? ghost_rank(view, uid) : 0;
	for (; below < view->ghost_count; below++) {
		const struct store_message *ghost = &view->ghosts[below];
		if (found && ghost->uid > cursor->finder.message.uid)
			break;
		if (cursor->changed_only && ghost->modseq <= cursor->since)
			continue;
		ret_message->message = *ghost;
		ret_message->ghost = true;
		ret_message->sequence = imap_view_rank(view, ghost->uid) + 1;
		return true;
	}
	if (!found)
		return false;
	ret_message->message = cursor->finder.message;
	ret_message->ghost = false;
	ret_message->sequence = cursor->finder.index + (uint32_t)below + 1;
	return true;
}

bool imap_view_cursor_next(
    struct imap_view_cursor *cursor, struct imap_view_message *ret_message)
{
	const struct rangeset *uids = cursor->uids;
	for (;;) {
		while (cursor->range < uids->count &&
		       uids->ranges[cursor->range].last < cursor->next_uid)
			cursor->range++;
		if (cursor->range == uids->count)
			return false;
		struct range range = uids->ranges[cursor->range];
		uint32_t from = cursor->next_uid > range.first
				    ? (uint32_t)cursor->next_uid
				    : range.first;
		if (!next_from(cursor, from, ret_message))
			return false;
		uint32_t uid = ret_message->message.uid;
		if (uid <= range.last) {
			cursor->next_uid = (uint64_t)uid + 1;
			return true;
		}
		cursor->next_uid = uid;
	}
}
