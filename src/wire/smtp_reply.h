// SPDX-License-Identifier: Apache-2.0
// Replies of SMTP (RFC 5321 section 4.2): the client's parser, which accepts
// pieces; the capabilities in a reply to EHLO; the server's writer.
#ifndef ROOST_WIRE_SMTP_REPLY_H
#define ROOST_WIRE_SMTP_REPLY_H

#include "wire/enhanced_status.h"

// RFC 5321 section 4.5.3.1.5 allows 512 octets a line. A line that is longer
// than this is an error.
#define SMTP_REPLY_LINE_MAX 4096
// This many lines of a reply are kept; further ones are read and dropped
// (`truncated`) …
#define SMTP_REPLY_LINES_MAX 128
#define SMTP_REPLY_TEXT_MAX  (32 * 1024)
// … and a reply with more bytes than this is an error.
#define SMTP_REPLY_BYTES_MAX (256 * 1024)

struct smtp_reply {
	unsigned code; // 200 to 599
	// Of the first line. ENHANCED_NONE when it has no status, or one whose
	// class is not the code's first digit.
	struct enhanced_status status;
	// The texts of the lines without code and separator, but with the
	// enhanced status, each followed by LF. The bytes are as they came: see
	// smtp_reply_clean_text().
	struct view text;
	size_t lines;
	bool truncated;
};

struct smtp_reply_parser {
	struct buf line; // an incomplete line
	struct buf text;
	size_t bytes; // of the current reply
	struct smtp_reply reply;
	bool fresh; // the next line begins a reply
};

void smtp_reply_parser_init(struct smtp_reply_parser *parser);
void smtp_reply_parser_done(struct smtp_reply_parser *parser);

// Reads bytes from the front of `*input`, at most to the end of one reply.
// RC_OK: a reply is complete; `ret_reply` points into the parser and is valid
// until the next call. RC_MORE: all input was read. RC_SYNTAX: it is not a
// reply of SMTP (bad code or separator, or two codes in one reply). RC_LIMIT: a
// line or the reply is too long. After these two the connection cannot be used.
// A line ends with LF; a CR before it belongs to the line end.
MUST_CHECK enum rc smtp_reply_feed(struct smtp_reply_parser *parser,
    struct view *input, struct smtp_reply *ret_reply);

// Removes the next line's text from the front of `*text` (which began as
// reply.text).
bool smtp_reply_next_line(struct view *text, struct view *ret_line);

// Adds the reply's text as one line for logs and reports, of at most
// `max_bytes`: "550 5.1.1 first line second line". The result is valid UTF-8.
// Control characters (C0, DEL, C1, and U+2028 and U+2029) become "?", so that
// no text of a peer can end a line or control a terminal.
void smtp_reply_clean_text(
    const struct smtp_reply *reply, size_t max_bytes, struct buf *out);
// The same for any text that comes from a peer.
void smtp_clean_text(struct view text, size_t max_bytes, struct buf *out);

enum smtp_auth_mechanism { // bits of a set
	SMTP_AUTH_PLAIN = 1u << 0,
	SMTP_AUTH_LOGIN = 1u << 1,
	SMTP_AUTH_SCRAM_SHA_256 = 1u << 2,
	SMTP_AUTH_SCRAM_SHA_256_PLUS = 1u << 3,
};

// What a server says that it can do. A number is 0 when it was not given or is
// not a number.
struct smtp_capabilities {
	// Bits of enum smtp_extension of smtp_command.h.
	unsigned extensions;
	bool pipelining;
	bool enhanced_status_codes;
	uint64_t size;           // SIZE n; 0: no fixed limit (RFC 1870)
	unsigned auth;           // bits of enum smtp_auth_mechanism
	uint64_t deliver_by_min; // DELIVERBY n: seconds (RFC 2852 section 4)
	// FUTURERELEASE: max-interval (seconds) and max-datetime (seconds since
	// 1970 UTC) (RFC 4865 section 3).
	uint64_t hold_for_max;
	int64_t hold_until_max;
	// LIMITS (RFC 9422); 0: not given.
	uint32_t mail_max;
	uint32_t rcpt_max;
	uint32_t rcpt_domain_max;
};

// Reads the lines after the first one of a reply to EHLO or LHLO. Never fails:
// what it does not understand is left out.
void smtp_capabilities_parse(
    const struct smtp_reply *reply, struct smtp_capabilities *ret_capabilities);

// Adds a reply: one line for each part of `text` (parts are separated by LF),
// each with the enhanced status unless that is ENHANCED_NONE (RFC 2034 section
// 4). Lines have at most 512 octets with CRLF; a longer text continues on
// another line. Control characters become "?".
void smtp_reply_write(struct buf *out, unsigned code,
    struct enhanced_status status, struct view text);

#endif
