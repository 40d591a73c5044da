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

// If more emails than this changed, and more than an eighth of all, everything
// is counted anew.
#define CHANGED_FEW 1000

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
	uint64_t trash_id; // 0: none
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

enum rc store_view_counts(
    struct store_view *view, const struct store_view_counts **ret_counts)
{
	struct counts_memory *memory;
	enum rc rc = RC_OK;
	if (!view->counts) {
		rc = count_all(view, &memory);
		if (rc == RC_OK) {
			copy_counts(view, memory);
			counts_memory_free(&memory);
		}
	}
	if (rc == RC_OK)
		*ret_counts = view->counts;
	return rc;
}
