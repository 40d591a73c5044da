// SPDX-License-Identifier: Apache-2.0
// Reads Stalwart's principals: JSON comes from its API or an export, TOML from
// its configuration ("[[directory.memory.principals]]"). A principal has a name
// and one or several secrets. Groups, lists and domains are principals, too. In
// JSON, every object with a name and a secret is read, at any depth.
#include "admin/user_file.h"

#include <jansson.h>

#include "base/ascii.h"

#define DEPTH_MAX 32

static const char *const name_keys[] = {
    "name", "username", "login", "user", "email"};
static const char *const secret_keys[] = {
    "secrets", "secret", "password", "hash"};
static const char *const type_keys[] = {"type", "class"};

static bool is_person(struct view type)
{
	return type.len == 0 || view_eq_nocase(type, VIEW("individual")) ||
	       view_eq_nocase(type, VIEW("admin")) ||
	       view_eq_nocase(type, VIEW("superuser"));
}

// Stalwart also keeps other things among the secrets: codes for a second
// factor, and passwords for single programs.
static bool is_password(struct view secret)
{
	return secret.len > 0 && !view_starts_with(secret, VIEW("otpauth:")) &&
	       !view_starts_with(secret, VIEW("$app$"));
}

static void hand_on(const struct user_file_reader *reader,
    struct user_entry *entry, struct view type, struct view secret)
{
	if (!is_person(type)) {
		entry->problem = "it is a group, list or domain, and no user";
		reader->entry(reader->context, entry);
		return;
	}
	user_file_hand_on(reader, entry, secret, true);
}

// ---- JSON ------------------------------------------------------------------

struct place_in {
	struct view text;
	size_t offset; // the search continues here
	size_t line;   // the number of the line at `offset`
};

// Finds the number of the next line that contains `name`, because the JSON
// parser gives no line numbers.
static size_t line_of(struct place_in *place, struct view name)
{
	struct view rest = view_from(place->text, place->offset);
	size_t at = view_find(rest, name);
	if (at == SIZE_MAX)
		return place->line;
	for (size_t i = 0; i < at; i++)
		place->line += rest.ptr[i] == '\n';
	place->offset += at;
	return place->line;
}

static struct view text_of(const json_t *value)
{
	return view_of_string(json_string_value(value));
}

static const json_t *first_of(
    const json_t *object, const char *const *keys, size_t count)
{
	const json_t *found = NULL;
	for (size_t i = 0; i < count && !found; i++)
		found = json_object_get(object, keys[i]);
	return found;
}

static struct view secret_of(const json_t *value)
{
	size_t i;
	json_t *one;
	if (json_is_string(value))
		return is_password(text_of(value)) ? text_of(value) : VIEW("");
	json_array_foreach((json_t *)(uintptr_t)value, i, one)
	{
		if (json_is_string(one) && is_password(text_of(one)))
			return text_of(one);
	}
	return VIEW("");
}

static void walk(const json_t *value, int depth, struct place_in *place,
    const struct user_file_reader *reader)
{
	const char *key;
	json_t *child;
	size_t i;
	json_t *tree = (json_t *)(uintptr_t)value;
	if (depth > DEPTH_MAX)
		return;
	json_array_foreach(tree, i, child)
	{
		walk(child, depth + 1, place, reader);
	}
	if (!json_is_object(value))
		return;
	const json_t *name = first_of(value, name_keys, ARRAY_LEN(name_keys));
	const json_t *secret =
	    first_of(value, secret_keys, ARRAY_LEN(secret_keys));
	const json_t *type = first_of(value, type_keys, ARRAY_LEN(type_keys));
	if (json_is_string(name) && (secret || type)) {
		struct user_entry entry = {
		    .name = arena_copy(reader->arena, text_of(name)),
		    .line = line_of(place, text_of(name))};
		struct view kept = arena_copy(reader->arena, secret_of(secret));
		hand_on(reader, &entry, text_of(type), kept);
		return;
	}
	json_object_foreach(tree, key, child)
	{
		walk(child, depth + 1, place, reader);
	}
}

enum rc user_file_read_json(struct view text,
    const struct user_file_reader *reader, struct fault *fault)
{
	json_error_t error;
	struct place_in place = {.text = text, .line = 1};
	struct view rest = view_trim(text);
	// The file has one value, or several, each in its own line.
	while (rest.len > 0) {
		json_t *tree = json_loadb(
		    rest.ptr, rest.len, JSON_DISABLE_EOF_CHECK, &error);
		if (!tree)
			return fault_set(fault, RC_SYNTAX,
			    "it is not JSON behind byte %zu",
			    (size_t)(rest.ptr - text.ptr) +
				(size_t)(error.position < 0 ? 0
							    : error.position));
		walk(tree, 0, &place, reader);
		json_decref(tree);
		rest = view_trim(view_from(rest, (size_t)error.position));
	}
	return RC_OK;
}

// ---- TOML ------------------------------------------------------------------

struct table {
	size_t line;
	struct view name, secret, type;
};

static void end_table(
    struct table *table, const struct user_file_reader *reader)
{
	struct user_entry entry = {.line = table->line, .name = table->name};
	if (table->name.len > 0 &&
	    (table->secret.len > 0 || table->type.len > 0))
		hand_on(reader, &entry, table->type, table->secret);
	*table = (struct table){0};
}

// Reads the first string of a value: "…" with escapes, or '…' without. The text
// after the string stays in `*value`.
static bool take_string(
    struct arena *arena, struct view *value, struct view *ret_text)
{
	size_t i = 0;
	while (i < value->len && value->ptr[i] != '"' && value->ptr[i] != '\'')
		i++;
	if (i == value->len)
		return false;
	char quote = value->ptr[i++];
	char *text = arena_alloc(arena, value->len);
	size_t len = 0;
	for (; i < value->len && value->ptr[i] != quote; i++) {
		if (quote == '"' && value->ptr[i] == '\\' && i + 1 < value->len)
			i++;
		text[len++] = value->ptr[i];
	}
	*value = view_from(*value, i + 1);
	*ret_text = view_of(text, len);
	return true;
}

static bool is_key(struct view key, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq(key, view_of_string(keys[i])))
			return true;
	return false;
}

static void read_value(const struct user_file_reader *reader,
    struct table *table, struct view key, struct view value)
{
	struct view text;
	bool is_secret = is_key(key, secret_keys, ARRAY_LEN(secret_keys));
	while (take_string(reader->arena, &value, &text)) {
		if (is_secret && table->secret.len == 0 && is_password(text))
			table->secret = text;
		else if (view_eq(key, VIEW("name")))
			table->name = text;
		else if (is_key(key, type_keys, ARRAY_LEN(type_keys)))
			table->type = text;
	}
}

void user_file_read_toml(
    struct view text, const struct user_file_reader *reader)
{
	struct table table = {0};
	struct view line, key = VIEW("");
	bool in_list = false;
	for (size_t number = 1; view_split(&text, '\n', &line); number++) {
		line = view_trim(line);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (!in_list && line.ptr[0] == '[') {
			end_table(&table, reader);
			table.line = number;
			continue;
		}
		struct view value = line;
		if (table.line == 0)
			table.line = number; // before any header
		if (!in_list) {
			if (!view_split(&value, '=', &key))
				continue;
			key = view_trim(key);
			value = view_trim(value);
		}
		read_value(reader, &table, key, value);
		in_list = (in_list || view_starts_with(value, VIEW("["))) &&
			  !view_ends_with(value, VIEW("]"));
	}
	end_table(&table, reader);
}
