// SPDX-License-Identifier: Apache-2.0
// The mbox format (RFC 4155, and the mboxo and mboxrd of qmail's mbox(5)):
// messages one after the other, each behind a line "From sender date". Pure
// syntax over a growing view of the file.
#ifndef ROOST_ADMIN_MBOX_H
#define ROOST_ADMIN_MBOX_H

#include "base/buf.h"
#include "wire/date.h"

// True when `line` (without its end) is such a line; a sentence that begins
// with "From " is not: there must be a time and a year in it. The date is read
// when it can be.
bool mbox_is_from_line(
    struct view line, bool *ret_has_date, struct date *ret_date);

// Where scanning stands, so that growing the view costs no second look.
struct mbox_scan {
	size_t at; // the line that is looked at next
	bool after_blank;
	// A line "From …" without a usual date, behind a blank line and before
	// what looks like a header field, was taken for text: perhaps a message
	// begins there. 0: none.
	size_t doubtful;
	bool after_from; // the line before was one such
	size_t from_at;
};

// Finds the end of the message that `text` begins with (its From_ line
// included): *ret_len bytes. RC_MORE: it is not in `text` yet, and `at_end` is
// false.
MUST_CHECK enum rc mbox_find_end(
    struct mbox_scan *scan, struct view text, bool at_end, size_t *ret_len);

// What there is to know of one message of an mbox.
struct mbox_message {
	bool has_from; // it has a From_ line
	bool has_date;
	struct date date;
	// Of enum store_flag, from Status, X-Status and X-Mozilla-Status.
	unsigned flags;
	bool internal; // not a message, but c-client's notes
	bool deleted;  // Thunderbird deleted it, and has not compacted yet
};

// Takes a message apart: its bytes, without the From_ line, the blank line that
// ends it and the fields Status, X-Status, X-Keywords, X-UID, X-IMAP,
// X-IMAPbase, and Thunderbird's X-Mozilla-Status, -Status2 and -Keys, are added
// to `out`; with `unquote`, ">From " loses its first ">" (mboxrd). Keywords are
// added to `keywords`, separated by spaces.
void mbox_split(struct view text, bool unquote, struct buf *out,
    struct buf *keywords, struct mbox_message *ret_message);

#endif
