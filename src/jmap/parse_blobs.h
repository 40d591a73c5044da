// SPDX-License-Identifier: Apache-2.0
// What Email/parse and MDN/parse share: blobs are read as messages, each once,
// and each is parsed, not parsable, or not found.
#ifndef ROOST_JMAP_PARSE_BLOBS_H
#define ROOST_JMAP_PARSE_BLOBS_H

#include "base/vec.h"
#include "jmap/blob.h"
#include "wire/message.h"

typedef VEC(struct view) parse_blobs_ids;

// Writes what is told of a message, as members of an object that was begun.
// `whole` is the blob. RC_SYNTAX or RC_LIMIT: it is not parsable, and what was
// written is dropped.
typedef enum rc (*parse_blobs_write)(struct jmap_call *call, void *context,
    struct view id, const struct message *message, struct jmap_blob *whole);

// What a call keeps while others have their turn. It begins with zeros.
struct parse_blobs {
	parse_blobs_write write;
	void *context;
	struct view *ids; // each once
	size_t id_count;
	size_t at;
	bool found_one; // "parsed" was begun
	parse_blobs_ids not_parsable, not_found;
	// The blob that is read now.
	struct jmap_blob *blob; // NULL: none
	struct message_parser *parser;
};

// Reads the argument blobIds. False: an error was answered.
MUST_CHECK bool parse_blobs_read(
    struct jmap_call *call, struct parse_blobs *state);
// When all arguments were read: begins the answer.
void parse_blobs_begin(struct jmap_call *call);
// Does a piece of the work; in the end the answer is written.
enum jmap_step parse_blobs_run(
    struct jmap_call *call, struct parse_blobs *state);
void parse_blobs_done(struct parse_blobs *state);

#endif
