// SPDX-License-Identifier: Apache-2.0
#include "jmap/mailbox_set.h"

#include "base/clock.h"
#include "jmap/methods.h"
#include "net/session.h"
#include "wire/json_read.h"

// ---- The order -------------------------------------------------------------

// Creates may name each other as parents: the one that is named comes first.
static void order_creates(struct jmap_call *call, struct mailbox_set *setting)
{
	json_t *create = setting->set.parts[JMAP_SET_CREATE];
	struct view *keys = setting->keys[JMAP_SET_CREATE];
	size_t count = setting->counts[JMAP_SET_CREATE];
	(void)call;
	// Each pass moves those whose parent comes behind them to the end.
	for (size_t pass = 0; pass < count; pass++) {
		bool moved = false;
		for (size_t i = 0; i < count; i++) {
			const json_t *object =
			    json_object_getn(create, keys[i].ptr, keys[i].len);
			struct view parent =
			    json_view(json_object_get(object, "parentId"));
			if (parent.len < 2 || parent.ptr[0] != '#')
				continue;
			size_t n = i + 1;
			while (n < count &&
			       !view_eq(keys[n], view_from(parent, 1)))
				n++;
			if (n == count)
				continue;
			struct view key = keys[i];
			memmove(
			    keys + i, keys + i + 1, (n - i) * sizeof(*keys));
			keys[n] = key;
			moved = true;
		}
		if (!moved)
			return;
	}
}

// A role is taken away before it is given to another mailbox.
static void order_updates(struct mailbox_set *setting)
{
	json_t *update = setting->set.parts[JMAP_SET_UPDATE];
	struct view *keys = setting->keys[JMAP_SET_UPDATE];
	size_t to = 0;
	for (size_t i = 0; i < setting->counts[JMAP_SET_UPDATE]; i++) {
		const json_t *patch =
		    json_object_getn(update, keys[i].ptr, keys[i].len);
		if (!json_is_null(json_object_get(patch, "role")))
			continue;
		struct view key = keys[i];
		memmove(keys + to + 1, keys + to, (i - to) * sizeof(*keys));
		keys[to++] = key;
	}
}

static size_t depth_of(
    struct jmap_call *call, const struct mailbox_set *setting, struct view key)
{
	const struct store_view_mailbox *mailbox =
	    mailbox_set_find(call, setting, key);
	size_t depth = 0;
	for (size_t i = 0; mailbox && i < mailbox->info.name.len; i++)
		depth += mailbox->info.name.ptr[i] == '/';
	return depth;
}

struct deep {
	size_t depth;
	size_t at;
	struct view key;
};

static int compare_deep(const void *a, const void *b)
{
	const struct deep *left = a;
	const struct deep *right = b;
	if (left->depth != right->depth)
		return left->depth < right->depth ? 1 : -1;
	return (left->at > right->at) - (left->at < right->at);
}

// Children are destroyed before their parents.
static void order_destroys(struct jmap_call *call, struct mailbox_set *setting)
{
	struct view *keys = setting->keys[JMAP_SET_DESTROY];
	size_t count = setting->counts[JMAP_SET_DESTROY];
	struct deep *deep =
	    arena_alloc(&call->arena, (count + 1) * sizeof(*deep));
	for (size_t i = 0; i < count; i++)
		deep[i] =
		    (struct deep){depth_of(call, setting, keys[i]), i, keys[i]};
	if (count > 1)
		qsort(deep, count, sizeof(*deep), compare_deep);
	for (size_t i = 0; i < count; i++)
		keys[i] = deep[i].key;
}

// ---- The method ------------------------------------------------------------

static void collect_keys(struct jmap_call *call, struct mailbox_set *setting)
{
	for (int part = 0; part < JMAP_SET_PARTS; part++) {
		json_t *json = setting->set.parts[part];
		size_t count = json_is_array(json) ? json_array_size(json)
						   : json_object_size(json);
		struct view *keys =
		    arena_alloc(&call->arena, (count + 1) * sizeof(*keys));
		const char *key;
		json_t *value;
		size_t i = 0;
		if (json_is_array(json)) {
			json_array_foreach(json, i, value) keys[i] =
			    json_view(value);
		} else {
			json_object_foreach(json, key, value) keys[i++] =
			    view_of_string(key);
		}
		setting->keys[part] = keys;
		setting->counts[part] = count;
	}
	order_creates(call, setting);
	order_updates(setting);
}

static bool read_arguments(struct jmap_call *call, struct mailbox_set *setting)
{
	return jmap_take_bool(
		   call, "onDestroyRemoveEmails", &setting->remove_emails) &&
	       jmap_set_read(call, &mailbox_class, &setting->set) &&
	       jmap_taken_all(call);
}

// False: an error was answered.
static bool begin(struct jmap_call *call, struct mailbox_set *setting)
{
	struct fault fault = {.text = ""};
	enum rc rc = mailbox_set_refresh(call, setting, &fault);
	if (rc != RC_OK) {
		jmap_fail_rc(call, rc, &fault);
		return false;
	}
	setting->old_version = store_view_version(setting->view);
	if (!jmap_set_in_state(call, &setting->set, setting->old_version))
		return false;
	collect_keys(call, setting);
	return true;
}

static void set_one(struct jmap_call *call, struct mailbox_set *setting)
{
	struct view key = setting->keys[setting->part][setting->at];
	json_t *json = setting->set.parts[setting->part];
	if (setting->part == JMAP_SET_DESTROY) {
		if (setting->at == 0)
			order_destroys(call, setting);
		mailbox_set_destroy(
		    call, setting, setting->keys[setting->part][setting->at]);
		return;
	}
	json_t *object = json_object_getn(json, key.ptr, key.len);
	if (setting->part == JMAP_SET_CREATE)
		mailbox_set_create(call, setting, key, object);
	else
		mailbox_set_update(call, setting, key, object);
}

// RC_MORE: the time is over. RC_END: all is done.
static enum rc set_some(
    struct jmap_call *call, struct mailbox_set *setting, struct fault *fault)
{
	uint64_t until = clock_monotonic_ms() + NET_SLICE_MS;
	while (setting->part < JMAP_SET_PARTS) {
		if (setting->at == setting->counts[setting->part]) {
			setting->part++;
			setting->at = 0;
			continue;
		}
		enum rc rc = mailbox_set_refresh(call, setting, fault);
		if (rc != RC_OK)
			return rc;
		set_one(call, setting);
		setting->at++;
		if (clock_monotonic_ms() >= until)
			return RC_MORE;
	}
	enum rc rc = mailbox_set_refresh(call, setting, fault);
	return rc == RC_OK ? RC_END : rc;
}

static enum jmap_step mailbox_set(struct jmap_call *call)
{
	struct fault fault = {.text = ""};
	struct mailbox_set *setting = call->state;
	if (!setting) {
		setting = call->state =
		    arena_zalloc(&call->arena, sizeof(*setting));
		if (!read_arguments(call, setting) || !begin(call, setting))
			return JMAP_DONE;
	}
	enum rc rc = set_some(call, setting, &fault);
	if (rc == RC_MORE)
		return JMAP_MORE;
	if (rc != RC_END)
		return jmap_fail(call, JMAP_ERROR_SERVER_PARTIAL_FAIL, "%s",
		    fault_public_text(&fault, rc));
	jmap_set_end(call, &setting->set, setting->old_version,
	    store_view_version(setting->view));
	return JMAP_DONE;
}

static void mailbox_set_end(struct jmap_call *call)
{
	struct mailbox_set *setting = call->state;
	if (!setting)
		return;
	jmap_set_done(&setting->set);
	store_view_close(&setting->view);
}

const struct jmap_method jmap_mailbox_set_methods[] = {
    {"Mailbox/set", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_CHANGES,
	mailbox_set, mailbox_set_end},
    {.name = NULL},
};
