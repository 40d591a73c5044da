// SPDX-License-Identifier: Apache-2.0
// Looking mailboxes up, opening them, and telling their watchers.
#include "store/mailbox.h"

#include "base/mem.h"
#include "store/account_impl.h"

#define ALL_RIGHTS ((STORE_RIGHT_ADMINISTER << 1) - 1)

// ---- Looking up ------------------------------------------------------------

static struct store_mailbox_info info_of(
    const struct store_account *account, size_t position, struct arena *arena)
{
	const struct mailbox *mailbox = account->mailboxes[position];
	const struct record_state *state = &mailbox->state;
	struct store_mailbox_info info = {
	    .name = arena_copy(arena, mailbox->name),
	    .mailbox_id = mailbox->id,
	    .special_use = mailbox->special_use,
	    .subscribed = mailbox->subscribed,
	    .uidvalidity = mailbox->uidvalidity,
	    .uidnext = state->uidnext,
	    .highestmodseq = state->highestmodseq ? state->highestmodseq : 1,
	    .messages = state->messages,
	    .unseen = state->unseen,
	    .deleted = state->deleted,
	    .size = state->size,
	};
	// Children stand directly behind.
	if (position + 1 < account->mailbox_count) {
		struct view next = account->mailboxes[position + 1]->name;
		info.has_children = next.len > mailbox->name.len &&
				    view_starts_with(next, mailbox->name) &&
				    next.ptr[mailbox->name.len] == '/';
	}
	return info;
}

enum rc store_mailbox_find(struct store_account *account, struct view name,
    struct arena *arena, struct store_mailbox_info *ret_info)
{
	char room[STORE_NAME_MAX];
	size_t at;
	name = name_canonical(name, room);
	pthread_mutex_lock(&account->table);
	bool found = account_table_seek(account, name, &at);
	if (found)
		*ret_info = info_of(account, at, arena);
	pthread_mutex_unlock(&account->table);
	return found ? RC_OK : RC_NOT_FOUND;
}

// The first position after `name`, or with `siblings` after all below it too.
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
	// "name/" followed by the highest byte stands behind all children.
	char end[STORE_NAME_MAX + 2];
	size_t len = name.len < STORE_NAME_MAX ? name.len : STORE_NAME_MAX;
	memcpy(end, name.ptr, len);
	end[len] = '/';
	end[len + 1] = (char)0xff;
	account_table_seek(account, view_of(end, len + 2), &at);
	return at;
}

static enum rc next(struct store_account *account, struct view after,
    bool siblings, struct arena *arena, struct store_mailbox_info *ret_info)
{
	char room[STORE_NAME_MAX];
	after = name_canonical(after, room);
	pthread_mutex_lock(&account->table);
	size_t at = position_after(account, after, siblings);
	bool found = at < account->mailbox_count;
	if (found)
		*ret_info = info_of(account, at, arena);
	pthread_mutex_unlock(&account->table);
	return found ? RC_OK : RC_END;
}

enum rc store_mailbox_next(struct store_account *account, struct view after,
    struct arena *arena, struct store_mailbox_info *ret_info)
{
	return next(account, after, false, arena, ret_info);
}

enum rc store_mailbox_next_sibling(struct store_account *account,
    struct view after, struct arena *arena, struct store_mailbox_info *ret_info)
{
	return next(account, after, true, arena, ret_info);
}

enum rc store_subscription_next(struct store_account *account,
    struct view after, struct arena *arena, struct view *ret_name)
{
	char room[STORE_NAME_MAX];
	size_t at = 0;
	after = name_canonical(after, room);
	pthread_mutex_lock(&account->table);
	if (after.len && account_subscription_seek(account, after, &at))
		at++;
	bool found = at < account->subscription_count;
	if (found)
		*ret_name = arena_copy(arena, account->subscriptions[at]);
	pthread_mutex_unlock(&account->table);
	return found ? RC_OK : RC_END;
}

// ---- Opening ---------------------------------------------------------------

static const struct {
	enum store_right right;
	const char *what;
} right_names[] = {
    {STORE_RIGHT_READ, "read it"},
    {STORE_RIGHT_SEEN, "mark messages read"},
    {STORE_RIGHT_WRITE, "change flags"},
    {STORE_RIGHT_INSERT, "add messages"},
    {STORE_RIGHT_DELETE_MESSAGES, "delete messages"},
    {STORE_RIGHT_EXPUNGE, "expunge messages"},
};

// The owner has every right; rights of others (RFC 4314) come from here.
static unsigned rights_of(
    const struct store_account *account, const struct mailbox *mailbox)
{
	(void)account;
	(void)mailbox;
	return ALL_RIGHTS;
}

static enum rc deny(unsigned missing, struct fault *fault)
{
	const char *what = "do this";
	for (size_t i = 0; i < ARRAY_LEN(right_names); i++)
		if (missing & right_names[i].right)
			what = right_names[i].what;
	return fault_set(
	    fault, RC_DENIED, "you have no right to %s in this mailbox", what);
}

enum rc store_mailbox_open(struct store_account *account, struct view name,
    unsigned rights, struct fault *fault, struct store_mailbox **ret_mailbox)
{
	char room[STORE_NAME_MAX];
	size_t at;
	name = name_canonical(name, room);
	pthread_mutex_lock(&account->table);
	struct mailbox *mailbox = NULL;
	if (account_table_seek(account, name, &at)) {
		mailbox = account->mailboxes[at];
		mailbox->refs++;
	}
	bool loaded = mailbox && atomic_load(&mailbox->current);
	pthread_mutex_unlock(&account->table);
	if (!mailbox)
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no mailbox of that name");
	enum rc rc = RC_OK;
	unsigned has = rights_of(account, mailbox);
	if (!(has & STORE_RIGHT_LOOKUP))
		rc = fault_set(
		    fault, RC_NOT_FOUND, "there is no mailbox of that name");
	else if ((has & rights) != rights)
		rc = deny(rights & ~has, fault);
	if (rc == RC_OK && !loaded) {
		pthread_mutex_lock(&account->change);
		rc = mailbox_load(account, mailbox, fault);
		pthread_mutex_unlock(&account->change);
	}
	pthread_mutex_lock(&account->table);
	if (rc != RC_OK) {
		mailbox_unref(mailbox);
	} else {
		struct store_mailbox *handle = mem_zalloc(sizeof(*handle));
		handle->mailbox = mailbox;
		handle->rights = has;
		handle->next = mailbox->handles;
		mailbox->handles = handle;
		*ret_mailbox = handle;
	}
	pthread_mutex_unlock(&account->table);
	if (rc == RC_OK)
		(*ret_mailbox)->account = account_ref(account);
	return rc;
}

enum rc store_mailbox_open_for_mail(struct store_account *account,
    struct view name, struct fault *fault, struct store_mailbox **ret_mailbox)
{
	unsigned rights = STORE_RIGHT_POST | STORE_RIGHT_INSERT;
	if (name.len && name.len <= STORE_NAME_MAX) {
		enum rc rc = store_mailbox_open(
		    account, name, rights, fault, ret_mailbox);
		if (rc != RC_NOT_FOUND && rc != RC_DENIED)
			return rc;
	}
	return store_mailbox_open(
	    account, VIEW("INBOX"), rights, fault, ret_mailbox);
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
	return mailbox->rights;
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
	return mailbox->mailbox->gone;
}

struct view store_mailbox_name(
    struct store_mailbox *mailbox, struct arena *arena)
{
	pthread_mutex_lock(&mailbox->account->table);
	struct view name = arena_copy(arena, mailbox->mailbox->name);
	pthread_mutex_unlock(&mailbox->account->table);
	return name;
}

struct store_snapshot *store_mailbox_snapshot(struct store_mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->account->table);
	struct store_snapshot *snapshot =
	    store_snapshot_ref(atomic_load(&mailbox->mailbox->current));
	pthread_mutex_unlock(&mailbox->account->table);
	return snapshot;
}

bool store_mailbox_is_current(
    const struct store_mailbox *mailbox, const struct store_snapshot *snapshot)
{
	return atomic_load_explicit(&mailbox->mailbox->current,
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
