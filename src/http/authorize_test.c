// SPDX-License-Identifier: Apache-2.0
// Who a request is by: passwords, tokens, cookies, and what a stranger is told.
#include "http/authorize.h"

#include "auth/token.h"
#include "base/mem.h"
#include "base/test.h"
#include "http/rig.h"

static enum http_step who_resume(struct http_exchange *exchange)
{
	struct auth_user user;
	switch (http_authorize(exchange, exchange->state, &user)) {
	case HTTP_LOGIN_OK:
		return http_answer(exchange, 200, "text/plain",
		    view_of_string(user.name.text));
	case HTTP_LOGIN_WAIT: return HTTP_WAIT;
	case HTTP_LOGIN_REFUSED: break;
	}
	return HTTP_DONE;
}

static enum http_step who_begin(struct http_exchange *exchange)
{
	exchange->state =
	    arena_zalloc(&exchange->arena, sizeof(struct http_login));
	return who_resume(exchange);
}

static void who_end(struct http_exchange *exchange)
{
	http_login_end(exchange, exchange->state);
}

static const struct http_route routes[] = {
    {.methods = HTTP_GET | HTTP_POST,
	.path = "/jmap/",
	.flags = HTTP_ROUTE_PREFIX,
	.body_max = 100,
	.begin = who_begin,
	.resume = who_resume,
	.end = who_end},
};

#define BASIC  "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n" // demo:demo pass
#define SAME   "Sec-Fetch-Site: same-origin\r\n"
#define OTHER  "Sec-Fetch-Site: cross-site\r\n"
#define MARK   "X-Roost: 1\r\n"
#define COOKIE "Cookie: __Host-roost=%s\r\n"

// "%s" is the token of a browser session of RIG_FRIEND.
static const struct {
	const char *what, *fields;
	unsigned status;
	const char *user;
} table[] = {
    {"GET /jmap/x", "", 401, NULL},
    {"GET /jmap/x", BASIC, 200, "demo"},
    {"GET /jmap/x", COOKIE, 200, "friend"},
    {"GET /jmap/x", COOKIE SAME, 200, "friend"},
    {"GET /jmap/x", COOKIE "Sec-Fetch-Site: none\r\n", 200, "friend"},
    {"GET /jmap/x", COOKIE OTHER, 403, NULL},
    {"GET /jmap/x", COOKIE "Origin: https://evil.example\r\n", 403, NULL},
    {"POST /jmap/x", COOKIE SAME MARK, 200, "friend"},
    {"POST /jmap/x", COOKIE SAME, 403, NULL},
    {"POST /jmap/x", COOKIE MARK, 403, NULL},
    {"POST /jmap/x", COOKIE OTHER MARK, 403, NULL},
    // A password is not sent by itself, so it needs none of this.
    {"POST /jmap/x", BASIC OTHER, 200, "demo"},
    // What was said counts, and not the cookie.
    {"GET /jmap/x", COOKIE BASIC, 200, "demo"},
    {"GET /jmap/x", COOKIE "Authorization: Basic eDp5\r\n", 401, NULL},
    {"GET /jmap/x", COOKIE "Authorization: Bearer %%\r\n", 401, NULL},
    {"GET /jmap/x", COOKIE "Authorization: Nonsense x\r\n", 401, NULL},
    // A browser's token is no access token.
    {"GET /jmap/x", "Authorization: Bearer %s\r\n", 401, NULL},
    {"GET /jmap/x", "Cookie: __Host-roost=x\r\n", 401, NULL},
    {"GET /jmap/x", "Cookie: roost=%s\r\n", 401, NULL},
};

struct bed {
	struct http_rig rig;
	struct auth_token_text token;
};

static int set_up(void **state)
{
	static struct bed bed;
	struct fault fault;
	uint64_t id;
	struct auth_channel channel = {
	    .protocol = "http", .peer_address = VIEW("127.0.0.1"), .tls = true};
	struct auth_session_order order = {
	    .kind = AUTH_KIND_SESSION, .name = VIEW("x")};
	http_rig_init(&bed.rig, routes, ARRAY_LEN(routes), NULL);
	struct auth_user user =
	    rig_users_find(bed.rig.base.users, VIEW(RIG_FRIEND));
	rig_must(auth_session_open(bed.rig.server.base.auth, &channel, &user,
		     &order, &fault, &bed.token, &id),
	    "a session");
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	http_rig_done(&bed->rig);
	return 0;
}

static void ask(struct bed *bed, const char *what, const char *fields,
    struct http_rig_answer *ret_answer)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	struct buf text;
	const char *rest = fields, *mark;
	buf_init(&text, 5000);
	while ((mark = strstr(rest, "%s"))) {
		buf_add(&text, view_of(rest, (size_t)(mark - rest)));
		buf_add_string(&text, bed->token.text);
		rest = mark + 2;
	}
	buf_add_string(&text, rest);
	buf_add_char(&text, '\0');
	http_rig_begin(&bed->rig, what, text.ptr, VIEW(""));
	for (unsigned i = 0; bed->rig.client.out.len == 0 && i < 60000; i++) {
		nanosleep(&moment, NULL);
		rig_tick(&bed->rig.client);
	}
	http_rig_finish(&bed->rig, ret_answer);
	buf_done(&text);
}

static void requests_have_users(void **state)
{
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_rig_answer answer;
		char address[32];
		// Each from its own network, as refusals are delayed.
		snprintf(address, sizeof(address), "10.%zu.0.1", i);
		bed->rig.address = address;
		ask(bed, table[i].what, table[i].fields, &answer);
		if (answer.status != table[i].status)
			fail_msg("row %zu: %u", i, answer.status);
		if (table[i].user)
			assert_view_equal_row(
			    i, answer.body, view_of_string(table[i].user));
		http_rig_answer_done(&answer);
	}
	bed->rig.address = NULL;
}

static size_t count(struct view text, const char *part)
{
	struct view what = view_of_string(part);
	size_t found = 0, at;
	while ((at = view_find(text, what)) != SIZE_MAX) {
		text = view_from(text, at + what.len);
		found++;
	}
	return found;
}

static void a_stranger_is_told_how_to_log_in(void **state)
{
#define DOCUMENT                                                               \
	"Bearer realm=\"Roost\", resource_metadata=\"https://" HTTP_RIG_HOST   \
	"/.well-known/oauth-protected-resource"
	static const struct {
		const char *what, *fields;
		size_t basic;
		const char *has;
	} told[] = {
	    {"GET /jmap/session", "", 1, DOCUMENT "/jmap/session\"\r\n"},
	    {"GET /jmap/a%22b", "", 1, DOCUMENT "\"\r\n"},
	    // The browser would ask for a password itself.
	    {"GET /jmap/session", MARK, 0, DOCUMENT "/jmap/session\"\r\n"},
	    {"GET /jmap/session", "Authorization: Bearer x\r\n", 0,
		"/jmap/session\", error=\"invalid_token\"\r\n"},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		struct http_rig_answer answer;
		ask(bed, told[i].what, told[i].fields, &answer);
		assert_int_equal(answer.status, 401);
		assert_int_equal(
		    count(answer.fields, "Basic realm="), told[i].basic);
		if (count(answer.fields, told[i].has) != 1)
			fail_msg("row %zu: %.*s", i, VIEW_FMT(answer.fields));
		http_rig_answer_done(&answer);
	}
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(requests_have_users),
	    TEST(a_stranger_is_told_how_to_log_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
