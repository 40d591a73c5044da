// SPDX-License-Identifier: Apache-2.0
// A small, strict reader of XML 1.0 documents that are wholly in memory, such
// as a request of Autodiscover. Pull style: the caller asks for one token after
// the other.
//
// What makes XML dangerous is refused: a document type declaration (RC_INVALID;
// so there are no entities of its own, no expansion and nothing to fetch),
// references to entities other than the five predefined ones, encodings other
// than UTF-8 and ISO-8859-1 (which old files have, and which is converted).
// What is nested deeper than XML_DEPTH_MAX, or has more attributes than
// XML_ATTRIBUTES_MAX, is refused too (RC_LIMIT). Comments and processing
// instructions are skipped. The time is linear in the length of the text, and
// so is the memory.
//
// Namespaces are resolved for elements ("Namespaces in XML", section 6), not
// for attributes. Whether a name is made of the characters that XML allows is
// checked only for ASCII; in the rest of Unicode every character passes.
#ifndef ROOST_WIRE_XML_READER_H
#define ROOST_WIRE_XML_READER_H

#include "base/arena.h"
#include "base/rc.h"

#define XML_DEPTH_MAX      32
#define XML_ATTRIBUTES_MAX 32

enum xml_kind {
	XML_OPEN,  // a start tag
	XML_CLOSE, // an end tag; an empty-element tag gives both
	XML_TEXT,  // character data, not empty, white space too
	XML_DONE,  // the document is over
};

struct xml_attribute {
	struct view name; // as written
	struct view value;
};

struct xml_token {
	enum xml_kind kind;
	struct view name;  // XML_OPEN, XML_CLOSE: without its prefix
	struct view space; // XML_OPEN, XML_CLOSE: its namespace; empty: none
	struct view text;  // XML_TEXT: references are decoded
	const struct xml_attribute *attributes; // XML_OPEN
	size_t attribute_count;
};

// An element that is open.
struct xml_element {
	struct view written; // its name with the prefix
	size_t bindings;     // how many bindings are older than it
	struct view space;
};

struct xml_binding {
	struct view prefix; // empty: the default namespace
	struct view space;
};

#define XML_BINDINGS_MAX 64

// Private to the reader.
struct xml_reader {
	struct arena *arena;
	struct view rest;
	struct xml_element open[XML_DEPTH_MAX];
	size_t depth;
	struct xml_binding bindings[XML_BINDINGS_MAX];
	size_t binding_count;
	bool began;       // the root has been seen
	bool close_again; // an empty-element tag: XML_CLOSE comes next
};

// The text and the arena must live as long as the tokens are used.
void xml_reader_init(
    struct xml_reader *reader, struct arena *arena, struct view text);

// Gets the next token. RC_SYNTAX: the document is not well formed. RC_INVALID:
// it has a document type declaration. RC_CHARSET: its encoding is not known.
// RC_LIMIT. After a failure the reader must not be used.
MUST_CHECK enum rc xml_next(
    struct xml_reader *reader, struct xml_token *ret_token);

// To be called after XML_OPEN: reads up to the XML_CLOSE of that element. The
// first gets the character data that is directly in it, without the white space
// at both ends; RC_SYNTAX if there are elements in it. The second ignores what
// is in it.
MUST_CHECK enum rc xml_read_text(
    struct xml_reader *reader, struct view *ret_text);
MUST_CHECK enum rc xml_skip(struct xml_reader *reader);

// The value of an attribute of an XML_OPEN token; empty if there is none.
struct view xml_attribute(const struct xml_token *token, struct view name);

#endif
