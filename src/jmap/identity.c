// SPDX-License-Identifier: Apache-2.0
// Identity/get, /changes and /set (RFC 8621 section 6). An identity is stored
// as JSON.
#include "jmap/identity.h"

#include "jmap/impl.h"
#include "jmap/methods.h"
#include "wire/json_read.h"

static const struct jmap_property properties[] = {
    {"id", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    {"name", JMAP_KIND_STRING, 0},
    {"email", JMAP_KIND_STRING, JMAP_IMMUTABLE | JMAP_REQUIRED},
    {"replyTo", JMAP_KIND_ARRAY, JMAP_NULLABLE},
    {"bcc", JMAP_KIND_ARRAY, JMAP_NULLABLE},
    {"textSignature", JMAP_KIND_STRING, 0},
    {"htmlSignature", JMAP_KIND_STRING, 0},
    {"mayDelete", JMAP_KIND_BOOL, JMAP_SERVER_SET},
};

static const struct jmap_class class = {
    "Identity", properties, ARRAY_LEN(properties)};

static json_t *load(const struct store_object *object)
{
	json_t *json = jmap_json_load(object->bytes);
	if (json && !json_is_string(json_object_get(json, "email"))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static const struct jmap_stored type = {
    .class = &class,
    .kind = STORE_OBJECT_IDENTITY,
    .id_kind = JMAP_ID_IDENTITY,
    .load = load,
};

// ---- Checks ----------------------------------------------------------------

enum rc jmap_may_send_as(struct jmap_call *call, struct view email)
{
	const struct jmap *jmap = call->request->jmap;
	struct smtp_mailbox mailbox;
	if (smtp_mailbox_parse(&call->arena, email, NULL, &mailbox) != RC_OK)
		return RC_INVALID;
	return route_may_send_as(
	    jmap->options.office->route, &call->request->user.user, &mailbox);
}

// EmailAddress[] or null (RFC 8621 section 4.1.2.3).
static bool is_address_list(json_t *list)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		json_t *name = json_object_get(item, "name");
		json_t *email = json_object_get(item, "email");
		if (!json_is_object(item) || !json_is_string(email) ||
		    (name && !json_is_null(name) && !json_is_string(name)) ||
		    json_object_size(item) > (name ? 2u : 1u))
			return false;
	}
	return true;
}

// False: the error was noted.
static bool check_lists(struct jmap_set *set, enum jmap_set_part part,
    struct view id, json_t *identity)
{
	static const char *const lists[] = {"replyTo", "bcc"};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (!is_address_list(json_object_get(identity, lists[i]))) {
			jmap_set_wrong_property(set, part, id, lists[i],
			    "it is no list of EmailAddress");
			return false;
		}
	return true;
}

static void set_default(json_t *identity, const char *name, json_t *value)
{
	if (!json_object_get(identity, name))
		json_object_set_new(identity, name, value);
	else
		json_decref(value);
}

// ---- /set ------------------------------------------------------------------

static void create(struct jmap_call *call, struct jmap_stored_set *all,
    struct view creation_id, json_t *given)
{
	struct jmap_set *set = &all->set;
	if (!jmap_set_check_create(set, creation_id, given) ||
	    !check_lists(set, JMAP_SET_CREATE, creation_id, given))
		return;
	enum rc rc =
	    jmap_may_send_as(call, json_view(json_object_get(given, "email")));
	if (rc == RC_INVALID) {
		jmap_set_wrong_property(set, JMAP_SET_CREATE, creation_id,
		    "email", "it is no address");
		return;
	}
	if (rc != RC_OK) {
		jmap_set_failed(set, JMAP_SET_CREATE, creation_id,
		    rc == RC_DENIED ? JMAP_ERROR_FORBIDDEN_FROM
				    : jmap_error_of(call, rc, NULL),
		    NULL, NULL);
		return;
	}
	json_t *identity = json_copy(given);
	set_default(identity, "name", json_string(""));
	set_default(identity, "replyTo", json_null());
	set_default(identity, "bcc", json_null());
	set_default(identity, "textSignature", json_string(""));
	set_default(identity, "htmlSignature", json_string(""));
	json_object_set_new(identity, "mayDelete", json_true());
	jmap_stored_set_note(
	    call, all, JMAP_SET_CREATE, creation_id, NULL, identity);
}

// RFC 8620 section 5.3: null in a patch stands for the default.
static void set_defaults(json_t *patch)
{
	static const char *const texts[] = {
	    "name", "textSignature", "htmlSignature"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (json_is_null(json_object_get(patch, texts[i])))
			json_object_set_new(patch, texts[i], json_string(""));
}

static void update(struct jmap_call *call, struct jmap_stored_set *all,
    struct view id, json_t *patch)
{
	struct store_object object;
	json_t *identity;
	set_defaults(patch);
	if (!jmap_stored_set_patch(call, &all->set, all->view, &type, id, patch,
		&object, &identity))
		return;
	set_default(identity, "replyTo", json_null());
	set_default(identity, "bcc", json_null());
	if (!check_lists(&all->set, JMAP_SET_UPDATE, id, identity)) {
		json_decref(identity);
		return;
	}
	jmap_stored_set_note(call, all, JMAP_SET_UPDATE, id, &object, identity);
}

static void destroy(
    struct jmap_call *call, struct jmap_stored_set *all, struct view id)
{
	struct store_object object;
	enum rc rc = jmap_stored_find(call, all->view, &type, id, &object);
	json_t *identity = rc == RC_OK ? load(&object) : NULL;
	bool keep = json_is_false(json_object_get(identity, "mayDelete"));
	json_decref(identity);
	if (rc != RC_OK || keep)
		jmap_set_failed(&all->set, JMAP_SET_DESTROY, id,
		    keep                 ? JMAP_ERROR_FORBIDDEN
		    : rc == RC_NOT_FOUND ? JMAP_ERROR_NOT_FOUND
					 : jmap_error_of(call, rc, NULL),
		    NULL, NULL);
	else
		jmap_stored_set_note(
		    call, all, JMAP_SET_DESTROY, id, &object, NULL);
}

static void note_all(struct jmap_call *call, struct jmap_stored_set *all)
{
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach(all->set.parts[JMAP_SET_CREATE], key, value)
	    create(call, all, view_of_string(key), value);
	json_object_foreach(all->set.parts[JMAP_SET_UPDATE], key, value)
	    update(call, all, view_of_string(key), value);
	json_array_foreach(all->set.parts[JMAP_SET_DESTROY], i, value)
	    destroy(call, all, json_view(value));
}

static enum jmap_step identity_set(struct jmap_call *call)
{
	struct jmap_stored_set all;
	enum jmap_step step = JMAP_DONE;
	if (!jmap_identities_make(call))
		return JMAP_DONE;
	if (jmap_stored_set_read(call, &type, &all)) {
		note_all(call, &all);
		step = jmap_stored_set_end(call, &all);
	}
	jmap_stored_set_done(&all);
	return step;
}

// ---- The rest --------------------------------------------------------------

static enum jmap_step identity_get(struct jmap_call *call)
{
	if (!jmap_identities_make(call))
		return JMAP_DONE;
	return jmap_stored_get(call, &type);
}

static enum jmap_step identity_changes(struct jmap_call *call)
{
	return jmap_stored_changes(call, &type);
}

enum rc jmap_identity_email(struct jmap_call *call, struct store_view *view,
    struct view id, uint64_t *ret_number, struct view *ret_email)
{
	struct store_object object;
	enum rc rc = jmap_stored_find(call, view, &type, id, &object);
	json_t *identity = rc == RC_OK ? load(&object) : NULL;
	if (rc == RC_OK && !identity)
		rc = RC_CORRUPT;
	if (rc == RC_OK) {
		*ret_number = object.id;
		*ret_email = arena_copy(&call->arena,
		    json_view(json_object_get(identity, "email")));
	}
	json_decref(identity);
	return rc;
}

const struct jmap_method jmap_identity_methods[] = {
    {"Identity/get", JMAP_CAPABILITY_SUBMISSION, JMAP_NEEDS_ACCOUNT,
	identity_get, NULL},
    {"Identity/changes", JMAP_CAPABILITY_SUBMISSION, JMAP_NEEDS_ACCOUNT,
	identity_changes, NULL},
    {"Identity/set", JMAP_CAPABILITY_SUBMISSION,
	JMAP_NEEDS_ACCOUNT | JMAP_CHANGES, identity_set, NULL},
    {.name = NULL},
};
