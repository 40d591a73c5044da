// SPDX-License-Identifier: Apache-2.0
// What strangers send to the room: JSON, forms, registrations, authorization
// requests, names that are shown on pages. The first byte says which. What was
// taken keeps its promises: a redirect URI leads to no web page, a name cannot
// end the text where it stands, and what was registered can be registered
// again.
#include <string.h>

#include "account/client.h"
#include "account/page.h"
#include "account/redirect.h"
#include "account/request.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static size_t count(struct view text, struct view what)
{
	size_t found = 0, at;
	while ((at = view_find(text, what)) != SIZE_MAX) {
		text = view_from(text, at + what.len);
		found++;
	}
	return found;
}

// ---- JSON ------------------------------------------------------------------

static void read_deeply(
    struct arena *arena, struct account_json value, unsigned depth)
{
	struct account_json_object object;
	struct account_json item;
	struct view rest = value.text;
	must(depth <= ACCOUNT_JSON_DEPTH);
	if (value.kind == ACCOUNT_JSON_ARRAY)
		while (account_json_next(arena, &rest, &item))
			read_deeply(arena, item, depth + 1);
	account_json_open(arena, value, &object);
	for (size_t i = 0; i < object.count; i++)
		read_deeply(arena, object.members[i].value, depth + 1);
}

static void fuzz_json(struct arena *arena, struct view text)
{
	struct account_json_object object;
	// Reading all again at each depth takes its time.
	text = view_slice(text, 0, 2000);
	if (!account_json_read(arena, text, &object))
		return;
	for (size_t i = 0; i < object.count; i++)
		read_deeply(arena, object.members[i].value, 1);
}

// ---- Registration ----------------------------------------------------------

static void leads_to_no_page(struct view uri)
{
	struct buf source;
	buf_init(&source, 1000);
	account_redirect_source(uri, &source);
	struct view text = buf_view(&source);
	must(text.len > 0 && view_find_char(text, ' ') == SIZE_MAX &&
	     view_find_char(text, ';') == SIZE_MAX &&
	     view_find_char(text, ',') == SIZE_MAX);
	must(view_starts_with(uri, VIEW("http://127.0.0.1/")) ||
	     view_starts_with(uri, VIEW("http://[::1]/")) ||
	     view_find_char(view_slice(uri, 0, view_find_char(uri, ':')),
		 '.') != SIZE_MAX);
	buf_done(&source);
}

static void write(const struct account_client *client, struct buf *out)
{
	struct json_text json;
	buf_init(out, 100000);
	json_text_init(&json, out);
	json_begin_object(&json);
	account_client_write(client, &json);
	json_end_object(&json);
}

static void fuzz_client(struct arena *arena, struct view text)
{
	struct account_client client, again;
	struct auth_client record;
	struct buf first, second;
	const char *why;
	if (account_client_read(arena, text, &client, &why) != OAUTH_OK)
		return;
	for (size_t i = 0; i < client.redirect_count; i++)
		leads_to_no_page(client.redirects[i]);
	account_client_record(&client, &record);
	write(&client, &first);
	must(account_client_read(arena, buf_view(&first), &again, &why) ==
	     OAUTH_OK);
	write(&again, &second);
	must(view_eq(buf_view(&first), buf_view(&second)));
	buf_done(&first);
	buf_done(&second);
}

// ---- Authorization requests ------------------------------------------------

static bool is_ours(void *context, struct view host)
{
	(void)context;
	return view_eq(host, VIEW("mail.example.org"));
}

static void fuzz_request(struct arena *arena, struct view text)
{
	static const struct auth_client client = {
	    .redirects = {"com.example:/", "http://127.0.0.1/r"},
	    .redirect_count = 2,
	    .scopes = AUTH_SCOPES_MAIL,
	};
	static const struct account_resources resources = {.is_ours = is_ours};
	struct account_params *params = arena_alloc(arena, sizeof(*params));
	struct account_request request;
	account_params_read(arena, text, params);
	for (size_t i = 0; i < params->count; i++)
		must(params->items[i].value.len > 0);
	if (!account_request_target(params, &client, &request))
		return;
	must(view_starts_with(request.redirect_uri, VIEW("com.example:/")) ||
	     view_starts_with(request.redirect_uri, VIEW("http://127.0.0.1")));
	if (account_request_read(params, &client, &resources, &request) ==
	    OAUTH_OK)
		must(request.scopes != 0 && request.challenge.len == 43);
}

// ---- Pages -----------------------------------------------------------------

static void write_page(
    unsigned kind, struct view text, struct view request, struct buf *out)
{
	struct account_page page = {
	    .kind = (enum account_page_kind)kind,
	    .problem = ACCOUNT_PROBLEM_WRONG,
	    .host = VIEW("mail.example.org"),
	    .user = text,
	    .request = request,
	    .ticket = text,
	    .client = text,
	    .client_uri = VIEW("https://a.example"),
	    .user_code = text,
	    .scopes = AUTH_SCOPES_MAIL,
	    .totp = true,
	    .passkey = true,
	};
	buf_init(out, ACCOUNT_PAGE_MAX);
	account_page_write(&page, out);
}

static void fuzz_page(struct view text)
{
	static const char *const ends[] = {"<", ">", "\"", "{{"};
	unsigned kind = (unsigned)text.len % (ACCOUNT_PAGE_TROUBLE + 1);
	struct buf out, plain;
	bool good = account_page_is_request(text);
	struct view request = good ? text : VIEW("/oauth/device");
	if (text.len == 0)
		return;
	write_page(kind, text, request, &out);
	write_page(kind, VIEW("x"), VIEW("/oauth/device"), &plain);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct view end = view_of_string(ends[i]);
		must(
		    buf_status(&out) != RC_OK ||
		    view_find(text, VIEW("{{")) != SIZE_MAX ||
		    count(buf_view(&out), end) == count(buf_view(&plain), end));
	}
	buf_done(&out);
	buf_done(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text;
	struct arena arena;
	if (size == 0)
		return 0;
	text = view_of((const char *)data + 1, size - 1);
	arena_init(&arena);
	switch (data[0]) {
	case 'j': fuzz_json(&arena, text); break;
	case 'c': fuzz_client(&arena, text); break;
	case 'r': fuzz_request(&arena, text); break;
	case 'p': fuzz_page(text); break;
	default:
		if (account_redirect_is_allowed(text))
			leads_to_no_page(text);
	}
	arena_done(&arena);
	return 0;
}
