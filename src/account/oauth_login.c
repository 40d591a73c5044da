// SPDX-License-Identifier: Apache-2.0
// The log-in of the authorization server's pages: the password, the second
// step, and logging out for somebody else. Each form leads back to `request`, a
// path of this room.
#include "account/factor.h"
#include "account/oauth.h"

// ---- The page's words ------------------------------------------------------

struct account_page oauth_new_page(
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
	struct account_page page = oauth_new_page(exchange, kind);
	page.request = VIEW(OAUTH_PATH_DEVICE);
	return account_page_answer(exchange, &page);
}

struct view oauth_query_of(struct view request)
{
	size_t question = view_find_char(request, '?');
	return question == SIZE_MAX ? VIEW("")
				    : view_from(request, question + 1);
}

// ---- The log-in page -------------------------------------------------------

// The client's words, if the request names one that is known.
static void set_client(struct http_exchange *exchange,
    struct account_page *page, struct auth_client *client)
{
	struct account_params *params =
	    arena_alloc(&exchange->arena, sizeof(*params));
	account_params_read(
	    &exchange->arena, oauth_query_of(page->request), params);
	if (page->user.len == 0)
		page->user = account_param(params, "login_hint");
	if (auth_client_find(account_of(exchange)->options.auth,
		account_param(params, "client_id"), client) == RC_OK)
		page->client = view_of_string(client->name);
}

// Answers with the log-in page, which leads back to `request`.
static enum http_step ask_for_login(struct http_exchange *exchange,
    struct view request, struct view user, enum account_problem problem)
{
	struct account_page page = oauth_new_page(exchange, ACCOUNT_PAGE_LOGIN);
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
	struct account_page page =
	    oauth_new_page(exchange, ACCOUNT_PAGE_SECOND);
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
	enum account_outcome outcome =
	    call->entered ? ACCOUNT_IN : ACCOUNT_REFUSED;
	if (!call->entered && name.len > 0 && password.len > 0)
		outcome = account_check_password(
		    exchange, call, name, password, &user);
	if (outcome == ACCOUNT_IN)
		outcome = account_enter(exchange, call, &user);
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
	enum account_outcome outcome = ACCOUNT_IN;
	if (!call->entered)
		outcome =
		    account_check_code(exchange, call, ticket, code, &user);
	if (outcome == ACCOUNT_IN)
		outcome = account_enter(exchange, call, &user);
	if (outcome == ACCOUNT_WAIT)
		return HTTP_WAIT;
	if (outcome == ACCOUNT_IN)
		return http_redirect(exchange, 303, request);
	// The ticket's time is over, or it is used up: from the beginning.
	if (call->stage == 0 || call->entered)
		return ask_for_login(exchange, request, VIEW(""),
		    call->entered ? problem_of(outcome) : ACCOUNT_PROBLEM_NONE);
	return ask_for_second(
	    exchange, request, call->user.account, ticket, problem_of(outcome));
}

// ---- Forms of a session ----------------------------------------------------

// To allow something is a change of the log-in: it needs a session in which the
// user has shown lately who it is. HTTP_MORE: there is one.
enum http_step oauth_need_fresh(struct http_exchange *exchange,
    struct account_call *call, struct view request)
{
	if (account_call_session(exchange, call) == HTTP_WAIT)
		return HTTP_WAIT;
	if (call->session.id == 0)
		return ask_for_login(
		    exchange, request, VIEW(""), ACCOUNT_PROBLEM_NONE);
	if (!account_is_fresh(account_of(exchange), call))
		return ask_for_login(exchange, request,
		    view_of_string(call->user.name.text), ACCOUNT_PROBLEM_NONE);
	return HTTP_MORE;
}

// Looks at the session and at what only its pages know. HTTP_MORE: both are
// good.
enum http_step oauth_need_session(struct http_exchange *exchange,
    struct account_call *call, struct view request)
{
	enum http_step step = oauth_need_fresh(exchange, call, request);
	if (step != HTTP_MORE)
		return step;
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
	enum http_step step = oauth_need_session(exchange, call, request);
	if (step != HTTP_MORE)
		return step;
	enum rc rc = auth_credential_revoke(account_of(exchange)->options.auth,
	    call->user.account, call->session.id, &fault);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return oauth_message(exchange, ACCOUNT_PAGE_TROUBLE);
	account_forget_cookie(exchange);
	return http_redirect(exchange, 303, request);
}

const struct account_route account_form_routes[] = {
    {HTTP_POST, "/oauth/login", ACCOUNT_NEED_FORM, login},
    {HTTP_POST, "/oauth/login/second", ACCOUNT_NEED_FORM, second},
    {HTTP_POST, "/oauth/logout", ACCOUNT_NEED_FORM, logout},
    {0, NULL, 0, NULL},
};
