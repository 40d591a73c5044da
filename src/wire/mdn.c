// SPDX-License-Identifier: Apache-2.0
#include "wire/mdn.h"

#include <stddef.h>

#include "base/ascii.h"
#include "wire/field_write.h"
#include "wire/header.h"

#define COMMENT_DEPTH_MAX 20

// ---- Words -----------------------------------------------------------------

#define X(name, word) [name] = word,
static const char *const actions[] = {MDN_ACTION_TABLE(X)};
static const char *const sendings[] = {MDN_SENDING_TABLE(X)};
static const char *const types[] = {MDN_TYPE_TABLE(X)};
#undef X

const char *mdn_action_word(enum mdn_action action)
{
	return actions[action];
}

const char *mdn_sending_word(enum mdn_sending sending)
{
	return sendings[sending];
}

const char *mdn_type_word(enum mdn_type type)
{
	return types[type];
}

static bool find(const char *const *words, size_t count, struct view word,
    unsigned *ret_index)
{
	for (unsigned i = 0; i < count; i++)
		if (view_eq_nocase(word, view_of_string(words[i]))) {
			*ret_index = i;
			return true;
		}
	return false;
}

bool mdn_action_find(struct view word, enum mdn_action *ret_action)
{
	return find(actions, ARRAY_LEN(actions), word, ret_action);
}

bool mdn_sending_find(struct view word, enum mdn_sending *ret_sending)
{
	return find(sendings, ARRAY_LEN(sendings), word, ret_sending);
}

bool mdn_type_find(struct view word, enum mdn_type *ret_type)
{
	return find(types, ARRAY_LEN(types), word, ret_type);
}

// ---- Values ----------------------------------------------------------------

static struct view unfold(struct arena *arena, struct view value)
{
	struct buf text;
	buf_init(&text, value.len + 1);
	header_unfold(value, &text);
	struct view copy = arena_copy(arena, view_trim(buf_view(&text)));
	buf_done(&text);
	return copy.ptr ? copy : VIEW("");
}

// Section 3.1.1: what stands in parentheses is a comment. RC_SYNTAX: one has no
// end.
MUST_CHECK static enum rc drop_comments(
    struct arena *arena, struct view value, struct view *ret_value)
{
	struct buf text;
	unsigned depth = 0;
	bool good = true;
	buf_init(&text, value.len + 1);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (c == '\\' && depth > 0)
			i++;
		else if (c == '(')
			good = ++depth <= COMMENT_DEPTH_MAX && good;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0)
			buf_add_char(&text, c);
	}
	*ret_value = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return good && depth == 0 ? RC_OK : RC_SYNTAX;
}

// An atom (RFC 5321 section 4.1.2).
static bool is_atom(struct view word)
{
	static const char *const special = "!#$%&'*+-/=?^_`{|}~";
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];
		if (!ascii_is_alnum(c) &&
		    view_find_char(view_of_string(special), c) == SIZE_MAX)
			return false;
	}
	return word.len > 0;
}

bool mdn_recipient_is_valid(struct view value)
{
	struct view type;
	if (view_find_char(value, ';') == SIZE_MAX)
		return false;
	if (!view_split(&value, ';', &type))
		return false;
	return is_atom(view_trim(type)) && view_trim(value).len > 0;
}

// Section 3.2.6: "manual-action/MDN-sent-manually; displayed/error,x".
// Modifiers are not told by JMAP, but they must be atoms.
MUST_CHECK static enum rc read_disposition(struct arena *arena,
    struct view value, struct mdn_disposition *ret_disposition)
{
	struct view action, mode, type, modifier;
	if (drop_comments(arena, value, &value) != RC_OK)
		return RC_SYNTAX;
	if (view_find_char(value, ';') == SIZE_MAX ||
	    !view_split(&value, ';', &mode) ||
	    view_find_char(mode, '/') == SIZE_MAX ||
	    !view_split(&mode, '/', &action))
		return RC_SYNTAX;
	bool modified = view_find_char(value, '/') != SIZE_MAX;
	if (!view_split(&value, '/', &type) ||
	    !mdn_action_find(view_trim(action), &ret_disposition->action) ||
	    !mdn_sending_find(view_trim(mode), &ret_disposition->sending) ||
	    !mdn_type_find(view_trim(type), &ret_disposition->type))
		return RC_SYNTAX;
	if (modified && value.len == 0)
		return RC_SYNTAX;
	while (modified && view_split(&value, ',', &modifier))
		if (!is_atom(view_trim(modifier)))
			return RC_SYNTAX;
	return RC_OK;
}

// ---- Fields ----------------------------------------------------------------

enum known {
	REPORTING_UA,
	GATEWAY,
	ORIGINAL_RECIPIENT,
	FINAL_RECIPIENT,
	ORIGINAL_MESSAGE_ID,
	DISPOSITION,
	ERROR,
	KNOWN_COUNT,
};

static const struct {
	const char *name;
	size_t offset;  // of its view in struct mdn_fields; 0: it has none
	bool recipient; // "type; address"
} known[KNOWN_COUNT] = {
    [REPORTING_UA] = {"Reporting-UA", offsetof(struct mdn_fields, reporting_ua),
	false},
    [GATEWAY] = {"MDN-Gateway", offsetof(struct mdn_fields, gateway), true},
    [ORIGINAL_RECIPIENT] = {"Original-Recipient",
	offsetof(struct mdn_fields, original_recipient), true},
    [FINAL_RECIPIENT] = {"Final-Recipient",
	offsetof(struct mdn_fields, final_recipient), true},
    [ORIGINAL_MESSAGE_ID] = {"Original-Message-ID",
	offsetof(struct mdn_fields, original_message_id), false},
    [DISPOSITION] = {"Disposition", 0, false},
    [ERROR] = {"Error", 0, false},
};

static unsigned find_known(struct view name)
{
	unsigned i = 0;
	while (i < KNOWN_COUNT &&
	       !view_eq_nocase(name, view_of_string(known[i].name)))
		i++;
	return i;
}

bool mdn_field_is_known(struct view name)
{
	return find_known(name) < KNOWN_COUNT;
}

MUST_CHECK static enum rc add_extension(
    struct mdn_fields *fields, struct view name, struct view value)
{
	for (size_t i = 0; i < fields->extension_count; i++)
		if (view_eq_nocase(fields->extensions[i].name, name))
			return RC_OK;
	if (fields->extension_count == MDN_EXTENSIONS_MAX)
		return RC_LIMIT;
	fields->extensions[fields->extension_count++] =
	    (struct mdn_extension){name, value};
	return RC_OK;
}

MUST_CHECK static enum rc add_error(
    struct mdn_fields *fields, struct view value)
{
	if (fields->error_count == MDN_ERRORS_MAX)
		return RC_LIMIT;
	fields->errors[fields->error_count++] = value;
	return RC_OK;
}

// `seen`: bit n, the known field n was there.
MUST_CHECK static enum rc add_field(struct arena *arena,
    const struct header_field *field, unsigned *seen, struct mdn_fields *fields)
{
	unsigned number = find_known(field->name);
	struct view value = unfold(arena, field->value);
	if (!field_name_is_valid(field->name))
		return RC_SYNTAX;
	if (number == KNOWN_COUNT)
		return add_extension(
		    fields, arena_copy(arena, field->name), value);
	if (number == ERROR)
		return add_error(fields, value);
	if (*seen & 1u << number)
		return RC_SYNTAX;
	*seen |= 1u << number;
	if (number == DISPOSITION)
		return read_disposition(arena, value, &fields->disposition);
	if (known[number].recipient && !mdn_recipient_is_valid(value))
		return RC_SYNTAX;
	*(struct view *)((char *)fields + known[number].offset) = value;
	return RC_OK;
}

enum rc mdn_parse(
    struct arena *arena, struct view content, struct mdn_fields *ret_fields)
{
	struct header_field field;
	unsigned seen = 0;
	enum rc rc = RC_OK;
	*ret_fields = (struct mdn_fields){.error_count = 0};
	while (rc == RC_OK && header_next(&content, &field))
		rc = add_field(arena, &field, &seen, ret_fields);
	if (rc != RC_OK)
		return rc;
	// These two MUST be there (sections 3.2.4 and 3.2.6). Only empty lines
	// may follow.
	unsigned needed = 1u << FINAL_RECIPIENT | 1u << DISPOSITION;
	return (seen & needed) == needed && view_trim(content).len == 0
		   ? RC_OK
		   : RC_SYNTAX;
}
