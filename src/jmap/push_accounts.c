// SPDX-License-Identifier: Apache-2.0
// The accounts that have push subscriptions, and what is known of these.
#include <openssl/crypto.h>

#include "jmap/push_impl.h"
#include "jmap/watch.h"
#include "store/changes.h"

// ---- Targets ---------------------------------------------------------------

void push_target_free(struct push_target *target)
{
	arena_done_secret(&target->arena);
	OPENSSL_cleanse(&target->s, sizeof(target->s));
	free(target);
}

// A request that is under way ends first.
static void target_drop(struct push_target *target)
{
	target->account = NULL;
	if (!target->under_way)
		push_target_free(target);
}

struct push_target *push_target_find(struct push_account *account, uint64_t id)
{
	for (struct push_target *t = account->targets; t; t = t->next)
		if (t->s.id == id)
			return t;
	return NULL;
}

struct reload {
	struct push_account *account;
	struct push_target *fresh;
};

static struct push_target *take_old(struct push_account *account, uint64_t id)
{
	struct push_target **at = &account->targets;
	while (*at && (*at)->s.id != id)
		at = &(*at)->next;
	struct push_target *target = *at;
	if (target)
		*at = target->next;
	return target;
}

static enum rc reload_one(void *context, const struct store_object *object)
{
	struct reload *reload = context;
	struct push_target *target = take_old(reload->account, object->id);
	if (!target) {
		target = mem_zalloc(sizeof(*target));
		arena_init(&target->arena);
		target->account = reload->account;
		target->push = reload->account->push;
	}
	if (target->s.version != object->version) {
		arena_done_secret(&target->arena);
		if (jmap_subscription_read(
			&target->arena, object, &target->s) != RC_OK) {
			target_drop(target);
			return RC_OK;
		}
		target->url = arena_string(&target->arena, target->s.url);
	}
	target->next = reload->fresh;
	reload->fresh = target;
	return RC_OK;
}

static void drop_targets(struct push_account *account)
{
	while (account->targets) {
		struct push_target *target = account->targets;
		account->targets = target->next;
		target_drop(target);
	}
}

// Reads the subscriptions. What is known of those that stay is kept.
static enum rc reload_targets(
    struct push_account *account, struct store_account *open)
{
	struct reload reload = {.account = account};
	struct store_asker asker = store_user(account->id);
	enum rc rc = store_objects_walk(
	    &asker, open, STORE_OBJECT_PUSH, 0, reload_one, &reload);
	if (rc == RC_OK)
		drop_targets(account);
	while (reload.fresh) {
		struct push_target *target = reload.fresh;
		reload.fresh = target->next;
		target->next = account->targets;
		account->targets = target;
	}
	account->reload = rc != RC_OK;
	return rc;
}

// ---- Accounts --------------------------------------------------------------

static void moved(void *context)
{
	struct push_account *account = context;
	const struct jmap_poster *poster = account->push->options.poster;
	atomic_store(&account->moved, true);
	poster->wake(poster->context);
}

void push_account_drop(struct push_account *account)
{
	store_push_watch_free(&account->watch);
	drop_targets(account);
	map_remove(&account->push->accounts, push_id_key(&account->id));
	free(account);
}

struct push_account *push_account_get(struct jmap_push *push, uint64_t id)
{
	struct push_account *account =
	    map_get(&push->accounts, push_id_key(&id));
	if (account)
		return account;
	account = mem_zalloc(sizeof(*account));
	account->push = push;
	account->id = id;
	account->watch =
	    store_push_watch_new(push->options.store, id, moved, account);
	map_put(&push->accounts, push_id_key(&account->id), account);
	return account;
}

// The account has no subscription any more.
static void account_end(struct push_account *account)
{
	struct fault fault;
	// If it fails, the next start finds the account without one.
	(void)!store_push_note(
	    account->push->options.store, account->id, false, &fault);
	push_account_drop(account);
}

bool push_account_look(struct push_account *account)
{
	struct jmap_push *push = account->push;
	struct store_account *open;
	struct fault fault;
	unsigned types = 0;
	enum rc rc =
	    store_account_open(push->options.store, account->id, &fault, &open);
	if (rc == RC_NOT_FOUND) {
		account_end(account);
		return false;
	}
	if (rc != RC_OK)
		return true;       // the next commit, or look, tries again
	if (account->version == 0) // what was before is not told
		rc = store_account_version(open, &account->version);
	else
		rc = jmap_types_changed(
		    open, account->version, &types, &account->version);
	account->reload |= (types & JMAP_PUSH_SUBSCRIPTIONS) != 0;
	if (rc == RC_OK && account->reload)
		rc = reload_targets(account, open);
	store_account_close(&open);
	for (struct push_target *t = account->targets; t; t = t->next)
		t->pending |= types & t->s.type_set;
	if (rc != RC_OK || account->targets)
		return true;
	account_end(account);
	return false;
}
