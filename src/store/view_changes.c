// SPDX-License-Identifier: Apache-2.0
// What changed for JMAP. The log is read once, forwards. The first change of a
// place that tells whether the place was visible decides what it was at the
// beginning: made (it was not there), \Deleted set (visible), removed (hidden),
// gone (the log says). A place without such a change was then what it is now.
#include "store/view_changes.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "store/change_record.h"
#include "store/changes_impl.h"
#include "store/view_impl.h"

// An answer ends when it has this many places for each id that it may give.
#define PLACES_PER_ID 4
#define PLACES_FEW    4096

struct entry {
	uint64_t id;
	uint64_t thread_id; // of an email that is gone; 0: not known
	bool was;           // it was visible at the beginning
	bool now;
};

// What a place was at the beginning. In a map, so none of them is NULL.
static char was_missing, was_visible, was_hidden;

struct sum {
	struct store_view *view;
	size_t limit;
	VEC(struct entry) entries; // emails
	struct map by_id;          // id (8 bytes) -> position in it, plus 1
	struct map places;         // mailbox, UID (12 bytes) -> as above
	struct store_change_position next;
	bool more;
	bool enough; // the answer ends before the next commit
};

static struct entry *entry_of(struct sum *sum, uint64_t id)
{
	struct view key = view_of(&id, sizeof(id));
	uintptr_t at = (uintptr_t)map_get(&sum->by_id, key);
	if (at)
		return &sum->entries.items[at - 1];
	if (sum->entries.count == sum->limit)
		return NULL;
	vec_push(&sum->entries, (struct entry){.id = id});
	map_put(&sum->by_id, key, (void *)(uintptr_t)sum->entries.count);
	return &sum->entries.items[sum->entries.count - 1];
}

static struct entry *known_entry(const struct sum *sum, uint64_t id)
{
	uintptr_t at =
	    (uintptr_t)map_get(&sum->by_id, view_of(&id, sizeof(id)));
	return at ? &sum->entries.items[at - 1] : NULL;
}

struct place_key {
	char bytes[12];
};

static struct place_key place_key(uint64_t mailbox_id, uint32_t uid)
{
	struct place_key key;
	put_be64(key.bytes, mailbox_id);
	put_be32(key.bytes + 8, uid);
	return key;
}

static const char *place_was(
    const struct sum *sum, uint64_t mailbox_id, uint32_t uid)
{
	struct place_key key = place_key(mailbox_id, uid);
	return map_get(&sum->places, view_of(key.bytes, sizeof(key.bytes)));
}

// Notes what the place was, unless an earlier change has told. Returns whether
// it was noted.
static bool note_place(
    struct sum *sum, uint64_t mailbox_id, uint32_t uid, char *was)
{
	struct place_key key = place_key(mailbox_id, uid);
	struct view name = view_of(key.bytes, sizeof(key.bytes));
	if (map_get(&sum->places, name))
		return false;
	map_put(&sum->places, name, was);
	return true;
}

static bool is_full(const struct sum *sum)
{
	return sum->places.count > PLACES_FEW &&
	       sum->places.count / PLACES_PER_ID > sum->limit;
}

// A mailbox that is gone is taken for one that the asker could read.
static bool may_read(const struct sum *sum, uint64_t mailbox_id)
{
	struct store_view *view = sum->view;
	if (account_is_own(&view->asker, view->account))
		return true;
	size_t position = store_view_find(view, mailbox_id);
	return position == view->count ||
	       view->boxes[position].broken != RC_DENIED;
}

// ---- One change ------------------------------------------------------------

static void take_place(struct sum *sum, const struct store_change *change,
    uint32_t uid, bool readable, struct entry *entry)
{
	const char *was;
	switch (change->kind) {
	case STORE_CHANGE_EMAIL_MADE:
	case STORE_CHANGE_PLACE_MADE:
		note_place(sum, change->mailbox_id, uid, &was_missing);
		break;
	case STORE_CHANGE_SHOWN:
		note_place(sum, change->mailbox_id, uid, &was_hidden);
		break;
	case STORE_CHANGE_HIDDEN:
		if (note_place(sum, change->mailbox_id, uid, &was_visible))
			entry->was |= readable;
		break;
	case STORE_CHANGE_EMAIL_GONE:
		entry->thread_id =
		    change->thread_id ? change->thread_id : entry->id;
		// fallthrough
	case STORE_CHANGE_PLACE_GONE:
		was = place_was(sum, change->mailbox_id, uid);
		if (was ? was == &was_visible : !change->hidden)
			entry->was |= readable;
		break;
	case STORE_CHANGE_MAILBOX_MADE:
	case STORE_CHANGE_MAILBOX:
	case STORE_CHANGE_MAILBOX_GONE:
	case STORE_CHANGE_FLAGS:
	case STORE_CHANGE_OBJECT_MADE:
	case STORE_CHANGE_OBJECT:
	case STORE_CHANGE_OBJECT_GONE: break;
	}
}

// A run of places with their emails. Returns how many were taken: less than all
// when the answer is full.
static uint32_t take_places(struct sum *sum, const struct store_change *change)
{
	bool readable = may_read(sum, change->mailbox_id);
	uint32_t i = 0;
	for (; i < change->count && !is_full(sum); i++) {
		struct entry *entry = entry_of(sum, change->email_id + i);
		if (!entry)
			break;
		take_place(sum, change, change->uid + i, readable, entry);
	}
	return i;
}

// Gives the email at a place, as the mailbox is now; 0: it is not there.
static uint64_t email_at(const struct store_snapshot *snapshot, uint32_t uid)
{
	struct store_message message;
	uint32_t index;
	if (!snapshot || store_snapshot_find(snapshot, uid, &index) != RC_OK)
		return 0;
	store_snapshot_get(snapshot, index, &message);
	return message.email_id;
}

// A place that is not there any more is named, with its email, by the later
// change that says so.
static enum rc take_flags(
    struct sum *sum, const struct store_change *change, uint32_t *ret_taken)
{
	struct store_view *view = sum->view;
	struct store_snapshot *snapshot = NULL;
	size_t position = store_view_find(view, change->mailbox_id);
	enum rc rc = position < view->count
			 ? store_view_snapshot(view, position, NULL, &snapshot)
			 : RC_OK;
	// A mailbox that cannot be read has no emails for the client.
	if (rc != RC_OK && rc != RC_DENIED && rc != RC_CORRUPT)
		return rc;
	uint32_t i = 0;
	for (; i < change->count; i++) {
		uint64_t email_id = email_at(snapshot, change->uid + i);
		if (email_id && !entry_of(sum, email_id))
			break;
	}
	*ret_taken = i;
	return RC_OK;
}

static enum rc take(
    struct sum *sum, const struct store_change *change, uint32_t *ret_taken)
{
	*ret_taken = change->count;
	if (!change_is_of_places(change->kind))
		return RC_OK;
	if (change->kind == STORE_CHANGE_FLAGS)
		return take_flags(sum, change, ret_taken);
	*ret_taken = take_places(sum, change);
	return RC_OK;
}

// ---- All changes -----------------------------------------------------------

// Whether an email is visible now, and whether one of its places that had no
// change made it visible at the beginning.
static enum rc judge(struct sum *sum, struct entry *entry)
{
	struct store_view_email email;
	enum rc rc = store_view_email(sum->view, entry->id, &email);
	if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	entry->now = true;
	for (size_t i = 0; i < email.place_count; i++) {
		const struct store_view_place *place = &email.places[i];
		const char *was = place_was(sum, place->mailbox_id, place->uid);
		entry->was |= !was || was == &was_visible;
	}
	return RC_OK;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;
	return (left->id > right->id) - (left->id < right->id);
}

static enum rc judge_all(struct sum *sum)
{
	enum rc rc = RC_OK;
	if (sum->entries.count)
		qsort(sum->entries.items, sum->entries.count,
		    sizeof(*sum->entries.items), compare_entries);
	for (size_t i = 0; rc == RC_OK && i < sum->entries.count; i++) {
		struct entry *entry = &sum->entries.items[i];
		map_put(&sum->by_id, view_of(&entry->id, sizeof(entry->id)),
		    (void *)(uintptr_t)(i + 1));
		rc = judge(sum, entry);
	}
	return rc;
}

typedef void see_change(void *context, const struct store_change *change);

// Reads the log from `after` on. `see` is called for each change, too.
static enum rc sum_up(struct sum *sum, struct store_change_position after,
    see_change *see, void *context)
{
	struct store_change_walk *walk;
	struct store_change change;
	enum rc rc = change_walk_open_on(sum->view->from, after, &walk);
	if (rc != RC_OK)
		return rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK) {
		uint32_t taken = 0;
		bool is_next = sum->enough && change.number == 0;
		if (!is_next)
			rc = take(sum, &change, &taken);
		if (rc != RC_OK)
			break;
		if (taken && see)
			see(context, &change);
		if (taken == change.count)
			continue;
		sum->next = (struct store_change_position){
		    change.version - 1, change.number + taken};
		sum->more = true;
		break;
	}
	if (rc == RC_END)
		sum->next = (struct store_change_position){
		    store_change_walk_version(walk), 0};
	store_change_walk_close(&walk);
	return rc == RC_OK || rc == RC_END ? judge_all(sum) : rc;
}

static void sum_init(struct sum *sum, struct store_view *view, size_t limit)
{
	*sum = (struct sum){.view = view, .limit = limit};
	map_init(&sum->by_id);
	map_init(&sum->places);
}

static void sum_done(struct sum *sum)
{
	vec_done(&sum->entries);
	map_done(&sum->by_id);
	map_done(&sum->places);
}

// ---- The answers -----------------------------------------------------------

// Adds an id to the list that it belongs to; ids come in ascending order.
static void tell(struct store_changes *changes, size_t room, uint64_t id,
    bool was, bool now, unsigned what)
{
	struct store_ids *ids = was && now ? &changes->changed
				: now      ? &changes->made
					   : &changes->gone;
	if (!was && !now)
		return;
	if (!ids->items)
		ids->items = mem_alloc(room * sizeof(*ids->items));
	if (was && now) {
		if (!changes->what)
			changes->what = mem_alloc(room * sizeof(unsigned));
		changes->what[ids->count] = what;
	}
	ids->items[ids->count++] = id;
}

enum rc store_view_emails_changed(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	struct sum sum;
	struct store_changes changes = {.more = false};
	sum_init(&sum, view, limit);
	enum rc rc = sum_up(&sum, after, NULL, NULL);
	for (size_t i = 0; rc == RC_OK && i < sum.entries.count; i++) {
		const struct entry *entry = &sum.entries.items[i];
		tell(&changes, sum.entries.count, entry->id, entry->was,
		    entry->now, 0);
	}
	changes.next = sum.next;
	changes.more = sum.more;
	if (rc == RC_OK)
		*ret_changes = changes;
	sum_done(&sum);
	return rc;
}

// ---- Threads ---------------------------------------------------------------

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;
	return (*left > *right) - (*left < *right);
}

struct ids {
	uint64_t *items; // owned
	size_t count;
	size_t capacity;
};

static size_t unique(uint64_t *items, size_t count)
{
	size_t kept = 0;
	if (count > 1)
		qsort(items, count, sizeof(*items), compare_ids);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || items[kept - 1] != items[i])
			items[kept++] = items[i];
	return kept;
}

// An email that went away after the last change that this answer tells: what
// comes then says which thread it was in.
static enum rc look_ahead(struct sum *sum)
{
	struct store_change_walk *walk;
	struct store_change change;
	enum rc rc = change_walk_open_on(sum->view->from, sum->next, &walk);
	if (rc != RC_OK)
		return rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK) {
		if (change.kind != STORE_CHANGE_EMAIL_GONE)
			continue;
		for (uint32_t i = 0; i < change.count; i++) {
			uint64_t id = change.email_id + i;
			struct entry *entry = known_entry(sum, id);
			if (entry)
				entry->thread_id =
				    change.thread_id ? change.thread_id : id;
		}
	}
	store_change_walk_close(&walk);
	return rc == RC_END ? RC_OK : rc;
}

// Finds the threads of all entries. An email whose thread nobody knows is
// damaged, and counts as a thread of its own.
static enum rc find_threads(struct sum *sum)
{
	enum rc rc = RC_OK;
	bool missing = false;
	for (size_t i = 0; rc == RC_OK && i < sum->entries.count; i++) {
		struct entry *entry = &sum->entries.items[i];
		if (!entry->thread_id)
			rc = store_view_threads_of(
			    sum->view, &entry->id, 1, &entry->thread_id);
		missing |= !entry->thread_id;
	}
	if (rc == RC_OK && missing && sum->more)
		rc = look_ahead(sum);
	for (size_t i = 0; i < sum->entries.count; i++)
		if (!sum->entries.items[i].thread_id)
			sum->entries.items[i].thread_id =
			    sum->entries.items[i].id;
	return rc;
}

// Whether a thread had a visible email at the beginning, and whether it has one
// now.
static enum rc judge_thread(
    struct sum *sum, uint64_t thread_id, bool *ret_was, bool *ret_now)
{
	const struct store_view_thread_email *emails;
	size_t count = 0;
	enum rc rc = store_view_thread(sum->view, thread_id, &emails, &count);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	*ret_now = count > 0;
	*ret_was = false;
	for (size_t i = 0; i < count && !*ret_was; i++) {
		const struct entry *entry =
		    known_entry(sum, emails[i].email_id);
		*ret_was = !entry || entry->was;
	}
	return RC_OK;
}

static enum rc tell_threads(struct sum *sum, struct store_changes *changes)
{
	struct ids threads = {0}; // that changed
	struct map had = {0};     // those that lost an email
	enum rc rc = find_threads(sum);
	map_init(&had);
	for (size_t i = 0; rc == RC_OK && i < sum->entries.count; i++) {
		struct entry *entry = &sum->entries.items[i];
		// If there is more, a place that comes later may have been
		// taken for one that was there.
		if (entry->was == entry->now && !(sum->more && entry->now))
			continue;
		vec_push(&threads, entry->thread_id);
		if (entry->was)
			map_put(&had,
			    view_of(&entry->thread_id, sizeof(uint64_t)), sum);
	}
	threads.count = unique(threads.items, threads.count);
	for (size_t i = 0; rc == RC_OK && i < threads.count; i++) {
		bool was;
		bool now;
		struct view key = view_of(&threads.items[i], sizeof(uint64_t));
		rc = judge_thread(sum, threads.items[i], &was, &now);
		if (rc == RC_OK)
			tell(changes, threads.count, threads.items[i],
			    was || map_get(&had, key), now, 0);
	}
	map_done(&had);
	vec_done(&threads);
	return rc;
}

enum rc store_view_threads_changed(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	struct sum sum;
	struct store_changes changes = {.more = false};
	sum_init(&sum, view, limit);
	enum rc rc = sum_up(&sum, after, NULL, NULL);
	if (rc == RC_OK)
		rc = tell_threads(&sum, &changes);
	changes.next = sum.next;
	changes.more = sum.more;
	if (rc == RC_OK)
		*ret_changes = changes;
	else
		store_changes_done(&changes);
	sum_done(&sum);
	return rc;
}

// ---- Mailboxes -------------------------------------------------------------

struct box {
	unsigned what;
	bool made;
};

struct boxes {
	struct store_view *view;
	struct sum *sum;
	size_t told;         // about how many mailboxes have to be
	struct box *of_view; // by position
	struct ids gone;
	struct map made; // ids (8 bytes) that were made
	bool tree;       // mailboxes came or went
	bool uses;       // special uses were changed
	// Of mailboxes with the same use the oldest has the role. So only a
	// mailbox that is younger than one that is gone can get its role.
	uint64_t oldest_gone;
};

static void see_mailbox(void *context, const struct store_change *change)
{
	struct boxes *boxes = context;
	uint64_t id = change->mailbox_id;
	size_t position = store_view_find(boxes->view, id);
	struct box *box = position < boxes->view->count
			      ? &boxes->of_view[position]
			      : &(struct box){0};
	if (id == 0)
		return; // an object, or a name that no mailbox has
	if (!box->what && !box->made && ++boxes->told >= boxes->sum->limit)
		boxes->sum->enough = true;
	if (change_is_of_places(change->kind))
		box->what |= STORE_CHANGED_MESSAGES;
	else
		box->what |= change->what;
	if (change->kind == STORE_CHANGE_MAILBOX_MADE) {
		box->made = true;
		map_put(&boxes->made, view_of(&id, sizeof(id)), boxes);
	}
	if (change->kind == STORE_CHANGE_MAILBOX_GONE) {
		vec_push(&boxes->gone, id);
		if (id < boxes->oldest_gone)
			boxes->oldest_gone = id;
	}
	boxes->uses |= change->what & STORE_CHANGED_SPECIAL_USE;
	boxes->tree |= change->kind == STORE_CHANGE_MAILBOX_MADE ||
		       change->kind == STORE_CHANGE_MAILBOX_GONE ||
		       change->what & STORE_CHANGED_NAME;
}

// Marks the mailboxes of a thread's emails; *left counts those that hold
// messages and are not marked.
static enum rc spread_thread(
    struct boxes *boxes, uint64_t thread_id, size_t *left)
{
	struct store_view *view = boxes->view;
	const struct store_view_thread_email *emails;
	size_t count = 0;
	enum rc rc = store_view_thread(view, thread_id, &emails, &count);
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		struct store_view_email email;
		if (store_view_email(view, emails[i].email_id, &email) != RC_OK)
			continue;
		for (size_t n = 0; n < email.place_count; n++) {
			struct box *box =
			    &boxes->of_view[email.places[n].position];
			*left -= !(box->what & STORE_CHANGED_MESSAGES);
			box->what |= STORE_CHANGED_MESSAGES;
		}
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

// Counts of threads depend on all emails of the thread.
static enum rc spread_emails(struct sum *sum, struct boxes *boxes)
{
	struct store_view *view = boxes->view;
	struct ids threads = {0};
	size_t left = 0;
	enum rc rc = find_threads(sum);
	for (size_t i = 0; i < view->count; i++)
		left += view->boxes[i].shown.info.messages > 0 &&
			!(boxes->of_view[i].what & STORE_CHANGED_MESSAGES);
	for (size_t i = 0; i < sum->entries.count; i++)
		vec_push(&threads, sum->entries.items[i].thread_id);
	threads.count = unique(threads.items, threads.count);
	for (size_t i = 0; rc == RC_OK && i < threads.count && left > 0; i++)
		rc = spread_thread(boxes, threads.items[i], &left);
	vec_done(&threads);
	return rc;
}

// When a mailbox comes or goes, or has another name, others may get another
// parent or role.
static void spread_tree(struct boxes *boxes)
{
	struct store_view *view = boxes->view;
	bool roles = boxes->uses;
	for (size_t i = 0; i < view->count; i++) {
		const struct store_view_mailbox *box = &view->boxes[i].shown;
		size_t parent = store_view_find(view, box->parent_id);
		bool moved =
		    parent < view->count &&
		    (boxes->of_view[parent].made ||
			boxes->of_view[parent].what & STORE_CHANGED_NAME);
		for (size_t n = 0; n < box->own_name.len; n++)
			moved |= box->own_name.ptr[n] == '/';
		if (moved && boxes->tree)
			boxes->of_view[i].what |= STORE_CHANGED_NAME;
		if (box->info.special_use == 0 ||
		    !(boxes->uses || box->info.mailbox_id > boxes->oldest_gone))
			continue;
		boxes->of_view[i].what |= STORE_CHANGED_SPECIAL_USE;
		roles = true;
	}
	// Which mailbox is the trash matters to the unread threads of all.
	for (size_t i = 0; roles && i < view->count; i++)
		boxes->of_view[i].what |= STORE_CHANGED_MESSAGES;
}

static bool was_made(const struct boxes *boxes, uint64_t id)
{
	return map_get(&boxes->made, view_of(&id, sizeof(id))) != NULL;
}

// Mailboxes are told in the order of their ids, as all ids are.
static void tell_boxes(struct boxes *boxes, struct store_changes *changes)
{
	struct store_view *view = boxes->view;
	size_t room = view->count + boxes->gone.count + 1;
	boxes->gone.count = unique(boxes->gone.items, boxes->gone.count);
	for (size_t i = 0; i < boxes->gone.count; i++)
		if (store_view_find(view, boxes->gone.items[i]) == view->count)
			tell(changes, room, boxes->gone.items[i],
			    !was_made(boxes, boxes->gone.items[i]), false, 0);
	for (size_t i = 0; i < view->count; i++) {
		size_t position = view->by_id[i];
		const struct box *box = &boxes->of_view[position];
		if (box->made || box->what)
			tell(changes, room,
			    view->boxes[position].shown.info.mailbox_id,
			    !box->made, true, box->what);
	}
}

enum rc store_view_mailboxes_changed(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	struct sum sum;
	struct store_changes changes = {.more = false};
	struct boxes boxes = {.view = view,
	    .sum = &sum,
	    .oldest_gone = UINT64_MAX,
	    .of_view = mem_zalloc((view->count + 1) * sizeof(*boxes.of_view))};
	map_init(&boxes.made);
	sum_init(&sum, view, limit);
	enum rc rc = sum_up(&sum, after, see_mailbox, &boxes);
	if (rc == RC_OK)
		rc = spread_emails(&sum, &boxes);
	if (rc == RC_OK) {
		spread_tree(&boxes);
		tell_boxes(&boxes, &changes);
		changes.next = sum.next;
		changes.more = sum.more;
		*ret_changes = changes;
	}
	sum_done(&sum);
	map_done(&boxes.made);
	vec_done(&boxes.gone);
	free(boxes.of_view);
	return rc;
}
