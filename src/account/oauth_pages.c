// SPDX-License-Identifier: Apache-2.0
// The pages: a program opens /oauth/authorize in the user's browser, and a
// device shows where to type its code. Without a session of the browser the
// page asks for a log-in; with one it asks whether to allow it. They need no
// script.
//
// The forms say where they come from in `request`, a path of this room. What it
// says is checked anew each time: a form is sent by whoever likes.
#include "account/oauth.h"
#include "account/redirect.h"
#include "account/request.h"

#define URL_MAX 8192

// "/oauth/authorize?client_id=…": what is asked for.
static struct view own_request(struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;
	struct buf text;
	buf_init(&text, URL_MAX);
	buf_add(&text, request->path);
	if (request->query.len > 0) {
		buf_add_char(&text, '?');
		buf_add(&text, request->query);
	}
	struct view copy = arena_copy(&exchange->arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

// ---- The request -----------------------------------------------------------

// An authorization request, and the client that makes it.
struct asked {
	struct account_params params;
	struct auth_client client;
	struct account_request request;
};

// Leads the browser back to the program. 303 so that it is a GET whatever this
// is (RFC 9700 section 4.12).
static enum http_step lead_back(struct http_exchange *exchange,
    const struct account_request *request, const char *name, struct view value)
{
	struct buf url, issuer;
	bool first;
	buf_init(&url, URL_MAX);
	buf_init(&issuer, 500);
	oauth_add_issuer(exchange, &issuer);
	account_redirect_begin(request->redirect_uri, &first, &url);
	account_redirect_add(&url, &first, name, value);
	account_redirect_add(&url, &first, "state", request->state);
	account_redirect_add(&url, &first, "iss", buf_view(&issuer));
	enum http_step step = buf_status(&url) == RC_OK
				  ? http_redirect(exchange, 303, buf_view(&url))
				  : http_status(exchange, 414);
	buf_done_secret(&url);
	buf_done(&issuer);
	return step;
}

// HTTP_MORE: it is good. Otherwise it was answered.
static enum http_step read_asked(
    struct http_exchange *exchange, struct view query, struct asked *asked)
{
	const struct account *account = account_of(exchange);
	const struct account_resources resources = {
	    .is_ours = oauth_is_our_host,
	    .context = account_of(exchange),
	};
	account_params_read(&exchange->arena, query, &asked->params);
	switch (auth_client_find(account->options.auth,
	    account_param(&asked->params, "client_id"), &asked->client)) {
	case RC_OK: break;
	case RC_NOT_FOUND:
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_CLIENT);
	default: return oauth_message(exchange, ACCOUNT_PAGE_TROUBLE);
	}
	if (!account_request_target(
		&asked->params, &asked->client, &asked->request))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REDIRECT);
	enum oauth_error error = account_request_read(
	    &asked->params, &asked->client, &resources, &asked->request);
	if (error != OAUTH_OK)
		return lead_back(exchange, &asked->request, "error",
		    view_of_string(oauth_error_code(error)));
	return HTTP_MORE;
}

static enum http_step show_consent(struct http_exchange *exchange,
    const struct account_call *call, struct account_page *page,
    const struct auth_client *client)
{
	char csrf[ACCOUNT_CSRF_LEN + 1];
	account_csrf(account_of(exchange), call->cookie, csrf);
	page->csrf = view_of_string(csrf);
	page->user = view_of_string(call->user.name.text);
	page->client = view_of_string(client->name);
	page->client_uri = view_of_string(client->uri);
	return account_page_answer(exchange, page);
}

// ---- /oauth/authorize ------------------------------------------------------

// The page is the issuer's only. A program that was told another of our names
// comes to it all the same.
static enum http_step lead_to_issuer(struct http_exchange *exchange)
{
	struct buf url;
	buf_init(&url, URL_MAX + 500);
	oauth_add_issuer(exchange, &url);
	buf_add(&url, own_request(exchange));
	enum http_step step = http_redirect(exchange, 303, buf_view(&url));
	buf_done(&url);
	return step;
}

static enum http_step authorize(
    struct http_exchange *exchange, struct account_call *call)
{
	struct asked *asked = arena_alloc(&exchange->arena, sizeof(*asked));
	struct view request = own_request(exchange);
	if (!oauth_is_issuer(exchange))
		return lead_to_issuer(exchange);
	if (!account_page_is_request(request))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_CLIENT);
	enum http_step step =
	    read_asked(exchange, exchange->request.query, asked);
	if (step != HTTP_MORE)
		return step;
	step = oauth_need_fresh(exchange, call, request);
	if (step != HTTP_MORE)
		return step;
	struct account_page page =
	    oauth_new_page(exchange, ACCOUNT_PAGE_CONSENT);
	page.request = request;
	page.redirect_uri = asked->request.redirect_uri;
	page.scopes = asked->request.scopes;
	return show_consent(exchange, call, &page, &asked->client);
}

static enum http_step give_code(struct http_exchange *exchange,
    struct account_call *call, const struct asked *asked)
{
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct auth_code_order order = {
	    .client = view_of_string(asked->client.id),
	    .redirect_uri = asked->request.redirect_uri,
	    .challenge = asked->request.challenge,
	    .scopes = asked->request.scopes,
	};
	struct auth_token_text code;
	struct fault fault;
	if (auth_code_make(account_of(exchange)->options.auth, &channel,
		&call->user, &order, &fault, &code) != RC_OK)
		return lead_back(exchange, &asked->request, "error",
		    view_of_string(oauth_error_code(OAUTH_SERVER_ERROR)));
	enum http_step step = lead_back(
	    exchange, &asked->request, "code", view_of_string(code.text));
	auth_token_text_done(&code);
	return step;
}

static enum http_step decide(
    struct http_exchange *exchange, struct account_call *call)
{
	struct asked *asked = arena_alloc(&exchange->arena, sizeof(*asked));
	struct view request = account_param(&call->form, "request");
	struct view decision = account_param(&call->form, "decision");
	if (call->form.bad || !account_page_is_request(request))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	enum http_step step =
	    read_asked(exchange, oauth_query_of(request), asked);
	if (step == HTTP_MORE)
		step = oauth_need_session(exchange, call, request);
	if (step != HTTP_MORE)
		return step;
	if (view_eq(decision, VIEW("allow")))
		return give_code(exchange, call, asked);
	return lead_back(exchange, &asked->request, "error",
	    view_of_string(oauth_error_code(OAUTH_ACCESS_DENIED)));
}

// ---- /oauth/device ---------------------------------------------------------

static enum http_step ask_for_code(
    struct http_exchange *exchange, enum account_problem problem)
{
	struct account_page page = oauth_new_page(exchange, ACCOUNT_PAGE_CODE);
	page.request = VIEW(OAUTH_PATH_DEVICE);
	page.problem = problem;
	return account_page_answer(exchange, &page);
}

static enum http_step device(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth_device_request asked;
	struct view request = own_request(exchange), code;
	if (!oauth_is_issuer(exchange))
		return lead_to_issuer(exchange);
	if (!account_page_is_request(request))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	enum http_step step = oauth_need_fresh(exchange, call, request);
	if (step != HTTP_MORE)
		return step;
	if (!http_query(exchange, "user_code", &code) || code.len == 0)
		return ask_for_code(exchange, ACCOUNT_PROBLEM_NONE);
	switch (auth_device_find(
	    account_of(exchange)->options.auth, &call->user, code, &asked)) {
	case RC_OK: break;
	case RC_NOT_FOUND: return ask_for_code(exchange, ACCOUNT_PROBLEM_WRONG);
	case RC_LIMIT: return ask_for_code(exchange, ACCOUNT_PROBLEM_LIMITED);
	default: return ask_for_code(exchange, ACCOUNT_PROBLEM_TROUBLE);
	}
	struct account_page page =
	    oauth_new_page(exchange, ACCOUNT_PAGE_CONSENT);
	page.request = request;
	page.user_code = code;
	page.scopes = asked.scopes;
	return show_consent(exchange, call, &page, &asked.client);
}

static enum http_step decide_device(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view request = account_param(&call->form, "request"), code;
	struct auth_device_request asked;
	struct auth *auth = account_of(exchange)->options.auth;
	struct fault fault;
	bool allow =
	    view_eq(account_param(&call->form, "decision"), VIEW("allow"));
	if (call->form.bad || !account_page_is_request(request) ||
	    !http_form(exchange, oauth_query_of(request), "user_code", &code))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	enum http_step step = oauth_need_session(exchange, call, request);
	if (step != HTTP_MORE)
		return step;
	enum rc rc = auth_device_find(auth, &call->user, code, &asked);
	if (rc == RC_OK)
		rc = auth_device_decide(
		    auth, &call->user, code, allow, asked.scopes, &fault);
	switch (rc) {
	case RC_OK: break;
	case RC_NOT_FOUND: return ask_for_code(exchange, ACCOUNT_PROBLEM_WRONG);
	case RC_LIMIT: return ask_for_code(exchange, ACCOUNT_PROBLEM_LIMITED);
	default: return ask_for_code(exchange, ACCOUNT_PROBLEM_TROUBLE);
	}
	return oauth_message(
	    exchange, allow ? ACCOUNT_PAGE_DONE : ACCOUNT_PAGE_DENIED);
}

const struct account_route account_page_routes[] = {
    {HTTP_GET, OAUTH_PATH_AUTHORIZE, 0, authorize},
    {HTTP_POST, OAUTH_PATH_AUTHORIZE, ACCOUNT_NEED_FORM, decide},
    {HTTP_GET, OAUTH_PATH_DEVICE, 0, device},
    {HTTP_POST, OAUTH_PATH_DEVICE, ACCOUNT_NEED_FORM, decide_device},
    {0, NULL, 0, NULL},
};
