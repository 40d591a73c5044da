// SPDX-License-Identifier: Apache-2.0
// The pages: a program opens /oauth/authorize in the user's browser, and a
// device shows where to type its code. Without a session of the browser the
// page asks for a log-in; with one it asks whether to allow it. They need no
// script.
//
// The forms say where they come from in `request`, a path of this room. What it
// says is checked anew each time: a form is sent by whoever likes.
#include "account/factor.h"
#include "account/oauth.h"
#include "account/page.h"
#include "account/redirect.h"
#include "account/request.h"

#define URL_MAX 8192

// ---- The page's words ------------------------------------------------------

static struct account_page new_page(
    struct http_exchange *exchange, enum account_page_kind kind)
{
	struct account_call *call = exchange->state;
	struct view language = VIEW("");
	if (exchange->request.method == HTTP_GET) {
		if (!http_query(exchange, "lang", &language))
			language = VIEW("");
	} else {
		language = account_param(&call->form, "lang");
	}
	return (struct account_page){
	    .kind = kind,
	    .language = account_language_choose(
		language, http_field(&exchange->request, "accept-language")),
	    .host = view_of_string(account_of(exchange)->options.server_name),
	};
}

enum http_step oauth_message(
    struct http_exchange *exchange, enum account_page_kind kind)
{
	struct account_page page = new_page(exchange, kind);
	page.request = VIEW(OAUTH_PATH_DEVICE);
	return account_page_answer(exchange, &page);
}

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

static struct view query_of(struct view request)
{
	size_t question = view_find_char(request, '?');
	return question == SIZE_MAX ? VIEW("")
				    : view_from(request, question + 1);
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

// ---- The log-in page -------------------------------------------------------

// The client's words, if the request names one that is known.
static void set_client(struct http_exchange *exchange,
    struct account_page *page, struct auth_client *client)
{
	struct account_params *params =
	    arena_alloc(&exchange->arena, sizeof(*params));
	account_params_read(&exchange->arena, query_of(page->request), params);
	if (page->user.len == 0)
		page->user = account_param(params, "login_hint");
	if (auth_client_find(account_of(exchange)->options.auth,
		account_param(params, "client_id"), client) == RC_OK)
		page->client = view_of_string(client->name);
}

static enum http_step ask_for_login(struct http_exchange *exchange,
    struct view request, struct view user, enum account_problem problem)
{
	struct account_page page = new_page(exchange, ACCOUNT_PAGE_LOGIN);
	struct auth_client client;
	page.request = request;
	page.user = user;
	page.problem = problem;
	set_client(exchange, &page, &client);
	return account_page_answer(exchange, &page);
}

// Whose factors the page shows is `account`.
static enum http_step ask_for_second(struct http_exchange *exchange,
    struct view request, uint64_t account, struct view ticket,
    enum account_problem problem)
{
	struct auth_second *second =
	    arena_zalloc(&exchange->arena, sizeof(*second));
	struct account_page page = new_page(exchange, ACCOUNT_PAGE_SECOND);
	if (auth_second_get(
		account_of(exchange)->options.auth, account, second) != RC_OK)
		return oauth_message(exchange, ACCOUNT_PAGE_TROUBLE);
	page.request = request;
	page.ticket = ticket;
	page.problem = problem;
	page.totp = second->totp;
	page.recovery = second->recovery_count > 0;
	page.passkey = second->passkey_count > 0;
	return account_page_answer(exchange, &page);
}

static enum account_problem problem_of(enum account_outcome outcome)
{
	switch (outcome) {
	case ACCOUNT_LIMITED: return ACCOUNT_PROBLEM_LIMITED;
	case ACCOUNT_TROUBLE: return ACCOUNT_PROBLEM_TROUBLE;
	case ACCOUNT_IN:
	case ACCOUNT_SECOND:
	case ACCOUNT_WAIT:
	case ACCOUNT_REFUSED: break;
	}
	return ACCOUNT_PROBLEM_WRONG;
}

static enum http_step begin_second(struct http_exchange *exchange,
    struct account_call *call, struct view request, struct view name,
    const struct auth_user *user)
{
	struct auth_token_text ticket;
	enum account_outcome outcome =
	    account_make_ticket(exchange, call, user, &ticket);
	if (outcome != ACCOUNT_SECOND)
		return ask_for_login(
		    exchange, request, name, problem_of(outcome));
	enum http_step step = ask_for_second(exchange, request, user->account,
	    view_of_string(ticket.text), ACCOUNT_PROBLEM_NONE);
	auth_token_text_done(&ticket);
	return step;
}

static enum http_step login(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view request = account_param(&call->form, "request");
	struct view name = account_param(&call->form, "user");
	struct view password = account_param(&call->form, "password");
	struct auth_user user;
	if (call->form.bad || !account_page_is_request(request))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	enum account_outcome outcome = ACCOUNT_REFUSED;
	if (name.len > 0 && password.len > 0)
		outcome = account_check_password(
		    exchange, call, name, password, &user);
	if (outcome == ACCOUNT_IN)
		outcome = account_open_session(exchange, call, &user, false);
	if (outcome == ACCOUNT_WAIT)
		return HTTP_WAIT;
	if (outcome == ACCOUNT_IN)
		return http_redirect(exchange, 303, request);
	if (outcome == ACCOUNT_SECOND)
		return begin_second(exchange, call, request, name, &user);
	return ask_for_login(exchange, request, name, problem_of(outcome));
}

static enum http_step second(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view request = account_param(&call->form, "request");
	struct view ticket = account_param(&call->form, "ticket");
	struct view code = account_param(&call->form, "code");
	struct auth_user user;
	if (call->form.bad || !account_page_is_request(request))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	enum account_outcome outcome =
	    account_check_code(exchange, call, ticket, code, &user);
	if (outcome == ACCOUNT_IN)
		outcome = account_open_session(exchange, call, &user, false);
	if (outcome == ACCOUNT_WAIT)
		return HTTP_WAIT;
	if (outcome == ACCOUNT_IN)
		return http_redirect(exchange, 303, request);
	// The time for the second step is over: from the beginning.
	if (call->stage == 0)
		return ask_for_login(
		    exchange, request, VIEW(""), ACCOUNT_PROBLEM_NONE);
	return ask_for_second(
	    exchange, request, call->user.account, ticket, problem_of(outcome));
}

// ---- Forms of a session ----------------------------------------------------

// Looks at the session and at what only its pages know. HTTP_MORE: both are
// good.
static enum http_step need_session(struct http_exchange *exchange,
    struct account_call *call, struct view request)
{
	if (account_call_session(exchange, call) == HTTP_WAIT)
		return HTTP_WAIT;
	if (call->session.id == 0)
		return ask_for_login(
		    exchange, request, VIEW(""), ACCOUNT_PROBLEM_NONE);
	if (!account_csrf_is(account_of(exchange), call->cookie,
		account_param(&call->form, "csrf")))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	return HTTP_MORE;
}

// Somebody else wants to log in.
static enum http_step logout(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view request = account_param(&call->form, "request");
	struct fault fault;
	if (call->form.bad || !account_page_is_request(request))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	enum http_step step = need_session(exchange, call, request);
	if (step != HTTP_MORE)
		return step;
	enum rc rc = auth_credential_revoke(account_of(exchange)->options.auth,
	    call->user.account, call->session.id, &fault);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return oauth_message(exchange, ACCOUNT_PAGE_TROUBLE);
	account_forget_cookie(exchange);
	return http_redirect(exchange, 303, request);
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
	if (account_call_session(exchange, call) == HTTP_WAIT)
		return HTTP_WAIT;
	if (call->session.id == 0)
		return ask_for_login(
		    exchange, request, VIEW(""), ACCOUNT_PROBLEM_NONE);
	struct account_page page = new_page(exchange, ACCOUNT_PAGE_CONSENT);
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
	enum http_step step = read_asked(exchange, query_of(request), asked);
	if (step == HTTP_MORE)
		step = need_session(exchange, call, request);
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
	struct account_page page = new_page(exchange, ACCOUNT_PAGE_CODE);
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
	if (account_call_session(exchange, call) == HTTP_WAIT)
		return HTTP_WAIT;
	if (call->session.id == 0)
		return ask_for_login(
		    exchange, request, VIEW(""), ACCOUNT_PROBLEM_NONE);
	if (!http_query(exchange, "user_code", &code) || code.len == 0)
		return ask_for_code(exchange, ACCOUNT_PROBLEM_NONE);
	switch (auth_device_find(
	    account_of(exchange)->options.auth, &call->user, code, &asked)) {
	case RC_OK: break;
	case RC_NOT_FOUND: return ask_for_code(exchange, ACCOUNT_PROBLEM_WRONG);
	case RC_LIMIT: return ask_for_code(exchange, ACCOUNT_PROBLEM_LIMITED);
	default: return ask_for_code(exchange, ACCOUNT_PROBLEM_TROUBLE);
	}
	struct account_page page = new_page(exchange, ACCOUNT_PAGE_CONSENT);
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
	    !http_form(exchange, query_of(request), "user_code", &code))
		return oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST);
	enum http_step step = need_session(exchange, call, request);
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
    {HTTP_POST, "/oauth/login", ACCOUNT_NEED_FORM, login},
    {HTTP_POST, "/oauth/login/second", ACCOUNT_NEED_FORM, second},
    {HTTP_POST, "/oauth/logout", ACCOUNT_NEED_FORM, logout},
    {0, NULL, 0, NULL},
};
