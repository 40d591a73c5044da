// SPDX-License-Identifier: Apache-2.0
// The mbox format (RFC 4155, and the mboxo and mboxrd of qmail's mbox(5)):
// messages one after another, each after a line "From sender date". Pure syntax
// over a growing view of the file.
#ifndef ROOST_ADMIN_MBOX_H
#define ROOST_ADMIN_MBOX_H

#include "base/buf.h"
#include "wire/date.h"

// True when `line` (without its end) is such a line. A sentence that begins
// with "From " is not: the line must have a time and a year. Gives the date if
// it can be read.
bool mbox_is_from_line(
    struct view line, bool *ret_has_date, struct date *ret_date);

// How far a scan has got, so that bytes are not read again when the view grows.
struct mbox_scan {
	size_t at; // the line that is examined next
	bool after_blank;
	// The place of a line "From …" that was read as text, but may begin a
	// message: it has no usual date, but it stands between a blank line
	// and a line that looks like a header field. 0: there is none.
	size_t doubtful;
	bool after_from; // the line before was such a line
	size_t from_at;
};

// Finds the end of the message at the beginning of `text`. The message has
// *ret_len bytes, with its From_ line. RC_MORE if the end is not in `text` yet
// and `at_end` is false.
MUST_CHECK enum rc mbox_find_end(
    struct mbox_scan *scan, struct view text, bool at_end, size_t *ret_len);

// The properties of one message of an mbox.
struct mbox_message {
	bool has_from; // it has a From_ line
	bool has_date;
	struct date date;
	// Of enum store_flag, from Status, X-Status and X-Mozilla-Status.
	unsigned flags;
	bool internal; // not a message, but data of c-client's
	// Deleted in Thunderbird, which has not compacted the file yet.
	bool deleted;
};

// Splits a message into its parts. Adds its bytes to `out` without the From_
// line, the blank line that ends it, the fields Status, X-Status, X-Keywords,
// X-UID, X-IMAP, X-IMAPbase, and Thunderbird's X-Mozilla-Status, -Status2 and
// -Keys. With `unquote`, ">From " loses its first ">" (mboxrd). Adds its
// keywords to `keywords`, separated by spaces.
void mbox_split(struct view text, bool unquote, struct buf *out,
    struct buf *keywords, struct mbox_message *ret_message);

#endif
