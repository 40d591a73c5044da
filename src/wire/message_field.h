// SPDX-License-Identifier: Apache-2.0
// Picks the wanted fields from a header that comes in pieces of lines, for
// message_parser.c. It holds one value at a time.
#ifndef ROOST_WIRE_MESSAGE_FIELD_H
#define ROOST_WIRE_MESSAGE_FIELD_H

#include "wire/message.h"

#define FIELD_NAME_MAX 40 // longer than any wanted name

struct field_reader {
	enum {
		FIELD_NAME,
		FIELD_VALUE,
		FIELD_SKIP, // the rest of this line is not wanted
	} state;
	enum message_field field;
	bool open;       // the field of `value` may continue
	bool is_message; // the fields of a message are wanted, too
	bool truncated;  // something was over a limit
	size_t name_len;
	char name[FIELD_NAME_MAX];
	struct buf value;
	size_t budget; // what is left of MESSAGE_FIELDS_MAX
	uint32_t have; // the fields that were found
	struct view found[MESSAGE_FIELD_COUNT];
};

void field_reader_init(struct field_reader *reader);
void field_reader_done(struct field_reader *reader);

// Begins a header. `is_message`: it is the header of a message, not of a part.
void field_reader_start(struct field_reader *reader, bool is_message);
// Begins a line whose first byte is `first`. Fields are put into `arena`.
void field_reader_line(
    struct field_reader *reader, struct arena *arena, char first);
// Adds the line's next bytes, including its line end.
void field_reader_push(struct field_reader *reader, struct view piece);
// Ends the header and returns its fields, never NULL.
const struct message_fields *field_reader_finish(
    struct field_reader *reader, struct arena *arena);

#endif
