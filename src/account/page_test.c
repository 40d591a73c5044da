// SPDX-License-Identifier: Apache-2.0
// The pages of the authorization server: whole in both languages, and safe
// whatever names programs give themselves.
#include "account/page.h"

#include "auth/scope.h"
#include "base/mem.h"
#include "base/test.h"

static void write(const struct account_page *page, struct buf *out)
{
	buf_init(out, ACCOUNT_PAGE_MAX);
	account_page_write(page, out);
	assert_int_equal(buf_status(out), RC_OK);
}

static bool has(const struct buf *text, const char *part)
{
	return view_find(buf_view(text), view_of_string(part)) != SIZE_MAX;
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

// What stands before, the control for the language, is in another order.
static struct view main_of(const unsigned char *file, size_t len)
{
	struct view page = view_of((const char *)file, len);
	size_t at = view_find(page, VIEW("<main"));
	assert_true(at != SIZE_MAX);
	return view_from(page, at);
}

static void both_languages_have_the_same_pages(void **state)
{
	struct buf english, chinese;
	(void)state;
	buf_init(&english, ACCOUNT_PAGE_MAX);
	buf_init(&chinese, ACCOUNT_PAGE_MAX);
	outline(
	    main_of(embedded_authorize_en_html, embedded_authorize_en_html_len),
	    &english);
	outline(main_of(embedded_authorize_zh_CN_html,
		    embedded_authorize_zh_CN_html_len),
	    &chinese);
	assert_true(english.len > 1000);
	assert_view_equal(buf_view(&english), buf_view(&chinese));
	buf_done(&english);
	buf_done(&chinese);
}

static struct account_page page_of(unsigned kind, unsigned language)
{
	return (struct account_page){
	    .kind = (enum account_page_kind)kind,
	    .language = (enum account_language)language,
	    .host = VIEW("mail.example.org"),
	    .user = VIEW("anna"),
	    .request = VIEW("/oauth/authorize?client_id=x&lang=en&state=y"),
	    .ticket = VIEW("TICKET"),
	    .csrf = VIEW("CSRF"),
	    .client = VIEW("Program"),
	    .client_uri = VIEW("https://program.example/about?x"),
	    .redirect_uri = VIEW("com.example:/"),
	    .scopes = AUTH_SCOPES_MAIL,
	    .totp = true,
	    .recovery = true,
	    .passkey = true,
	};
}

// Each kind of page has one heading, and no mark is left.
static void every_page_is_whole(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind <= ACCOUNT_PAGE_TROUBLE; kind++)
		for (unsigned language = 0; language < ACCOUNT_LANGUAGES;
		     language++)
			for (unsigned problem = 0;
			     problem <= ACCOUNT_PROBLEM_TROUBLE; problem++) {
				struct account_page page =
				    page_of(kind, language);
				struct buf text;
				page.problem = (enum account_problem)problem;
				write(&page, &text);
				struct view whole = buf_view(&text);
				size_t at = view_find(whole, VIEW("<h1>"));
				assert_true(at != SIZE_MAX);
				assert_true(view_find(view_from(whole, at + 1),
						VIEW("<h1>")) == SIZE_MAX);
				assert_false(has(&text, "{{"));
				assert_false(has(&text, "}}"));
				assert_false(has(&text, "<title> "));
				assert_false(has(&text, "role=\"alert\"></p>"));
				assert_false(
				    has(&text, "role=\"status\"></p>"));
				buf_done(&text);
			}
}

static void a_page_says_what_it_is_about(void **state)
{
	static const struct {
		enum account_page_kind kind;
		const char *has;
	} table[] = {
	    {ACCOUNT_PAGE_LOGIN, "value=\"anna\""},
	    {ACCOUNT_PAGE_LOGIN, "<strong class=\"value\">Program</strong>"},
	    {ACCOUNT_PAGE_LOGIN,
		"name=\"request\" value=\"/oauth/authorize?client_id=x&amp;"
		"lang=en&amp;state=y\""},
	    {ACCOUNT_PAGE_LOGIN,
		"href=\"/oauth/authorize?client_id=x&amp;state=y&amp;"
		"lang=zh-CN\""},
	    {ACCOUNT_PAGE_SECOND, "name=\"ticket\" value=\"TICKET\""},
	    {ACCOUNT_PAGE_SECOND, "or a recovery code</label>"},
	    {ACCOUNT_PAGE_CONSENT, "(it says it is from program.example)"},
	    {ACCOUNT_PAGE_CONSENT,
		"the app <span class=\"value\">com.example<"},
	    {ACCOUNT_PAGE_CONSENT, "name=\"csrf\" value=\"CSRF\""},
	    {ACCOUNT_PAGE_CONSENT, "action=\"/oauth/authorize\""},
	    {ACCOUNT_PAGE_CONSENT, "read, move, change"},
	    {ACCOUNT_PAGE_CONSENT, "send mail"},
	    {ACCOUNT_PAGE_CODE, "name=\"user_code\""},
	    {ACCOUNT_PAGE_DONE, "The device has access now."},
	    {ACCOUNT_PAGE_DENIED, "did not get access"},
	    {ACCOUNT_PAGE_BAD_CLIENT, "is not registered here"},
	    {ACCOUNT_PAGE_BAD_REDIRECT, "Nothing was sent"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct account_page page =
		    page_of(table[i].kind, ACCOUNT_ENGLISH);
		struct buf text;
		write(&page, &text);
		if (!has(&text, table[i].has))
			fail_msg("row %zu: %.*s", i, VIEW_FMT(buf_view(&text)));
		buf_done(&text);
	}
}

static void consent_says_where_the_access_goes(void **state)
{
	static const struct {
		const char *redirect, *code, *name;
		uint32_t scopes;
		const char *has, *lacks;
	} table[] = {
	    {"http://127.0.0.1:5000/", "", "A", AUTH_SCOPE_IMAP,
		"a program on this computer", "send mail"},
	    {"http://[::1]/", "", "", AUTH_SCOPE_SMTP, "has not told its name",
		"read, move"},
	    {"org.a.b:/", "", "", AUTH_SCOPES_MAIL,
		"<strong class=\"value\">org.a.b</strong>", "this computer"},
	    {"", "WDJB-MJHT", "TV", AUTH_SCOPES_MAIL,
		"<strong class=\"value\">WDJB-MJHT</strong>", "the app"},
	    {"", "WDJB-MJHT", "TV", AUTH_SCOPES_MAIL,
		"action=\"/oauth/device\"", "this computer"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct account_page page =
		    page_of(ACCOUNT_PAGE_CONSENT, ACCOUNT_ENGLISH);
		struct buf text;
		page.redirect_uri = view_of_string(table[i].redirect);
		page.user_code = view_of_string(table[i].code);
		page.client = view_of_string(table[i].name);
		page.client_uri = VIEW("");
		page.scopes = table[i].scopes;
		write(&page, &text);
		if (!has(&text, table[i].has) || has(&text, table[i].lacks) ||
		    has(&text, "it says it is from"))
			fail_msg("row %zu: %.*s", i, VIEW_FMT(buf_view(&text)));
		buf_done(&text);
	}
}

static size_t count(const struct buf *text, const char *part)
{
	struct view rest = buf_view(text), what = view_of_string(part);
	size_t found = 0, at;
	while ((at = view_find(rest, what)) != SIZE_MAX) {
		rest = view_from(rest, at + what.len);
		found++;
	}
	return found;
}

static void foreign_texts_stay_texts(void **state)
{
	static const char evil[] = "\"'><script>alert(1)</script>{{csrf}}&";
	(void)state;
	for (unsigned kind = 0; kind <= ACCOUNT_PAGE_TROUBLE; kind++) {
		struct account_page page = page_of(kind, ACCOUNT_ENGLISH);
		struct buf good, bad;
		write(&page, &good);
		page.user = page.client = page.ticket = page.user_code =
		    page.host = VIEW(evil);
		page.client_uri = VIEW("https://\"'><script>");
		page.request = VIEW("/oauth/authorize?\"'><script>{{csrf}}");
		write(&page, &bad);
		assert_int_equal(count(&good, "<"), count(&bad, "<"));
		assert_int_equal(count(&good, ">"), count(&bad, ">"));
		assert_int_equal(count(&good, "\""), count(&bad, "\""));
		assert_int_equal(count(&bad, "alert(1)<"), 0);
		buf_done(&good);
		buf_done(&bad);
	}
}

static void a_form_leads_back_to_this_room_only(void **state)
{
	static const struct {
		const char *request;
		bool good;
	} table[] = {
	    {"/oauth/authorize?client_id=x", true},
	    {"/oauth/device", true},
	    {"/oauth/device?user_code=A", true},
	    {"", false},
	    {"/", false},
	    {"/oauth/authorize", false},
	    {"/oauth/devices", false},
	    {"/oauth/device/../x", false},
	    {"//evil.example/oauth/device", false},
	    {"https://evil.example/oauth/authorize?", false},
	    {"/oauth/authorize?\r\nSet-Cookie: a=b", false},
	    {"/oauth/authorize?a b", false},
	    {"/oauth/authorize?\"", false},
	    {"/oauth/authorize?x#y", false},
	    {"/oauth/authorize?\u00e9", false},
	    {"/\\evil.example/oauth/authorize?", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (account_page_is_request(view_of_string(table[i].request)) !=
		    table[i].good)
			fail_msg("%s", table[i].request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_languages_have_the_same_pages),
	    cmocka_unit_test(every_page_is_whole),
	    cmocka_unit_test(a_page_says_what_it_is_about),
	    cmocka_unit_test(consent_says_where_the_access_goes),
	    cmocka_unit_test(foreign_texts_stay_texts),
	    cmocka_unit_test(a_form_leads_back_to_this_room_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
