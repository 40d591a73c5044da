// SPDX-License-Identifier: Apache-2.0
#include "account/page.h"

#include "account/redirect.h"
#include "auth/scope.h"
#include "base/mem.h"
#include "http/template.h"
#include "http/text.h"
#include "wire/xml_write.h"

#define POLICY                                                                 \
	"default-src 'none'; style-src 'self'; script-src 'self'; "            \
	"img-src 'self'; connect-src 'self'; base-uri 'none'; "                \
	"frame-ancestors 'none'; form-action 'self'"

static const char *const tags[ACCOUNT_LANGUAGES] = {
#define X(name, tag, file) [name] = tag,
    ACCOUNT_LANGUAGE_TABLE(X)
#undef X
};

static const char *const kinds[] = {
#define X(name, mark) [name] = mark,
    ACCOUNT_PAGE_TABLE(X)
#undef X
};

static const char *const problems[] = {
#define X(name, mark) [name] = mark,
    ACCOUNT_PROBLEM_TABLE(X)
#undef X
};

enum account_language account_language_choose(
    struct view chosen, struct view accept)
{
	return (enum account_language)http_language_choose(
	    tags, ACCOUNT_LANGUAGES, chosen, accept);
}

// ---- Values ----------------------------------------------------------------

// The same request in the other language. `lang` is the last parameter, so
// that it comes once.
static void add_other_language(const struct account_page *page, struct buf *out)
{
	struct view path = page->request, pair;
	size_t question = view_find_char(path, '?');
	struct view query =
	    question == SIZE_MAX ? VIEW("") : view_from(path, question + 1);
	xml_add_text(out, view_slice(path, 0, question));
	buf_add_char(out, '?');
	while (view_split(&query, '&', &pair)) {
		if (pair.len == 0 || view_starts_with(pair, VIEW("lang=")))
			continue;
		xml_add_text(out, pair);
		buf_add_literal(out, "&amp;");
	}
	buf_printf(out, "lang=%s",
	    tags[page->language == ACCOUNT_ENGLISH ? ACCOUNT_CHINESE
						   : ACCOUNT_ENGLISH]);
}

// "a.example" of "https://a.example/x".
static struct view host_of(struct view url)
{
	size_t len = 0;
	struct view rest = view_from(url, sizeof("https://") - 1);
	while (len < rest.len &&
	       view_find_char(VIEW("/?#"), rest.ptr[len]) == SIZE_MAX)
		len++;
	return view_slice(rest, 0, len);
}

static struct view scheme_of(struct view uri)
{
	return view_slice(uri, 0, view_find_char(uri, ':'));
}

static bool is_loopback(const struct account_page *page)
{
	return view_eq(scheme_of(page->redirect_uri), VIEW("http"));
}

// A program without a name is called by where its access goes to.
static struct view client_of(const struct account_page *page)
{
	if (page->client.len > 0)
		return page->client;
	if (page->redirect_uri.len == 0 || is_loopback(page))
		return VIEW("?");
	return scheme_of(page->redirect_uri);
}

static void add_value(const void *context, struct view name, struct buf *out)
{
	const struct account_page *page = context;
	const struct {
		const char *name;
		struct view value;
	} values[] = {
	    {"host", page->host},
	    {"user", page->user},
	    {"request", page->request},
	    {"ticket", page->ticket},
	    {"csrf", page->csrf},
	    {"client", client_of(page)},
	    {"site", host_of(page->client_uri)},
	    {"app", scheme_of(page->redirect_uri)},
	    {"code-shown", page->user_code},
	    {"action", page->redirect_uri.len > 0 ? VIEW("/oauth/authorize")
						  : VIEW("/oauth/device")},
	};
	if (view_eq(name, VIEW("other-language")))
		add_other_language(page, out);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (view_eq(name, view_of_string(values[i].name)))
			xml_add_text(out, values[i].value);
}

static bool holds(const void *context, struct view name)
{
	const struct account_page *page = context;
	bool app = page->redirect_uri.len > 0;
	bool has_client = app || page->client.len > 0;
	const struct {
		const char *name;
		bool holds;
	} marks[] = {
	    {"message", page->kind >= ACCOUNT_PAGE_DONE},
	    {"problem", page->problem != ACCOUNT_PROBLEM_NONE},
	    {"client", has_client},
	    {"no-client", !has_client},
	    {"unnamed", page->client.len == 0},
	    {"site", page->client_uri.len > 0},
	    {"reads", (page->scopes & (AUTH_SCOPES_MAIL &
					  ~(uint32_t)AUTH_SCOPE_SMTP)) != 0},
	    {"sends",
		(page->scopes & (AUTH_SCOPE_SMTP | AUTH_SCOPE_JMAP)) != 0},
	    {"device", !app},
	    {"loopback", app && is_loopback(page)},
	    {"app", app && !is_loopback(page)},
	    {"totp", page->totp},
	    {"passkey", page->passkey},
	    {"has-code", page->totp || page->recovery},
	    {"only-recovery", !page->totp},
	};
	if (view_eq(name, view_of_string(kinds[page->kind])) ||
	    view_eq(name, view_of_string(problems[page->problem])))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (view_eq(name, view_of_string(marks[i].name)))
			return marks[i].holds;
	return false;
}

// ---- The page --------------------------------------------------------------

void account_page_write(const struct account_page *page, struct buf *out)
{
	static const struct http_template template = {
	    .value = add_value,
	    .holds = holds,
	};
	const struct view texts[ACCOUNT_LANGUAGES] = {
#define X(name, tag, file) [name] = view_of((const char *)file, file##_len),
	    ACCOUNT_LANGUAGE_TABLE(X)
#undef X
	};
	http_template_fill(&template, page, texts[page->language], out);
}

// A form may end in a redirect, and browsers hold that against form-action, too
// (Content Security Policy level 3, section 6.5.1).
static void set_policy(
    struct http_exchange *exchange, const struct account_page *page)
{
	struct buf policy;
	buf_init(&policy, 2000);
	buf_add_literal(&policy, POLICY);
	if (page->kind == ACCOUNT_PAGE_CONSENT && page->redirect_uri.len > 0) {
		buf_add_char(&policy, ' ');
		account_redirect_source(page->redirect_uri, &policy);
	}
	http_set_field(exchange, "Content-Security-Policy", buf_view(&policy));
	buf_done(&policy);
}

enum http_step account_page_answer(
    struct http_exchange *exchange, const struct account_page *page)
{
	struct buf text;
	buf_init(&text, ACCOUNT_PAGE_MAX);
	account_page_write(page, &text);
	set_policy(exchange, page);
	http_set_field(
	    exchange, "Content-Language", view_of_string(tags[page->language]));
	// With "no-referrer" browsers that have no Sec-Fetch-Site would send
	// "Origin: null" with a form.
	http_set_field(exchange, "Referrer-Policy", VIEW("same-origin"));
	enum http_step step = http_answer(exchange,
	    page->kind < ACCOUNT_PAGE_BAD_CLIENT ? 200
	    : page->kind == ACCOUNT_PAGE_TROUBLE ? 503
						 : 400,
	    "text/html; charset=utf-8", buf_view(&text));
	if (buf_status(&text) != RC_OK)
		step = http_status(exchange, 414);
	buf_done_secret(&text);
	return step;
}

bool account_page_is_request(struct view request)
{
	for (size_t i = 0; i < request.len; i++)
		if (request.ptr[i] <= ' ' || request.ptr[i] > '~' ||
		    request.ptr[i] == '"' || request.ptr[i] == '#')
			return false;
	return view_starts_with(request, VIEW("/oauth/authorize?")) ||
	       view_eq(request, VIEW("/oauth/device")) ||
	       view_starts_with(request, VIEW("/oauth/device?"));
}
