// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 sessions by tables: what a client sends, and what it is answered, in
// whatever pieces it comes.
#include "base/test.h"
#include "http/rig.h"
#include "http/rig_routes.h"

static struct rig_users users; // made once, which takes long

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: localhost\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: localhost\r\n"

// ---- Reading the answers ---------------------------------------------------

// Takes one answer from the front of `*text`; its body goes to `out`.
static bool take_answer(struct view *text, struct buf *out)
{
	size_t end = view_find(*text, VIEW("\r\n\r\n"));
	if (end == SIZE_MAX)
		return false;
	struct view head = view_slice(*text, 0, end);
	bool chunked =
	    view_find(head, VIEW("Transfer-Encoding: chunked")) != SIZE_MAX;
	size_t at = view_find(head, VIEW("Content-Length: "));
	uint32_t length = 0;
	*text = view_from(*text, end + 4);
	buf_add(out, view_slice(head, 9, 3));
	if (view_find(head, VIEW("Connection: close")) != SIZE_MAX)
		buf_add_char(out, 'c');
	if (at != SIZE_MAX) {
		struct view number = view_from(head, at + 16), digits;
		assert_true(view_split(&number, '\r', &digits));
		assert_true(view_to_u32(digits, &length));
		*text = view_from(*text, length);
	}
	if (!chunked)
		return true;
	struct http_chunks chunks = {0};
	struct view piece;
	size_t used;
	enum rc rc;
	while ((rc = http_chunks_read(&chunks, *text, &piece, &used)) == RC_OK)
		*text = view_from(*text, used);
	buf_add_char(out, rc == RC_END ? '*' : '!');
	return true;
}

// "200 404c": the answers' status codes. c: the answer said that the connection
// will close; *: it came in chunks; then whether the connection did close.
static void describe(const struct rig_client *client, struct buf *out)
{
	struct view text = buf_view(&client->out);
	while (text.len > 0) {
		if (out->len > 0)
			buf_add_char(out, ' ');
		if (!take_answer(&text, out)) {
			buf_add_literal(out, "garbage");
			break;
		}
	}
	if (client->next == NET_CLOSE)
		buf_add_string(out, out->len > 0 ? " closed" : "closed");
}

struct row {
	const char *text;
	const char *answers;
};

static const struct row rows[] = {
    {GET("/hello") "\r\n", "200"},
    {GET("/hello") "\r\n" GET("/nix") "\r\n" GET("/hello") "\r\n",
	"200 404 200"},
    {GET("/hello") "Connection: close\r\n\r\n" GET("/hello") "\r\n",
	"200c closed"},
    {"GET /hello HTTP/1.0\r\n\r\n", "200c closed"},
    {"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
     "GET /hello HTTP/1.0\r\n\r\n",
	"200 200c closed"},
    {"GET /count?n=2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	"200c garbage closed"},
    {GET("/count?n=20") "\r\n" GET("/hello") "\r\n", "200* 200"},
    {"\r\n" GET("/hello") "\r\n\r\n" GET("/hello") "\r\n", "200 200"},
    {GET("/hello") "\r\n\r\n\r\n" GET("/hello") "\r\n", "200 400c closed"},
    // Bodies.
    {POST("/echo") "Content-Length: 3\r\n\r\nabc" GET("/hello") "\r\n",
	"200 200"},
    {POST("/echo") "Content-Length: 0\r\n\r\n" GET("/hello") "\r\n", "200 200"},
    {POST("/echo") "\r\n" GET("/hello") "\r\n", "200 200"},
    {POST("/echo") "Transfer-Encoding: chunked\r\n\r\n"
		   "3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n" GET(
		       "/hello") "\r\n",
	"200 200"},
    {POST("/up") "Content-Length: 5\r\n\r\n12345" GET("/hello") "\r\n",
	"200 200"},
    {POST("/up") "Transfer-Encoding: chunked\r\n\r\n"
		 "3\r\nabc\r\n0\r\n\r\n" GET("/hello") "\r\n",
	"200 200"},
    {POST("/up") "\r\n" GET("/hello") "\r\n", "200 200"},
    // Too long: refused before it comes, or when it is.
    {POST("/echo") "Content-Length: 101\r\n\r\nabc", "413c closed"},
    {POST("/hello") "Content-Length: 3\r\n\r\nGET", "405c closed"},
    {GET("/hello") "Content-Length: 3\r\n\r\nGET", "413c closed"},
    {POST("/echo") "Transfer-Encoding: chunked\r\n\r\n"
		   "65\r\n1234567890123456789012345678901234567890123456789012"
		   "34567890123456789012345678901234567890123456789012\r\n",
	"413c closed"},
    {POST("/up") "Content-Length: 1000001\r\n\r\n", "413c closed"},
    // RFC 9110 section 10.1.1.
    {POST("/echo") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "100"},
    {POST("/up") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "100"},
    {POST("/nix") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
	"404c closed"},
    {POST("/echo") "Expect: 100-continue\r\nContent-Length: 300\r\n\r\n",
	"413c closed"},
    {POST("/echo") "Expect: it\r\nContent-Length: 3\r\n\r\n", "417c closed"},
    // Smuggling: what follows is never read as a request.
    {POST("/echo") "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "0\r\n\r\n" GET("/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc" GET(
	 "/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Content-Length: 3, 3\r\n\r\nabc" GET("/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Content-Length: 0x3\r\n\r\nabc" GET("/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Content-Length : 3\r\n\r\nabc" GET("/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" GET(
	 "/hello") "\r\n",
	"501c closed"},
    {POST("/echo") "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" GET(
	 "/hello") "\r\n",
	"501c closed"},
    {POST("/echo") "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
		   "x\r\n\r\n0\r\n\r\n" GET("/hello") "\r\n",
	"501c closed"},
    {POST("/echo") "Transfer-Encoding: "
		   "chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n" GET(
		       "/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n" GET(
	 "/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Transfer-Encoding: "
		   "chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n" GET("/hello") "\r\n",
	"400c closed"},
    {POST("/up") "Transfer-Encoding: chunked\r\n\r\nx\r\n" GET("/hello") "\r\n",
	"400c closed"},
    {POST("/echo") "Transfer-Encoding: chunked\r\n\r\n0\r\nX : y\r\n\r\n" GET(
	 "/hello") "\r\n",
	"400c closed"},
    {GET("/hello") "X: a\r\n b\r\n\r\n" GET("/hello") "\r\n", "400c closed"},
    {GET("/hello") "X: a\nHost: b\r\n\r\n", "400c closed"},
    {GET("/hello") "X: a\rTransfer-Encoding: chunked\r\n\r\n", "400c closed"},
    {"GET /hello HTTP/1.1\nHost: localhost\n\n", "400c closed"},
    {"GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
	"400c closed"},
    {"GET http://localhost/hello HTTP/1.1\r\nHost: evil\r\n\r\n",
	"400c closed"},
    {"GET http://localhost/hello HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
    {"GET http://evil/hello HTTP/1.1\r\nHost: evil\r\n\r\n", "421"},
    {"GET /hello HTTP/1.1\r\n\r\n", "400c closed"},
    {"GET /hello HTTP/1.1\r\nHost: evil\r\n\r\n" GET("/hello") "\r\n",
	"421 200"},
    {"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
	"400c closed"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505c closed"},
    {"\x16\x03\x01 garbage\r\n\r\n", "400c closed"},
    {"USER anna\r\nPASS secret\r\n\r\n", "400c closed"},
    // An answer that is cut short ends the connection.
    {POST("/cut") "\r\n" GET("/hello") "\r\n", "closed"},
};

static void play(size_t i, size_t piece)
{
	struct http_rig rig;
	struct rig_client client;
	struct buf out;
	const struct row *row = &rows[i];
	http_rig_init(&rig, rig_routes, rig_route_count, &users);
	http_rig_connect(&rig, "http/1.1", &client);
	client.piece = piece;
	rig_say(&client, view_of_string(row->text));
	buf_init(&out, 10000);
	describe(&client, &out);
	if (!view_eq(buf_view(&out), view_of_string(row->answers)))
		fail_msg("row %zu, pieces of %zu: \"%.*s\", not \"%s\"", i,
		    piece, VIEW_FMT(buf_view(&out)), row->answers);
	buf_done(&out);
	rig_disconnect(&client);
	assert_int_equal(rig_running, 0);
	http_rig_done(&rig);
}

static void test_requests_and_answers(void **state)
{
	(void)state;
	static const size_t pieces[] = {0, 1, 2, 7, 50};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t j = 0; j < ARRAY_LEN(pieces); j++)
			play(i, pieces[j]);
}

// ---- Time ------------------------------------------------------------------

struct moment {
	const char *said;
	uint32_t silence; // what timeout() says
	uint32_t limit;   // seconds until end_ms(); 0: none
	const char *answers;
};

// What a client is waited for, and what it hears in the end.
static const struct moment moments[] = {
    {"", 60, 20, "closed"},
    {"GET /hel", 20, 20, "408c closed"},
    {GET("/hello") "\r\n", 60, 60, "200 closed"},
    {GET("/hello") "\r\nGET /hel", 20, 20, "200 408c closed"},
    {POST("/echo") "Content-Length: 3\r\n\r\nab", 30, 30, "408c closed"},
    {POST("/up") "Content-Length: 500000\r\n\r\nab", 30, 30, "408c closed"},
    {GET("/wait") "\r\n", 0, 0, "408c closed"},
    {GET("/events") "\r\n", 0, 0, "200! closed"},
};

static void test_slow_clients_have_a_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		const struct moment *moment = &moments[i];
		struct http_rig rig;
		struct rig_client client;
		struct buf out;
		http_rig_init(&rig, rig_routes, rig_route_count, &users);
		http_rig_connect(&rig, "http/1.1", &client);
		uint64_t before_ms = clock_monotonic_ms();
		rig_say(&client, view_of_string(moment->said));
		const struct net_session_ops *ops = client.ops;
		assert_int_equal(ops->timeout(client.session), moment->silence);
		uint64_t end_ms = ops->end_ms(client.session);
		uint64_t after_ms = clock_monotonic_ms();
		if (moment->limit == 0)
			assert_int_equal(end_ms, 0);
		else
			assert_in_range(end_ms,
			    before_ms + moment->limit * 1000 - 1000,
			    after_ms + moment->limit * 1000);
		ops->timed_out(client.session, &client.out);
		client.next = NET_CLOSE;
		buf_init(&out, 1000);
		describe(&client, &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(moment->answers));
		buf_done(&out);
		rig_disconnect(&client);
		http_rig_done(&rig);
	}
}

static void test_a_connection_has_its_number_of_requests(void **state)
{
	(void)state;
	struct http_rig rig;
	struct rig_client client;
	struct buf out;
	http_rig_init(&rig, rig_routes, rig_route_count, &users);
	rig.server.limits.requests = 3;
	http_rig_connect(&rig, "http/1.1", &client);
	for (int i = 0; i < 5; i++)
		rig_say(&client, VIEW(GET("/hello") "\r\n"));
	buf_init(&out, 1000);
	describe(&client, &out);
	assert_view_equal(buf_view(&out), VIEW("200 200 200c closed"));
	buf_done(&out);
	rig_disconnect(&client);
	http_rig_done(&rig);
}

// A client that pipelines and does not read makes the server hold little.
static void test_output_is_held_back(void **state)
{
	(void)state;
	struct http_rig rig;
	struct rig_client client;
	struct buf text;
	http_rig_init(&rig, rig_routes, rig_route_count, &users);
	http_rig_connect(&rig, "http/1.1", &client);
	buf_init(&text, 200000);
	for (int i = 0; i < 2000; i++)
		buf_add_literal(&text, GET("/hello") "\r\n");
	rig_say(&client, buf_view(&text));
	assert_true(client.longest < NET_OUTPUT_HIGH + 2000);
	assert_true(client.out.len > 2000 * 200);
	assert_true(client.ops->memory(client.session) < 4000);
	buf_done(&text);
	rig_disconnect(&client);
	http_rig_done(&rig);
}

static int make_users(void **state)
{
	(void)state;
	rig_users_init(&users);
	return 0;
}

static int drop_users(void **state)
{
	(void)state;
	rig_users_done(&users);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests_and_answers),
	    cmocka_unit_test(test_slow_clients_have_a_time),
	    cmocka_unit_test(test_a_connection_has_its_number_of_requests),
	    cmocka_unit_test(test_output_is_held_back),
	};
	return cmocka_run_group_tests(tests, make_users, drop_users);
}
