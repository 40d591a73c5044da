// SPDX-License-Identifier: Apache-2.0
// The set-up page without a network: its languages, its states, and that no
// address can break out of it.
#include "auth/rig_users.h"
#include "base/clock.h"
#include "base/test.h"
#include "engine/engine.h"
#include "http/rig.h"
#include "setup/page.h"
#include "setup/setup.h"

struct bed {
	struct engine *engine;
	struct route *route;
	struct setup *setup;
	struct http_route routes[32];
	struct rig_users users;
	struct probe_own *own;
	struct http_rig rig;
};

// One wrong password of an address is too many for the next.
static void make_users(struct rig_users *users)
{
	const struct view names[] = {
	    VIEW("anna@ours.test"), VIEW("gone@ours.test")};
	struct auth_settings settings = {
	    .hashing = {.cost = 1, .scram_iterations = 1},
	    .address_failures = 1,
	    .clean_failures = 1,
	};
	struct fault fault;
	uint64_t account;
	users->engine = engine_memory_new();
	rig_must(auth_new(users->engine, &settings, NULL, NULL, &fault,
		     &users->auth),
	    "auth_new");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		rig_must(auth_user_add(users->auth, names[i], VIEW("right"),
			     &fault, &account),
		    "auth_user_add");
	rig_must(auth_user_set_disabled(users->auth, names[1], true, &fault),
	    "auth_user_set_disabled");
}

static void start(struct bed *bed, struct probe_own *own)
{
	if (bed->setup)
		setup_free(&bed->setup);
	bed->setup = setup_new(&(struct setup_options){
	    .route = bed->route,
	    .auth = bed->users.auth,
	    .server_name = HTTP_RIG_HOST,
	    .services = {{993, 143, 0, 0, 465, 587, 443}},
	    .own = own,
	});
	assert_true(setup_route_count <= ARRAY_LEN(bed->routes));
	for (size_t i = 0; i < setup_route_count; i++) {
		bed->routes[i] = setup_routes[i];
		bed->routes[i].context = bed->setup;
	}
}

static int set_up(void **state)
{
	static struct bed bed;
	memset(&bed, 0, sizeof(bed));
	bed.engine = engine_memory_new();
	bed.route = route_new(bed.engine, NULL, NULL);
	assert_int_equal(
	    route_domain_add(bed.route,
		&(struct route_domain){.name = VIEW("ours.test")}, NULL),
	    RC_OK);
	make_users(&bed.users);
	http_rig_init(&bed.rig, bed.routes, setup_route_count, &bed.users);
	// It never gets as far as a connection.
	bed.own = probe_own_new(&(struct probe_own_settings){0});
	probe_own_stop(bed.own);
	start(&bed, NULL);
	*state = &bed;
	return 0;
}
static int tear_down(void **state)
{
	struct bed *bed = *state;
	http_rig_done(&bed->rig);
	setup_free(&bed->setup);
	probe_own_free(&bed->own);
	rig_users_done(&bed->users);
	route_free(&bed->route);
	engine_close(&bed->engine);
	return 0;
}

// ---- Languages -------------------------------------------------------------

static void the_browser_chooses_a_language(void **state)
{
	static const struct {
		const char *chosen, *accept;
		enum setup_language language;
	} table[] = {
	    {"", "", SETUP_ENGLISH},
	    {"", "zh-CN", SETUP_CHINESE},
	    {"", "zh-CN,zh;q=0.9,en;q=0.8", SETUP_CHINESE},
	    {"", "en-US,en;q=0.9,zh-CN;q=0.8", SETUP_ENGLISH},
	    {"", "de-DE, de;q=0.9, zh;q=0.5, en;q=0.4", SETUP_CHINESE},
	    {"", "de", SETUP_ENGLISH},
	    {"", "*", SETUP_ENGLISH},
	    {"", "zh-Hans-CN", SETUP_CHINESE},
	    {"", "ZH-tw ; q=1.000", SETUP_CHINESE},
	    {"", "zh;q=0", SETUP_ENGLISH},
	    {"", "zh;q=0,en;q=0.001", SETUP_ENGLISH},
	    {"", "en;q=0.01, zh;q=0.012", SETUP_CHINESE},
	    {"", "zh;q=", SETUP_ENGLISH},
	    {"", "zh;q", SETUP_ENGLISH},
	    {"", "zh;level=1", SETUP_ENGLISH},
	    {"", "zhx", SETUP_ENGLISH},
	    {"", ",;,-,;q=1,zh", SETUP_CHINESE},
	    // What was chosen on the page comes first.
	    {"en", "zh-CN", SETUP_ENGLISH},
	    {"zh-CN", "en", SETUP_CHINESE},
	    {"zh", "en", SETUP_CHINESE},
	    {"de", "zh-CN", SETUP_CHINESE},
	    {"\"><x", "en", SETUP_ENGLISH},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (setup_language_choose(view_of_string(table[i].chosen),
			view_of_string(table[i].accept)) != table[i].language)
			fail_msg("%s, %s", table[i].chosen, table[i].accept);
}

// The elements and the marks, in their order, without any text.
static void outline(struct view page, struct buf *out)
{
	for (size_t i = 0; i < page.len; i++) {
		struct view rest = view_from(page, i);
		size_t end = SIZE_MAX;
		if (view_starts_with(rest, VIEW("{{")))
			end = view_find_char(rest, '}');
		else if (view_starts_with(rest, VIEW("<")))
			end = view_find_char(rest, ' ') <
				      view_find_char(rest, '>')
				  ? view_find_char(rest, ' ')
				  : view_find_char(rest, '>');
		if (end == SIZE_MAX)
			continue;
		buf_add(out, view_slice(rest, 0, end));
		buf_add_char(out, '\n');
	}
}

// The part of a page behind this text: what stands before (the control for the
// language) is in another order.
static struct view behind(struct view page, const char *text)
{
	size_t at = view_find(page, view_of_string(text));
	assert_true(at != SIZE_MAX);
	return view_from(page, at);
}

static void both_languages_have_the_same_page(void **state)
{
	struct buf english, chinese;
	(void)state;
	buf_init(&english, SETUP_PAGE_MAX);
	buf_init(&chinese, SETUP_PAGE_MAX);
	outline(behind(view_of((const char *)embedded_en_html,
			   embedded_en_html_len),
		    "<main>"),
	    &english);
	outline(behind(view_of((const char *)embedded_zh_CN_html,
			   embedded_zh_CN_html_len),
		    "<main>"),
	    &chinese);
	assert_true(english.len > 1000);
	assert_view_equal(buf_view(&english), buf_view(&chinese));
	buf_done(&english);
	buf_done(&chinese);
}

// ---- Requests --------------------------------------------------------------

#define PAGE    "GET /setup"
#define CHINESE "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n"

static const struct {
	const char *what, *fields;
	unsigned status;
	const char *has, *lacks; // may be NULL
} requests[] = {
    {PAGE, "", 200, "<html lang=\"en\">", "</dl>"},
    {PAGE, CHINESE, 200, "<html lang=\"zh-CN\">", "{{"},
    {PAGE "?lang=en", CHINESE, 200, "<html lang=\"en\">", "{{"},
    {PAGE "?lang=zh-CN", "", 200, "<html lang=\"zh-CN\">", "{{"},
    {PAGE "?address=anna%40ours.test", "", 200,
	"<span class=\"value\" data-copy=\"Copy the port\">993</span>", "{{"},
    {PAGE "?address=anna%40ours.test", "", 200, ">587</span>", "POP3"},
    {PAGE "?address=+anna@ours.test+", "", 200,
	"href=\"/apple/mail.mobileconfig?address=anna@ours.test\"",
	"role=\"alert\""},
    {PAGE "?address=anna%40ours.test", "", 200,
	"?lang=zh-CN&amp;address=anna@ours.test", NULL},
    // A page without a test says nothing of it.
    {PAGE "?address=anna%40ours.test", "", 200, "STARTTLS</dd>", "test-form"},
    {PAGE "?address=anna", "", 200, "This is not a mail address", "</dl>"},
    {PAGE "?address=anna@ours.test%00", "", 200, "<html", "</dl>"},
    {PAGE "?address=anna@other.test", "", 200, "for that domain", "</dl>"},
    {PAGE "?lang=zh-CN&address=anna@other.test", "", 200, "role=\"alert\"",
	"</dl>"},
    {PAGE "?address=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "", 200,
	"value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\"",
	"<script>alert"},
    {PAGE "?address=%22%27%3E%3Cb%3E%22@ours.test", "", 200,
	"address=%22%27%3E%3Cb%3E%22@ours.test", "<b>"},
    {"GET /setup/page.css", "", 200, ":root", NULL},
    {"GET /setup/page.js", "", 200, "\"use strict\"", "innerHTML"},
    {"GET /setup/icon.svg", "", 200, "<svg", NULL},
    {"GET /setup/en.html", "", 404, NULL, NULL},
    {"GET /setup/", "", 404, NULL, NULL},
    {"POST /setup", "", 405, NULL, NULL},
    {"GET /setup/settings.json?address=anna@ours.test", "", 200,
	"{\"user\":\"anna@ours.test\",\"host\":\"" HTTP_RIG_HOST
	"\",\"services\":[{\"id\":\"imaps\",\"protocol\":\"imap\",\"port\":"
	"993,\"security\":\"tls\"},{\"id\":\"imap\",",
	"autodiscover"},
    {"GET /setup/settings.json?address=%22%5C%22%22@ours.test", "", 200,
	"{\"user\":\"\\\"\\\\\\\"\\\"@ours.test\",", NULL},
    {"GET /setup/settings.json", "", 400, NULL, NULL},
    {"GET /setup/settings.json?address=anna", "", 400, NULL, NULL},
    {"GET /setup/settings.json?address=anna@other.test", "", 404, NULL, NULL},
};

static void requests_are_answered(void **state)
{
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct http_rig_answer answer;
		http_rig_ask(&bed->rig, requests[i].what, requests[i].fields,
		    VIEW(""), &answer);
		const char *has = requests[i].has, *lacks = requests[i].lacks;
		if (answer.status != requests[i].status)
			fail_msg("row %zu: %u", i, answer.status);
		if (has &&
		    view_find(answer.body, view_of_string(has)) == SIZE_MAX)
			fail_msg("row %zu: no %s in %.*s", i, has,
			    VIEW_FMT(answer.body));
		if (lacks &&
		    view_find(answer.body, view_of_string(lacks)) != SIZE_MAX)
			fail_msg("row %zu: %s in %.*s", i, lacks,
			    VIEW_FMT(answer.body));
		http_rig_answer_done(&answer);
	}
}

static void the_page_is_strict_and_is_not_sent_twice(void **state)
{
	struct bed *bed = *state;
	struct http_rig_answer answer;
	char fields[200];
	http_rig_ask(&bed->rig, PAGE, CHINESE, VIEW(""), &answer);
	struct view policy = http_rig_field(&answer, "Content-Security-Policy");
	assert_true(view_starts_with(policy, VIEW("default-src 'none'; ")));
	assert_int_equal(view_find(policy, VIEW("unsafe")), SIZE_MAX);
	assert_int_equal(view_find(policy, VIEW("http")), SIZE_MAX);
	assert_view_equal(
	    http_rig_field(&answer, "Content-Language"), VIEW("zh-CN"));
	assert_view_equal(
	    http_rig_field(&answer, "Vary"), VIEW("Accept-Language"));
	assert_true(view_find(answer.fields, VIEW("Vary: Accept-Encoding")) !=
		    SIZE_MAX);
	assert_int_equal(http_rig_field(&answer, "Set-Cookie").len, 0);
	snprintf(fields, sizeof(fields), CHINESE "If-None-Match: %.*s\r\n",
	    VIEW_FMT(http_rig_field(&answer, "ETag")));
	http_rig_answer_done(&answer);
	http_rig_ask(&bed->rig, PAGE, fields, VIEW(""), &answer);
	assert_int_equal(answer.status, 304);
	http_rig_answer_done(&answer);
	// In the other language it is another page.
	http_rig_ask(&bed->rig, PAGE "?lang=en", fields, VIEW(""), &answer);
	assert_int_equal(answer.status, 200);
	http_rig_answer_done(&answer);
}

// ---- The test of the connection --------------------------------------------

#define TEST_ROUTE "POST /setup/test"
#define FORM       "Content-Type: application/x-www-form-urlencoded\r\n"
#define ORIGIN     "Origin: https://" HTTP_RIG_HOST "\r\n"
#define WAIT_MS    120000

// Waits for the end of an answer that a pause and the line for hashing wake.
static void finish(struct bed *bed, struct http_rig_answer *ret_answer)
{
	struct buf *out = &bed->rig.client.out;
	const struct timespec moment = {.tv_nsec = 1000000};
	uint64_t end_ms = clock_monotonic_ms() + WAIT_MS;
	for (;;) {
		rig_tick(&bed->rig.client);
		if (view_ends_with(buf_view(out), VIEW("\r\n0\r\n\r\n")))
			break;
		if (clock_monotonic_ms() > end_ms)
			fail_msg("no end: %.*s", VIEW_FMT(buf_view(out)));
		nanosleep(&moment, NULL);
	}
	http_rig_finish(&bed->rig, ret_answer);
}

static void expect_events(struct bed *bed, const char *address,
    const char *form, const char *const *has)
{
	struct http_rig_answer answer;
	bed->rig.address = address;
	http_rig_begin(
	    &bed->rig, TEST_ROUTE, FORM ORIGIN, view_of_string(form));
	finish(bed, &answer);
	assert_int_equal(answer.status, 200);
	assert_view_equal(http_rig_field(&answer, "Content-Type"),
	    VIEW("application/x-ndjson"));
	assert_view_equal(
	    http_rig_field(&answer, "Cache-Control"), VIEW("no-store"));
	for (; *has; has++)
		if (view_find(answer.body, view_of_string(*has)) == SIZE_MAX)
			fail_msg("%s: no %s in %.*s", form, *has,
			    VIEW_FMT(answer.body));
	http_rig_answer_done(&answer);
}

#define EVENTS(...)                                                            \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}
#define WRONG                                                                  \
	"{\"state\":\"fault\",\"stage\":\"login\",\"cause\":"                  \
	"\"wrong-password\",\"text\":\"The address or the password is "        \
	"wrong.\""

static void a_log_in_is_judged_like_any_other(void **state)
{
	struct bed *bed = *state;
	start(bed, bed->own);
	expect_events(bed, "192.0.2.1",
	    "address=anna%40ours.test&password=wrong", EVENTS(WRONG));
	// This address has guessed: also the right password is not looked at.
	expect_events(bed, "192.0.2.1",
	    "address=anna%40ours.test&password=right",
	    EVENTS("\"cause\":\"limited\"", "Wait a quarter of an hour",
		"{\"end\":true,\"state\":\"fault\""));
	expect_events(bed, "198.51.100.1",
	    "address=nobody%40ours.test&password=wrong", EVENTS(WRONG));
	expect_events(bed, "203.0.113.1",
	    "address=gone%40ours.test&password=wrong", EVENTS(WRONG));
	expect_events(bed, "2001:db8:1::1",
	    "address=gone%40ours.test&password=right&lang=zh-CN",
	    EVENTS("\"cause\":\"disabled\"", "\u505c\u7528"));
	// The test itself is stopped here.
	expect_events(bed, "2001:db8:2::1",
	    "address=anna%40ours.test&password=right",
	    EVENTS("\"text\":\"Address and password are right.\"",
		"{\"end\":true,\"state\":\"doubt\",\"text\":\"Other tests"));
}

static void only_the_page_may_ask(void **state)
{
#define GOOD_FORM "address=anna%40ours.test&password=right"
	static const struct {
		const char *fields, *form;
		unsigned status;
	} table[] = {
	    {FORM, GOOD_FORM, 403},
	    {FORM "Origin: null\r\n", GOOD_FORM, 403},
	    {FORM "Origin: https://evil.example\r\n", GOOD_FORM, 403},
	    {FORM "Origin: http://" HTTP_RIG_HOST "\r\n", GOOD_FORM, 403},
	    {FORM "Origin: https://" HTTP_RIG_HOST ":8443\r\n", GOOD_FORM, 403},
	    {FORM ORIGIN "Sec-Fetch-Site: cross-site\r\n", GOOD_FORM, 403},
	    {FORM ORIGIN "Sec-Fetch-Site: same-site\r\n", GOOD_FORM, 403},
	    {FORM ORIGIN "Sec-Fetch-Site: none\r\n", GOOD_FORM, 403},
	    {ORIGIN, GOOD_FORM, 415},
	    {"Content-Type: text/plain\r\n" ORIGIN, GOOD_FORM, 415},
	    {"Content-Type: application/json\r\n" ORIGIN, "{}", 415},
	    {FORM ORIGIN, "", 400},
	    {FORM ORIGIN, "address=anna%40ours.test", 400},
	    {FORM ORIGIN, "address=anna%40ours.test&password=", 400},
	    {FORM ORIGIN, "address=anna%40ours.test&password=a%00b", 400},
	    {FORM ORIGIN, "address=anna&password=right", 400},
	    {FORM ORIGIN, "address=anna%40other.test&password=right", 404},
	};
	struct bed *bed = *state;
	start(bed, bed->own);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_rig_answer answer;
		http_rig_ask(&bed->rig, TEST_ROUTE, table[i].fields,
		    view_of_string(table[i].form), &answer);
		if (answer.status != table[i].status)
			fail_msg("row %zu: %u", i, answer.status);
		http_rig_answer_done(&answer);
	}
}

static void the_client_may_leave(void **state)
{
	struct bed *bed = *state;
	start(bed, bed->own);
	bed->rig.address = "192.0.2.1";
	http_rig_begin(&bed->rig, TEST_ROUTE, FORM ORIGIN,
	    VIEW("address=anna%40ours.test&password=wrong"));
	http_rig_leave(&bed->rig);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_browser_chooses_a_language),
	    cmocka_unit_test(both_languages_have_the_same_page),
	    TEST(requests_are_answered),
	    TEST(the_page_is_strict_and_is_not_sent_twice),
	    TEST(a_log_in_is_judged_like_any_other),
	    TEST(only_the_page_may_ask),
	    TEST(the_client_may_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
