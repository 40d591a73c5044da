// SPDX-License-Identifier: Apache-2.0
// Picks the wanted fields out of a header that comes in pieces of lines, for
// message_parser.c. Holds one value at a time.
#ifndef ROOST_WIRE_MESSAGE_FIELD_H
#define ROOST_WIRE_MESSAGE_FIELD_H

#include "wire/message.h"

#define FIELD_NAME_MAX 40 // longer than any that is wanted

struct field_reader {
	enum {
		FIELD_NAME,
		FIELD_VALUE,
		FIELD_SKIP, // nobody wants the rest of this line
	} state;
	enum message_field field;
	bool open;       // `value` is of a field that may go on
	bool is_message; // the fields of a message are wanted too
	bool truncated;  // something was over a limit
	size_t name_len;
	char name[FIELD_NAME_MAX];
	struct buf value;
	size_t budget;                 // of MESSAGE_FIELDS_MAX, what is left
	struct message_fields *fields; // being filled; NULL while all missing
};

void field_reader_init(struct field_reader *reader);
void field_reader_done(struct field_reader *reader);

// A header begins; `is_message`: it is a message's, not a part's.
void field_reader_start(struct field_reader *reader, bool is_message);
// A line begins with the byte `first`; fields go into `arena`.
void field_reader_line(
    struct field_reader *reader, struct arena *arena, char first);
// The line's next bytes, its end included.
void field_reader_push(struct field_reader *reader, struct view piece);
// The header is over: its fields, never NULL.
const struct message_fields *field_reader_finish(
    struct field_reader *reader, struct arena *arena);

#endif
