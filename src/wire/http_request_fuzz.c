// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP/1.1 request and a chunked body. Invariants: the head's
// end does not depend on the pieces; what is read lies in the text, and has no
// line end; a body that is read in pieces is the same.
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "wire/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static const struct http_head_limits limits = {
    .head_bytes = 8192, .target_bytes = 2000, .fields = 20};

static bool lies_in(struct view part, struct view text)
{
	return part.len == 0 || (part.ptr >= text.ptr &&
				    part.ptr + part.len <= text.ptr + text.len);
}

static void check_part(struct view part, struct view text)
{
	must(
	    lies_in(part, text) || view_eq(part, VIEW("/")), "not in the text");
	must(view_find_char(part, '\n') == SIZE_MAX &&
		 view_find_char(part, '\r') == SIZE_MAX &&
		 view_find_char(part, '\0') == SIZE_MAX,
	    "a line end");
}

static void check_head(struct view text)
{
	struct http_head head;
	struct http_refusal refusal = {0};
	if (http_head_parse(text, &limits, &head, &refusal) != RC_OK) {
		must(refusal.status >= 400 && refusal.why, "no refusal");
		return;
	}
	check_part(head.method, text);
	check_part(head.authority, text);
	check_part(head.path, text);
	check_part(head.query, text);
	must(head.field_count <= limits.fields, "too many fields");
	for (size_t i = 0; i < head.field_count; i++) {
		check_part(head.fields[i].name, text);
		check_part(head.fields[i].value, text);
		must(http_is_token(head.fields[i].name), "not a name");
	}
	struct view host;
	uint16_t port;
	must(head.authority.len == 0 ||
		 http_authority_split(head.authority, &host, &port),
	    "not an authority");
}

static size_t find_whole(struct view text, enum rc *ret_rc)
{
	size_t scanned = 0, len = 0;
	*ret_rc = http_head_find(text, limits.head_bytes, &scanned, &len);
	return *ret_rc == RC_OK ? len : 0;
}

static size_t find_in_pieces(struct view text, size_t piece, enum rc *ret_rc)
{
	size_t scanned = 0, len = 0, have = 0;
	*ret_rc = RC_MORE;
	while (*ret_rc == RC_MORE && have < text.len) {
		have += piece;
		*ret_rc = http_head_find(view_slice(text, 0, have),
		    limits.head_bytes, &scanned, &len);
	}
	return *ret_rc == RC_OK ? len : 0;
}

static enum rc read_body(struct view text, size_t piece, struct buf *out)
{
	struct http_chunks chunks = {0};
	size_t at = 0, have = 0, used;
	for (;;) {
		struct view data, in = view_slice(text, at, have - at);
		enum rc rc = http_chunks_read(&chunks, in, &data, &used);
		must(used <= in.len && lies_in(data, text), "out of bounds");
		must(rc != RC_OK || used > 0 || chunks.state != HTTP_CHUNK_DATA,
		    "it stands still");
		at += used;
		buf_add(out, data);
		if (rc == RC_OK)
			continue;
		if (rc != RC_MORE || have == text.len)
			return rc;
		have = have + piece < text.len ? have + piece : text.len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t piece = data[0] % 16 + 1u;
	struct view text = view_of(data + 1, size - 1);
	enum rc whole, pieces;
	size_t len = find_whole(text, &whole);
	must(len == find_in_pieces(text, piece, &pieces), "the pieces matter");
	if (whole == RC_OK)
		check_head(view_slice(text, 0, len));

	struct buf one, two;
	buf_init(&one, size);
	buf_init(&two, size);
	whole = read_body(text, size, &one);
	pieces = read_body(text, piece, &two);
	must(whole == pieces, "the pieces of a body matter");
	must(view_eq(buf_view(&one), buf_view(&two)), "another body");
	buf_done(&one);
	buf_done(&two);

	struct view list = text, element;
	while (http_list_next(&list, &element))
		must(element.len > 0 && lies_in(element, text), "no element");
	return 0;
}
