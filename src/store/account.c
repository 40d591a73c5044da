// SPDX-License-Identifier: Apache-2.0
// An account in memory: its table of mailboxes and subscriptions.
#include "store/account_impl.h"

#include "base/mem.h"
#include "base/vec.h"

// ---- Mailboxes -------------------------------------------------------------

struct mailbox *mailbox_new(uint64_t id, struct view name)
{
	struct mailbox *mailbox = mem_zalloc(sizeof(*mailbox));
	mailbox->refs = 1;
	mailbox->id = id;
	mailbox_set_name(mailbox, name);
	mailbox->state.uidnext = 1;
	return mailbox;
}

void mailbox_set_name(struct mailbox *mailbox, struct view name)
{
	char *copy = mem_strndup(name.ptr, name.len);
	char *old = (char *)(uintptr_t)mailbox->name.ptr; // the account owns it
	mailbox->name = view_of(copy, name.len);
	free(old);
}

void mailbox_unref(struct mailbox *mailbox)
{
	if (--mailbox->refs > 0)
		return;
	struct store_snapshot *snapshot = atomic_load(&mailbox->current);
	store_snapshot_unref(&snapshot);
	keywords_unref(mailbox->keywords);
	free((char *)(uintptr_t)mailbox->name.ptr);
	free(mailbox);
}

void mailbox_tell(const struct mailbox *mailbox)
{
	for (struct store_mailbox *handle = mailbox->handles; handle;
	     handle = handle->next)
		if (handle->moved)
			handle->moved(handle->moved_context);
}

void account_tell(const struct store_account *account)
{
	for (struct store_watch *watch = account->watches; watch;
	     watch = watch->next)
		watch->moved(watch->context);
}

struct store_watch *store_watch_new(
    struct store_account *account, void (*moved)(void *context), void *context)
{
	struct store_watch *watch = mem_alloc(sizeof(*watch));
	*watch = (struct store_watch){.account = account_ref(account),
	    .moved = moved,
	    .context = context};
	pthread_mutex_lock(&account->table);
	watch->next = account->watches;
	account->watches = watch;
	pthread_mutex_unlock(&account->table);
	return watch;
}

void store_watch_free(struct store_watch **watch)
{
	struct store_watch *old = *watch;
	*watch = NULL;
	if (!old)
		return;
	pthread_mutex_lock(&old->account->table);
	struct store_watch **link = &old->account->watches;
	while (*link != old)
		link = &(*link)->next;
	*link = old->next;
	pthread_mutex_unlock(&old->account->table);
	store_account_close(&old->account);
	free(old);
}

void account_lock_change(struct store_account *account)
{
	pthread_mutex_lock(&account->turn);
	pthread_mutex_lock(&account->change);
	pthread_mutex_unlock(&account->turn);
}

// ---- The table -------------------------------------------------------------

bool account_table_seek(
    const struct store_account *account, struct view name, size_t *ret_position)
{
	size_t at;
	LOWER_BOUND(at, account->mailboxes.count,
	    store_name_compare(account->mailboxes.items[at]->name, name) < 0);
	*ret_position = at;
	return at < account->mailboxes.count &&
	       view_eq(account->mailboxes.items[at]->name, name);
}

void account_table_insert(
    struct store_account *account, struct mailbox *mailbox)
{
	size_t at;
	if (account_table_seek(account, mailbox->name, &at))
		abort(); // callers have checked that it is not
	vec_insert(&account->mailboxes, at, mailbox);
	account->by_id.count = 0;
	size_t ignored;
	mailbox->subscribed =
	    account_subscription_seek(account, mailbox->name, &ignored);
}

void account_table_remove(
    struct store_account *account, struct mailbox *mailbox)
{
	size_t at;
	if (!account_table_seek(account, mailbox->name, &at))
		abort(); // callers have checked that it is there
	vec_remove(&account->mailboxes, at);
	account->by_id.count = 0;
}

static int compare_ids(const void *a, const void *b)
{
	struct mailbox *const *left = a;
	struct mailbox *const *right = b;
	return ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

struct mailbox *account_table_find_id(
    struct store_account *account, uint64_t mailbox_id)
{
	size_t count = account->mailboxes.count;
	if (account->by_id.count != count) {
		account->by_id.count = 0;
		vec_reserve(&account->by_id, count);
		memcpy(account->by_id.items, account->mailboxes.items,
		    count * sizeof(struct mailbox *));
		qsort(account->by_id.items, count, sizeof(struct mailbox *),
		    compare_ids);
		account->by_id.count = count;
	}
	size_t at;
	LOWER_BOUND(at, count, account->by_id.items[at]->id < mailbox_id);
	return at < count && account->by_id.items[at]->id == mailbox_id
		   ? account->by_id.items[at]
		   : NULL;
}

static int compare_mailboxes(const void *a, const void *b)
{
	struct mailbox *const *left = a;
	struct mailbox *const *right = b;
	return store_name_compare((*left)->name, (*right)->name);
}

bool account_table_sort(struct store_account *account)
{
	struct mailbox **all = account->mailboxes.items;
	if (account->mailboxes.count)
		qsort(all, account->mailboxes.count, sizeof(*all),
		    compare_mailboxes);
	bool distinct = true;
	for (size_t i = 0; i < account->mailboxes.count; i++) {
		size_t ignored;
		all[i]->subscribed =
		    account_subscription_seek(account, all[i]->name, &ignored);
		if (i > 0 && view_eq(all[i]->name, all[i - 1]->name))
			distinct = false;
	}
	return distinct;
}

bool account_subscription_seek(
    const struct store_account *account, struct view name, size_t *ret_position)
{
	size_t at;
	LOWER_BOUND(at, account->subscriptions.count,
	    store_name_compare(account->subscriptions.items[at], name) < 0);
	*ret_position = at;
	return at < account->subscriptions.count &&
	       view_eq(account->subscriptions.items[at], name);
}

void account_subscription_set(
    struct store_account *account, struct view name, bool subscribed)
{
	size_t at;
	bool found = account_subscription_seek(account, name, &at);
	if (subscribed && !found) {
		vec_insert(&account->subscriptions, at,
		    view_of(mem_strndup(name.ptr, name.len), name.len));
	} else if (!subscribed && found) {
		free((char *)(uintptr_t)account->subscriptions.items[at].ptr);
		vec_remove(&account->subscriptions, at);
	}
	if (account_table_seek(account, name, &at))
		account->mailboxes.items[at]->subscribed = subscribed;
}

void account_unload(struct store_account *account)
{
	for (size_t i = 0; i < account->mailboxes.count; i++)
		mailbox_unref(account->mailboxes.items[i]);
	for (size_t i = 0; i < account->subscriptions.count; i++)
		free((char *)(uintptr_t)account->subscriptions.items[i].ptr);
	vec_done(&account->mailboxes);
	vec_done(&account->by_id);
	vec_done(&account->subscriptions);
}
