// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) for answers that are worth it. Never for a route that is
// marked as secret: the length of a compressed answer tells what it holds to
// whoever can add to it (BREACH).
#include <zlib.h>

#include "http/impl.h"

// Shorter answers fit into one packet in any case.
#define LEAST_BYTES 1000

#define LEVEL       6
#define GZIP_WINDOW (15 + 16)
#define MEM_LEVEL   8

static bool is_text(struct view type)
{
	static const char *const worth[] = {"application/json",
	    "application/javascript", "application/xml", "image/svg+xml"};
	struct view name = type;
	(void)view_split(&type, ';', &name);
	name = view_trim(name);
	for (size_t i = 0; i < ARRAY_LEN(worth); i++)
		if (view_eq_nocase(name, view_of_string(worth[i])))
			return true;
	return view_starts_with_nocase(name, VIEW("text/")) ||
	       view_ends_with(name, VIEW("+xml")) ||
	       view_ends_with(name, VIEW("+json"));
}

bool http_worth_packing(struct view type, size_t len)
{
	return len >= LEAST_BYTES && is_text(type);
}

// "q=0", "q=0.0" … (RFC 9110 section 12.4.2).
static bool is_refused(struct view parameters)
{
	struct view text = view_trim(parameters);
	if (!view_starts_with_nocase(text, VIEW("q=0")))
		return false;
	for (size_t i = 3; i < text.len; i++)
		if (text.ptr[i] != '0' && text.ptr[i] != '.')
			return false;
	return true;
}

// RFC 9110 section 12.5.3.
bool http_accepts_gzip(const struct http_request *request)
{
	struct view list = http_field(request, "Accept-Encoding"), element;
	while (http_list_next(&list, &element)) {
		struct view rest = element, name;
		if (view_split(&rest, ';', &name) &&
		    (view_eq_nocase(view_trim(name), VIEW("gzip")) ||
			view_eq(view_trim(name), VIEW("*"))))
			return !is_refused(rest);
	}
	return false;
}

bool http_pack(struct view in, struct buf *out)
{
	z_stream stream = {0};
	if (deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEM_LEVEL,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size_t room = deflateBound(&stream, in.len);
	memcpy(&stream.next_in, &in.ptr, sizeof(in.ptr)); // it is not const
	stream.avail_in = (uInt)in.len;
	stream.next_out = (Bytef *)buf_reserve(out, room);
	stream.avail_out = (uInt)room;
	bool done =
	    stream.next_out && deflate(&stream, Z_FINISH) == Z_STREAM_END;
	if (done)
		buf_commit(out, stream.total_out);
	deflateEnd(&stream);
	return done;
}

static void set_tag(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	struct buf tag;
	if (answer->etag.len == 0)
		return;
	buf_init(&tag, answer->etag.len + 10);
	buf_add(&tag, view_slice(answer->etag, 0, answer->etag.len - 1));
	buf_add_literal(&tag, "-gzip\"");
	answer->etag = arena_copy(&exchange->shown.arena, buf_view(&tag));
	buf_done(&tag);
}

void answer_compress(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	const struct answer_field *type = answer_find(answer, "Content-Type");
	struct buf packed;
	if (!exchange->route || exchange->route->flags & HTTP_ROUTE_SECRET ||
	    !type || !http_worth_packing(type->value, answer->body.len) ||
	    answer_find(answer, "Content-Encoding"))
		return;
	// The handler may have named other fields on which its answer depends.
	const struct answer_field *vary = answer_find(answer, "Vary");
	if (!vary ||
	    view_find(vary->value, VIEW("Accept-Encoding")) == SIZE_MAX)
		http_add_field(
		    &exchange->shown, "Vary", VIEW("Accept-Encoding"));
	if (!http_accepts_gzip(&exchange->shown.request))
		return;
	buf_init(&packed, HTTP_ANSWER_MAX);
	if (http_pack(buf_view(&answer->body), &packed) &&
	    packed.len < answer->body.len) {
		http_set_field(
		    &exchange->shown, "Content-Encoding", VIEW("gzip"));
		set_tag(exchange);
		buf_done(&answer->body);
		answer->body = packed;
	} else {
		buf_done(&packed);
	}
}
