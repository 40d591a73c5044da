// SPDX-License-Identifier: Apache-2.0
// What a handler can rely on, through the rig.
#include "base/test.h"
#include "http/files.h"
#include "http/rig.h"

static struct rig_users users; // made once, which takes long
static unsigned begun, ended;
static struct net_waker news; // of the handler that waits

static enum http_step hello(struct http_exchange *exchange)
{
	struct view name;
	if (!http_query(exchange, "name", &name))
		name = VIEW("you");
	http_set_etag(exchange, VIEW("tag1"));
	http_set_modified(exchange, RIG_NOW);
	http_answer(exchange, 200, "text/plain", VIEW("Hello "));
	http_add_body(exchange, name);
	return HTTP_DONE;
}

static enum http_step echo(struct http_exchange *exchange)
{
	return http_answer(
	    exchange, 201, "application/octet-stream", exchange->request.body);
}

static enum http_step rest(struct http_exchange *exchange)
{
	return http_answer(exchange, 200, "text/plain", exchange->request.rest);
}

static enum http_step long_text(struct http_exchange *exchange)
{
	http_answer(exchange, 200, exchange->context, VIEW(""));
	for (size_t i = 0; i < 500; i++)
		http_add_body(exchange, VIEW("many words\n"));
	return HTTP_DONE;
}

static enum http_step wait_begin(struct http_exchange *exchange)
{
	begun++;
	news = http_waker(exchange);
	exchange->state = arena_zalloc(&exchange->arena, 1);
	return HTTP_WAIT;
}

static enum http_step wait_resume(struct http_exchange *exchange)
{
	return http_answer(exchange, 200, "text/plain", VIEW("news"));
}

static void wait_end(struct http_exchange *exchange)
{
	assert_non_null(exchange->state);
	ended++;
}

struct lines_left {
	unsigned count;
};

// Sends as many lines as the query says, as the client takes them.
static enum http_step count_resume(struct http_exchange *exchange)
{
	struct lines_left *counter = exchange->state;
	while (counter->count > 0 && !http_is_full(exchange)) {
		http_add_body(exchange, VIEW("line\n"));
		counter->count--;
	}
	return counter->count > 0 ? HTTP_MORE : HTTP_DONE;
}

static enum http_step count_begin(struct http_exchange *exchange)
{
	struct lines_left *counter =
	    arena_zalloc(&exchange->arena, sizeof(*counter));
	struct view text;
	exchange->state = counter;
	if (!http_query(exchange, "n", &text) ||
	    !view_to_u32(text, &counter->count))
		return http_status(exchange, 400);
	http_set_field(exchange, "Content-Type", VIEW("text/plain"));
	http_stream(exchange,
	    exchange->context ? counter->count * 5 : HTTP_LENGTH_UNKNOWN);
	return count_resume(exchange);
}

// Counts the bytes of the body, as its pieces come.
static enum http_step up_resume(struct http_exchange *exchange)
{
	size_t *total = exchange->state;
	*total += exchange->piece.len;
	if (!exchange->last)
		return HTTP_INPUT;
	char text[32];
	int len = snprintf(text, sizeof(text), "%zu bytes", *total);
	return http_answer(
	    exchange, 200, "text/plain", view_of(text, (size_t)len));
}

static enum http_step up_begin(struct http_exchange *exchange)
{
	exchange->state = arena_zalloc(&exchange->arena, sizeof(size_t));
	return HTTP_INPUT;
}

static enum http_step login(struct http_exchange *exchange)
{
	bool in = http_log_in(exchange, &users.user);
	return http_status(exchange, in ? 200 : 429);
}

static char text_type[] = "text/plain";
static char image_type[] = "image/png";

static const struct http_route routes[] = {
    {.methods = HTTP_GET, .path = "/hello", .begin = hello},
    {.methods = HTTP_POST | HTTP_PUT,
	.path = "/echo",
	.body_max = 100,
	.begin = echo},
    {.methods = HTTP_GET,
	.path = "/files/",
	.flags = HTTP_ROUTE_PREFIX | HTTP_ROUTE_CLEAR,
	.begin = rest},
    {.methods = HTTP_GET, .path = "/files/hello", .begin = hello},
    {.methods = HTTP_GET,
	.path = "/any",
	.flags = HTTP_ROUTE_ANY_HOST,
	.begin = hello},
    {.methods = HTTP_GET,
	.path = "/long",
	.begin = long_text,
	.context = text_type},
    {.methods = HTTP_GET,
	.path = "/image",
	.begin = long_text,
	.context = image_type},
    {.methods = HTTP_GET,
	.path = "/secret",
	.flags = HTTP_ROUTE_SECRET,
	.begin = long_text,
	.context = text_type},
    {.methods = HTTP_GET,
	.path = "/wait",
	.begin = wait_begin,
	.resume = wait_resume,
	.end = wait_end},
    {.methods = HTTP_GET,
	.path = "/count",
	.begin = count_begin,
	.resume = count_resume},
    {.methods = HTTP_GET,
	.path = "/measured",
	.begin = count_begin,
	.resume = count_resume,
	.context = text_type},
    {.methods = HTTP_GET, .path = "/login", .begin = login},
    {.methods = HTTP_POST,
	.path = "/up",
	.flags = HTTP_ROUTE_STREAMS,
	.body_max = 100000,
	.begin = up_begin,
	.resume = up_resume},
};

static void open_rig(struct http_rig *rig)
{
	http_rig_init(rig, routes, ARRAY_LEN(routes), &users);
}

struct row {
	const char *what;
	const char *fields;
	const char *body;
	unsigned status;
	const char *answer; // NULL: not looked at
	const char *field;  // "Name: value" that the answer has; NULL
};

static const struct row rows[] = {
    {"GET /hello", "", "", 200, "Hello you", "Content-Length: 9"},
    {"HEAD /hello", "", "", 200, "", "Content-Length: 9"},
    {"GET /hello?name=a%20b+c", "", "", 200, "Hello a b c", NULL},
    {"GET /h%65llo?x&name=%C3%A4", "", "", 200, "Hello \xc3\xa4", NULL},
    {"GET /hello?name=%FF", "", "", 200, "Hello you", NULL},
    {"GET /hello", "", "", 200, NULL, "Cache-Control: no-store"},
    {"GET /hello", "", "", 200, NULL, "X-Content-Type-Options: nosniff"},
    {"GET /hello", "", "", 200, NULL, "Referrer-Policy: no-referrer"},
    {"GET /hello", "", "", 200, NULL,
	"Strict-Transport-Security: max-age=31536000"},
    {"GET /hello", "", "", 200, NULL, "Date: Tue, 14 Nov 2023 22:13:20 GMT"},
    {"GET /nothing", "", "", 404, "404 Not Found\n", NULL},
    {"BREW /hello", "", "", 501, NULL, NULL},
    {"POST /hello", "", "", 405, NULL, "Allow: GET, HEAD, OPTIONS"},
    {"OPTIONS /echo", "", "", 204, "", "Allow: POST, PUT, OPTIONS"},
    {"OPTIONS *", "", "", 204, "", "Allow: OPTIONS"},
    {"POST /echo", "", "abc", 201, "abc", NULL},
    {"POST /echo", "", "", 201, "", "Content-Length: 0"},
    // Paths.
    {"GET /files/a/b", "", "", 200, "a/b", NULL},
    {"GET /files/", "", "", 200, "", NULL},
    {"GET /files", "", "", 404, NULL, NULL},
    {"GET /files/hello", "", "", 200, "Hello you", NULL},
    {"GET /files/a%2fb", "", "", 200, "a%2Fb", NULL},
    {"GET /files/a%252Fb", "", "", 200, "a%252Fb", NULL},
    {"GET /files/a%25b", "", "", 200, "a%b", NULL},
    {"GET /files/../hello", "", "", 400, NULL, NULL},
    {"GET /files/%2e%2e/hello", "", "", 400, NULL, NULL},
    {"GET /files/.", "", "", 400, NULL, NULL},
    {"GET /files/a%00b", "", "", 400, NULL, NULL},
    {"GET /files/a%0Ab", "", "", 400, NULL, NULL},
    {"GET /files/%", "", "", 400, NULL, NULL},
    {"GET /files/%ff", "", "", 400, NULL, NULL},
    // Conditions (RFC 9110 section 13).
    {"GET /hello", "", "", 200, NULL, "ETag: \"tag1\""},
    {"GET /hello", "If-None-Match: \"tag1\"\r\n", "", 304, "",
	"ETag: \"tag1\""},
    {"GET /hello", "If-None-Match: \"x\", W/\"tag1\"\r\n", "", 304, "", NULL},
    {"GET /hello", "If-None-Match: *\r\n", "", 304, "", NULL},
    {"GET /hello", "If-None-Match: \"tag1-gzip\"\r\n", "", 304, "", NULL},
    {"GET /hello", "If-None-Match: \"tag2\"\r\n", "", 200, NULL, NULL},
    {"GET /hello", "If-Match: \"tag2\"\r\n", "", 412, NULL, NULL},
    {"GET /hello", "If-Match: W/\"tag1\"\r\n", "", 412, NULL, NULL},
    {"GET /hello", "If-Match: \"tag1\"\r\n", "", 200, NULL, NULL},
    {"GET /hello", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "",
	304, "", "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"},
    {"GET /hello", "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", "",
	200, NULL, NULL},
    {"GET /hello", "If-Modified-Since: soon\r\n", "", 200, NULL, NULL},
    {"GET /hello", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", "",
	412, NULL, NULL},
    // If-None-Match goes before If-Modified-Since.
    {"GET /hello",
	"If-None-Match: \"x\"\r\n"
	"If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n",
	"", 200, NULL, NULL},
    // Ranges (RFC 9110 section 14).
    {"GET /hello", "Range: bytes=0-4\r\n", "", 206, "Hello",
	"Content-Range: bytes 0-4/9"},
    {"GET /hello", "Range: bytes=6-\r\n", "", 206, "you", "Content-Length: 3"},
    {"GET /hello", "Range: bytes=-3\r\n", "", 206, "you",
	"Content-Range: bytes 6-8/9"},
    {"GET /hello", "Range: bytes=-100\r\n", "", 206, "Hello you", NULL},
    {"GET /hello", "Range: bytes=8-100\r\n", "", 206, "u", NULL},
    {"GET /hello", "Range: bytes=9-\r\n", "", 416, NULL,
	"Content-Range: bytes */9"},
    {"GET /hello", "Range: bytes=-0\r\n", "", 416, NULL, NULL},
    {"GET /hello", "Range: bytes=5-2\r\n", "", 200, "Hello you", NULL},
    {"GET /hello", "Range: bytes=0-1,3-4\r\n", "", 200, "Hello you", NULL},
    {"GET /hello", "Range: lines=0-1\r\n", "", 200, "Hello you", NULL},
    {"GET /hello", "Range: bytes=0-4\r\nIf-Range: \"tag1\"\r\n", "", 206,
	"Hello", NULL},
    {"GET /hello", "Range: bytes=0-4\r\nIf-Range: \"tag2\"\r\n", "", 200,
	"Hello you", NULL},
    {"HEAD /hello", "Range: bytes=0-4\r\n", "", 200, "", NULL},
    // Compression.
    {"GET /long", "", "", 200, NULL, "Content-Length: 5500"},
    {"GET /long", "", "", 200, NULL, "Vary: Accept-Encoding"},
    {"GET /long", "Accept-Encoding: br, gzip\r\n", "", 200, NULL,
	"Content-Encoding: gzip"},
    {"GET /long", "Accept-Encoding: gzip;q=0\r\n", "", 200, NULL,
	"Content-Length: 5500"},
    {"GET /secret", "Accept-Encoding: gzip\r\n", "", 200, NULL,
	"Content-Length: 5500"},
    {"GET /image", "Accept-Encoding: gzip\r\n", "", 200, NULL,
	"Content-Length: 5500"},
    {"GET /long", "Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n", "", 206,
	"many", NULL},
    // Answers in pieces.
    {"GET /count?n=3", "", "", 200, "line\nline\nline\n",
	"Transfer-Encoding: chunked"},
    {"GET /count?n=0", "", "", 200, "", "Transfer-Encoding: chunked"},
    {"HEAD /count?n=3", "", "", 200, "", NULL},
    {"GET /measured?n=2", "", "", 200, "line\nline\n", "Content-Length: 10"},
    {"HEAD /measured?n=2", "", "", 200, "", "Content-Length: 10"},
    {"GET /count", "", "", 400, NULL, NULL},
    // A body in pieces.
    {"POST /up", "", "12345", 200, "5 bytes", NULL},
    {"POST /up", "", "", 200, "0 bytes", NULL},
};

static void check_row(struct http_rig *rig, size_t i)
{
	const struct row *row = &rows[i];
	struct http_rig_answer answer;
	http_rig_ask(
	    rig, row->what, row->fields, view_of_string(row->body), &answer);
	if (answer.status != row->status)
		fail_msg("row %zu: %u, not %u", i, answer.status, row->status);
	if (row->answer)
		assert_view_equal_row(
		    i, answer.body, view_of_string(row->answer));
	if (row->field) {
		struct view value = view_of_string(row->field), name;
		(void)view_split(&value, ':', &name);
		char *key = view_to_string(name);
		assert_view_equal_row(
		    i, http_rig_field(&answer, key), view_trim(value));
		free(key);
	}
	http_rig_answer_done(&answer);
}

static void test_requests_and_answers(void **state)
{
	(void)state;
	struct http_rig rig;
	open_rig(&rig);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rig, i);
	http_rig_done(&rig);
}

static void test_files_have_tags(void **state)
{
	(void)state;
	static char page[4000];
	memset(page, 'x', sizeof(page));
	const struct http_file list[] = {
	    {"", "text/html", {page, sizeof(page)}, 0, "default-src 'self'"},
	    {"a.png", "image/png", {page, 10}, 3600, NULL},
	};
	struct http_files *files = http_files_new(list, ARRAY_LEN(list));
	const struct http_route own[] = {{.methods = HTTP_GET,
	    .path = "/f/",
	    .flags = HTTP_ROUTE_PREFIX,
	    .begin = http_files_begin,
	    .context = files}};
	struct http_rig rig;
	struct http_rig_answer answer;
	http_rig_init(&rig, own, 1, &users);
	http_rig_ask(
	    &rig, "GET /f/", "Accept-Encoding: gzip\r\n", VIEW(""), &answer);
	assert_view_equal(
	    http_rig_field(&answer, "Content-Encoding"), VIEW("gzip"));
	assert_view_equal(http_rig_field(&answer, "Content-Security-Policy"),
	    VIEW("default-src 'self'"));
	assert_true(answer.body.len < 100);
	char fields[200];
	snprintf(fields, sizeof(fields),
	    "Accept-Encoding: gzip\r\nIf-None-Match: %.*s\r\n",
	    VIEW_FMT(http_rig_field(&answer, "ETag")));
	http_rig_answer_done(&answer);
	http_rig_ask(&rig, "GET /f/", fields, VIEW(""), &answer);
	assert_int_equal(answer.status, 304);
	http_rig_answer_done(&answer);
	http_rig_ask(&rig, "GET /f/", "", VIEW(""), &answer);
	assert_int_equal(answer.body.len, sizeof(page));
	assert_view_equal(
	    http_rig_field(&answer, "Cache-Control"), VIEW("no-cache"));
	http_rig_answer_done(&answer);
	http_rig_ask(&rig, "GET /f/a.png", "", VIEW(""), &answer);
	assert_int_equal(answer.body.len, 10);
	assert_view_equal(http_rig_field(&answer, "Cache-Control"),
	    VIEW("public, max-age=3600"));
	http_rig_answer_done(&answer);
	http_rig_ask(&rig, "GET /f/b", "", VIEW(""), &answer);
	assert_int_equal(answer.status, 404);
	http_rig_answer_done(&answer);
	http_rig_done(&rig);
	http_files_free(&files);
}

// Two requests of one user are one connection of that user.
static void test_who_logs_in_is_known(void **state)
{
	(void)state;
	struct http_rig rig;
	struct rig_trace trace;
	static const char request[] =
	    "GET /login?password=x HTTP/1.1\r\nHost: localhost\r\n\r\n";
	open_rig(&rig);
	rig_trace_init(&trace);
	rig.server.base.trace = &trace.trace;
	rig.server.base.user_sessions_max = 1;
	http_rig_connect(&rig, "http/1.1", &rig.client);
	const struct net_session_ops *ops = rig.client.ops;
	assert_false(ops->is_known(rig.client.session));
	rig_say(&rig.client, VIEW(request));
	assert_true(ops->is_known(rig.client.session));
	assert_int_equal(ops->owner(rig.client.session), users.user.account);
	rig_say(&rig.client, VIEW(request));
	// What is secret is not traced.
	assert_string_equal(rig_trace_take(&trace),
	    "C: GET /login\nS: 200 OK\nC: GET /login\nS: 200 OK\n");
	struct rig_client second;
	http_rig_connect(&rig, "http/1.1", &second);
	rig_say(&second, VIEW(request));
	assert_true(
	    view_starts_with(buf_view(&second.out), VIEW("HTTP/1.1 429 ")));
	rig_disconnect(&second);
	rig_disconnect(&rig.client);
	rig_trace_done(&trace);
	http_rig_done(&rig);
}

static void expect_status(
    struct http_rig *rig, const char *what, unsigned status)
{
	struct http_rig_answer answer;
	http_rig_ask(rig, what, "", VIEW(""), &answer);
	assert_int_equal(answer.status, status);
	http_rig_answer_done(&answer);
}

static bool accepts(void *context, struct view host)
{
	(void)context;
	return view_ends_with(host, VIEW(".example.net"));
}

static void test_foreign_hosts_are_refused(void **state)
{
	(void)state;
	struct http_rig rig;
	open_rig(&rig);
	rig.host = "MAIL.example.org.:443";
	expect_status(&rig, "GET /hello", 200);
	rig.host = "evil.example.com";
	expect_status(&rig, "GET /hello", 421);
	expect_status(&rig, "GET /any", 200);
	rig.host = "autoconfig.example.net";
	expect_status(&rig, "GET /hello", 421);
	rig.server.accepts_host = accepts;
	expect_status(&rig, "GET /hello", 200);
	http_rig_done(&rig);
}

static void test_clear_text_redirects(void **state)
{
	(void)state;
	struct http_rig rig;
	struct http_rig_answer answer;
	open_rig(&rig);
	rig.clear = true;
	expect_status(&rig, "GET /files/x", 200);
	expect_status(&rig, "POST /echo", 403);
	http_rig_ask(&rig, "GET /h%65llo?a=b", "", VIEW(""), &answer);
	assert_int_equal(answer.status, 301);
	assert_view_equal(http_rig_field(&answer, "Location"),
	    VIEW("https://mail.example.org/h%65llo?a=b"));
	assert_int_equal(
	    http_rig_field(&answer, "Strict-Transport-Security").len, 0);
	http_rig_answer_done(&answer);
	// No stranger's host gets a redirect from here.
	rig.host = "evil.example.com";
	expect_status(&rig, "GET /hello", 421);
	rig.host = "localhost";
	rig.server.https_port = 1443;
	http_rig_ask(&rig, "GET /", "", VIEW(""), &answer);
	assert_view_equal(http_rig_field(&answer, "Location"),
	    VIEW("https://localhost:1443/"));
	http_rig_answer_done(&answer);
	rig.server.https_port = 0;
	expect_status(&rig, "GET /hello", 403);
	http_rig_done(&rig);
}

static void test_a_handler_waits_for_news(void **state)
{
	(void)state;
	struct http_rig rig;
	struct http_rig_answer answer;
	begun = ended = 0;
	open_rig(&rig);
	http_rig_begin(&rig, "GET /wait", "", VIEW(""));
	assert_int_equal(rig.client.out.len, 0);
	assert_int_equal(rig.client.next, NET_WAIT);
	news.wake(news.context);
	http_rig_finish(&rig, &answer);
	assert_view_equal(answer.body, VIEW("news"));
	http_rig_answer_done(&answer);
	assert_int_equal(ended, 1);
	// The client goes away meanwhile.
	http_rig_begin(&rig, "GET /wait", "", VIEW(""));
	http_rig_leave(&rig);
	assert_int_equal(begun, 2);
	assert_int_equal(ended, 2);
	http_rig_done(&rig);
}

static void test_a_long_answer_is_held_back(void **state)
{
	(void)state;
	struct http_rig rig;
	struct http_rig_answer answer;
	open_rig(&rig);
	http_rig_begin(&rig, "GET /count?n=1000000", "", VIEW(""));
	assert_true(rig.client.longest <= NET_OUTPUT_HIGH + 1024);
	http_rig_finish(&rig, &answer);
	assert_int_equal(answer.body.len, 5000000);
	http_rig_answer_done(&answer);
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
	    cmocka_unit_test(test_files_have_tags),
	    cmocka_unit_test(test_who_logs_in_is_known),
	    cmocka_unit_test(test_foreign_hosts_are_refused),
	    cmocka_unit_test(test_clear_text_redirects),
	    cmocka_unit_test(test_a_handler_waits_for_news),
	    cmocka_unit_test(test_a_long_answer_is_held_back),
	};
	return cmocka_run_group_tests(tests, make_users, drop_users);
}
