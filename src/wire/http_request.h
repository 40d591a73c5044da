// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP/1.1 request and the chunks of its body, read strictly
// (RFC 9112). Whatever two servers could read in two ways is refused, because
// request smuggling lives from such differences: bare CR or LF, folded lines,
// blanks before a colon, two lengths, chunk extensions. Nothing here keeps
// state between calls except `struct http_chunks`.
#ifndef ROOST_WIRE_HTTP_REQUEST_H
#define ROOST_WIRE_HTTP_REQUEST_H

#include "base/rc.h"
#include "base/view.h"

#define HTTP_FIELDS_MAX 128 // of one head, whatever the limits say

struct http_field {
	struct view name;
	struct view value; // without the blanks at both ends
};

enum http_target_form {
	HTTP_TARGET_ORIGIN,   // "/path?query" (RFC 9112 section 3.2.1)
	HTTP_TARGET_ABSOLUTE, // "http://host/path" (section 3.2.2)
	HTTP_TARGET_ASTERISK, // "*", for OPTIONS only (section 3.2.4)
};

// How the body is framed (RFC 9112 section 6.3).
enum http_framing {
	HTTP_FRAMING_NONE,
	HTTP_FRAMING_LENGTH,
	HTTP_FRAMING_CHUNKED,
};

// All views lead into the text that was parsed.
struct http_head {
	struct view method; // as it was sent: it is case-sensitive
	struct view target; // whole
	enum http_target_form form;
	struct view authority; // of the target, or else of Host; "": none
	struct view path;      // without the query; begins with "/", or is "*"
	struct view query;     // without its "?"
	unsigned minor;        // of the version: 0 or 1
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t field_count;
	enum http_framing framing;
	uint64_t length;      // if HTTP_FRAMING_LENGTH
	bool keep_alive;      // the connection stays (RFC 9112 section 9.3)
	bool expect_continue; // RFC 9110 section 10.1.1
};

struct http_head_limits {
	size_t head_bytes;   // all of it
	size_t target_bytes; // of the request's target
	size_t fields;       // at most HTTP_FIELDS_MAX
};

// The status that answers a head which was refused, and why, for the log and
// for a person; static.
struct http_refusal {
	unsigned status;
	const char *why;
};

// Finds the end of the first head in `in`. `*scanned` (0 at first) says how far
// earlier calls have looked; so a head that comes byte by byte is read once. An
// empty line before the request is part of its head (RFC 9112 section 2.2).
// RC_OK: the first *ret_len bytes are a head. RC_MORE: it is not complete.
// RC_LIMIT: it is longer than `max` allows.
MUST_CHECK enum rc http_head_find(
    struct view in, size_t max, size_t *scanned, size_t *ret_len);

// Parses a whole head, up to its empty line. RC_SYNTAX: it is refused, and the
// connection cannot go on, because nobody knows where the next request begins.
MUST_CHECK enum rc http_head_parse(struct view text,
    const struct http_head_limits *limits, struct http_head *ret_head,
    struct http_refusal *ret_refusal);

// The value of a field; false: there is none. Names are compared without case.
// If there are several such fields, it is the first.
MUST_CHECK bool http_field_find(const struct http_field *fields, size_t count,
    struct view name, struct view *ret_value);

// Takes the next element of a comma-separated list (RFC 9110 section 5.6.1)
// from the front of `*list`, without blanks. Empty elements are left out.
// False: there are no more. Commas in quotes do not count.
MUST_CHECK bool http_list_next(struct view *list, struct view *ret_element);

// Whether `text` is a token (RFC 9110 section 5.6.2); the empty text is none.
bool http_is_token(struct view text);
// Whether `text` can be a field's value: no control characters but HTAB.
bool http_is_field_value(struct view text);

// Splits "host:port" (RFC 3986 section 3.2). *ret_host is "[…]" for IPv6;
// *ret_port 0: none. False: it is not an authority, or it has a user name,
// which HTTP does not allow (RFC 9110 section 4.2.4).
MUST_CHECK bool http_authority_split(
    struct view authority, struct view *ret_host, uint16_t *ret_port);

// ---- A chunked body (RFC 9112 section 7.1) ---------------------------------

enum http_chunk_state {
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_DATA_END, // the CRLF after the data
	HTTP_CHUNK_TRAILER,
	HTTP_CHUNK_DONE,
};

struct http_chunks {
	enum http_chunk_state state;
	uint64_t left;   // bytes of the present chunk
	size_t trailers; // bytes of trailer fields so far
};

#define HTTP_CHUNK_LINE_MAX 24   // bytes of a chunk's first line
#define HTTP_TRAILERS_MAX   4096 // bytes of all trailer fields

// Reads on. RC_OK: *ret_data (perhaps empty) is the next piece of the body, and
// *ret_used bytes of `in` are read; call again with the rest. RC_MORE: more
// input is needed; *ret_used bytes are read. RC_END: the body has ended.
// RC_SYNTAX: it is refused; chunk extensions are, too, because nobody needs
// them. Trailer fields are checked and left out.
MUST_CHECK enum rc http_chunks_read(struct http_chunks *chunks, struct view in,
    struct view *ret_data, size_t *ret_used);

#endif
