// SPDX-License-Identifier: Apache-2.0
// Delivery reports (RFC 3464, RFC 3461, RFC 6522, RFC 6533): what is told to a
// message's sender, composed; inside the room only. Pure but for the boundary's
// chance. Whatever a remote server or the original's header says, a report has
// the three parts that it is meant to have, lines of at most 998 bytes, and no
// byte that its declared encoding does not allow.
#ifndef ROOST_QUEUE_REPORT_H
#define ROOST_QUEUE_REPORT_H

#include "queue/schedule.h"

// A header that is returned is cut after so many bytes.
#define QUEUE_REPORT_HEADER_MAX ((size_t)64 << 10)
// Recipients that the part for people names; the other part has them all.
#define QUEUE_REPORT_NAMED_MAX 100
// 5,000 recipients with the longest texts stay below.
#define QUEUE_REPORT_MAX ((size_t)64 << 20)
// RFC 5322 section 2.1.1, without the CRLF.
#define QUEUE_LINE_MAX 998

struct queue_report {
	const struct queue_settings *settings;
	const struct queue_id *id; // its own
	const struct queue_id *of; // the message's
	const struct queue_message_record *message;
	const struct queue_verdict *verdicts; // those with an action count
	size_t count;
	int64_t now;
	// The message's beginning: all of it when it is to be returned whole,
	// else its header or QUEUE_REPORT_HEADER_MAX bytes.
	struct view original;
	bool whole;
};

struct queue_report_form {
	bool has_8bit;   // needs 8BITMIME
	bool needs_utf8; // needs SMTPUTF8
};

// Whether the report may be one of RFC 6533 in UTF-8: when its own recipient,
// the original's sender, has an address that only servers with SMTPUTF8 take.
// Any other sender may be behind a server without it, and gets a report in
// US-ASCII (but for the message returned whole), whatever the message was.
bool queue_report_is_utf8(const struct queue_report *report);

// RC_LIMIT: longer than `ret_text` may get.
MUST_CHECK enum rc queue_report_compose(const struct queue_report *report,
    struct buf *ret_text, struct queue_report_form *ret_form);

// "failed" and so on (RFC 3464 section 2.3.3).
const char *queue_action_name(enum queue_action action);

// ---- Parts -----------------------------------------------------------------

struct queue_report_part {
	const char *type; // of its Content-Type
	const char *encoding;
	struct buf body; // ends with CRLF
};

// report_text.c: for people.
void queue_report_text(
    const struct queue_report *report, struct queue_report_part *ret_part);
// report_status.c: for programs.
void queue_report_status(
    const struct queue_report *report, struct queue_report_part *ret_part);
// report_body.c: what is returned.
void queue_report_body(
    const struct queue_report *report, struct queue_report_part *ret_part);

// ---- Lines (report_line.c) -------------------------------------------------

// Adds words in lines of about 72 columns, the first after what the line holds
// already (`column` of it), the others after `indent`; ends with CRLF. Runs of
// blanks become one. A word that is too long for a line is cut.
void queue_line_wrap(
    struct buf *out, size_t column, const char *indent, struct view words);
// Adds foreign text as one line of UTF-8 without controls; with `ascii`, "?"
// for what is not US-ASCII.
void queue_line_clean(struct buf *out, struct view text, bool ascii);
// Text that a server replied: it begins with a code.
bool queue_line_is_reply(struct view text);
// Quoted-printable (RFC 2045 section 6.7) of text whose line ends are CRLF or
// LF.
void queue_line_quote(struct buf *out, struct view text);

struct queue_line_kind {
	size_t longest; // line, without its end
	bool has_8bit;
	bool odd; // NUL, a CR without LF, an LF without CR
};
struct queue_line_kind queue_line_look(struct view text);

#endif
