// SPDX-License-Identifier: Apache-2.0
// Makes a message of an Email object that a client wants to create (RFC 8621
// section 4.6): header fields from properties, body parts from bodyStructure
// or from textBody, htmlBody and attachments.
//
//	compose_init(&compose, &call->arena);
//	compose_read(&compose, email);    // fills the errors
//	if (compose.wrong.count == 0)
//		rc = compose_write(&compose, &source, draft);
//	compose_done(&compose);
#ifndef ROOST_JMAP_COMPOSE_H
#define ROOST_JMAP_COMPOSE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/vec.h"
#include "jmap/header_form.h"
#include "store/email.h"
#include "wire/date.h"

#define COMPOSE_PARTS_MAX 1000
#define COMPOSE_DEPTH_MAX 50

struct compose_field {
	struct header_property property;
	json_t *value;
};

struct compose_part {
	VEC(struct compose_field) fields;
	struct view type; // in lower case
	struct view charset, disposition, name, cid, location;
	json_t *language; // an array of strings, or NULL
	bool has_text;
	struct view text;    // of bodyValues
	struct view blob_id; // empty: none
	VEC(struct compose_part *) subs;
	struct compose_part *next; // of all parts
};

struct compose {
	struct arena *arena;
	json_t *values; // bodyValues, or NULL
	VEC(struct compose_field) fields;
	struct compose_part *root; // NULL: an empty text
	struct compose_part *parts;
	size_t part_count;
	bool has_date, has_message_id;
	// The properties that are wrong, for invalidProperties.
	VEC(struct view) wrong;
};

void compose_init(struct compose *compose, struct arena *arena);
void compose_done(struct compose *compose);

// Reads all properties of `email` that make the message; `email` must outlive
// the compose. Properties that it does not know are wrong, except for
// mailboxIds, keywords and receivedAt.
void compose_read(struct compose *compose, json_t *email);

// Where the bytes of blobs come from.
struct compose_source {
	// Gives pieces of a blob to add(); the blob may be asked for twice.
	// RC_NOT_FOUND; what add() returns ends it.
	enum rc (*read)(void *context, struct view blob_id,
	    enum rc (*add)(void *add_context, struct view piece),
	    void *add_context);
	void *context;
	const char *server_name; // for a Message-ID that is missing
	struct date now;         // for a Date that is missing
};

// Adds the message to a draft, which the caller finishes. The blobs exist.
// RC_LIMIT: it gets too long.
MUST_CHECK enum rc compose_write(struct compose *compose,
    const struct compose_source *source, struct store_draft *draft);

#endif
