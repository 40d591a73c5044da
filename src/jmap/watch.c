// SPDX-License-Identifier: Apache-2.0
#include "jmap/watch.h"

#include "jmap/call.h"
#include "store/changes.h"
#include "store/object.h"
#include "wire/json_read.h"

// ---- Types -----------------------------------------------------------------

static const char *const words[] = {
#define X(name, word) [name] = word,
    JMAP_PUSH_TYPE_TABLE(X)
#undef X
};

unsigned jmap_push_type_named(struct view name)
{
	for (unsigned i = 0; i < JMAP_PUSH_TYPES; i++)
		if (view_eq(name, view_of_string(words[i])))
			return 1u << i;
	return 0;
}

bool jmap_push_types_read(const json_t *names, unsigned *ret_types)
{
	unsigned types = 0;
	size_t i;
	const json_t *name;
	if (!json_is_array(names))
		return false;
	json_array_foreach(names, i, name)
	{
		if (!json_is_string(name))
			return false;
		types |= jmap_push_type_named(json_view(name));
	}
	*ret_types = types;
	return true;
}

// ---- What changed ----------------------------------------------------------

#define BIT(type) (1u << (type))

#define ANYTHING (JMAP_PUSH_ALL | JMAP_PUSH_SUBSCRIPTIONS)

#define PLACES (BIT(JMAP_PUSH_EMAIL) | BIT(JMAP_PUSH_MAILBOX))

static unsigned types_of_object(unsigned kind)
{
	switch (kind) {
	case STORE_OBJECT_IDENTITY: return BIT(JMAP_PUSH_IDENTITY);
	case STORE_OBJECT_SUBMISSION: return BIT(JMAP_PUSH_SUBMISSION);
	case STORE_OBJECT_VACATION: return BIT(JMAP_PUSH_VACATION);
	case STORE_OBJECT_MAILBOX: return BIT(JMAP_PUSH_MAILBOX);
	case STORE_OBJECT_PUSH: return JMAP_PUSH_SUBSCRIPTIONS;
	default: return 0;
	}
}

// The counts of a mailbox are properties of it, so whatever happens to a
// message in it changes the mailbox, too.
static unsigned types_of(const struct store_change *change)
{
	switch (change->kind) {
	case STORE_CHANGE_MAILBOX_MADE:
	case STORE_CHANGE_MAILBOX: return BIT(JMAP_PUSH_MAILBOX);
	case STORE_CHANGE_MAILBOX_GONE:
		return BIT(JMAP_PUSH_MAILBOX) | BIT(JMAP_PUSH_QUOTA);
	case STORE_CHANGE_EMAIL_MADE:
		return PLACES | BIT(JMAP_PUSH_THREAD) |
		       BIT(JMAP_PUSH_EMAIL_DELIVERY) | BIT(JMAP_PUSH_QUOTA);
	case STORE_CHANGE_EMAIL_GONE:
		return PLACES | BIT(JMAP_PUSH_THREAD) | BIT(JMAP_PUSH_QUOTA);
	case STORE_CHANGE_PLACE_MADE:
	case STORE_CHANGE_PLACE_GONE: return PLACES | BIT(JMAP_PUSH_QUOTA);
	case STORE_CHANGE_FLAGS: return PLACES;
	// The email may have come into sight, or gone out of it.
	case STORE_CHANGE_HIDDEN:
	case STORE_CHANGE_SHOWN: return PLACES | BIT(JMAP_PUSH_THREAD);
	case STORE_CHANGE_OBJECT_MADE:
	case STORE_CHANGE_OBJECT:
	case STORE_CHANGE_OBJECT_GONE:
		return types_of_object(change->object_kind);
	}
	return 0;
}

enum rc jmap_types_changed(struct store_account *account, uint64_t since,
    unsigned *ret_types, uint64_t *ret_version)
{
	struct store_change_walk *walk;
	struct store_change change;
	unsigned types = 0;
	enum rc rc = store_change_walk_open(account,
	    (struct store_change_position){.version = since}, 0, &walk);
	if (rc == RC_GONE) {
		*ret_types = ANYTHING;
		return store_account_version(account, ret_version);
	}
	if (rc != RC_OK)
		return rc;
	uint64_t version = store_change_walk_version(walk);
	while (types != ANYTHING &&
	       (rc = store_change_walk_next(walk, &change)) == RC_OK)
		types |= types_of(&change);
	store_change_walk_close(&walk);
	if (rc == RC_GONE)
		types = ANYTHING;
	else if (rc != RC_OK && rc != RC_END)
		return rc;
	*ret_types = types;
	*ret_version = version;
	return RC_OK;
}

void jmap_state_change_write(
    struct json_text *out, uint64_t account, unsigned types, uint64_t version)
{
	json_member_string(out, "@type", VIEW("StateChange"));
	json_key(out, "changed");
	json_begin_object(out);
	jmap_id_key(out, JMAP_ID_ACCOUNT, account);
	json_begin_object(out);
	for (unsigned i = 0; i < JMAP_PUSH_TYPES; i++)
		if (types & BIT(i))
			jmap_state_member(out, words[i], version);
	json_end_object(out);
	json_end_object(out);
}

// ---- Watching --------------------------------------------------------------

static void moved(void *context)
{
	const struct jmap_watch *watch = context;
	watch->waker.wake(watch->waker.context);
}

enum rc jmap_watch_open(struct jmap_watch *watch, struct store *store,
    uint64_t account, struct view since, struct net_waker waker,
    struct fault *fault)
{
	*watch = (struct jmap_watch){.waker = waker};
	enum rc rc =
	    store_account_enter(store, account, fault, &watch->account);
	if (rc != RC_OK)
		return rc;
	// First the watch: what comes after the version wakes us.
	watch->watch = store_watch_new(watch->account, moved, watch);
	rc = store_account_version(watch->account, &watch->version);
	if (rc != RC_OK) {
		jmap_watch_close(watch);
		return fault_set(fault, rc, "the account cannot be read");
	}
	uint64_t known;
	if (view_to_u64(since, &known))
		watch->version = known;
	return RC_OK;
}

void jmap_watch_close(struct jmap_watch *watch)
{
	if (!watch->account)
		return;
	store_watch_free(&watch->watch);
	store_account_close(&watch->account);
}

enum rc jmap_watch_take(
    struct jmap_watch *watch, unsigned types, unsigned *ret_changed)
{
	unsigned changed;
	enum rc rc = jmap_types_changed(
	    watch->account, watch->version, &changed, &watch->version);
	if (rc == RC_OK)
		*ret_changed = changed & types;
	return rc;
}
