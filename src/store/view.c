// SPDX-License-Identifier: Apache-2.0
// Opening a view, and its mailboxes. A view is of one moment because what it
// copies from memory has the version of the engine snapshot that it reads
// through.
#include "store/view_impl.h"

#include "base/mem.h"
#include "store/reader_impl.h"
#include "store/thread_table.h"

// ---- Copying what is in memory (with `table` held) -------------------------

static void copy_box(struct store_view *view, size_t position)
{
	const struct store_account *account = view->account;
	const struct mailbox *mailbox = account->mailboxes.items[position];
	struct store_mailbox_info info =
	    mailbox_info(&view->asker, account, position, &view->arena);
	if (!(info.rights & STORE_RIGHT_LOOKUP))
		return;
	struct store_snapshot *current = atomic_load(&mailbox->current);
	bool readable = info.rights & STORE_RIGHT_READ;
	view->boxes[view->count++] = (struct view_box){
	    .shown.info = info,
	    .snapshot =
		readable && current ? store_snapshot_ref(current) : NULL,
	    .keywords = keywords_ref(mailbox->keywords),
	    .broken = readable ? RC_OK : RC_DENIED,
	};
}

static void copy_boxes(struct store_view *view)
{
	size_t count = view->account->mailboxes.count;
	view->boxes = mem_alloc((count + 1) * sizeof(*view->boxes));
	for (size_t i = 0; i < count; i++)
		copy_box(view, i);
}

// ---- Opening ---------------------------------------------------------------

// Opens the engine's snapshot and copies what is in memory, if that is of the
// same version; RC_CONFLICT if not.
static enum rc try_open(struct store_view *view)
{
	struct store_account *account = view->account;
	enum rc rc = engine_snapshot_open(
	    account->store->options.engine, account->id, &view->from);
	if (rc != RC_OK)
		return rc;
	view->version = engine_snapshot_version(view->from);
	pthread_mutex_lock(&account->table);
	bool same = view->version == account->shown;
	if (same)
		copy_boxes(view);
	pthread_mutex_unlock(&account->table);
	if (same)
		return view->version ? RC_OK : RC_NOT_FOUND;
	engine_snapshot_close(&view->from);
	return RC_CONFLICT;
}

// While `change` is held, nobody of this store comes between the engine's
// commit and its publication.
static enum rc try_open_locked(struct store_view *view, struct fault *fault)
{
	account_lock_change(view->account);
	enum rc rc = account_refresh(view->account, fault);
	if (rc == RC_OK)
		rc = try_open(view);
	// Another handle on the engine was faster; its watch may not have been
	// called yet.
	if (rc == RC_CONFLICT)
		atomic_store(&view->account->stale, true);
	pthread_mutex_unlock(&view->account->change);
	return rc;
}

// How often opening is tried without and with the lock.
#define TRIES_FREE   3
#define TRIES_LOCKED 1000

static enum rc take_moment(struct store_view *view, struct fault *fault)
{
	enum rc rc = RC_CONFLICT;
	for (int i = 0; rc == RC_CONFLICT && i < TRIES_FREE; i++) {
		account_freshen(view->account);
		rc = try_open(view);
	}
	for (int i = 0; rc == RC_CONFLICT && i < TRIES_LOCKED; i++)
		rc = try_open_locked(view, fault);
	if (rc == RC_NOT_FOUND)
		return fault_set(fault, rc, "there is no such account");
	if (rc == RC_CONFLICT)
		return fault_set(
		    fault, rc, "others keep changing the account; try again");
	return rc == RC_OK ? rc
			   : fault_set(fault, rc, "the account cannot be read");
}

// ---- What follows from names and ids ---------------------------------------

// `above` is the chain of mailboxes above the one before, which comes first.
static void find_parents(struct store_view *view)
{
	size_t above[STORE_LEVELS_MAX];
	size_t depth = 0;
	for (size_t i = 0; i < view->count; i++) {
		struct store_view_mailbox *box = &view->boxes[i].shown;
		box->own_name = box->info.name;
		while (depth > 0 &&
		       !name_is_below(box->info.name,
			   view->boxes[above[depth - 1]].shown.info.name))
			depth--;
		if (depth > 0) {
			const struct store_mailbox_info *parent =
			    &view->boxes[above[depth - 1]].shown.info;
			box->parent_id = parent->mailbox_id;
			box->own_name =
			    view_from(box->info.name, parent->name.len + 1);
		}
		if (depth < STORE_LEVELS_MAX)
			above[depth++] = i;
	}
}

static size_t lower_bound_id(const struct store_view *view, uint64_t id)
{
	size_t at;
	LOWER_BOUND(at, view->count,
	    view->boxes[view->by_id[at]].shown.info.mailbox_id < id);
	return at;
}

static int compare_boxes(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;
	return (left[0] > right[0]) - (left[0] < right[0]);
}

static void sort_ids(struct store_view *view)
{
	uint64_t(*pairs)[2] = mem_alloc((view->count + 1) * sizeof(*pairs));
	for (size_t i = 0; i < view->count; i++) {
		pairs[i][0] = view->boxes[i].shown.info.mailbox_id;
		pairs[i][1] = i;
	}
	if (view->count)
		qsort(pairs, view->count, sizeof(*pairs), compare_boxes);
	view->by_id = mem_alloc((view->count + 1) * sizeof(*view->by_id));
	for (size_t i = 0; i < view->count; i++)
		view->by_id[i] = (uint32_t)pairs[i][1];
	free(pairs);
}

// RFC 8621 section 2: a mailbox has one role, and no two have the same.
static void give_roles(struct store_view *view)
{
	unsigned given = 0;
	for (size_t i = 0; i < view->count; i++) {
		struct store_view_mailbox *box =
		    &view->boxes[view->by_id[i]].shown;
		unsigned uses = box->info.special_use & ~given;
		if (view_eq(box->info.name, VIEW("INBOX")))
			continue;
		box->role = uses & (~uses + 1); // the lowest bit
		given |= box->role;
	}
}

enum rc store_view_open(const struct store_asker *asker,
    struct store_account *account, struct fault *fault,
    struct store_view **ret_view)
{
	struct store_view *view = mem_zalloc(sizeof(*view));
	view->account = account_ref(account);
	view->asker = *asker;
	arena_init(&view->arena);
	buf_init(&view->keyword_bytes, ENGINE_VALUE_MAX);
	enum rc rc = take_moment(view, fault);
	if (rc != RC_OK) {
		store_view_close(&view);
		return rc;
	}
	find_parents(view);
	sort_ids(view);
	give_roles(view);
	*ret_view = view;
	return RC_OK;
}

void store_view_close(struct store_view **view)
{
	struct store_view *old = *view;
	*view = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < old->count; i++) {
		store_snapshot_unref(&old->boxes[i].snapshot);
		keywords_unref(old->boxes[i].keywords);
	}
	engine_cursor_close(&old->places);
	store_reader_free(&old->reader);
	thread_table_unref(&old->threads);
	engine_snapshot_close(&old->from);
	vec_done(&old->email_places);
	vec_done(&old->keywords);
	vec_done(&old->thread);
	buf_done(&old->keyword_bytes);
	arena_done(&old->arena);
	free(old->boxes);
	free(old->counts);
	free(old->by_id);
	store_account_close(&old->account);
	free(old);
}

uint64_t store_view_version(const struct store_view *view)
{
	return view->version;
}

struct store_account *store_view_account(const struct store_view *view)
{
	return view->account;
}

// ---- Mailboxes -------------------------------------------------------------

size_t store_view_mailbox_count(const struct store_view *view)
{
	return view->count;
}

const struct store_view_mailbox *store_view_mailbox(
    const struct store_view *view, size_t position)
{
	return &view->boxes[position].shown;
}

size_t store_view_find(const struct store_view *view, uint64_t mailbox_id)
{
	size_t at = lower_bound_id(view, mailbox_id);
	if (at == view->count)
		return at;
	size_t position = view->by_id[at];
	return view->boxes[position].shown.info.mailbox_id == mailbox_id
		   ? position
		   : view->count;
}

// Reads the mailbox into memory, where others find it as well. If it has
// changed since the view was opened, reads it once more, as it was then.
static enum rc load(
    struct store_view *view, struct view_box *box, struct fault *fault)
{
	const struct store_mailbox_info *info = &box->shown.info;
	struct store_account *account = view->account;
	struct mailbox *mailbox;
	struct store_snapshot *now = NULL;
	account_lock_change(account);
	enum rc rc =
	    account_read_mailbox(account, info->mailbox_id, fault, &mailbox);
	if (rc == RC_OK && mailbox)
		now = store_snapshot_ref(atomic_load(&mailbox->current));
	pthread_mutex_unlock(&account->change);
	if (now && now->highestmodseq == info->highestmodseq &&
	    now->uidnext == info->uidnext) {
		box->snapshot = now;
		return RC_OK;
	}
	store_snapshot_unref(&now);
	struct store_node *root;
	rc = account_read_messages(view->from, info->mailbox_id, NULL, &root);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the mailbox cannot be read: %s", rc_text(rc));
	box->snapshot = snapshot_new(info->uidvalidity, info->uidnext,
	    info->highestmodseq, root, box->keywords);
	return RC_OK;
}

enum rc store_view_snapshot(struct store_view *view, size_t position,
    struct fault *fault, struct store_snapshot **ret_snapshot)
{
	struct view_box *box = &view->boxes[position];
	if (box->broken == RC_DENIED)
		return fault_set(
		    fault, RC_DENIED, "you have no right to read this mailbox");
	if (box->broken != RC_OK)
		return fault_set(fault, box->broken,
		    "the mailbox cannot be read: %s", rc_text(box->broken));
	if (!box->snapshot)
		box->broken = load(view, box, fault);
	if (box->broken == RC_OK)
		*ret_snapshot = box->snapshot;
	return box->broken;
}

struct store_reader *store_view_reader(struct store_view *view)
{
	if (!view->reader)
		view->reader = reader_new_on(
		    view->account->store->options.engine, view->from);
	return view->reader;
}
