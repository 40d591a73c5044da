// SPDX-License-Identifier: Apache-2.0
// An account in memory: its table of mailboxes and subscriptions.
#include "store/account_impl.h"

#include "base/mem.h"

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

// ---- The table -------------------------------------------------------------

bool account_table_seek(
    const struct store_account *account, struct view name, size_t *ret_position)
{
	size_t low = 0;
	size_t high = account->mailbox_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct view there = account->mailboxes[middle]->name;
		if (store_name_compare(there, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_position = low;
	return low < account->mailbox_count &&
	       view_eq(account->mailboxes[low]->name, name);
}

void account_table_insert(
    struct store_account *account, struct mailbox *mailbox)
{
	size_t at;
	if (account_table_seek(account, mailbox->name, &at))
		abort(); // callers have checked that it is there
	account->mailboxes =
	    mem_grow(account->mailboxes, &account->mailbox_capacity,
		account->mailbox_count + 1, sizeof(struct mailbox *));
	memmove(account->mailboxes + at + 1, account->mailboxes + at,
	    (account->mailbox_count - at) * sizeof(struct mailbox *));
	account->mailboxes[at] = mailbox;
	account->mailbox_count++;
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
	account->mailbox_count--;
	memmove(account->mailboxes + at, account->mailboxes + at + 1,
	    (account->mailbox_count - at) * sizeof(struct mailbox *));
}

static int compare_mailboxes(const void *a, const void *b)
{
	struct mailbox *const *left = a;
	struct mailbox *const *right = b;
	return store_name_compare((*left)->name, (*right)->name);
}

bool account_table_sort(struct store_account *account)
{
	struct mailbox **all = account->mailboxes;
	if (account->mailbox_count)
		qsort(all, account->mailbox_count, sizeof(*all),
		    compare_mailboxes);
	bool distinct = true;
	for (size_t i = 0; i < account->mailbox_count; i++) {
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
	size_t low = 0;
	size_t high = account->subscription_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct view there = account->subscriptions[middle];
		if (store_name_compare(there, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_position = low;
	return low < account->subscription_count &&
	       view_eq(account->subscriptions[low], name);
}

void account_subscription_set(
    struct store_account *account, struct view name, bool subscribed)
{
	size_t at;
	bool found = account_subscription_seek(account, name, &at);
	struct view *all = account->subscriptions;
	if (subscribed && !found) {
		all = mem_grow(all, &account->subscription_capacity,
		    account->subscription_count + 1, sizeof(*all));
		memmove(all + at + 1, all + at,
		    (account->subscription_count - at) * sizeof(*all));
		all[at] = view_of(mem_strndup(name.ptr, name.len), name.len);
		account->subscriptions = all;
		account->subscription_count++;
	} else if (!subscribed && found) {
		free((char *)(uintptr_t)all[at].ptr);
		account->subscription_count--;
		memmove(all + at, all + at + 1,
		    (account->subscription_count - at) * sizeof(*all));
	}
	if (account_table_seek(account, name, &at))
		account->mailboxes[at]->subscribed = subscribed;
}

void account_unload(struct store_account *account)
{
	for (size_t i = 0; i < account->mailbox_count; i++)
		mailbox_unref(account->mailboxes[i]);
	for (size_t i = 0; i < account->subscription_count; i++)
		free((char *)(uintptr_t)account->subscriptions[i].ptr);
	free(account->mailboxes);
	free(account->subscriptions);
}
