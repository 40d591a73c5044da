// SPDX-License-Identifier: Apache-2.0
#include "jmap/push_record.h"

#include <jansson.h>
#include <openssl/crypto.h>

#include "auth/standing.h"
#include "jmap/watch.h"
#include "store/push_list.h"
#include "wire/base64url.h"
#include "wire/json_read.h"
#include "wire/json_text.h"

#define VALUES_MAX 1000 // of a record

// ---- The record ------------------------------------------------------------

// As a string: JSON's numbers have 53 bits.
static void add_number(
    struct json_text *json, const char *name, uint64_t number)
{
	char text[24];
	int len =
	    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	json_member_string(json, name, view_of(text, (size_t)len));
}

void jmap_subscription_write(const struct jmap_subscription *s, struct buf *out)
{
	struct json_text json;
	struct buf text;
	json_text_init(&json, out);
	buf_init(&text, 1000);
	json_begin_object(&json);
	json_member_string(&json, "device", s->device);
	json_member_string(&json, "url", s->url);
	if (s->has_keys) {
		base64url_encode(
		    view_of((const char *)s->keys.p256dh, WEB_PUSH_POINT),
		    &text);
		json_member_string(&json, "p256dh", buf_view(&text));
		buf_reset(&text);
		base64url_encode(
		    view_of((const char *)s->keys.auth, WEB_PUSH_AUTH), &text);
		json_member_string(&json, "auth", buf_view(&text));
	}
	json_member_string(&json, "code", s->code);
	json_member_bool(&json, "verified", s->verified);
	json_key(&json, "expires");
	json_add_i64(&json, s->expires);
	json_key(&json, "types");
	json_add_raw(&json, s->types);
	json_member_string(&json, "user", s->user);
	add_number(&json, "epoch", s->epoch);
	add_number(&json, "credential", s->credential);
	json_end_object(&json);
	buf_done_secret(&text);
}

static struct view text_of(
    struct arena *arena, const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);
	return json_is_string(value) ? arena_copy(arena, json_view(value))
				     : view_of(NULL, 0);
}

static bool read_number(
    const json_t *json, const char *name, uint64_t *ret_number)
{
	const json_t *value = json_object_get(json, name);
	return json_is_string(value) &&
	       view_to_u64(json_view(value), ret_number);
}

// What a record cannot be without.
static bool is_whole(const struct jmap_subscription *s, const json_t *json)
{
	return s->url.len > 0 && s->code.len == JMAP_PUSH_CODE_LEN &&
	       s->user.len > 0 &&
	       json_is_integer(json_object_get(json, "expires"));
}

enum rc jmap_subscription_read(struct arena *arena,
    const struct store_object *object, struct jmap_subscription *ret)
{
	struct fault fault;
	json_t *json;
	if (json_read(object->bytes, VALUES_MAX, &fault, &json) != RC_OK)
		return RC_CORRUPT;
	struct jmap_subscription s = {
	    .id = object->id,
	    .version = object->version,
	    .device = text_of(arena, json, "device"),
	    .url = text_of(arena, json, "url"),
	    .code = text_of(arena, json, "code"),
	    .verified = json_is_true(json_object_get(json, "verified")),
	    .expires = json_integer_value(json_object_get(json, "expires")),
	    .types = VIEW("null"),
	    .type_set = JMAP_PUSH_ALL,
	    .user = text_of(arena, json, "user"),
	};
	json_t *types = json_object_get(json, "types");
	bool good = is_whole(&s, json) &&
		    read_number(json, "epoch", &s.epoch) &&
		    read_number(json, "credential", &s.credential);
	if (!json_is_null(types)) {
		char *text = json_dumps(types, JSON_COMPACT | JSON_ENCODE_ANY);
		good &= jmap_push_types_read(types, &s.type_set) && text;
		s.types = arena_copy(arena, view_of_string(text ? text : ""));
		free(text);
	}
	if (json_object_get(json, "p256dh")) {
		s.has_keys = web_push_keys_read(text_of(arena, json, "p256dh"),
		    text_of(arena, json, "auth"), &s.keys);
		good &= s.has_keys;
	}
	json_decref(json);
	if (good)
		*ret = s;
	return good ? RC_OK : RC_CORRUPT;
}

enum rc jmap_subscription_check(const struct auth *auth, uint64_t account,
    const struct jmap_subscription *subscription)
{
	struct auth_user user = {
	    .account = account,
	    .epoch = subscription->epoch,
	    .credential = subscription->credential,
	};
	if (subscription->user.len >= sizeof(user.name.text))
		return RC_GONE;
	memcpy(user.name.text, subscription->user.ptr, subscription->user.len);
	return auth_user_check(auth, &user);
}

// ---- Our key ---------------------------------------------------------------

enum rc jmap_push_key(
    struct store *store, struct fault *fault, EVP_PKEY **ret_key)
{
	unsigned char first[WEB_PUSH_SECRET];
	struct buf secret;
	EVP_PKEY *key = web_push_key_new();
	web_push_key_write(key, first);
	EVP_PKEY_free(key);
	buf_init(&secret, 100);
	enum rc rc = store_push_secret(
	    store, view_of((const char *)first, sizeof(first)), fault, &secret);
	if (rc == RC_OK &&
	    web_push_key_read(buf_view(&secret), ret_key) != RC_OK)
		rc = fault_set(fault, RC_CORRUPT, "the key of push is damaged");
	OPENSSL_cleanse(first, sizeof(first));
	buf_done_secret(&secret);
	return rc;
}
