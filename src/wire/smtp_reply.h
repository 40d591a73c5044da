// SPDX-License-Identifier: Apache-2.0
// Replies of SMTP (RFC 5321 section 4.2): the client's parser, in pieces; the
// capabilities of an EHLO reply; the server's writer.
#ifndef ROOST_WIRE_SMTP_REPLY_H
#define ROOST_WIRE_SMTP_REPLY_H

#include "wire/enhanced_status.h"

// RFC 5321 section 4.5.3.1.5 has 512 octets a line; what is beyond this ends
// the conversation.
#define SMTP_REPLY_LINE_MAX 4096
// Of one reply so much is kept; the rest is read and dropped (`truncated`) …
#define SMTP_REPLY_LINES_MAX 128
#define SMTP_REPLY_TEXT_MAX  (32 * 1024)
// … and with this many bytes it is no reply any more.
#define SMTP_REPLY_BYTES_MAX (256 * 1024)

struct smtp_reply {
	unsigned code; // 200 to 599
	// Of the first line; ENHANCED_NONE when there is none or its class is
	// not the code's first digit.
	struct enhanced_status status;
	// The lines' texts without code and separator, the enhanced code left
	// in, each ended by LF. Bytes as they came: see
	// smtp_reply_clean_text().
	struct view text;
	size_t lines;
	bool truncated;
};

struct smtp_reply_parser {
	struct buf line; // the beginning of a line not complete yet
	struct buf text;
	size_t bytes; // of this reply
	struct smtp_reply reply;
	bool fresh; // the next line begins a reply
};

void smtp_reply_parser_init(struct smtp_reply_parser *parser);
void smtp_reply_parser_done(struct smtp_reply_parser *parser);

// Takes bytes off the front of `*input`, at most to the end of one reply.
// RC_OK: one is complete; `ret_reply` points into the parser, until the next
// call. RC_MORE: all was taken. RC_SYNTAX: no reply of SMTP (code, separator,
// two codes in one reply). RC_LIMIT: a line or reply over the limits. After
// these two the connection is of no use.
// A line ends with LF, a CR before it belongs to the end.
MUST_CHECK enum rc smtp_reply_feed(struct smtp_reply_parser *parser,
    struct view *input, struct smtp_reply *ret_reply);

// Takes the next line's text off the front of `*text` (from reply.text).
bool smtp_reply_next_line(struct view *text, struct view *ret_line);

// Adds the reply's text as one line fit for logs and reports, at most
// `max_bytes`: "550 5.1.1 first line second line". Valid UTF-8; control
// characters (C0, DEL, C1, and U+2028 and U+2029) are "?", so nothing of it can
// end a line or steer a terminal.
void smtp_reply_clean_text(
    const struct smtp_reply *reply, size_t max_bytes, struct buf *out);
// The same for any text of a peer.
void smtp_clean_text(struct view text, size_t max_bytes, struct buf *out);

enum smtp_auth_mechanism { // a set
	SMTP_AUTH_PLAIN = 1u << 0,
	SMTP_AUTH_LOGIN = 1u << 1,
	SMTP_AUTH_SCRAM_SHA_256 = 1u << 2,
	SMTP_AUTH_SCRAM_SHA_256_PLUS = 1u << 3,
};

// What a server says it can. Numbers are 0 when not given or not a number.
struct smtp_capabilities {
	// enum smtp_extension of smtp_command.h, as far as named there.
	unsigned extensions;
	bool pipelining;
	bool enhanced_status_codes;
	uint64_t size;           // SIZE n; 0: no fixed limit (RFC 1870)
	unsigned auth;           // enum smtp_auth_mechanism
	uint64_t deliver_by_min; // DELIVERBY n: seconds (RFC 2852 section 4)
	// FUTURERELEASE max-interval (seconds) and max-datetime (seconds since
	// 1970 UTC) (RFC 4865 section 3).
	uint64_t hold_for_max;
	int64_t hold_until_max;
	// LIMITS (RFC 9422); 0: none told.
	uint32_t mail_max;
	uint32_t rcpt_max;
	uint32_t rcpt_domain_max;
};

// Reads the lines after the first of a reply to EHLO or LHLO. Never fails: what
// is not understood is left out.
void smtp_capabilities_parse(
    const struct smtp_reply *reply, struct smtp_capabilities *ret_capabilities);

// Adds a reply: one line for each LF-separated part of `text`, the enhanced
// code (unless ENHANCED_NONE) on each (RFC 2034 section 4). Lines are at most
// 512 octets with CRLF: longer text goes on in another line. Control characters
// become "?".
void smtp_reply_write(struct buf *out, unsigned code,
    struct enhanced_status status, struct view text);

#endif
