// SPDX-License-Identifier: Apache-2.0
// Parses what a FETCH asks for (RFC 9051 section 6.4.5, RFC 3501 section 6.4.5;
// MODSEQ RFC 7162, EMAILID and THREADID RFC 8474, SAVEDATE RFC 8514, PREVIEW
// RFC 8970, BINARY RFC 3516) into a list, with the labels for the answers.
#ifndef ROOST_WIRE_IMAP_FETCH_SYNTAX_H
#define ROOST_WIRE_IMAP_FETCH_SYNTAX_H

#include "wire/imap_parse.h"

#define IMAP_FETCH_ITEMS_MAX   1000 // in one command
#define IMAP_SECTION_PARTS_MAX 1024 // numbers in "1.2.3"

enum imap_fetch_type {
	IMAP_FETCH_UID,
	IMAP_FETCH_FLAGS,
	IMAP_FETCH_INTERNALDATE,
	IMAP_FETCH_RFC822_SIZE,
	IMAP_FETCH_ENVELOPE,
	IMAP_FETCH_BODYSTRUCTURE,
	IMAP_FETCH_BODY_STRUCTURE_BASIC, // "BODY" alone: without extension data
	IMAP_FETCH_MODSEQ,
	IMAP_FETCH_EMAILID,
	IMAP_FETCH_THREADID,
	IMAP_FETCH_SAVEDATE,
	IMAP_FETCH_PREVIEW,
	// The following items have a section.
	IMAP_FETCH_BODY,   // BODY[…], BODY.PEEK[…], RFC822, RFC822.HEADER,
			   // RFC822.TEXT
	IMAP_FETCH_BINARY, // BINARY[…], BINARY.PEEK[…]
	IMAP_FETCH_BINARY_SIZE, // BINARY.SIZE[…]
	IMAP_FETCH_TYPE_COUNT,
};

static inline bool imap_fetch_has_section(enum imap_fetch_type type)
{
	return type >= IMAP_FETCH_BODY;
}

enum imap_section_what {
	IMAP_SECTION_WHOLE, // the whole message, or the body of the part
	IMAP_SECTION_HEADER,
	IMAP_SECTION_HEADER_FIELDS,
	IMAP_SECTION_HEADER_FIELDS_NOT,
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME,
};

struct imap_section {
	uint32_t *parts; // each 1 or more
	size_t part_count;
	enum imap_section_what what;
	struct view *fields; // for HEADER_FIELDS and _NOT: the names as given
	size_t field_count;
};

struct imap_fetch_item {
	enum imap_fetch_type type;
	bool peek; // does not set \Seen
	bool lazy; // PREVIEW (LAZY)
	bool has_partial;
	uint64_t offset; // of the partial range, in bytes
	uint64_t length; // of the partial range
	struct imap_section section;
	// The item's name in the response: "UID", "BODY[1.HEADER.FIELDS
	// (TO)]<0>".
	struct view label;
};

struct imap_fetch {
	struct imap_fetch_item
	    *items; // in the order written; each simple item only once
	size_t count;
	uint32_t types;         // bit 1u << type is set for every item
	bool sets_seen;         // an item has a section and is not a PEEK
	bool has_changed_since; // modifier CHANGEDSINCE (RFC 7162)
	uint64_t changed_since;
	bool vanished; // modifier VANISHED: the caller checks whether it is
		       // allowed
};

// Parses what follows the sequence set and its space: the items, and modifiers
// in parentheses (RFC 4466), to the end of the command.
MUST_CHECK enum rc imap_fetch_parse(
    struct imap_cursor *cursor, struct imap_fetch *ret_fetch);

#endif
