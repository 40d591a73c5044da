// SPDX-License-Identifier: Apache-2.0
// `value` collects the value of a field until a line begins a new field. Then
// the code unfolds the value in place and copies it to the arena.
#include "wire/message_field.h"

#include "base/ascii.h"

#define NAME(literal)                                                          \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

static const struct {
	struct view name;
	bool joins; // several fields make one list
} wanted[MESSAGE_FIELD_COUNT] = {
    [MESSAGE_CONTENT_TYPE] = {NAME("content-type"), false},
    [MESSAGE_CONTENT_TRANSFER_ENCODING] = {NAME("content-transfer-encoding"),
	false},
    [MESSAGE_CONTENT_ID] = {NAME("content-id"), false},
    [MESSAGE_CONTENT_DESCRIPTION] = {NAME("content-description"), false},
    [MESSAGE_CONTENT_MD5] = {NAME("content-md5"), false},
    [MESSAGE_CONTENT_DISPOSITION] = {NAME("content-disposition"), false},
    [MESSAGE_CONTENT_LANGUAGE] = {NAME("content-language"), false},
    [MESSAGE_CONTENT_LOCATION] = {NAME("content-location"), false},
    [MESSAGE_DATE] = {NAME("date"), false},
    [MESSAGE_SUBJECT] = {NAME("subject"), false},
    // These fields are joined, so that one field cannot hide another field of
    // the same name. Every program then sees the same addresses that another
    // program has checked.
    [MESSAGE_FROM] = {NAME("from"), true},
    [MESSAGE_SENDER] = {NAME("sender"), true},
    [MESSAGE_REPLY_TO] = {NAME("reply-to"), true},
    [MESSAGE_TO] = {NAME("to"), true},
    [MESSAGE_CC] = {NAME("cc"), true},
    [MESSAGE_BCC] = {NAME("bcc"), true},
    [MESSAGE_IN_REPLY_TO] = {NAME("in-reply-to"), false},
    [MESSAGE_MESSAGE_ID] = {NAME("message-id"), false},
    [MESSAGE_REFERENCES] = {NAME("references"), false},
};

// The buffer of a value is not kept when it has grown over this size.
#define VALUE_KEEP_MAX 4096

static const struct message_fields no_fields;

void field_reader_init(struct field_reader *reader)
{
	*reader = (struct field_reader){.budget = MESSAGE_FIELDS_MAX};
	buf_init(&reader->value, MESSAGE_FIELD_MAX);
}

void field_reader_done(struct field_reader *reader)
{
	buf_done(&reader->value);
}

void field_reader_start(struct field_reader *reader, bool is_message)
{
	reader->open = false;
	reader->state = FIELD_SKIP;
	reader->is_message = is_message;
	reader->have = 0;
}

// Unfolds the value (RFC 5322 section 2.2.3) and removes bytes that an IMAP
// string must not have. The value becomes shorter in place.
static struct view value_clean(struct buf *value)
{
	size_t len = 0;
	for (size_t i = 0; i < value->len; i++) {
		char c = value->ptr[i];
		if (c == '\n')
			continue;
		if (c == '\r') {
			if (i + 1 == value->len || value->ptr[i + 1] == '\n')
				continue;
			c = ' ';
		}
		value->ptr[len++] = c ? c : '?';
	}
	buf_truncate(value, len);
	return view_trim(buf_view(value));
}

static struct view value_join(
    struct arena *arena, struct view first, struct view second)
{
	char *joined = arena_alloc(arena, first.len + 2 + second.len);
	memcpy(joined, first.ptr, first.len);
	memcpy(joined + first.len, ", ", 2);
	memcpy(joined + first.len + 2, second.ptr, second.len);
	return view_of(joined, first.len + 2 + second.len);
}

// Stores the collected value.
static void field_store(struct field_reader *reader, struct arena *arena)
{
	if (!reader->open)
		return;
	reader->open = false;
	struct view value = value_clean(&reader->value);
	uint32_t bit = UINT32_C(1) << reader->field;
	struct view *slot = &reader->found[reader->field];
	bool again = reader->have & bit;
	bool joins = again && wanted[reader->field].joins && slot->len;
	if (again && (!wanted[reader->field].joins || !value.len))
		return;
	size_t len = value.len + (joins ? slot->len + 2 : 0);
	size_t room = reader->budget > MESSAGE_FIELD_COST
			  ? reader->budget - MESSAGE_FIELD_COST
			  : 0;
	if (len > room || room == 0 || (joins && len > MESSAGE_FIELD_MAX)) {
		reader->truncated = true;
		if (joins || room == 0)
			return;
		value = view_slice(value, 0, room);
		len = room;
	}
	reader->budget -= len + MESSAGE_FIELD_COST;
	*slot =
	    joins ? value_join(arena, *slot, value) : arena_copy(arena, value);
	reader->have |= bit;
}

void field_reader_line(
    struct field_reader *reader, struct arena *arena, char first)
{
	if (ascii_is_blank(first)) {
		reader->state = reader->open ? FIELD_VALUE : FIELD_SKIP;
		return;
	}
	field_store(reader, arena);
	reader->state = FIELD_NAME;
	reader->name_len = 0;
}

static void name_lookup(struct field_reader *reader)
{
	// Removes blanks before the colon, which are obs-optional (RFC 5322
	// section 4.5).
	struct view name = view_trim(view_of(reader->name, reader->name_len));
	size_t count = reader->is_message ? MESSAGE_FIELD_COUNT : MESSAGE_DATE;
	reader->state = FIELD_SKIP;
	for (size_t i = 0; i < count; i++) {
		if (name.len != wanted[i].name.len ||
		    !view_eq_nocase(name, wanted[i].name))
			continue;
		reader->state = FIELD_VALUE;
		reader->field = (enum message_field)i;
		reader->open = true;
		buf_reset(&reader->value);
		return;
	}
}

// Takes the name from the front of `*piece`. Returns false if the name
// continues in the next piece.
static bool name_push(struct field_reader *reader, struct view *piece)
{
	size_t colon = view_find_char(*piece, ':');
	struct view part = view_slice(*piece, 0, colon);
	if (part.len > FIELD_NAME_MAX - reader->name_len) {
		reader->state = FIELD_SKIP;
		return false;
	}
	if (part.len)
		memcpy(reader->name + reader->name_len, part.ptr, part.len);
	reader->name_len += part.len;
	if (colon == SIZE_MAX)
		return false;
	name_lookup(reader);
	*piece = view_from(*piece, colon + 1);
	return true;
}

void field_reader_push(struct field_reader *reader, struct view piece)
{
	if (reader->state == FIELD_NAME && !name_push(reader, &piece))
		return;
	if (reader->state != FIELD_VALUE)
		return;
	size_t room = MESSAGE_FIELD_MAX - reader->value.len;
	if (piece.len > room)
		reader->truncated = true;
	buf_add(&reader->value, view_slice(piece, 0, room));
}

const struct message_fields *field_reader_finish(
    struct field_reader *reader, struct arena *arena)
{
	field_store(reader, arena);
	if (reader->value.capacity > VALUE_KEEP_MAX)
		buf_done(&reader->value);
	if (!reader->have)
		return &no_fields;
	size_t count = (size_t)__builtin_popcount(reader->have);
	struct message_fields *fields = arena_alloc(
	    arena, sizeof(*fields) + count * sizeof(fields->values[0]));
	fields->have = reader->have;
	for (size_t i = 0, n = 0; i < MESSAGE_FIELD_COUNT; i++)
		if (reader->have & UINT32_C(1) << i)
			fields->values[n++] = reader->found[i];
	return fields;
}
