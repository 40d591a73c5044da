// SPDX-License-Identifier: Apache-2.0
#include "account/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS 120000

static int64_t wall(void *context)
{
	const struct account_rig *rig = context;
	return clock_wall_seconds(NULL) + rig->ahead;
}

static bool is_ours(void *context, struct view host)
{
	(void)context;
	return view_eq(host, VIEW("other.example.org"));
}

void account_rig_init(struct account_rig *rig)
{
	size_t count;
	memset(rig, 0, sizeof(*rig));
	rig_users_init(&rig->users);
	rig->clock = (struct clock){wall, rig};
	rig->account = account_new(&(struct account_options){
	    .auth = rig->users.auth,
	    .clock = &rig->clock,
	    .server_name = HTTP_RIG_HOST,
	    .https_port = 443,
	    .session_max_seconds = 7776000,
	    .is_ours = is_ours,
	});
	const struct http_route *routes = account_routes(rig->account, &count);
	http_rig_init(&rig->http, routes, count, &rig->users);
}

void account_rig_done(struct account_rig *rig)
{
	http_rig_answer_done(&rig->answer);
	http_rig_done(&rig->http);
	account_free(&rig->account);
	rig_users_done(&rig->users);
}

// ---- Asking ----------------------------------------------------------------

static bool is_whole(struct view text)
{
	size_t end = view_find(text, VIEW("\r\n\r\n"));
	size_t at = view_find(text, VIEW("Content-Length: "));
	uint32_t length;
	struct view number;
	if (end == SIZE_MAX)
		return false;
	if (at == SIZE_MAX || at > end)
		return true;
	number = view_from(text, at + 16);
	number = view_slice(number, 0, view_find_char(number, '\r'));
	return view_to_u32(number, &length) && text.len >= end + 4 + length;
}

static void keep_cookie(struct account_rig *rig)
{
	struct view cookie = http_rig_field(&rig->answer, "Set-Cookie");
	if (cookie.len == 0)
		return;
	cookie = view_slice(cookie, 0, view_find_char(cookie, ';'));
	rig->cookie[0] = '\0';
	if (!view_ends_with(cookie, VIEW("=")))
		snprintf(rig->cookie, sizeof(rig->cookie), "Cookie: %.*s\r\n",
		    VIEW_FMT(cookie));
}

unsigned account_rig_ask(struct account_rig *rig, const char *what,
    const char *fields, const char *body)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	uint64_t end_ms = clock_monotonic_ms() + WAIT_MS;
	char all[8000];
	snprintf(all, sizeof(all), "%s%s", fields, rig->cookie);
	http_rig_answer_done(&rig->answer);
	http_rig_begin(&rig->http, what, all, view_of_string(body));
	while (!is_whole(buf_view(&rig->http.client.out))) {
		if (clock_monotonic_ms() > end_ms) {
			fprintf(stderr, "no answer: %s\n", what);
			abort();
		}
		nanosleep(&moment, NULL);
		rig_tick(&rig->http.client);
	}
	http_rig_finish(&rig->http, &rig->answer);
	keep_cookie(rig);
	return rig->answer.status;
}

static void quote(const char *from, char *to, size_t size)
{
	size_t i = 0;
	for (; from[i] && i + 1 < size; i++)
		to[i] = from[i];
	to[i] = '\0';
	for (i = 0; to[i]; i++)
		if (to[i] == '\'')
			to[i] = '"';
}

unsigned account_rig_json(
    struct account_rig *rig, const char *what, const char *body)
{
	char text[8000];
	quote(body, text, sizeof(text));
	return account_rig_ask(rig, what, RIG_JSON, text);
}

void account_rig_log_in(struct account_rig *rig)
{
	rig->cookie[0] = '\0';
	if (account_rig_json(rig, "POST /account/login",
		"{'user':'" RIG_USER "','password':'" RIG_PASSWORD
		"'}") == 200 &&
	    rig->cookie[0])
		return;
	fprintf(stderr, "no log-in: %u\n", rig->answer.status);
	abort();
}

// ---- The answer ------------------------------------------------------------

bool account_rig_has(const struct account_rig *rig, const char *text)
{
	char wanted[2000];
	quote(text, wanted, sizeof(wanted));
	return view_find(rig->answer.body, view_of_string(wanted)) != SIZE_MAX;
}

void account_rig_member(const struct account_rig *rig, const char *name,
    char *ret_text, size_t size)
{
	char key[100];
	snprintf(key, sizeof(key), "\"%s\":\"", name);
	size_t at = view_find(rig->answer.body, view_of_string(key));
	struct view rest = at == SIZE_MAX
			       ? VIEW("")
			       : view_from(rig->answer.body, at + strlen(key));
	rest = view_slice(rest, 0, view_find_char(rest, '"'));
	snprintf(ret_text, size, "%.*s", VIEW_FMT(rest));
}
