// SPDX-License-Identifier: Apache-2.0
// Writes delivery reports (RFC 3464, RFC 3461, RFC 6522, RFC 6533), which tell
// a message's sender what became of it; used inside this room only. Nothing
// here has side effects; only the boundary is random. Whatever the remote
// server's reply or the original's header contains, a report has exactly three
// parts, lines of at most 998 bytes, and no byte that its declared encoding
// does not allow.
#ifndef ROOST_QUEUE_REPORT_H
#define ROOST_QUEUE_REPORT_H

#include "queue/schedule.h"

// A header that is returned is cut after this many bytes.
#define QUEUE_REPORT_HEADER_MAX ((size_t)16 << 10)
// A sender who is not proven gets only the fields that tell which message it
// was, each of them if it is not longer than the first number, and together not
// more than the second one. Nobody can use such a report to bring a text to
// others.
#define QUEUE_REPORT_FIELD_MAX  ((size_t)400)
#define QUEUE_REPORT_FIELDS_MAX ((size_t)2 << 10)
// At most this many recipients are named in the part for people. The part for
// programs names all.
#define QUEUE_REPORT_NAMED_MAX 100
// A report about 5,000 recipients with the longest texts is shorter than this.
#define QUEUE_REPORT_MAX ((size_t)64 << 20)
// RFC 5322 section 2.1.1; without the CRLF.
#define QUEUE_LINE_MAX 998

struct queue_report {
	const struct queue_settings *settings;
	const struct queue_id *id; // the report's id
	const struct queue_id *of; // the id of the message that it reports
	const struct queue_message_record *message;
	const struct queue_verdict
	    *verdicts; // those without an action are left out
	size_t count;
	int64_t now;
	// The beginning of the message: the whole message when it is to be
	// returned whole, otherwise its header or QUEUE_REPORT_HEADER_MAX
	// bytes.
	struct view original;
	bool whole;
};

struct queue_report_form {
	bool has_8bit;   // the report needs 8BITMIME
	bool needs_utf8; // the report needs SMTPUTF8
};

// Whether the report may be in RFC 6533's UTF-8 form. It may when its
// recipient, who is the original's sender, has an address that needs SMTPUTF8
// anyway. Every other sender may be behind a server without SMTPUTF8 and gets a
// report in US-ASCII (except for a message that is returned whole), whatever
// the original was.
bool queue_report_is_utf8(const struct queue_report *report);

// RC_LIMIT: the report would be longer than `ret_text` may become.
MUST_CHECK enum rc queue_report_compose(const struct queue_report *report,
    struct buf *ret_text, struct queue_report_form *ret_form);

// The action's name, such as "failed" (RFC 3464 section 2.3.3).
const char *queue_action_name(enum queue_action action);

// ---- Parts -----------------------------------------------------------------

struct queue_report_part {
	const char *type; // the media type, for Content-Type
	const char *encoding;
	struct buf body; // ends with CRLF
};

// report_text.c: the part for people.
void queue_report_text(
    const struct queue_report *report, struct queue_report_part *ret_part);
// report_status.c: the part for programs.
void queue_report_status(
    const struct queue_report *report, struct queue_report_part *ret_part);
// report_body.c: the part with the returned message or header.
void queue_report_body(
    const struct queue_report *report, struct queue_report_part *ret_part);

// ---- Lines (report_line.c) -------------------------------------------------

// Adds words in lines of about 72 columns and ends with CRLF. `column` says how
// long the current line is already; each further line begins with `indent`.
// Several blanks become one. A word that is too long for a line is cut.
void queue_line_wrap(
    struct buf *out, size_t column, const char *indent, struct view words);
// Adds foreign text as one line of UTF-8 without control characters. With
// `ascii`, characters outside US-ASCII become "?".
void queue_line_clean(struct buf *out, struct view text, bool ascii);
// Whether a server replied this text: whether it begins with a reply code.
bool queue_line_is_reply(struct view text);
// Adds text in quoted-printable (RFC 2045 section 6.7). The text's lines may
// end with CRLF or LF.
void queue_line_quote(struct buf *out, struct view text);

struct queue_line_kind {
	size_t longest; // longest line, without its line end
	bool has_8bit;
	bool odd; // has a NUL, a CR without LF, or an LF without CR
};
struct queue_line_kind queue_line_look(struct view text);

#endif
