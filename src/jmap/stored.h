// SPDX-License-Identifier: Apache-2.0
// Types whose objects are objects of the store (store/object.h), each with a
// few properties as JSON: their /get and /changes, and what their /set have in
// common.
#ifndef ROOST_JMAP_STORED_H
#define ROOST_JMAP_STORED_H

#include "jmap/object.h"
#include "store/object.h"

struct jmap_stored {
	const struct jmap_class *class;
	enum store_object_kind kind;
	enum jmap_id_kind id_kind;
	// All properties of an object but "id", as JSON (a new reference).
	// NULL: the record is damaged.
	json_t *(*load)(const struct store_object *object);
};

// Adds a JSON tree as a value.
void jmap_add_json(struct json_text *out, const json_t *json);
// The compact text, in the arena.
struct view jmap_json_text(struct arena *arena, const json_t *json);

// Reads what jmap_json_text() wrote; NULL: it is none.
json_t *jmap_json_load(struct view text);

enum jmap_step jmap_stored_get(
    struct jmap_call *call, const struct jmap_stored *type);
enum jmap_step jmap_stored_changes(
    struct jmap_call *call, const struct jmap_stored *type);

// The object of an id, as it is written in a request ("#key" too).
// RC_NOT_FOUND: there is none.
MUST_CHECK enum rc jmap_stored_find(struct jmap_call *call,
    struct store_view *view, const struct jmap_stored *type, struct view id,
    struct store_object *ret_object);

// ---- /set ------------------------------------------------------------------

// The changes that a /set makes, in one commit.
struct jmap_stored_set {
	struct jmap_set set;
	const struct jmap_stored *type;
	struct store_view *view;
	// One for each change: the creation id, or the id; and the new object's
	// JSON, borrowed.
	VEC(struct store_object_change) changes;
	VEC(struct view) ids;
	VEC(json_t *) objects;
	VEC(enum jmap_set_part) parts;
};

// Reads the arguments, and opens the view. False: an error was answered. In any
// case jmap_stored_set_done() has to be called.
MUST_CHECK bool jmap_stored_set_read(struct jmap_call *call,
    const struct jmap_stored *type, struct jmap_stored_set *ret_set);
void jmap_stored_set_done(struct jmap_stored_set *set);
// Applies a patch to an object without its id. False: the error was noted.
MUST_CHECK bool jmap_stored_set_apply(
    struct jmap_set *set, struct view id, json_t *patch, json_t *json);
// Finds an object to update, and applies the patch: `ret_json` (a new
// reference) is what it will be. False: the error was noted.
MUST_CHECK bool jmap_stored_set_patch(struct jmap_call *call,
    struct jmap_set *set, struct store_view *view,
    const struct jmap_stored *type, struct view id, json_t *patch,
    struct store_object *ret_object, json_t **ret_json);
// Notes a change; `json` is the object as it will be, without "id" (its
// reference is taken; NULL: it is removed). An object that is too large is
// refused here.
void jmap_stored_set_note(struct jmap_call *call, struct jmap_stored_set *set,
    enum jmap_set_part part, struct view id, const struct store_object *object,
    json_t *json);
// Commits, and answers.
enum jmap_step jmap_stored_set_end(
    struct jmap_call *call, struct jmap_stored_set *set);

// Notes the properties of a new object that the client does not know.
void jmap_add_unknown(struct json_text *out, const struct jmap_class *class,
    json_t *given, json_t *object);

// An invalidProperties for one property.
void jmap_set_wrong_property(struct jmap_set *set, enum jmap_set_part part,
    struct view id, const char *property, const char *description);

#endif
