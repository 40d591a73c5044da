// SPDX-License-Identifier: Apache-2.0
// Counting emails and threads. All counts are sums over threads: each thread
// adds something to the mailboxes that its emails are in. So counts can be
// brought from one version to a later one: for each thread that had a change,
// take away what it added then, and add what it adds now. What it added then is
// found in the snapshots of that version, which the memory holds.
#include "store/view_counts.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "store/change_record.h"
#include "store/changes_impl.h"
#include "store/thread_table.h"

// Counting a changed email costs as much as counting this many messages when
// everything is counted anew.
#define CHANGE_COST 32

// A visible place.
struct item {
	uint64_t thread_id;
	uint64_t email_id;
	uint32_t box; // in `tally.boxes`
	unsigned flags;
};

struct items {
	struct item *items; // owned
	size_t count;
	size_t capacity;
};

struct tally_box {
	uint64_t mailbox_id;
	struct store_snapshot *snapshot; // referenced; NULL: it counts nothing
	struct store_view_counts counts;
	// What it was last counted for, so that each email and each thread
	// counts once.
	uint64_t email_id;
	uint64_t thread_id;
};

// The counts of an account, by the order of mailbox ids.
struct counts_memory {
	uint64_t version;
	uint64_t generation; // of the account
	uint64_t trash_id;   // 0: none
	struct tally_box *boxes;
	size_t count;
};

void counts_memory_free(struct counts_memory **memory)
{
	struct counts_memory *old = *memory;
	*memory = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < old->count; i++)
		store_snapshot_unref(&old->boxes[i].snapshot);
	free(old->boxes);
	free(old);
}

static size_t find_box(const struct counts_memory *memory, uint64_t mailbox_id)
{
	size_t at;
	LOWER_BOUND(
	    at, memory->count, memory->boxes[at].mailbox_id < mailbox_id);
	return at < memory->count && memory->boxes[at].mailbox_id == mailbox_id
		   ? at
		   : memory->count;
}

// The mailboxes of a view with their snapshots, and counts of 0.
static enum rc memory_new(
    struct store_view *view, struct counts_memory **ret_memory)
{
	struct counts_memory *memory = mem_zalloc(sizeof(*memory));
	memory->version = view->version;
	memory->boxes = mem_zalloc((view->count + 1) * sizeof(*memory->boxes));
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < view->count; i++) {
		const struct store_view_mailbox *box =
		    &view->boxes[view->by_id[i]].shown;
		struct tally_box *to = &memory->boxes[memory->count++];
		struct store_snapshot *snapshot;
		to->mailbox_id = box->info.mailbox_id;
		if (box->role == STORE_USE_TRASH)
			memory->trash_id = to->mailbox_id;
		rc = store_view_snapshot(view, view->by_id[i], NULL, &snapshot);
		if (rc == RC_OK)
			to->snapshot = store_snapshot_ref(snapshot);
		else if (rc == RC_DENIED || rc == RC_CORRUPT)
			rc = RC_OK;
	}
	if (rc != RC_OK)
		counts_memory_free(&memory);
	else
		*ret_memory = memory;
	return rc;
}

// ---- What threads add ------------------------------------------------------

static int compare_items(const void *a, const void *b)
{
	const struct item *left = a;
	const struct item *right = b;
	if (left->thread_id != right->thread_id)
		return left->thread_id < right->thread_id ? -1 : 1;
	if (left->email_id != right->email_id)
		return left->email_id < right->email_id ? -1 : 1;
	return 0;
}

// Adds an email's places to the counts (`sign` 1) or takes them away (-1).
// Returns whether it is unread (RFC 8621 section 2), outside and in the trash.
static void count_email(struct counts_memory *memory, const struct item *items,
    size_t count, uint32_t sign, bool *unread_outside, bool *unread_in_trash)
{
	unsigned flags = 0;
	for (size_t i = 0; i < count; i++)
		flags |= items[i].flags;
	bool unread = !(flags & (STORE_FLAG_SEEN | STORE_FLAG_DRAFT));
	for (size_t i = 0; i < count; i++) {
		struct tally_box *box = &memory->boxes[items[i].box];
		bool trash = box->mailbox_id == memory->trash_id;
		*unread_in_trash |= unread && trash;
		*unread_outside |= unread && !trash;
		if (box->email_id == items[i].email_id)
			continue; // another place in the same mailbox
		box->email_id = items[i].email_id;
		box->counts.emails += sign;
		box->counts.unread_emails += unread ? sign : 0;
	}
}

static void count_thread(struct counts_memory *memory, const struct item *items,
    size_t count, uint32_t sign)
{
	bool unread_outside = false;
	bool unread_in_trash = false;
	for (size_t i = 0; i < count;) {
		size_t first = i;
		while (i < count && items[i].email_id == items[first].email_id)
			i++;
		count_email(memory, items + first, i - first, sign,
		    &unread_outside, &unread_in_trash);
	}
	for (size_t i = 0; i < count; i++) {
		struct tally_box *box = &memory->boxes[items[i].box];
		if (box->thread_id == items[i].thread_id)
			continue;
		box->thread_id = items[i].thread_id;
		box->counts.threads += sign;
		bool unread = box->mailbox_id == memory->trash_id
				  ? unread_in_trash
				  : unread_outside;
		box->counts.unread_threads += unread ? sign : 0;
	}
}

// `sign`: 1, or -1 modulo 2^32.
static void count_items(
    struct counts_memory *memory, struct items *items, uint32_t sign)
{
	bool sorted = true;
	for (size_t i = 0; i < memory->count; i++)
		memory->boxes[i].email_id = memory->boxes[i].thread_id = 0;
	for (size_t i = 1; i < items->count && sorted; i++)
		sorted =
		    compare_items(&items->items[i - 1], &items->items[i]) <= 0;
	if (!sorted)
		qsort(items->items, items->count, sizeof(*items->items),
		    compare_items);
	for (size_t i = 0; i < items->count;) {
		size_t first = i;
		uint64_t thread_id = items->items[first].thread_id;
		while (
		    i < items->count && items->items[i].thread_id == thread_id)
			i++;
		count_thread(memory, items->items + first, i - first, sign);
	}
}

// ---- Counting everything ---------------------------------------------------

static void add_box(
    const struct counts_memory *memory, uint32_t number, struct items *items)
{
	const struct store_snapshot *snapshot = memory->boxes[number].snapshot;
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	if (!snapshot)
		return;
	vec_reserve(items, store_snapshot_count(snapshot));
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		if (!(message.flags & STORE_FLAG_DELETED))
			vec_push(
			    items, (struct item){.email_id = message.email_id,
				       .box = number,
				       .flags = message.flags});
}

// An email whose thread cannot be read is a thread of its own.
static void add_threads(struct thread_table *table, struct items *items)
{
	uint64_t ids[256];
	uint64_t threads[256];
	for (size_t i = 0; i < items->count;) {
		size_t count = 0;
		for (; count < ARRAY_LEN(ids) && i + count < items->count;
		     count++)
			ids[count] = items->items[i + count].email_id;
		thread_table_find(table, ids, count, threads);
		for (size_t n = 0; n < count; n++, i++)
			items->items[i].thread_id =
			    threads[n] ? threads[n] : ids[n];
	}
}

static enum rc count_all(
    struct store_view *view, struct counts_memory **ret_memory)
{
	struct counts_memory *memory;
	struct items items = {0};
	enum rc rc = view_load_threads(view);
	if (rc == RC_OK)
		rc = memory_new(view, &memory);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < memory->count; i++)
		add_box(memory, (uint32_t)i, &items);
	add_threads(view->threads, &items);
	count_items(memory, &items, 1);
	vec_done(&items);
	*ret_memory = memory;
	return RC_OK;
}

// ---- Counting what changed -------------------------------------------------

// A place that is not there any more.
struct gone_place {
	uint64_t email_id;
	uint64_t mailbox_id;
	uint32_t uid;
};

// An email that changed, or that is in a thread with one that did.
struct touched {
	uint64_t thread_id;
	uint64_t email_id;
};

struct advance {
	struct store_view *view;
	struct counts_memory *then;
	struct counts_memory *now;
	VEC(struct touched) emails;
	VEC(struct gone_place) gone;
	struct items items_then;
	struct items items_now;
	size_t most; // emails that may have changed
	// The email whose places are collected.
	const struct touched *email;
};

static void touch(
    struct advance *advance, uint64_t email_id, uint64_t thread_id)
{
	vec_push(&advance->emails, (struct touched){thread_id, email_id});
}

// Gives the message, if it is visible and of the email (0: of any).
static bool find_visible(const struct counts_memory *memory, size_t box,
    uint64_t email_id, uint32_t uid, struct store_message *ret_message)
{
	uint32_t index;
	if (box == memory->count || !memory->boxes[box].snapshot ||
	    store_snapshot_find(memory->boxes[box].snapshot, uid, &index) !=
		RC_OK)
		return false;
	store_snapshot_get(memory->boxes[box].snapshot, index, ret_message);
	return (email_id == 0 || ret_message->email_id == email_id) &&
	       !(ret_message->flags & STORE_FLAG_DELETED);
}

// Most changes of flags change no count.
static void touch_flags(
    struct advance *advance, const struct store_change *change)
{
	const unsigned counted = STORE_FLAG_SEEN | STORE_FLAG_DRAFT;
	size_t then = find_box(advance->then, change->mailbox_id);
	size_t now = find_box(advance->now, change->mailbox_id);
	for (uint32_t i = 0; i < change->count; i++) {
		struct store_message before;
		struct store_message after;
		if (!find_visible(
			advance->now, now, 0, change->uid + i, &after))
			continue;
		if (find_visible(
			advance->then, then, 0, change->uid + i, &before) &&
		    ((before.flags ^ after.flags) & counted) == 0)
			continue;
		touch(advance, after.email_id, 0);
	}
}

static void touch_places(
    struct advance *advance, const struct store_change *change)
{
	bool email_gone = change->kind == STORE_CHANGE_EMAIL_GONE;
	for (uint32_t i = 0; i < change->count; i++) {
		uint64_t email_id = change->email_id + i;
		uint64_t thread_id =
		    change->thread_id ? change->thread_id : email_id;
		touch(advance, email_id, email_gone ? thread_id : 0);
		if (email_gone || change->kind == STORE_CHANGE_PLACE_GONE)
			vec_push(&advance->gone,
			    (struct gone_place){
				email_id, change->mailbox_id, change->uid + i});
	}
}

// RC_GONE: so much has changed that everything is counted anew.
static enum rc read_log(struct advance *advance)
{
	struct store_change_walk *walk;
	struct store_change change;
	enum rc rc = change_walk_open_on(advance->view->from,
	    (struct store_change_position){advance->then->version, 0}, &walk);
	if (rc != RC_OK)
		return rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK) {
		if (change.kind == STORE_CHANGE_FLAGS)
			touch_flags(advance, &change);
		else if (change_is_of_places(change.kind))
			touch_places(advance, &change);
		if (advance->emails.count > advance->most) {
			rc = RC_GONE;
			break;
		}
	}
	store_change_walk_close(&walk);
	if (rc == RC_CORRUPT)
		return RC_GONE;
	return rc == RC_END ? RC_OK : rc;
}

static int compare_touched(const void *a, const void *b)
{
	const struct touched *left = a;
	const struct touched *right = b;
	if (left->thread_id != right->thread_id)
		return left->thread_id < right->thread_id ? -1 : 1;
	return (left->email_id > right->email_id) -
	       (left->email_id < right->email_id);
}

static void sort_touched(struct advance *advance)
{
	struct touched *items = advance->emails.items;
	size_t count = advance->emails.count;
	size_t kept = 0;
	if (count > 1)
		qsort(items, count, sizeof(*items), compare_touched);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 ||
		    compare_touched(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	advance->emails.count = kept;
}

static int compare_emails(const void *a, const void *b)
{
	const struct touched *left = a;
	const struct touched *right = b;
	if (left->email_id != right->email_id)
		return left->email_id < right->email_id ? -1 : 1;
	return (left->thread_id < right->thread_id) -
	       (left->thread_id > right->thread_id);
}

// Keeps each email once, with its thread: one of its changes may have told it;
// if not, the table knows. What remains is a thread of its own, as when
// everything is counted.
static void find_threads(struct advance *advance)
{
	struct touched *items = advance->emails.items;
	size_t kept = 0;
	if (advance->emails.count > 1)
		qsort(items, advance->emails.count, sizeof(*items),
		    compare_emails);
	for (size_t i = 0; i < advance->emails.count; i++) {
		if (kept > 0 && items[kept - 1].email_id == items[i].email_id)
			continue;
		struct touched email = items[i];
		if (!email.thread_id)
			thread_table_find(advance->view->threads,
			    &email.email_id, 1, &email.thread_id);
		if (!email.thread_id)
			email.thread_id = email.email_id;
		items[kept++] = email;
	}
	advance->emails.count = kept;
}

// Adds the other emails of the threads.
static void add_members(struct advance *advance)
{
	struct thread_ids ids = {0};
	uint64_t last = 0;
	size_t count = advance->emails.count;
	for (size_t i = 0; i < count; i++) {
		uint64_t thread_id = advance->emails.items[i].thread_id;
		if (thread_id == last)
			continue;
		last = thread_id;
		ids.count = 0;
		thread_table_emails(advance->view->threads, thread_id, &ids);
		for (size_t n = 0; n < ids.count; n++)
			touch(advance, ids.items[n], thread_id);
	}
	vec_done(&ids);
}

static void add_item(const struct counts_memory *memory,
    const struct touched *email, uint64_t mailbox_id, uint32_t uid,
    struct items *items)
{
	struct store_message message;
	size_t box = find_box(memory, mailbox_id);
	if (find_visible(memory, box, email->email_id, uid, &message))
		vec_push(items, (struct item){email->thread_id, email->email_id,
				    (uint32_t)box, message.flags});
}

static void add_place(void *context, uint64_t mailbox_id, uint32_t uid)
{
	struct advance *advance = context;
	add_item(advance->then, advance->email, mailbox_id, uid,
	    &advance->items_then);
	add_item(
	    advance->now, advance->email, mailbox_id, uid, &advance->items_now);
}

static int compare_gone(const void *a, const void *b)
{
	const struct gone_place *left = a;
	const struct gone_place *right = b;
	return (left->email_id > right->email_id) -
	       (left->email_id < right->email_id);
}

// Collects what the threads add at both versions. A place that an email had
// then is one that it has now, or one that is gone.
static enum rc collect(struct advance *advance)
{
	enum rc rc = RC_OK;
	if (advance->gone.count > 1)
		qsort(advance->gone.items, advance->gone.count,
		    sizeof(*advance->gone.items), compare_gone);
	for (size_t i = 0; rc == RC_OK && i < advance->emails.count; i++) {
		const struct touched *email = &advance->emails.items[i];
		size_t at;
		advance->email = email;
		rc = view_walk_places(
		    advance->view, email->email_id, add_place, advance);
		LOWER_BOUND(at, advance->gone.count,
		    advance->gone.items[at].email_id < email->email_id);
		for (; at < advance->gone.count &&
		       advance->gone.items[at].email_id == email->email_id;
		     at++)
			add_item(advance->then, email,
			    advance->gone.items[at].mailbox_id,
			    advance->gone.items[at].uid, &advance->items_then);
	}
	return rc;
}

static size_t count_messages(const struct counts_memory *memory)
{
	size_t count = 0;
	for (size_t i = 0; i < memory->count; i++)
		if (memory->boxes[i].snapshot)
			count +=
			    store_snapshot_count(memory->boxes[i].snapshot);
	return count;
}

static void carry_over(struct advance *advance)
{
	count_items(advance->then, &advance->items_then, UINT32_MAX);
	for (size_t i = 0; i < advance->now->count; i++) {
		struct tally_box *box = &advance->now->boxes[i];
		size_t at = find_box(advance->then, box->mailbox_id);
		if (at < advance->then->count)
			box->counts = advance->then->boxes[at].counts;
	}
	count_items(advance->now, &advance->items_now, 1);
}

// Brings counts to the version of the view. RC_GONE: they have to be counted
// anew.
static enum rc count_changes(struct store_view *view,
    struct counts_memory *then, struct counts_memory **ret_now)
{
	struct advance advance = {.view = view, .then = then};
	enum rc rc = view_load_threads(view);
	if (rc == RC_OK)
		rc = memory_new(view, &advance.now);
	if (rc != RC_OK)
		return rc;
	advance.most = count_messages(advance.now) / CHANGE_COST + 1;
	rc = advance.now->trash_id == then->trash_id ? read_log(&advance)
						     : RC_GONE;
	if (rc == RC_OK) {
		find_threads(&advance);
		sort_touched(&advance);
		add_members(&advance);
		sort_touched(&advance);
		rc = collect(&advance);
	}
	if (rc == RC_OK) {
		carry_over(&advance);
		*ret_now = advance.now;
	} else {
		counts_memory_free(&advance.now);
	}
	vec_done(&advance.emails);
	vec_done(&advance.gone);
	vec_done(&advance.items_then);
	vec_done(&advance.items_now);
	return rc;
}

// ---- Remembering -----------------------------------------------------------

static void copy_counts(
    struct store_view *view, const struct counts_memory *memory)
{
	view->counts = mem_zalloc((view->count + 1) * sizeof(*view->counts));
	for (size_t i = 0; i < view->count; i++) {
		size_t at =
		    find_box(memory, view->boxes[i].shown.info.mailbox_id);
		if (at < memory->count)
			view->counts[i] = memory->boxes[at].counts;
	}
}

// Counts with the help of what the account remembers, which is replaced by a
// later moment. Call with `counts_lock` held.
static enum rc count_from_memory(struct store_view *view)
{
	struct store_account *account = view->account;
	struct counts_memory *then = account->counts;
	struct counts_memory *now = NULL;
	uint64_t generation = atomic_load(&account->generation);
	enum rc rc = RC_GONE;
	if (then && then->generation != generation)
		counts_memory_free(&account->counts);
	then = account->counts;
	if (then && then->version == view->version) {
		copy_counts(view, then);
		return RC_OK;
	}
	if (then && then->version < view->version)
		rc = count_changes(view, then, &now);
	if (rc == RC_GONE)
		rc = count_all(view, &now);
	if (rc != RC_OK)
		return rc;
	copy_counts(view, now);
	now->generation = generation;
	if (!then || then->version < now->version) {
		account->counts = now;
		now = then;
	}
	counts_memory_free(&now);
	return RC_OK;
}

// What others may read depends on their rights, which can change at any time.
static enum rc count_alone(struct store_view *view)
{
	struct counts_memory *now;
	enum rc rc = count_all(view, &now);
	if (rc != RC_OK)
		return rc;
	copy_counts(view, now);
	counts_memory_free(&now);
	return RC_OK;
}

enum rc store_view_counts(
    struct store_view *view, const struct store_view_counts **ret_counts)
{
	struct store_account *account = view->account;
	enum rc rc = RC_OK;
	if (!view->counts && account_is_own(&view->asker, account)) {
		pthread_mutex_lock(&account->counts_lock);
		rc = count_from_memory(view);
		pthread_mutex_unlock(&account->counts_lock);
	} else if (!view->counts) {
		rc = count_alone(view);
	}
	if (rc == RC_OK)
		*ret_counts = view->counts;
	return rc;
}
