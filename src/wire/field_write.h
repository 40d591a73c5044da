// SPDX-License-Identifier: Apache-2.0
// Writes header fields of a message that we compose (RFC 5322, RFC 2047, RFC
// 2231): folded, in ASCII except for addresses that cannot be (RFC 6532). Text
// that comes in is UTF-8; control characters in it become spaces, so nobody can
// add a field of his own.
#ifndef ROOST_WIRE_FIELD_WRITE_H
#define ROOST_WIRE_FIELD_WRITE_H

#include "base/buf.h"
#include "wire/date.h"

#define FIELD_LINE_MAX      78  // characters of a line, where it can be folded
#define FIELD_LINE_MAX_SMTP 998 // octets of any line (RFC 5322 section 2.1.1)

// A field, or a parameter list, that is being written.
struct field_writer {
	struct buf *out;
	size_t line; // octets of the line so far
};

// Writes "Name:". What follows is added by the functions below.
void field_begin(
    struct field_writer *writer, struct buf *out, struct view name);
void field_end(struct field_writer *writer); // CRLF

// Unstructured text (RFC 5322 section 3.2.5), in encoded words where needed.
void field_add_text(struct field_writer *writer, struct view text);
// A display name or another phrase (section 3.2.5): atoms, a quoted string, or
// encoded words.
void field_add_phrase(struct field_writer *writer, struct view text);
// A mailbox (section 3.4): "name <email>", or the address alone. What is no
// address is written as it is, for drafts. With `more`, a comma follows.
void field_add_mailbox(struct field_writer *writer, struct view name,
    struct view email, bool more);
// "name:" of a group, and its end.
void field_begin_group(struct field_writer *writer, struct view name);
void field_end_group(struct field_writer *writer, bool more);
// A word that is not changed, such as "<id>"; a fold can come before it.
void field_add_token(struct field_writer *writer, struct view token);
void field_add_date(struct field_writer *writer, struct date date);
// "; name=value": a token, a quoted string, or, if it is not ASCII or too long,
// in the segments of RFC 2231.
void field_add_param(
    struct field_writer *writer, const char *name, struct view value);

// Whether the text can stand as a field's value as it is: folds are CRLF and a
// blank, there is no other control character but HTAB, no line is too long.
bool field_raw_is_valid(struct view value);
// Whether it is a field's name (RFC 5322 section 2.2).
bool field_name_is_valid(struct view name);
// Whether it can stand between "<" and ">" of a message id.
bool field_id_is_valid(struct view id);

#endif
