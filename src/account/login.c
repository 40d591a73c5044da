// SPDX-License-Identifier: Apache-2.0
// Logging in and out. A password is checked by auth_verify() over the client's
// channel, as in every protocol: the same limits, the same delays, the same
// line in the log, and one answer for a wrong name and a wrong password.
#include "account/factor.h"
#include "http/authorize.h"

// A browser that is not to remember the user drops the cookie at its end; this
// is for browsers that keep all of them.
#define BRIEF_IDLE_SECONDS (12u * 3600)
#define BRIEF_MAX_SECONDS  (7u * 86400)

// ---- Steps that the pages share --------------------------------------------

void account_wait(struct http_exchange *exchange, struct account_call *call)
{
	if (call->turn.pause_ms > 0)
		http_wake_at(
		    exchange, clock_monotonic_ms() + call->turn.pause_ms);
}

// Zero again, for the next check of the same request.
static void end_turn(struct http_exchange *exchange, struct account_call *call)
{
	auth_turn_end(account_of(exchange)->options.auth, &call->turn);
	memset(&call->turn, 0, sizeof(call->turn));
}

enum account_outcome account_outcome_of(struct http_exchange *exchange,
    struct account_call *call, enum rc rc, const struct auth_verdict *verdict)
{
	if (rc == RC_IN_USE) {
		account_wait(exchange, call);
		return ACCOUNT_WAIT;
	}
	end_turn(exchange, call);
	if (rc == RC_OK)
		return ACCOUNT_IN;
	if (rc == RC_MORE)
		return ACCOUNT_SECOND;
	if (rc != RC_AUTH)
		return rc == RC_DENIED ? ACCOUNT_REFUSED : ACCOUNT_TROUBLE;
	return verdict->reason == AUTH_REASON_LIMITED ? ACCOUNT_LIMITED
						      : ACCOUNT_REFUSED;
}

enum account_outcome account_check_password(struct http_exchange *exchange,
    struct account_call *call, struct view name, struct view password,
    struct auth_user *ret_user)
{
	struct auth_verdict verdict;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	// No application password is for this.
	channel.scopes = AUTH_SCOPE_ACCOUNT;
	channel.asks_second = true;
	enum rc rc = auth_verify(account_of(exchange)->options.auth, &channel,
	    name, password, ret_user, &verdict);
	return account_outcome_of(exchange, call, rc, &verdict);
}

static void set_cookie(struct http_exchange *exchange, const char *token,
    bool lasting, uint32_t seconds)
{
	struct buf text;
	buf_init(&text, 500);
	// RFC 6265bis: the prefix __Host- wants Secure and Path=/, and no
	// Domain. So no other host and no clear text can set it.
	buf_printf(&text,
	    HTTP_SESSION_COOKIE
	    "=%s; Path=/; Secure; HttpOnly; SameSite=Strict",
	    token);
	if (lasting)
		buf_printf(&text, "; Max-Age=%u", seconds);
	http_set_field(exchange, "Set-Cookie", buf_view(&text));
	buf_done_secret(&text);
}

void account_forget_cookie(struct http_exchange *exchange)
{
	set_cookie(exchange, "", true, 0);
}

static enum rc open_session(struct http_exchange *exchange,
    struct account_call *call, const struct auth_user *user,
    const struct auth_session_order *order, struct auth_token_text *ret_token)
{
	const struct account *account = account_of(exchange);
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct auth_session_order named = *order;
	struct fault fault;
	struct buf name;
	uint64_t id;
	buf_init(&name, 200);
	account_browser_name(
	    http_field(&exchange->request, "user-agent"), &name);
	named.name = buf_view(&name);
	enum rc rc = auth_session_open(account->options.auth, &channel, user,
	    &named, &fault, ret_token, &id);
	buf_done(&name);
	return rc;
}

enum account_outcome account_open_session(struct http_exchange *exchange,
    struct account_call *call, const struct auth_user *user, bool remember)
{
	const struct account *account = account_of(exchange);
	struct auth_token_text token;
	struct auth_session_order order = {
	    .kind = AUTH_KIND_SESSION,
	    .idle_seconds = remember ? 0 : BRIEF_IDLE_SECONDS,
	    .max_seconds = remember ? 0 : BRIEF_MAX_SECONDS,
	};
	if (!http_log_in(exchange, user))
		return ACCOUNT_LIMITED;
	enum rc rc = open_session(exchange, call, user, &order, &token);
	if (rc != RC_OK)
		return rc == RC_GONE ? ACCOUNT_REFUSED : ACCOUNT_TROUBLE;
	set_cookie(exchange, token.text, remember,
	    account->options.session_max_seconds);
	auth_token_text_done(&token);
	return ACCOUNT_IN;
}

enum account_outcome account_enter(struct http_exchange *exchange,
    struct account_call *call, const struct auth_user *user)
{
	struct fault fault;
	if (!call->entered)
		call->entering = *user;
	call->entered = true;
	if (account_call_session(exchange, call) == HTTP_WAIT)
		return ACCOUNT_WAIT;
	if (call->session.id == 0 ||
	    call->session.account != call->entering.account)
		return account_open_session(
		    exchange, call, &call->entering, false);
	return auth_session_prove(account_of(exchange)->options.auth,
		   call->session.account, call->session.id, &fault) == RC_OK
		   ? ACCOUNT_IN
		   : ACCOUNT_TROUBLE;
}

enum account_outcome account_make_ticket(struct http_exchange *exchange,
    struct account_call *call, const struct auth_user *user,
    struct auth_token_text *ret_ticket)
{
	struct auth_session_order order = {.kind = AUTH_KIND_PENDING};
	enum rc rc = open_session(exchange, call, user, &order, ret_ticket);
	if (rc == RC_OK)
		return ACCOUNT_SECOND;
	return rc == RC_GONE ? ACCOUNT_REFUSED : ACCOUNT_TROUBLE;
}

enum http_step account_answer_outcome(
    struct http_exchange *exchange, enum account_outcome outcome)
{
	switch (outcome) {
	case ACCOUNT_IN: return account_answer(exchange, 200, "ok");
	case ACCOUNT_LIMITED: return account_answer(exchange, 429, "limited");
	case ACCOUNT_TROUBLE: return account_answer(exchange, 503, "trouble");
	case ACCOUNT_WAIT: return HTTP_WAIT;
	case ACCOUNT_SECOND:
	case ACCOUNT_REFUSED: break;
	}
	return account_answer(exchange, 401, "refused");
}

// ---- POST /account/login ---------------------------------------------------

static enum http_step login(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view name, password;
	struct auth_user user;
	struct auth_token_text ticket;
	if (!account_json_string(&call->json, "user", &name) ||
	    !account_json_string(&call->json, "password", &password))
		return account_answer(exchange, 400, "invalid");
	bool remember =
	    account_json_get(&call->json, "remember").kind == ACCOUNT_JSON_TRUE;
	enum account_outcome outcome =
	    account_check_password(exchange, call, name, password, &user);
	if (outcome == ACCOUNT_IN)
		outcome = account_open_session(exchange, call, &user, remember);
	if (outcome == ACCOUNT_SECOND)
		outcome = account_make_ticket(exchange, call, &user, &ticket);
	if (outcome != ACCOUNT_SECOND)
		return account_answer_outcome(exchange, outcome);
	enum http_step step =
	    account_answer_second(exchange, user.account, &ticket);
	auth_token_text_done(&ticket);
	return step;
}

// ---- POST /account/logout --------------------------------------------------

// Without a session there is nothing to end, and the cookie goes all the same.
static enum http_step logout(
    struct http_exchange *exchange, struct account_call *call)
{
	struct fault fault;
	if (account_call_session(exchange, call) == HTTP_WAIT)
		return HTTP_WAIT;
	enum rc rc = RC_OK;
	if (call->session.id != 0)
		rc = auth_credential_revoke(account_of(exchange)->options.auth,
		    call->user.account, call->session.id, &fault);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return account_answer_rc(exchange, rc);
	account_forget_cookie(exchange);
	return account_answer(exchange, 200, "ok");
}

const struct account_route account_login_routes[] = {
    {HTTP_POST, "/account/login", ACCOUNT_NEED_PAGE | ACCOUNT_NEED_JSON, login},
    {HTTP_POST, "/account/logout", ACCOUNT_NEED_PAGE, logout},
    {0, NULL, 0, NULL},
};
