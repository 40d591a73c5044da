// SPDX-License-Identifier: Apache-2.0
// The second step of a log-in, a log-in by a passkey alone, and a new proof by
// a second factor.
//
// After the right password the browser has a ticket, a token that is good for
// this step only. The body of each step may have "remember", as the log-in.
#include "account/factor.h"

// ---- The ticket ------------------------------------------------------------

// Whom the ticket is for: `call->user`, whose credential is the ticket's.
// ACCOUNT_SECOND: it is good.
static enum account_outcome check_ticket(struct http_exchange *exchange,
    struct account_call *call, struct view ticket)
{
	struct auth_verdict verdict;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	if (call->stage > 0)
		return ACCOUNT_SECOND;
	channel.scopes = AUTH_SCOPE_SECOND;
	enum rc rc = auth_token_verify(account_of(exchange)->options.auth,
	    &channel, AUTH_KIND_PENDING, ticket, &call->user, &verdict);
	enum account_outcome outcome =
	    account_outcome_of(exchange, call, rc, &verdict);
	if (outcome != ACCOUNT_IN)
		return outcome;
	call->stage = 1; // not again after a wait for the factor
	return ACCOUNT_SECOND;
}

// The factor was right: the ticket has done its work.
static enum account_outcome use_up(struct http_exchange *exchange,
    struct account_call *call, enum account_outcome outcome)
{
	struct fault fault;
	if (outcome != ACCOUNT_IN)
		return outcome;
	enum rc rc = auth_credential_revoke(account_of(exchange)->options.auth,
	    call->user.account, call->user.credential, &fault);
	// Somebody else was faster with the same ticket.
	if (rc == RC_NOT_FOUND)
		return ACCOUNT_REFUSED;
	return rc == RC_OK ? ACCOUNT_IN : ACCOUNT_TROUBLE;
}

static enum account_outcome check_user_code(struct http_exchange *exchange,
    struct account_call *call, struct view code, struct auth_user *ret_user)
{
	struct auth_verdict verdict;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	channel.scopes = AUTH_SCOPE_ACCOUNT;
	channel.asks_second = true;
	enum rc rc = auth_second_code(account_of(exchange)->options.auth,
	    &channel, &call->user, code, ret_user, &verdict);
	return account_outcome_of(exchange, call, rc, &verdict);
}

enum account_outcome account_check_code(struct http_exchange *exchange,
    struct account_call *call, struct view ticket, struct view code,
    struct auth_user *ret_user)
{
	enum account_outcome outcome = check_ticket(exchange, call, ticket);
	if (outcome == ACCOUNT_SECOND)
		outcome = use_up(exchange, call,
		    check_user_code(exchange, call, code, ret_user));
	return outcome;
}

static bool remembers(const struct account_call *call)
{
	return account_json_get(&call->json, "remember").kind ==
	       ACCOUNT_JSON_TRUE;
}

static enum http_step let_in(struct http_exchange *exchange,
    struct account_call *call, enum account_outcome outcome,
    const struct auth_user *user)
{
	if (outcome == ACCOUNT_IN)
		outcome =
		    account_open_session(exchange, call, user, remembers(call));
	return account_answer_outcome(exchange, outcome);
}

// ---- POST /account/login/totp ----------------------------------------------

// A code of the app, or a recovery code.
static enum http_step login_code(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view ticket, code;
	struct auth_user user;
	if (!account_json_string(&call->json, "ticket", &ticket) ||
	    !account_json_string(&call->json, "code", &code))
		return account_answer(exchange, 400, "invalid");
	enum account_outcome outcome =
	    account_check_code(exchange, call, ticket, code, &user);
	return let_in(exchange, call, outcome, &user);
}

// ---- Passkeys --------------------------------------------------------------

// What a challenge is bound to that is asked for without a ticket: nobody is
// known yet.
#define NOBODY VIEW("nobody")

// {"publicKey": …} for the passkeys of the user, or for any.
static enum http_step answer_options(struct http_exchange *exchange,
    struct view binding, const struct auth_user *user)
{
	struct auth_second *second =
	    user ? arena_zalloc(&exchange->arena, sizeof(*second)) : NULL;
	struct account_out out;
	enum rc rc = RC_OK;
	if (user)
		rc = auth_second_get(
		    account_of(exchange)->options.auth, user->account, second);
	account_out_begin(&out);
	json_member_string(&out.json, "status", VIEW("ok"));
	if (rc == RC_OK)
		rc = account_json_get_options(
		    exchange, &out.json, binding, second);
	enum http_step step = account_out_end(&out, exchange, 200);
	return rc == RC_OK ? step : account_answer_rc(exchange, rc);
}

static enum http_step begin_passkey(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view ticket;
	if (!account_json_string(&call->json, "ticket", &ticket))
		return answer_options(exchange, NOBODY, NULL);
	enum account_outcome outcome = check_ticket(exchange, call, ticket);
	if (outcome != ACCOUNT_SECOND)
		return account_answer_outcome(exchange, outcome);
	return answer_options(exchange,
	    account_binding(exchange, call->user.credential), &call->user);
}

// `user` NULL: the passkey says who it is.
static enum account_outcome check_passkey(struct http_exchange *exchange,
    struct account_call *call, const struct auth_passkey_proof *proof,
    const struct auth_user *user, struct auth_user *ret_user)
{
	struct auth_webauthn_site site;
	struct auth_verdict verdict;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	channel.scopes = AUTH_SCOPE_ACCOUNT;
	channel.asks_second = true;
	account_site(exchange, &site);
	enum rc rc = auth_second_passkey(account_of(exchange)->options.auth,
	    &channel, &site, proof, user, ret_user, &verdict);
	return account_outcome_of(exchange, call, rc, &verdict);
}

static enum http_step finish_passkey(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view ticket;
	struct auth_passkey_proof proof;
	struct auth_user user;
	bool alone = !account_json_string(&call->json, "ticket", &ticket);
	if (!account_read_proof(exchange, &call->json, NOBODY, &proof))
		return account_answer(exchange, 400, "invalid");
	if (alone)
		return let_in(exchange, call,
		    check_passkey(exchange, call, &proof, NULL, &user), &user);
	enum account_outcome outcome = check_ticket(exchange, call, ticket);
	if (outcome == ACCOUNT_SECOND) {
		proof.binding =
		    account_binding(exchange, call->user.credential);
		outcome = use_up(exchange, call,
		    check_passkey(exchange, call, &proof, &call->user, &user));
	}
	return let_in(exchange, call, outcome, &user);
}

// ---- A new proof -----------------------------------------------------------

static enum http_step proved(struct http_exchange *exchange,
    struct account_call *call, enum account_outcome outcome,
    const struct auth_user *user)
{
	struct fault fault;
	// The password was right, but this user has a second factor: that one
	// is the proof.
	if (outcome == ACCOUNT_SECOND)
		return account_answer_second(
		    exchange, call->user.account, NULL);
	if (outcome == ACCOUNT_IN && user->account != call->user.account)
		outcome = ACCOUNT_REFUSED;
	if (outcome != ACCOUNT_IN)
		return account_answer_outcome(exchange, outcome);
	return account_answer_rc(
	    exchange, auth_session_prove(account_of(exchange)->options.auth,
			  call->user.account, call->session.id, &fault));
}

// {"password": …}, or {"code": …}.
static enum http_step prove(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view text;
	struct auth_user user;
	if (account_json_string(&call->json, "code", &text))
		return proved(exchange, call,
		    check_user_code(exchange, call, text, &user), &user);
	if (!account_json_string(&call->json, "password", &text))
		return account_answer(exchange, 400, "invalid");
	return proved(exchange, call,
	    account_check_password(exchange, call,
		view_of_string(call->user.name.text), text, &user),
	    &user);
}

static enum http_step begin_proof(
    struct http_exchange *exchange, struct account_call *call)
{
	return answer_options(
	    exchange, account_binding(exchange, call->session.id), &call->user);
}

static enum http_step finish_proof(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth_passkey_proof proof;
	struct auth_user user;
	if (!account_read_proof(exchange, &call->json,
		account_binding(exchange, call->session.id), &proof))
		return account_answer(exchange, 400, "invalid");
	return proved(exchange, call,
	    check_passkey(exchange, call, &proof, &call->user, &user), &user);
}

#define PAGE    (ACCOUNT_NEED_PAGE | ACCOUNT_NEED_JSON)
#define SESSION (PAGE | ACCOUNT_NEED_SESSION)

const struct account_route account_second_routes[] = {
    {HTTP_POST, "/account/login/totp", PAGE, login_code},
    {HTTP_POST, "/account/login/passkey/begin", PAGE, begin_passkey},
    {HTTP_POST, "/account/login/passkey/finish", PAGE, finish_passkey},
    {HTTP_POST, "/account/proof", SESSION, prove},
    {HTTP_POST, "/account/proof/passkey/begin", SESSION, begin_proof},
    {HTTP_POST, "/account/proof/passkey/finish", SESSION, finish_proof},
    {0, NULL, 0, NULL},
};
