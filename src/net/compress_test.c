// SPDX-License-Identifier: Apache-2.0
// Tests DEFLATE: the streams alone, and whole connections, plain and under TLS.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <zlib.h>

#include "base/mem.h"
#include "net/compress.h"
#include "net/test_line.h"

// Compresses one byte, repeated many times, as a client would.
static struct buf deflated(size_t len, int strategy)
{
	struct buf out;
	buf_init(&out, (size_t)64 << 20);
	z_stream z = {0};
	assert_int_equal(
	    deflateInit2(&z, 9, Z_DEFLATED, -15, 8, strategy), Z_OK);
	char *text = mem_alloc(len);
	memset(text, 'a', len);
	z.next_in = (Bytef *)text;
	z.avail_in = (uInt)len;
	size_t room = len + 4096;
	z.next_out = (Bytef *)buf_reserve(&out, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	buf_commit(&out, room - z.avail_out);
	deflateEnd(&z);
	free(text);
	return out;
}

static void test_a_bomb_comes_out_in_pieces(void **state)
{
	(void)state;
	enum { LEN = 20000000, PIECE = 65536 };
	struct buf bomb = deflated(LEN, Z_DEFAULT_STRATEGY);
	assert_true(bomb.len < LEN / 500);
	char *piece = mem_alloc(PIECE);
	struct compress *compress = compress_new(view_of(NULL, 0));
	struct view raw = buf_view(&bomb);
	size_t total = 0;
	size_t len;
	while (compress_inflate(compress, raw, piece, PIECE, &len) == RC_OK) {
		assert_true(len > 0 && len <= PIECE);
		total += len;
		raw.len = 0;
	}
	assert_int_equal(total, LEN);
	assert_true(compress_is_starved(compress));
	compress_free(&compress);
	free(piece);
	buf_done(&bomb);
}

static void test_any_cut_of_the_input_gives_the_same(void **state)
{
	(void)state;
	struct buf all = deflated(5000, Z_HUFFMAN_ONLY);
	char piece[7];
	for (size_t step = 1; step < 40; step++) {
		size_t total = 0;
		struct compress *compress =
		    compress_new(view_slice(buf_view(&all), 0, step));
		for (size_t at = step; at < all.len || total < 5000;) {
			struct view raw = {NULL, 0};
			if (compress_is_starved(compress)) {
				raw = view_slice(buf_view(&all), at, step);
				assert_true(raw.len > 0);
				at += raw.len;
			}
			size_t len = 0;
			enum rc rc = compress_inflate(
			    compress, raw, piece, sizeof(piece), &len);
			assert_true(rc == RC_OK || rc == RC_MORE);
			total += rc == RC_OK ? len : 0;
		}
		assert_int_equal(total, 5000);
		compress_free(&compress);
	}
	buf_done(&all);
}

static void test_garbage_is_refused(void **state)
{
	(void)state;
	char piece[64];
	size_t len;
	struct compress *compress = compress_new(VIEW("\xff\xff\xff\xff"));
	assert_int_equal(compress_inflate(compress, view_of(NULL, 0), piece,
			     sizeof(piece), &len),
	    RC_CORRUPT);
	compress_free(&compress);
}

// ---- Connections ----

// The two compressed streams of a client.
struct squeezed {
	struct client *client;
	z_stream in;
	z_stream out;
	char raw[4096];
	char text[65536];
	size_t start;
	size_t len;
};

static void squeeze(struct squeezed *squeezed, struct client *client)
{
	memset(squeezed, 0, sizeof(*squeezed));
	squeezed->client = client;
	assert_int_equal(inflateInit2(&squeezed->in, -15), Z_OK);
	assert_int_equal(deflateInit2(&squeezed->out, 6, Z_DEFLATED, -15, 8,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
}

static void squeezed_done(struct squeezed *squeezed)
{
	inflateEnd(&squeezed->in);
	deflateEnd(&squeezed->out);
}

static void squeezed_send(struct squeezed *squeezed, const char *text)
{
	char *copy = mem_strdup(text);
	unsigned char wire[8192];
	squeezed->out.next_in = (Bytef *)copy;
	squeezed->out.avail_in = (uInt)strlen(text);
	squeezed->out.next_out = wire;
	squeezed->out.avail_out = sizeof(wire);
	deflate(&squeezed->out, Z_SYNC_FLUSH);
	size_t len = sizeof(wire) - squeezed->out.avail_out;
	if (squeezed->client->ssl)
		SSL_write(squeezed->client->ssl, wire, (int)len);
	else
		send(squeezed->client->fd, wire, len, MSG_NOSIGNAL);
	free(copy);
}

static void squeezed_fill(struct squeezed *squeezed)
{
	struct client *client = squeezed->client;
	z_stream *in = &squeezed->in;
	do {
		if (in->avail_in == 0) {
			ssize_t n =
			    client->ssl
				? SSL_read(client->ssl, squeezed->raw, 4096)
				: recv(client->fd, squeezed->raw, 4096, 0);
			assert_true(n > 0);
			in->next_in = (Bytef *)squeezed->raw;
			in->avail_in = (uInt)n;
		}
		in->next_out = (Bytef *)squeezed->text;
		in->avail_out = sizeof(squeezed->text);
		int status = inflate(in, Z_SYNC_FLUSH);
		assert_true(status == Z_OK || status == Z_BUF_ERROR);
		squeezed->len = sizeof(squeezed->text) - in->avail_out;
	} while (squeezed->len == 0);
	squeezed->start = 0;
}

static void squeezed_line(struct squeezed *squeezed, char *line, size_t size)
{
	size_t len = 0;
	while (len + 1 < size) {
		if (squeezed->start == squeezed->len)
			squeezed_fill(squeezed);
		char c = squeezed->text[squeezed->start++];
		if (c == '\n')
			break;
		if (c != '\r')
			line[len++] = c;
	}
	line[len] = '\0';
}

static void talk_squeezed(struct client *client)
{
	struct squeezed *squeezed = mem_alloc(sizeof(*squeezed));
	char got[128];
	char want[128];
	client_send(client, "COMPRESS\r\n");
	client_expect(client, "OK");
	squeeze(squeezed, client);
	for (int i = 0; i < 200; i++) {
		snprintf(want, sizeof(want), "ECHO number %d\r\n", i);
		squeezed_send(squeezed, want);
		snprintf(want, sizeof(want), "number %d", i);
		squeezed_line(squeezed, got, sizeof(got));
		assert_string_equal(got, want);
	}
	squeezed_send(squeezed, "BIG 30000\r\nECHO end\r\n");
	for (int i = 30000; i > 0; i--) {
		snprintf(want, sizeof(want), "%062d", i);
		squeezed_line(squeezed, got, sizeof(got));
		assert_string_equal(got, want);
	}
	squeezed_line(squeezed, got, sizeof(got));
	assert_string_equal(got, "end");
	squeezed_done(squeezed);
	free(squeezed);
}

static void test_compressed_both_ways(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	talk_squeezed(&client);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_compressed_under_tls(void **state)
{
	(void)state;
	static const char *const names[] = {"one.example", NULL};
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, names);
	client_open(&client, line.tls_port);
	assert_true(client_tls(&client, NULL, TLS1_3_VERSION, NULL, NULL));
	client_expect(&client, "HELLO");
	talk_squeezed(&client);
	client_close(&client);
	line_server_stop(&line, 5);
}

// 20 MB of "a" in 20 KB of input: more than a session may leave unread.
static void test_a_bomb_ends_its_own_connection_only(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	struct client other;
	line_server_start(&line, NULL);
	client_open(&other, line.port);
	client_expect(&other, "HELLO");
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "COMPRESS\r\n");
	client_expect(&client, "OK");
	struct buf bomb = deflated(20000000, Z_DEFAULT_STRATEGY);
	(void)!send(client.fd, bomb.ptr, bomb.len, MSG_NOSIGNAL);
	client_expect_end(&client);
	client_send(&other, "ECHO here\r\n");
	client_expect(&other, "here");
	buf_done(&bomb);
	client_close(&client);
	client_close(&other);
	line_server_stop(&line, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_bomb_comes_out_in_pieces),
	    cmocka_unit_test(test_any_cut_of_the_input_gives_the_same),
	    cmocka_unit_test(test_garbage_is_refused),
	    cmocka_unit_test(test_compressed_both_ways),
	    cmocka_unit_test(test_compressed_under_tls),
	    cmocka_unit_test(test_a_bomb_ends_its_own_connection_only),
	};
	return cmocka_run_group_tests_name("net_compress", tests, NULL, NULL);
}
