// SPDX-License-Identifier: Apache-2.0
// Looking mailboxes up, opening them, and calling their watchers.
#include "store/mailbox.h"

#include "base/mem.h"
#include "store/account_impl.h"

// ---- Looking up ------------------------------------------------------------

static bool may_look(const struct store_asker *asker,
    const struct store_account *account, const struct mailbox *mailbox)
{
	return mailbox_rights(asker, account, mailbox) & STORE_RIGHT_LOOKUP;
}

// Children come directly after the mailbox. The owner may look up all of them,
// so the first one answers the question.
static bool has_children(const struct store_asker *asker,
    const struct store_account *account, size_t position)
{
	struct view name = account->mailboxes.items[position]->name;
	for (size_t i = position + 1;
	     i < account->mailboxes.count &&
	     name_is_below(account->mailboxes.items[i]->name, name);
	     i++)
		if (may_look(asker, account, account->mailboxes.items[i]))
			return true;
	return false;
}

struct store_mailbox_info mailbox_info(const struct store_asker *asker,
    const struct store_account *account, size_t position, struct arena *arena)
{
	const struct mailbox *mailbox = account->mailboxes.items[position];
	const struct record_state *state = &mailbox->state;
	return (struct store_mailbox_info){
	    .name = arena_copy(arena, mailbox->name),
	    .rights = mailbox_rights(asker, account, mailbox),
	    .mailbox_id = mailbox->id,
	    .special_use = mailbox->special_use,
	    .subscribed = mailbox->subscribed && account_is_own(asker, account),
	    .has_children = has_children(asker, account, position),
	    .uidvalidity = mailbox->uidvalidity,
	    .uidnext = state->uidnext,
	    .highestmodseq = state->highestmodseq ? state->highestmodseq : 1,
	    .messages = state->messages,
	    .unseen = state->unseen,
	    .deleted = state->deleted,
	    .size = state->size,
	};
}

enum rc store_mailbox_find(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned rights,
    struct arena *arena, struct fault *fault,
    struct store_mailbox_info *ret_info)
{
	char room[STORE_NAME_MAX];
	size_t at;
	name = store_name_canonical(name, room);
	account_freshen(account);
	pthread_mutex_lock(&account->table);
	struct mailbox *mailbox = account_table_seek(account, name, &at)
				      ? account->mailboxes.items[at]
				      : NULL;
	enum rc rc = mailbox_need(asker, account, mailbox, rights, fault);
	if (rc == RC_OK)
		*ret_info = mailbox_info(asker, account, at, arena);
	pthread_mutex_unlock(&account->table);
	return rc;
}

// Gives the first position after `name`; with `siblings`, after all mailboxes
// below it, too.
static size_t position_after(
    const struct store_account *account, struct view name, bool siblings)
{
	if (name.len == 0)
		return 0;
	size_t at;
	if (!siblings) {
		bool found = account_table_seek(account, name, &at);
		return found ? at + 1 : at;
	}
	// "name/" followed by the highest byte comes after all children.
	char end[STORE_NAME_MAX + 2];
	size_t len = name.len < STORE_NAME_MAX ? name.len : STORE_NAME_MAX;
	memcpy(end, name.ptr, len);
	end[len] = '/';
	end[len + 1] = (char)0xff;
	account_table_seek(account, view_of(end, len + 2), &at);
	return at;
}

static enum rc next(const struct store_asker *asker,
    struct store_account *account, struct view after, bool siblings,
    struct arena *arena, struct store_mailbox_info *ret_info)
{
	char room[STORE_NAME_MAX];
	after = store_name_canonical(after, room);
	account_freshen(account);
	pthread_mutex_lock(&account->table);
	size_t at = position_after(account, after, siblings);
	while (at < account->mailboxes.count &&
	       !may_look(asker, account, account->mailboxes.items[at]))
		at++;
	bool found = at < account->mailboxes.count;
	if (found)
		*ret_info = mailbox_info(asker, account, at, arena);
	pthread_mutex_unlock(&account->table);
	return found ? RC_OK : RC_END;
}

enum rc store_mailbox_next(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct store_mailbox_info *ret_info)
{
	return next(asker, account, after, false, arena, ret_info);
}

enum rc store_mailbox_next_sibling(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct store_mailbox_info *ret_info)
{
	return next(asker, account, after, true, arena, ret_info);
}

enum rc store_subscription_next(const struct store_asker *asker,
    struct store_account *account, struct view after, struct arena *arena,
    struct view *ret_name)
{
	if (!account_is_own(asker, account))
		return RC_END;
	char room[STORE_NAME_MAX];
	size_t at = 0;
	after = store_name_canonical(after, room);
	account_freshen(account);
	pthread_mutex_lock(&account->table);
	if (after.len && account_subscription_seek(account, after, &at))
		at++;
	bool found = at < account->subscriptions.count;
	if (found)
		*ret_name = arena_copy(arena, account->subscriptions.items[at]);
	pthread_mutex_unlock(&account->table);
	return found ? RC_OK : RC_END;
}

// How often opening is tried. Each time, another handle on the engine changed
// the account between looking into its table and reading the mailbox.
#define OPEN_TRIES 1000

// Gives a handle if the mailbox has a snapshot; otherwise gives only its id.
static enum rc try_open(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned rights,
    struct fault *fault, struct store_mailbox **ret_handle,
    uint64_t *ret_unread)
{
	size_t at;
	pthread_mutex_lock(&account->table);
	struct mailbox *mailbox = account_table_seek(account, name, &at)
				      ? account->mailboxes.items[at]
				      : NULL;
	enum rc rc = mailbox_need(asker, account, mailbox, rights, fault);
	bool found = rc == RC_OK && mailbox;
	if (found && !atomic_load(&mailbox->current)) {
		*ret_unread = mailbox->id;
	} else if (found) {
		mailbox->refs++;
		struct store_mailbox *handle = mem_zalloc(sizeof(*handle));
		handle->account = account;
		handle->mailbox = mailbox;
		handle->asker = *asker;
		handle->readable =
		    mailbox_rights(asker, account, mailbox) & STORE_RIGHT_READ;
		handle->next = mailbox->handles;
		mailbox->handles = handle;
		*ret_handle = handle;
	}
	pthread_mutex_unlock(&account->table);
	return rc;
}

static enum rc read_first(
    struct store_account *account, uint64_t mailbox_id, struct fault *fault)
{
	// Only the check matters: the mailbox is looked up again by name.
	struct mailbox *ignored;
	account_lock_change(account);
	enum rc rc = account_read_mailbox(account, mailbox_id, fault, &ignored);
	pthread_mutex_unlock(&account->change);
	return rc;
}

enum rc store_mailbox_open(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned rights,
    struct fault *fault, struct store_mailbox **ret_mailbox)
{
	char room[STORE_NAME_MAX];
	struct store_mailbox *handle = NULL;
	name = store_name_canonical(name, room);
	for (int i = 0; i < OPEN_TRIES; i++) {
		uint64_t unread = 0;
		account_freshen(account);
		enum rc rc = try_open(
		    asker, account, name, rights, fault, &handle, &unread);
		if (unread)
			rc = read_first(account, unread, fault);
		if (handle) {
			account_ref(account);
			*ret_mailbox = handle;
			return RC_OK;
		}
		if (rc != RC_OK)
			return rc;
	}
	return fault_set(
	    fault, RC_CONFLICT, "others keep changing the account; try again");
}

enum rc store_mailbox_open_for_mail(const struct store_asker *asker,
    struct store_account *account, struct view name, struct fault *fault,
    struct store_mailbox **ret_mailbox)
{
	unsigned rights = STORE_RIGHT_POST;
	if (name.len && name.len <= STORE_NAME_MAX) {
		enum rc rc = store_mailbox_open(
		    asker, account, name, rights, fault, ret_mailbox);
		if (rc != RC_NOT_FOUND && rc != RC_DENIED)
			return rc;
	}
	return store_mailbox_open(
	    asker, account, VIEW("INBOX"), rights, fault, ret_mailbox);
}

void store_mailbox_close(struct store_mailbox **mailbox)
{
	struct store_mailbox *old = *mailbox;
	*mailbox = NULL;
	if (!old)
		return;
	struct store_account *account = old->account;
	pthread_mutex_lock(&account->table);
	struct store_mailbox **link = &old->mailbox->handles;
	while (*link != old)
		link = &(*link)->next;
	*link = old->next;
	mailbox_unref(old->mailbox);
	pthread_mutex_unlock(&account->table);
	free(old);
	store_account_close(&account);
}

unsigned store_mailbox_rights(const struct store_mailbox *mailbox)
{
	struct store_account *account = mailbox->account;
	pthread_mutex_lock(&account->table);
	unsigned rights =
	    mailbox_rights(&mailbox->asker, account, mailbox->mailbox);
	pthread_mutex_unlock(&account->table);
	return rights;
}

uint64_t store_mailbox_id(const struct store_mailbox *mailbox)
{
	return mailbox->mailbox->id;
}

struct store_account *store_mailbox_account(const struct store_mailbox *mailbox)
{
	return mailbox->account;
}

bool store_mailbox_gone(const struct store_mailbox *mailbox)
{
	account_freshen(mailbox->account);
	return mailbox->mailbox->gone;
}

struct store_snapshot *store_mailbox_snapshot(struct store_mailbox *mailbox)
{
	if (!mailbox->readable)
		abort(); // callers opened the mailbox with the right to read
	account_freshen(mailbox->account);
	pthread_mutex_lock(&mailbox->account->table);
	struct store_snapshot *snapshot =
	    store_snapshot_ref(atomic_load(&mailbox->mailbox->current));
	pthread_mutex_unlock(&mailbox->account->table);
	return snapshot;
}

bool store_mailbox_is_current(
    const struct store_mailbox *mailbox, const struct store_snapshot *snapshot)
{
	return !atomic_load(&mailbox->account->stale) &&
	       atomic_load_explicit(&mailbox->mailbox->current,
		   memory_order_acquire) == snapshot;
}

void store_mailbox_watch(
    struct store_mailbox *mailbox, void (*moved)(void *context), void *context)
{
	pthread_mutex_lock(&mailbox->account->table);
	mailbox->moved = moved;
	mailbox->moved_context = context;
	pthread_mutex_unlock(&mailbox->account->table);
}
