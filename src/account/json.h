// SPDX-License-Identifier: Apache-2.0
// Reads the JSON of a request (RFC 8259), strictly: a name twice, a lone
// surrogate, U+0000 and what is no UTF-8 are refused. All that is made is in
// the arena, which the exchange overwrites at its end: requests have passwords.
// What is nested stays text until somebody reads it.
#ifndef ROOST_ACCOUNT_JSON_H
#define ROOST_ACCOUNT_JSON_H

#include "base/arena.h"

#define ACCOUNT_JSON_DEPTH   16 // arrays and objects in each other
#define ACCOUNT_JSON_MEMBERS 64 // of an object

enum account_json_kind {
	ACCOUNT_JSON_NONE, // there is no such member
	ACCOUNT_JSON_NULL,
	ACCOUNT_JSON_FALSE,
	ACCOUNT_JSON_TRUE,
	ACCOUNT_JSON_NUMBER,
	ACCOUNT_JSON_STRING,
	ACCOUNT_JSON_ARRAY,
	ACCOUNT_JSON_OBJECT,
};

struct account_json {
	enum account_json_kind kind;
	struct view text; // of a string: decoded; of the others: as it came
};

struct account_json_member {
	struct view name;
	struct account_json value;
};

struct account_json_object {
	struct account_json_member *members;
	size_t count;
};

// Reads a text that is one object, with nothing behind it. All of it is
// checked, also what is nested.
MUST_CHECK bool account_json_read(struct arena *arena, struct view text,
    struct account_json_object *ret_object);
// The members of a nested object; none if it is something else.
void account_json_open(struct arena *arena, struct account_json value,
    struct account_json_object *ret_object);

struct account_json account_json_get(
    const struct account_json_object *object, const char *name);
// The text of a string; false: there is none, or it is something else.
MUST_CHECK bool account_json_string(const struct account_json_object *object,
    const char *name, struct view *ret_text);

// Takes the next value out of an array: `*rest` is first the array's text.
// False: there is none.
MUST_CHECK bool account_json_next(
    struct arena *arena, struct view *rest, struct account_json *ret_value);

#endif
