// SPDX-License-Identifier: Apache-2.0
// PushSubscription/get and /set (RFC 8620 section 7.2). A subscription belongs
// to the credential that made it: with another one it is not seen.
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "jmap/push.h"
#include "jmap/push_record.h"
#include "jmap/random.h"
#include "jmap/watch.h"
#include "store/push_list.h"
#include "wire/date.h"
#include "wire/http_request.h"
#include "wire/json_read.h"

enum property {
	ID,
	DEVICE,
	URL,
	KEYS,
	CODE,
	EXPIRES,
	TYPES,
};

static const struct jmap_property properties[] = {
    [ID] = {"id", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    [DEVICE] = {"deviceClientId", JMAP_KIND_STRING,
	JMAP_IMMUTABLE | JMAP_REQUIRED},
    [URL] = {"url", JMAP_KIND_STRING,
	JMAP_IMMUTABLE | JMAP_REQUIRED | JMAP_ON_REQUEST},
    [KEYS] = {"keys", JMAP_KIND_OBJECT,
	JMAP_IMMUTABLE | JMAP_NULLABLE | JMAP_ON_REQUEST},
    [CODE] = {"verificationCode", JMAP_KIND_STRING, JMAP_NULLABLE},
    [EXPIRES] = {"expires", JMAP_KIND_UTC_DATE, JMAP_NULLABLE},
    [TYPES] = {"types", JMAP_KIND_STRINGS, JMAP_NULLABLE},
};

static const struct jmap_class class = {
    "PushSubscription", properties, ARRAY_LEN(properties)};

static int64_t now_of(const struct jmap_call *call)
{
	return clock_wall_seconds(call->request->jmap->options.clock);
}

// ---- Those that the client may see -----------------------------------------

struct list {
	struct jmap_call *call;
	VEC(struct jmap_subscription) items;
};

static enum rc add_own(void *context, const struct store_object *object)
{
	struct list *list = context;
	const struct auth_user *user = &list->call->request->user.user;
	struct jmap_subscription s;
	if (jmap_subscription_read(&list->call->arena, object, &s) != RC_OK)
		return RC_OK;
	if (s.credential == user->credential && s.epoch == user->epoch &&
	    s.expires > now_of(list->call))
		vec_push(&list->items, s);
	return RC_OK;
}

// False: an error was answered.
static bool list_read(struct jmap_call *call, struct list *ret_list)
{
	struct fault fault;
	*ret_list = (struct list){.call = call};
	enum rc rc = store_objects_walk(&call->asker, call->account,
	    STORE_OBJECT_PUSH, 0, add_own, ret_list);
	if (rc == RC_OK)
		return true;
	fault_set(&fault, rc, "the subscriptions cannot be read");
	jmap_fail_rc(call, rc, &fault);
	return false;
}

static const struct jmap_subscription *list_find(
    const struct list *list, struct view id)
{
	uint64_t number;
	if (!jmap_id_read(id, JMAP_ID_PUSH, &number))
		return NULL;
	for (size_t i = 0; i < list->items.count; i++)
		if (list->items.items[i].id == number)
			return &list->items.items[i];
	return NULL;
}

// ---- /get ------------------------------------------------------------------

static void write_object(struct json_text *out, const struct jmap_get *get,
    const struct jmap_subscription *s)
{
	json_begin_object(out);
	json_key(out, properties[ID].name);
	jmap_id_add(out, JMAP_ID_PUSH, s->id);
	if (jmap_get_wants(get, DEVICE))
		json_member_string(out, properties[DEVICE].name, s->device);
	if (jmap_get_wants(get, CODE)) {
		json_key(out, properties[CODE].name);
		if (s->verified)
			json_add_string(out, s->code);
		else
			json_add_null(out);
	}
	if (jmap_get_wants(get, EXPIRES)) {
		json_key(out, properties[EXPIRES].name);
		json_add_utc_date(out, s->expires);
	}
	if (jmap_get_wants(get, TYPES)) {
		json_key(out, properties[TYPES].name);
		json_add_raw(out, s->types);
	}
	json_end_object(out);
}

static void answer_get(
    struct jmap_call *call, struct jmap_get *get, const struct list *list)
{
	jmap_get_begin(call, 0);
	for (size_t i = 0; get->all && i < list->items.count; i++)
		write_object(&call->out, get, &list->items.items[i]);
	for (size_t i = 0; i < get->id_count; i++) {
		const struct jmap_subscription *s =
		    list_find(list, get->ids[i]);
		if (s)
			write_object(&call->out, get, s);
		else
			jmap_get_not_found(get, get->ids[i]);
	}
	jmap_get_end(call, get);
}

// Section 7.2.1: what leads to the device is never told.
static bool asks_for_secrets(const struct jmap_get *get)
{
	return jmap_get_wants(get, URL) || jmap_get_wants(get, KEYS);
}

static enum jmap_step get(struct jmap_call *call)
{
	struct jmap_get get;
	struct list list = {0};
	if (jmap_get_read(call, &class, NULL, &get) && jmap_taken_all(call)) {
		if (asks_for_secrets(&get))
			jmap_fail(call, JMAP_ERROR_FORBIDDEN,
			    "\"url\" and \"keys\" are not told");
		else if (list_read(call, &list))
			answer_get(call, &get, &list);
	}
	vec_done(&list.items);
	jmap_get_done(&get);
	return JMAP_DONE;
}

// ---- /set: what a client gives ---------------------------------------------

// The properties that are wrong although their types are right.
struct wrong {
	struct view names[8]; // ended by an empty one
	size_t count;
};

static void add_wrong(struct wrong *wrong, enum property property)
{
	wrong->names[wrong->count++] =
	    view_of_string(properties[property].name);
}

// "https://host[:port]/…", with a port that can be reached.
static bool is_url(const struct jmap_push *push, struct view url)
{
	struct view host;
	uint16_t port;
	if (url.len > JMAP_PUSH_URL_MAX ||
	    !view_starts_with(url, VIEW("https://")))
		return false;
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] >= 0x7f)
			return false;
	struct view authority = view_from(url, 8);
	for (size_t i = 0; i < authority.len; i++)
		if (strchr("/?#", authority.ptr[i]))
			authority.len = i;
	return http_authority_split(authority, &host, &port) && host.len > 0 &&
	       (port ? port : 443) == jmap_push_port(push);
}

static bool read_keys(const json_t *keys, struct web_push_keys *ret_keys)
{
	const json_t *p256dh = json_object_get(keys, "p256dh");
	const json_t *auth = json_object_get(keys, "auth");
	return json_is_string(p256dh) && json_is_string(auth) &&
	       web_push_keys_read(json_view(p256dh), json_view(auth), ret_keys);
}

static bool read_types(
    struct jmap_call *call, const json_t *names, struct jmap_subscription *s)
{
	s->types = VIEW("null");
	s->type_set = JMAP_PUSH_ALL;
	if (!names || json_is_null(names))
		return true;
	char *text = json_dumps(names, JSON_COMPACT | JSON_ENCODE_ANY);
	bool good = text && jmap_push_types_read(names, &s->type_set) &&
		    strlen(text) <= JMAP_PUSH_TYPES_MAX;
	if (good)
		s->types = arena_copy(&call->arena, view_of_string(text));
	free(text);
	return good;
}

// No later than the longest life. False: it is over already.
static bool read_expires(
    struct jmap_call *call, const json_t *text, struct jmap_subscription *s)
{
	struct date date;
	int64_t now = now_of(call);
	s->expires = now + JMAP_PUSH_SECONDS;
	if (!text || json_is_null(text))
		return true;
	if (date_parse_rfc3339(json_view(text), &date) != RC_OK ||
	    date.seconds <= now)
		return false;
	if (date.seconds < s->expires)
		s->expires = date.seconds;
	return true;
}

static struct view new_code(struct arena *arena)
{
	char *text = arena_alloc(arena, JMAP_PUSH_CODE_LEN + 1);
	jmap_random_text(text, JMAP_PUSH_CODE_LEN / 2);
	return view_of(text, JMAP_PUSH_CODE_LEN);
}

// False: something is wrong, which was noted.
static bool read_new(struct jmap_call *call, struct jmap_set *set,
    struct view key, json_t *object, struct jmap_subscription *ret)
{
	const struct jmap *jmap = call->request->jmap;
	const struct auth_user *user = &call->request->user.user;
	json_t *keys = json_object_get(object, properties[KEYS].name);
	json_t *code = json_object_get(object, properties[CODE].name);
	struct wrong wrong = {0};
	struct jmap_subscription s = {
	    .device =
		json_view(json_object_get(object, properties[DEVICE].name)),
	    .url = json_view(json_object_get(object, properties[URL].name)),
	    .has_keys = keys && !json_is_null(keys),
	    .code = new_code(&call->arena),
	    .user = auth_name_view(&user->name),
	    .epoch = user->epoch,
	    .credential = user->credential,
	};
	if (s.device.len == 0 || s.device.len > JMAP_PUSH_DEVICE_MAX)
		add_wrong(&wrong, DEVICE);
	if (!is_url(jmap->push, s.url))
		add_wrong(&wrong, URL);
	if (s.has_keys && !read_keys(keys, &s.keys))
		add_wrong(&wrong, KEYS);
	if (code && !json_is_null(code))
		add_wrong(&wrong, CODE);
	if (!read_types(
		call, json_object_get(object, properties[TYPES].name), &s))
		add_wrong(&wrong, TYPES);
	if (!read_expires(
		call, json_object_get(object, properties[EXPIRES].name), &s))
		add_wrong(&wrong, EXPIRES);
	if (wrong.count == 0) {
		*ret = s;
		return true;
	}
	jmap_set_failed(set, JMAP_SET_CREATE, key,
	    JMAP_ERROR_INVALID_PROPERTIES, NULL, wrong.names);
	return false;
}

// ---- /set: making the changes ----------------------------------------------

// One change of one object. `s` NULL: it is removed.
static enum rc commit(struct jmap_call *call, uint64_t id, uint64_t version,
    const struct jmap_subscription *s, struct store_object_change *ret_change,
    struct fault *fault)
{
	struct buf bytes;
	buf_init(&bytes, store_object_limits(STORE_OBJECT_PUSH).bytes);
	if (s)
		jmap_subscription_write(s, &bytes);
	*ret_change = (struct store_object_change){
	    .kind = STORE_OBJECT_PUSH,
	    .id = id,
	    .remove = !s,
	    .bytes = buf_view(&bytes),
	    .if_version = version,
	};
	struct store_objects_set set = {.changes = ret_change, .count = 1};
	enum rc rc =
	    store_objects_set(&call->asker, call->account, &set, fault);
	buf_done_secret(&bytes);
	return rc == RC_OK ? ret_change->result : rc;
}

static void fail(struct jmap_call *call, struct jmap_set *set,
    enum jmap_set_part part, struct view id, enum rc rc,
    const struct fault *fault)
{
	enum jmap_error error = rc == RC_LIMIT ? JMAP_ERROR_OVER_QUOTA
				: rc == RC_NOT_FOUND || rc == RC_GONE
				    ? JMAP_ERROR_NOT_FOUND
				    : jmap_error_of(call, rc, fault);
	jmap_set_failed(set, part, id, error, NULL, NULL);
}

// What the client did not give (section 5.3).
static void answer_created(struct jmap_call *call, struct jmap_set *set,
    struct view key, json_t *object, const struct jmap_subscription *s)
{
	static const enum property defaults[] = {KEYS, CODE, TYPES};
	char id[JMAP_ID_TEXT];
	struct json_text *out = jmap_set_created(
	    call, set, key, jmap_id_text(id, JMAP_ID_PUSH, s->id));
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (!json_object_get(object, properties[defaults[i]].name))
			json_member_null(out, properties[defaults[i]].name);
	json_key(out, properties[EXPIRES].name);
	json_add_utc_date(out, s->expires);
	json_end_object(out);
}

static void create(struct jmap_call *call, struct jmap_set *set,
    struct view key, json_t *object)
{
	struct jmap *jmap = call->request->jmap;
	struct jmap_subscription s;
	struct store_object_change change;
	struct fault fault = {0};
	uint64_t account = call->request->user.user.account;
	if (!jmap_set_check_create(set, key, object) ||
	    !read_new(call, set, key, object, &s))
		return;
	if (!jmap_push_allow(jmap->push, account)) {
		jmap_set_failed(set, JMAP_SET_CREATE, key,
		    JMAP_ERROR_RATE_LIMIT, NULL, NULL);
		return;
	}
	// First the list of accounts: what is on it without need goes again.
	enum rc rc =
	    store_push_note(jmap->options.store, account, true, &fault);
	if (rc == RC_OK)
		rc = commit(call, 0, 0, &s, &change, &fault);
	if (rc != RC_OK) {
		fail(call, set, JMAP_SET_CREATE, key, rc, &fault);
		return;
	}
	s.id = change.id;
	answer_created(call, set, key, object, &s);
	jmap_push_changed(jmap->push, account, s.id);
}

// As the client knows it, for a patch.
static json_t *object_of(const struct jmap_subscription *s)
{
	struct buf text;
	struct json_text out;
	struct jmap_get all = {.wanted = UINT64_MAX};
	buf_init(&text, (size_t)64 << 10);
	json_text_init(&out, &text);
	write_object(&out, &all, s);
	json_t *object = json_loadb(text.ptr, text.len, 0, NULL);
	json_object_set_new(
	    object, properties[URL].name, json_stringn(s->url.ptr, s->url.len));
	buf_done(&text);
	return object;
}

// Takes what the client may change from the patched object. False: something
// is wrong, which was noted.
static bool take_changes(struct jmap_call *call, struct jmap_set *set,
    struct view id, const json_t *object, const json_t *patch,
    struct jmap_subscription *s)
{
	const json_t *code = json_object_get(object, properties[CODE].name);
	struct wrong wrong = {0};
	if (json_is_string(code)) {
		struct view given = json_view(code);
		s->verified =
		    given.len == s->code.len &&
		    CRYPTO_memcmp(given.ptr, s->code.ptr, given.len) == 0;
		if (!s->verified)
			add_wrong(&wrong, CODE);
	}
	if (!read_types(
		call, json_object_get(object, properties[TYPES].name), s))
		add_wrong(&wrong, TYPES);
	if (json_object_get(patch, properties[EXPIRES].name) &&
	    !read_expires(
		call, json_object_get(object, properties[EXPIRES].name), s))
		add_wrong(&wrong, EXPIRES);
	if (wrong.count == 0)
		return true;
	jmap_set_failed(set, JMAP_SET_UPDATE, id, JMAP_ERROR_INVALID_PROPERTIES,
	    NULL, wrong.names);
	return false;
}

static void update(struct jmap_call *call, struct jmap_set *set,
    const struct list *list, struct view id, json_t *patch)
{
	struct store_object_change change;
	struct fault fault = {0};
	const struct jmap_subscription *found = list_find(list, id);
	if (!found) {
		jmap_set_failed(
		    set, JMAP_SET_UPDATE, id, JMAP_ERROR_NOT_FOUND, NULL, NULL);
		return;
	}
	struct jmap_subscription s = *found;
	json_t *object = object_of(&s);
	if (jmap_set_check_update(set, id, patch, object) &&
	    take_changes(call, set, id, object, patch, &s)) {
		enum rc rc = commit(call, s.id, s.version, &s, &change, &fault);
		if (rc != RC_OK) {
			fail(call, set, JMAP_SET_UPDATE, id, rc, &fault);
		} else if (json_object_get(patch, properties[EXPIRES].name)) {
			struct json_text *out = jmap_set_updated_more(set, id);
			json_key(out, properties[EXPIRES].name);
			json_add_utc_date(out, s.expires);
			json_end_object(out);
		} else {
			jmap_set_updated(set, id);
		}
	}
	json_decref(object);
}

static void destroy(struct jmap_call *call, struct jmap_set *set,
    const struct list *list, struct view id)
{
	struct store_object_change change;
	struct fault fault = {0};
	const struct jmap_subscription *s = list_find(list, id);
	enum rc rc =
	    s ? commit(call, s->id, 0, NULL, &change, &fault) : RC_NOT_FOUND;
	if (rc == RC_OK)
		jmap_set_destroyed(set, id);
	else
		fail(call, set, JMAP_SET_DESTROY, id, rc, &fault);
}

static void run_set(
    struct jmap_call *call, struct jmap_set *set, struct list *list)
{
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach (set->parts[JMAP_SET_CREATE], key, value)
		create(call, set, view_of_string(key), value);
	// What was just made may be changed, too.
	if (!list_read(call, list))
		return;
	json_object_foreach (set->parts[JMAP_SET_UPDATE], key, value) {
		struct view id;
		if (jmap_resolve_id(call, view_of_string(key), &id))
			update(call, set, list, id, value);
		else
			jmap_set_failed(set, JMAP_SET_UPDATE,
			    view_of_string(key), JMAP_ERROR_NOT_FOUND, NULL,
			    NULL);
	}
	json_array_foreach (set->parts[JMAP_SET_DESTROY], i, value) {
		struct view id = json_view(value), real;
		destroy(call, set, list,
		    jmap_resolve_id(call, id, &real) ? real : id);
	}
	jmap_set_end(call, set, 0, 0);
	jmap_push_changed(
	    call->request->jmap->push, call->request->user.user.account, 0);
}

static enum jmap_step set(struct jmap_call *call)
{
	struct jmap_set set;
	struct list list = {0};
	if (!jmap_set_read(call, &class, &set) || !jmap_taken_all(call)) {
		// It was answered.
	} else if (set.has_if_in_state) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "PushSubscription has no state");
	} else if (!call->request->jmap->push) {
		jmap_fail(call, JMAP_ERROR_FORBIDDEN,
		    "This server does not push to URLs.");
	} else {
		run_set(call, &set, &list);
	}
	vec_done(&list.items);
	jmap_set_done(&set);
	return JMAP_DONE;
}

const struct jmap_method jmap_push_methods[] = {
    {"PushSubscription/get", JMAP_CAPABILITY_CORE, JMAP_OWN_ACCOUNT, get, NULL},
    {"PushSubscription/set", JMAP_CAPABILITY_CORE,
	JMAP_OWN_ACCOUNT | JMAP_CHANGES, set, NULL},
    {.name = NULL},
};
