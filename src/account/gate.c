// SPDX-License-Identifier: Apache-2.0
// What every route needs before its handler is called, in this order: the page
// that asks, the browser session, that it is fresh, the body, the id. So a
// request that another site makes is refused before anything of it is looked
// at, and nothing is said about ids to somebody who is not logged in.
#include "account/oauth.h"
#include "http/authorize.h"
#include "http/origin.h"

struct account *account_of(const struct http_exchange *exchange)
{
	const struct account_context *context = exchange->context;
	return context->account;
}

int64_t account_wall_now(const struct account *account)
{
	return clock_wall_seconds(account->options.clock);
}

// ---- The page that asks ----------------------------------------------------

// 0, or the status that refuses.
static unsigned judge_page(const struct http_request *request, unsigned needs)
{
	if (needs & ACCOUNT_NEED_FORM)
		return !http_is_same_origin(request) ? 403
		       : !http_has_type(
			     request, "application/x-www-form-urlencoded")
			   ? 415
			   : 0;
	if (!(needs & ACCOUNT_NEED_PAGE))
		return 0;
	return http_cookie_refusal(
	    request, needs & ACCOUNT_NEED_JSON || request->body.len > 0
			 ? "application/json"
			 : NULL);
}

// ---- The browser session ---------------------------------------------------

enum http_step account_call_session(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth *auth = account_of(exchange)->options.auth;
	struct auth_verdict verdict;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	call->session.id = 0;
	if (!http_cookie(
		&exchange->request, HTTP_SESSION_COOKIE, &call->cookie))
		return HTTP_DONE;
	channel.scopes = AUTH_SCOPE_ACCOUNT;
	enum rc rc = auth_token_verify(auth, &channel, AUTH_KIND_SESSION,
	    call->cookie, &call->user, &verdict);
	if (rc == RC_IN_USE) {
		account_wait(exchange, call);
		return HTTP_WAIT;
	}
	auth_turn_end(auth, &call->turn);
	memset(&call->turn, 0, sizeof(call->turn));
	if (rc == RC_OK)
		rc = auth_credential_find(auth, call->user.account,
		    call->user.credential, &call->session);
	if (rc != RC_OK)
		call->session.id = 0;
	return HTTP_DONE;
}

bool account_is_fresh(
    const struct account *account, const struct account_call *call)
{
	int64_t now = account_wall_now(account);
	return call->session.proved > 0 && call->session.proved <= now &&
	       now - call->session.proved <= ACCOUNT_FRESH_SECONDS;
}

// HTTP_MORE: the session is there, and good enough.
static enum http_step need_session(
    struct http_exchange *exchange, struct account_call *call)
{
	if (account_call_session(exchange, call) == HTTP_WAIT)
		return HTTP_WAIT;
	if (call->session.id == 0)
		return account_answer(exchange, 401, "logged-out");
	if (!http_log_in(exchange, &call->user))
		return account_answer(exchange, 429, "too-many-connections");
	if ((call->route->needs & ACCOUNT_NEED_FRESH) &&
	    !account_is_fresh(account_of(exchange), call))
		return account_answer(exchange, 403, "proof-needed");
	return HTTP_MORE;
}

// ---- The body and the id ---------------------------------------------------

static bool read_body(struct http_exchange *exchange, struct account_call *call)
{
	if (call->route->needs & ACCOUNT_NEED_FORM)
		account_params_read(
		    &exchange->arena, exchange->request.body, &call->form);
	return !(call->route->needs & ACCOUNT_NEED_JSON) ||
	       account_json_read(
		   &exchange->arena, exchange->request.body, &call->json);
}

static bool read_id(struct http_exchange *exchange, struct account_call *call)
{
	return !(call->route->needs & ACCOUNT_NEED_ID) ||
	       (view_to_u64(exchange->request.rest, &call->id) &&
		   call->id != 0);
}

// ---- The calls of http -----------------------------------------------------

static const struct account_route *find_route(
    const struct http_exchange *exchange)
{
	const struct account_context *context = exchange->context;
	for (size_t i = 0; i < context->count; i++)
		if (context->routes[i].method == exchange->request.method)
			return &context->routes[i];
	return NULL;
}

enum http_step account_gate_resume(struct http_exchange *exchange)
{
	struct account_call *call = exchange->state;
	unsigned needs = call->route->needs;
	if (!call->passed && (needs & ACCOUNT_NEED_SESSION)) {
		enum http_step step = need_session(exchange, call);
		if (step != HTTP_MORE)
			return step;
	}
	if (!call->passed) {
		if (!read_body(exchange, call))
			return account_answer(exchange, 400, "invalid");
		if (!read_id(exchange, call))
			return account_answer(exchange, 404, "not-found");
	}
	call->passed = true;
	return call->route->run(exchange, call);
}

enum http_step account_gate_begin(struct http_exchange *exchange)
{
	struct account_call *call =
	    arena_zalloc(&exchange->arena, sizeof(*call));
	exchange->state = call;
	call->route = find_route(exchange);
	if (!call->route) // the table of http has only methods that are here
		return http_status(exchange, 405);
	unsigned status = judge_page(&exchange->request, call->route->needs);
	if (status != 0)
		return call->route->needs & ACCOUNT_NEED_FORM
			   ? oauth_message(exchange, ACCOUNT_PAGE_BAD_REQUEST)
			   : account_answer(exchange, status, "not-this-page");
	return account_gate_resume(exchange);
}

void account_gate_end(struct http_exchange *exchange)
{
	struct account_call *call = exchange->state;
	if (call)
		auth_turn_end(account_of(exchange)->options.auth, &call->turn);
}
