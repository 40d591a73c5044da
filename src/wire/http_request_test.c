// SPDX-License-Identifier: Apache-2.0
// The parser of HTTP/1.1 requests, by tables: what is read, and what two
// servers could read in two ways and is therefore refused.
#include "wire/http_request.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/test.h"

static const struct http_head_limits limits = {
    .head_bytes = 1000, .target_bytes = 100, .fields = 8};

// Writes what was read, in one line.
static void describe(const struct http_head *head, struct buf *out)
{
	buf_printf(
	    out, "%.*s %.*s", VIEW_FMT(head->method), VIEW_FMT(head->path));
	if (head->query.ptr)
		buf_printf(out, "?%.*s", VIEW_FMT(head->query));
	buf_printf(out, " @%.*s 1.%u", VIEW_FMT(head->authority), head->minor);
	if (head->framing == HTTP_FRAMING_CHUNKED)
		buf_add_literal(out, " chunked");
	if (head->framing == HTTP_FRAMING_LENGTH)
		buf_printf(
		    out, " length=%llu", (unsigned long long)head->length);
	if (!head->keep_alive)
		buf_add_literal(out, " close");
	if (head->expect_continue)
		buf_add_literal(out, " expect");
}

struct row {
	const char *text;
	const char *read; // or:
	unsigned status;
};

#define H "Host: a\r\n"

static const struct row rows[] = {
    {"GET / HTTP/1.1\r\n" H "\r\n", "GET / @a 1.1", 0},
    {"\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / @a 1.1", 0},
    {"GET /a?b=c?d HTTP/1.1\r\n" H "\r\n", "GET /a?b=c?d @a 1.1", 0},
    {"GET /? HTTP/1.1\r\n" H "\r\n", "GET / @a 1.1", 0},
    {"get / HTTP/1.1\r\n" H "\r\n", "get / @a 1.1", 0},
    {"GET / HTTP/1.9\r\n" H "\r\n", "GET / @a 1.1", 0},
    {"GET / HTTP/1.0\r\n\r\n", "GET / @ 1.0 close", 0},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / @ 1.0", 0},
    {"GET / HTTP/1.1\r\n" H "Connection: x, CLOSE\r\n\r\n",
	"GET / @a 1.1 close", 0},
    {"GET / HTTP/1.1\r\n" H "Connection: keep-alive, close\r\n\r\n",
	"GET / @a 1.1 close", 0},
    // The target (RFC 9112 section 3.2).
    {"GET http://a/b?c HTTP/1.1\r\n" H "\r\n", "GET /b?c @a 1.1", 0},
    {"GET https://A:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "GET / @A:1 1.1", 0},
    {"GET http://a?x HTTP/1.1\r\n" H "\r\n", "GET /?x @a 1.1", 0},
    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * @a 1.1", 0},
    {"GET http://b/ HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET http://u@a/ HTTP/1.1\r\nHost: u@a\r\n\r\n", NULL, 400},
    {"GET http:/// HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET ftp://a/ HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET * HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET a HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"CONNECT a:443 HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET /a#b HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET /\x01 HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n" H "\r\n",
	NULL, 414},
    // The request line (section 3).
    {"GET  / HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET /  HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET / HTTP/1.1 \r\n" H "\r\n", NULL, 400},
    {" GET / HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET\t/ HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"G(T / HTTP/1.1\r\n" H "\r\n", NULL, 400},
    {"GET /\r\n\r\n", NULL, 400},
    {"GET / http/1.1\r\n" H "\r\n", NULL, 400},
    {"GET / HTTP/1\r\n" H "\r\n", NULL, 400},
    {"GET / HTTP/11.1\r\n" H "\r\n", NULL, 400},
    {"GET / HTTP/2.0\r\n" H "\r\n", NULL, 505},
    {"PRI * HTTP/2.0\r\n\r\n", NULL, 505},
    {"\r\n\r\n", NULL, 400},
    // Line ends (section 2.2).
    {"GET / HTTP/1.1\n" H "\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "\n", NULL, 400},
    {"GET / HTTP/1.1\n\n", NULL, 400},
    {"GET / HTTP/1.1\r\r\n" H "\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X: a\rY: b\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X: a\r\r\n\r\n", NULL, 400},
    // Fields (section 5).
    {"GET / HTTP/1.1\r\n" H "X:\r\n\r\n", "GET / @a 1.1", 0},
    {"GET / HTTP/1.1\r\n" H "X:\t a\tb \r\n\r\n", "GET / @a 1.1", 0},
    {"GET / HTTP/1.1\r\n" H "X: \xff\xfe\r\n\r\n", "GET / @a 1.1", 0},
    {"GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n X: a\r\n" H "\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X : a\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H ": a\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X Y: a\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X: a\x01\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n\r\n",
	"GET / @a 1.1", 0},
    {"GET / HTTP/1.1\r\n" H
     "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n\r\n",
	NULL, 431},
    // Host (section 3.2).
    {"GET / HTTP/1.1\r\nhost:a:80\r\n\r\n", "GET / @a:80 1.1", 0},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / @[::1]:80 1.1", 0},
    {"GET / HTTP/1.1\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H H "\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\n" H "hOST: b\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", NULL, 400},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", NULL, 400},
    // The body's frame (section 6).
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n",
	"POST / @a 1.1 length=5", 0},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 005 \r\n\r\n",
	"POST / @a 1.1 length=5", 0},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n",
	"POST / @a 1.1 chunked", 0},
    {"POST / HTTP/1.1\r\n" H
     "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	NULL, 400},
    {"POST / HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
	NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
	NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
	NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n", NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n", NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n", NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n", NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n",
	NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Content_Length: 5\r\n\r\n", "POST / @a 1.1", 0},
    {"POST / HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\n", NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", NULL,
	501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", NULL, 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n",
	NULL, 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", NULL, 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\x0b"
     "chunked\r\n\r\n",
	NULL, 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n", NULL,
	501},
    {"POST / HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
	NULL, 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", NULL, 501},
    {"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", NULL, 400},
    // RFC 9110 section 10.1.1.
    {"POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: "
     "5\r\n\r\n",
	"POST / @a 1.1 length=5 expect", 0},
    {"GET / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n", "GET / @a 1.1", 0},
    {"GET / HTTP/1.0\r\n" H "Expect: x\r\n\r\n", "GET / @a 1.0 close", 0},
    {"POST / HTTP/1.1\r\n" H "Expect: more\r\n\r\n", NULL, 417},
};

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_head head;
		struct http_refusal refusal = {0};
		struct view text = view_of_string(rows[i].text);
		struct buf out;
		buf_init(&out, 1000);
		if (http_head_parse(text, &limits, &head, &refusal) == RC_OK)
			describe(&head, &out);
		else
			buf_printf(&out, "%u", refusal.status);
		char status[16];
		snprintf(status, sizeof(status), "%u", rows[i].status);
		assert_view_equal_row(i, buf_view(&out),
		    view_of_string(rows[i].read ? rows[i].read : status));
		buf_done(&out);
	}
}

// Each head ends where its text ends, in whatever pieces it comes.
static void test_the_end_of_a_head_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;
		size_t scanned = 0, len = 0;
		enum rc rc = RC_MORE;
		buf_init(&text, 2000);
		buf_add_string(&text, rows[i].text);
		size_t whole = text.len;
		buf_add_literal(&text, "GET /next HTTP/1.1\r\n\r\n");
		size_t have = 0;
		while (rc == RC_MORE && have < text.len)
			rc = http_head_find(
			    view_slice(buf_view(&text), 0, ++have), 1000,
			    &scanned, &len);
		if (rc != RC_OK || len != whole || have != whole)
			fail_msg("row %zu: %s, %zu of %zu bytes, after %zu", i,
			    rc_name(rc), len, whole, have);
		buf_done(&text);
	}
}

static void test_a_long_head_is_refused(void **state)
{
	(void)state;
	size_t scanned = 0, len;
	struct view text = VIEW("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(http_head_find(text, text.len, &scanned, &len), RC_OK);
	scanned = 0;
	assert_int_equal(
	    http_head_find(text, text.len - 1, &scanned, &len), RC_LIMIT);
}

// ---- Chunks ----------------------------------------------------------------

static const struct {
	const char *text;
	const char *read; // NULL: it is refused
	size_t rest;      // bytes after the body
} chunk_rows[] = {
    {"0\r\n\r\n", "", 0},
    {"3\r\nabc\r\n0\r\n\r\n", "abc", 0},
    {"1\r\na\r\n2\r\nbc\r\n000\r\n\r\nGET", "abc", 3},
    {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
    {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
    {"0\r\nX: y\r\nZ:\r\n\r\n", "", 0},
    {"3;x=y\r\nabc\r\n0\r\n\r\n", NULL, 0},
    {"3 \r\nabc\r\n0\r\n\r\n", NULL, 0},
    {" 3\r\nabc\r\n0\r\n\r\n", NULL, 0},
    {"3\nabc\r\n0\r\n\r\n", NULL, 0},
    {"3\r\nabc\n0\r\n\r\n", NULL, 0},
    {"3\r\nabcd\r\n0\r\n\r\n", NULL, 0},
    {"3\r\nab\r\n0\r\n\r\n", NULL, 0},
    {"3\r\nabc0\r\n\r\n", NULL, 0},
    {"3\r\nabc\rx0\r\n\r\n", NULL, 0},
    {"-3\r\nabc\r\n0\r\n\r\n", NULL, 0},
    {"0x3\r\nabc\r\n0\r\n\r\n", NULL, 0},
    {"\r\nabc\r\n0\r\n\r\n", NULL, 0},
    {"g\r\n", NULL, 0},
    {"10000000000000000\r\n", NULL, 0},
    {"ffffffffffffffff\r\n", NULL, 0},
    {"0000000000000000000000003\r\n", NULL, 0},
    {"0\r\nX : y\r\n\r\n", NULL, 0},
    {"0\r\n X: y\r\n\r\n", NULL, 0},
    {"0\r\nX: y\n\r\n", NULL, 0},
    {"0\r\nX: y\rz\r\n\r\n", NULL, 0},
    {"0\r\n\n", NULL, 0},
};

// Reads the body in pieces of this size.
static enum rc read_chunks(
    struct view text, size_t size, struct buf *out, size_t *ret_rest)
{
	struct http_chunks chunks = {0};
	size_t at = 0, have = 0, used;
	for (;;) {
		struct view piece;
		enum rc rc = http_chunks_read(
		    &chunks, view_slice(text, at, have - at), &piece, &used);
		at += used;
		buf_add(out, piece);
		if (rc == RC_MORE && have < text.len)
			have = have + size < text.len ? have + size : text.len;
		else if (rc != RC_OK) {
			*ret_rest = text.len - at;
			return rc;
		}
	}
}

static void test_chunks(void **state)
{
	(void)state;
	static const size_t sizes[] = {1, 2, 5, 1000};
	for (size_t i = 0; i < ARRAY_LEN(chunk_rows) * ARRAY_LEN(sizes); i++) {
		size_t row = i / ARRAY_LEN(sizes), rest;
		struct buf out;
		buf_init(&out, 1000);
		enum rc rc = read_chunks(view_of_string(chunk_rows[row].text),
		    sizes[i % ARRAY_LEN(sizes)], &out, &rest);
		bool good = chunk_rows[row].read;
		if (rc != (good ? RC_END : RC_SYNTAX))
			fail_msg("row %zu: %s", row, rc_name(rc));
		if (good) {
			assert_view_equal_row(row, buf_view(&out),
			    view_of_string(chunk_rows[row].read));
			assert_int_equal(rest, chunk_rows[row].rest);
		}
		buf_done(&out);
	}
}

// However the trailer comes, it does not go on for ever.
static void test_trailers_end(void **state)
{
	(void)state;
	struct http_chunks chunks = {.state = HTTP_CHUNK_TRAILER};
	struct view piece;
	size_t used, lines = 0;
	while (http_chunks_read(
		   &chunks, VIEW("X: 1234567890\r\n"), &piece, &used) == RC_OK)
		lines++;
	assert_int_equal(lines, HTTP_TRAILERS_MAX / 15);
}

static void test_lists(void **state)
{
	(void)state;
	struct view list = VIEW(" , a ,\"b,\\\"c\" ,, d"), element;
	assert_true(http_list_next(&list, &element));
	assert_view_equal(element, VIEW("a"));
	assert_true(http_list_next(&list, &element));
	assert_view_equal(element, VIEW("\"b,\\\"c\""));
	assert_true(http_list_next(&list, &element));
	assert_view_equal(element, VIEW("d"));
	assert_false(http_list_next(&list, &element));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_heads),
	    cmocka_unit_test(test_the_end_of_a_head_is_found),
	    cmocka_unit_test(test_a_long_head_is_refused),
	    cmocka_unit_test(test_chunks),
	    cmocka_unit_test(test_trailers_end),
	    cmocka_unit_test(test_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
