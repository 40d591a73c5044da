// SPDX-License-Identifier: Apache-2.0
// Changes summed up: what happened to each email, mailbox or place in many
// commits. The caller's limit bounds the memory used.
#include "base/mem.h"
#include "base/vec.h"
#include "store/account_impl.h"
#include "store/change_record.h"
#include "store/object.h"

// ---- By id -----------------------------------------------------------------

struct entry {
	uint64_t id;
	unsigned what;
	bool made; // whether its first change in the sum made it
	bool gone;
};

struct sum {
	struct store_account *account;
	size_t limit;
	unsigned object_kind;
	VEC(struct entry) entries;
	struct map by_id;     // id (8 bytes) -> position in `entries`, plus 1
	struct map snapshots; // mailbox id (8 bytes) -> snapshot, or `nowhere`
};

// What `snapshots` holds for a mailbox that is gone.
static char nowhere;

// Gives the entry of an id; NULL when there would be too many entries.
static struct entry *entry_of(struct sum *sum, uint64_t id, bool made)
{
	struct view key = view_of(&id, sizeof(id));
	uintptr_t at = (uintptr_t)map_get(&sum->by_id, key);
	if (at)
		return &sum->entries.items[at - 1];
	if (sum->entries.count == sum->limit)
		return NULL;
	vec_push(&sum->entries, (struct entry){.id = id, .made = made});
	map_put(&sum->by_id, key, (void *)(uintptr_t)sum->entries.count);
	return &sum->entries.items[sum->entries.count - 1];
}

static void sum_done(struct sum *sum)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&sum->snapshots, &position, &key, &value)) {
		struct store_snapshot *snapshot = value;
		if (value != &nowhere)
			store_snapshot_unref(&snapshot);
	}
	map_done(&sum->snapshots);
	map_done(&sum->by_id);
	vec_done(&sum->entries);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;
	return (left->id > right->id) - (left->id < right->id);
}

static void add_id(struct store_ids *ids, size_t room, uint64_t id)
{
	if (!ids->items)
		ids->items = mem_alloc(room * sizeof(*ids->items));
	ids->items[ids->count++] = id;
}

static void sum_up(struct sum *sum, struct store_changes *ret_changes)
{
	struct store_changes *to = ret_changes;
	if (sum->entries.count == 0)
		return;
	qsort(sum->entries.items, sum->entries.count,
	    sizeof(*sum->entries.items), compare_entries);
	to->what = mem_alloc(sum->entries.count * sizeof(*to->what));
	for (size_t i = 0; i < sum->entries.count; i++) {
		const struct entry *entry = &sum->entries.items[i];
		if (entry->made && entry->gone)
			continue;
		if (entry->made) {
			add_id(&to->made, sum->entries.count, entry->id);
		} else if (entry->gone) {
			add_id(&to->gone, sum->entries.count, entry->id);
		} else {
			to->what[to->changed.count] = entry->what;
			add_id(&to->changed, sum->entries.count, entry->id);
		}
	}
}

void store_changes_done(struct store_changes *changes)
{
	free(changes->made.items);
	free(changes->changed.items);
	free(changes->gone.items);
	free(changes->what);
	*changes = (struct store_changes){.more = false};
}

// Adds the changes of a run and returns how many were added: less than all when
// the limit is reached.
typedef enum rc take_run(
    struct sum *sum, const struct store_change *change, uint32_t *ret_taken);

static enum rc take_all(struct sum *sum, struct store_change_walk *walk,
    take_run *take, struct store_changes *changes)
{
	struct store_change change;
	enum rc rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK) {
		uint32_t taken = 0;
		rc = take(sum, &change, &taken);
		if (rc != RC_OK)
			return rc;
		if (taken == change.count)
			continue;
		changes->next = (struct store_change_position){
		    change.version - 1, change.number + taken};
		changes->more = true;
		return RC_OK;
	}
	changes->next.version = store_change_walk_version(walk);
	return rc == RC_END ? RC_OK : rc;
}

// `sum` has its limit.
static enum rc changes_of(struct store_account *account,
    struct store_change_position after, struct sum *sum, take_run *take,
    struct store_changes *ret_changes)
{
	struct store_changes changes = {.more = false};
	struct store_change_walk *walk;
	sum->account = account;
	enum rc rc = store_change_walk_open(account, after, 0, &walk);
	if (rc != RC_OK)
		return rc;
	map_init(&sum->by_id);
	map_init(&sum->snapshots);
	rc = take_all(sum, walk, take, &changes);
	if (rc == RC_OK) {
		sum_up(sum, &changes);
		*ret_changes = changes;
	}
	sum_done(sum);
	store_change_walk_close(&walk);
	return rc;
}

// ---- Emails ----------------------------------------------------------------

// Gives the newest snapshot of a mailbox; NULL when the mailbox is gone.
static enum rc snapshot_of(struct sum *sum, uint64_t mailbox_id,
    const struct store_snapshot **ret_snapshot)
{
	struct view key = view_of(&mailbox_id, sizeof(mailbox_id));
	void *known = map_get(&sum->snapshots, key);
	if (!known) {
		struct store_account *account = sum->account;
		struct mailbox *mailbox;
		known = &nowhere;
		account_lock_change(account);
		enum rc rc =
		    account_read_mailbox(account, mailbox_id, NULL, &mailbox);
		if (rc == RC_OK && mailbox)
			known =
			    store_snapshot_ref(atomic_load(&mailbox->current));
		pthread_mutex_unlock(&account->change);
		if (rc != RC_OK)
			return rc;
		map_put(&sum->snapshots, key, known);
	}
	*ret_snapshot = known == &nowhere ? NULL : known;
	return RC_OK;
}

// Places that the snapshot no longer has are skipped: a later change says that
// they are gone, and names their emails.
static enum rc take_flags(
    struct sum *sum, const struct store_change *change, uint32_t *ret_taken)
{
	const struct store_snapshot *snapshot;
	enum rc rc = snapshot_of(sum, change->mailbox_id, &snapshot);
	if (rc != RC_OK)
		return rc;
	*ret_taken = change->count;
	if (!snapshot)
		return RC_OK;
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	store_walk_init(
	    &walk, snapshot, store_snapshot_rank(snapshot, change->uid));
	while (store_walk_next(&walk, &index, &message) &&
	       message.uid - change->uid < change->count) {
		if (entry_of(sum, message.email_id, false))
			continue;
		*ret_taken = message.uid - change->uid;
		break;
	}
	return RC_OK;
}

static enum rc take_emails(
    struct sum *sum, const struct store_change *change, uint32_t *ret_taken)
{
	if (!change_is_of_places(change->kind)) {
		*ret_taken = change->count;
		return RC_OK;
	}
	if (change->kind == STORE_CHANGE_FLAGS)
		return take_flags(sum, change, ret_taken);
	bool made = change->kind == STORE_CHANGE_EMAIL_MADE;
	uint32_t i = 0;
	for (; i < change->count; i++) {
		struct entry *entry = entry_of(sum, change->email_id + i, made);
		if (!entry)
			break;
		if (change->kind == STORE_CHANGE_EMAIL_GONE)
			entry->gone = true;
	}
	*ret_taken = i;
	return RC_OK;
}

enum rc store_emails_changed(struct store_account *account,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	struct sum sum = {.limit = limit};
	return changes_of(account, after, &sum, take_emails, ret_changes);
}

// ---- Mailboxes -------------------------------------------------------------

static enum rc take_mailbox(
    struct sum *sum, const struct store_change *change, uint32_t *ret_taken)
{
	struct entry *entry = NULL;
	*ret_taken = change->count;
	if (change->mailbox_id == 0)
		return RC_OK; // of a name that no mailbox has, or an object
	entry = entry_of(
	    sum, change->mailbox_id, change->kind == STORE_CHANGE_MAILBOX_MADE);
	if (!entry)
		*ret_taken = 0;
	else if (change->kind == STORE_CHANGE_MAILBOX_GONE)
		entry->gone = true;
	else if (change_is_of_places(change->kind))
		entry->what |= STORE_CHANGED_MESSAGES;
	else
		entry->what |= change->what;
	return RC_OK;
}

enum rc store_mailboxes_changed(struct store_account *account,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	struct sum sum = {.limit = limit};
	return changes_of(account, after, &sum, take_mailbox, ret_changes);
}

// ---- Objects ---------------------------------------------------------------

static enum rc take_object(
    struct sum *sum, const struct store_change *change, uint32_t *ret_taken)
{
	*ret_taken = change->count;
	if (!change_is_of_objects(change->kind) ||
	    change->object_kind != sum->object_kind)
		return RC_OK;
	struct entry *entry = entry_of(
	    sum, change->object_id, change->kind == STORE_CHANGE_OBJECT_MADE);
	if (!entry)
		*ret_taken = 0;
	else if (change->kind == STORE_CHANGE_OBJECT_GONE)
		entry->gone = true;
	return RC_OK;
}

enum rc store_objects_changed(struct store_account *account,
    enum store_object_kind kind, struct store_change_position after,
    size_t limit, struct store_changes *ret_changes)
{
	struct sum sum = {.limit = limit, .object_kind = kind};
	return changes_of(account, after, &sum, take_object, ret_changes);
}

// ---- Places of a mailbox ---------------------------------------------------

// Ranges in the order in which they come. They are sorted once at the end,
// since adding each one below the end of a set would take quadratic time.
struct ranges {
	struct range *items; // owned
	size_t count;
	size_t capacity;
};

static void add_range(struct ranges *ranges, const struct store_change *change)
{
	vec_push(ranges,
	    (struct range){change->uid, change->uid + change->count - 1});
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;
	return (left->first > right->first) - (left->first < right->first);
}

static void add_sorted(struct ranges *ranges, struct rangeset *to)
{
	if (ranges->count > 1)
		qsort(ranges->items, ranges->count, sizeof(*ranges->items),
		    compare_ranges);
	for (size_t i = 0; i < ranges->count; i++)
		rangeset_add(to, ranges->items[i].first, ranges->items[i].last);
}

struct places {
	struct ranges made;
	struct ranges changed;
	struct ranges gone;
	size_t count;
};

static void take_places(struct places *places,
    const struct store_change *change, struct store_places_changed *changes)
{
	places->count++;
	switch (change->kind) {
	case STORE_CHANGE_MAILBOX_MADE:
	case STORE_CHANGE_MAILBOX:
	case STORE_CHANGE_OBJECT_MADE:
	case STORE_CHANGE_OBJECT:
	case STORE_CHANGE_OBJECT_GONE: break;
	case STORE_CHANGE_MAILBOX_GONE: changes->is_gone = true; break;
	case STORE_CHANGE_EMAIL_MADE:
	case STORE_CHANGE_PLACE_MADE: add_range(&places->made, change); break;
	case STORE_CHANGE_FLAGS:
	case STORE_CHANGE_HIDDEN:
	case STORE_CHANGE_SHOWN: add_range(&places->changed, change); break;
	case STORE_CHANGE_PLACE_GONE:
	case STORE_CHANGE_EMAIL_GONE: add_range(&places->gone, change); break;
	}
}

// A UID is given out once, so a place that was made and went away was made
// first.
static void sum_up_places(
    struct places *places, struct store_places_changed *ret_changes)
{
	struct rangeset made;
	struct rangeset changed;
	struct rangeset changed_only;
	struct rangeset gone;
	rangeset_init(&made);
	rangeset_init(&changed);
	rangeset_init(&changed_only);
	rangeset_init(&gone);
	add_sorted(&places->made, &made);
	add_sorted(&places->changed, &changed);
	add_sorted(&places->gone, &gone);
	rangeset_without(&made, &gone, &ret_changes->made);
	rangeset_without(&gone, &made, &ret_changes->gone);
	rangeset_without(&changed, &made, &changed_only);
	rangeset_without(&changed_only, &gone, &ret_changes->changed);
	rangeset_done(&made);
	rangeset_done(&changed);
	rangeset_done(&changed_only);
	rangeset_done(&gone);
}

void store_places_changed_done(struct store_places_changed *changes)
{
	rangeset_done(&changes->made);
	rangeset_done(&changes->changed);
	rangeset_done(&changes->gone);
}

enum rc store_places_changed(struct store_account *account, uint64_t mailbox_id,
    struct store_change_position after, size_t limit,
    struct store_places_changed *ret_changes)
{
	struct store_places_changed changes = {.is_gone = false};
	struct places places = {.count = 0};
	struct store_change change;
	struct store_change_walk *walk;
	enum rc rc = store_change_walk_open(account, after, mailbox_id, &walk);
	if (rc != RC_OK)
		return rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK &&
	       places.count < limit)
		take_places(&places, &change, &changes);
	changes.more = rc == RC_OK;
	changes.next =
	    (struct store_change_position){store_change_walk_version(walk), 0};
	if (changes.more)
		changes.next = (struct store_change_position){
		    change.version - 1, change.number};
	if (rc == RC_END)
		rc = RC_OK;
	if (rc == RC_OK) {
		sum_up_places(&places, &changes);
		*ret_changes = changes;
	}
	free(places.made.items);
	free(places.changed.items);
	free(places.gone.items);
	store_change_walk_close(&walk);
	return rc;
}
