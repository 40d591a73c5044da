// SPDX-License-Identifier: Apache-2.0
// AUTH (RFC 4954): the SASL exchange of auth/exchange.h. Only on submission,
// only outside a transaction, and only once.
#include "auth/exchange.h"
#include "smtp/commands.h"

#define LOGIN_FAILURES_MAX 3u

// ---- The end of an exchange ------------------------------------------------

static void log_in(struct smtp_session *session, struct smtp_call *call)
{
	const struct auth_user *user = auth_exchange_user(call->exchange);
	if (!session_has_place(&session->base, user)) {
		// RFC 4954 section 6.
		smtp_answer(session, 454, ENHANCED(4, 7, 0),
		    "Too many connections of this user");
		return;
	}
	session_log_in(&session->base, user);
	smtp_answer(session, 235, ENHANCED(2, 7, 0), "Logged in");
}

static void refuse_login(struct smtp_session *session, enum rc rc,
    const struct auth_verdict *verdict)
{
	session->base.login_failures++;
	if (session->base.login_failures >=
	    SMTP_LIMIT(session, login_failures, LOGIN_FAILURES_MAX))
		smtp_hang_up(session, "too many failed logins", 421,
		    ENHANCED(4, 7, 0), "Too many logins have failed");
	else if (rc == RC_DENIED && verdict->reason == AUTH_REASON_PRIVACY)
		// RFC 4954 section 6.
		smtp_answer(session, 538, ENHANCED(5, 7, 11),
		    "Logging in needs TLS here");
	else if (rc == RC_AUTH || rc == RC_DENIED)
		// Strangers are not told why.
		smtp_answer(
		    session, 535, ENHANCED(5, 7, 8), "Authentication failed");
	else
		smtp_answer(session, 454, ENHANCED(4, 7, 0),
		    "Logging in is not possible now");
}

// ---- Its steps -------------------------------------------------------------

static void refuse(struct smtp_session *session, struct smtp_call *call)
{
	const struct auth_verdict *verdict;
	enum rc rc = auth_exchange_refusal(call->exchange, &verdict);
	refuse_login(session, rc, verdict);
}

static enum smtp_step go_on(
    struct smtp_session *session, struct smtp_call *call, enum auth_step step)
{
	switch (step) {
	case AUTH_STEP_CHALLENGE:
		session->said.code = 334;
		return SMTP_STEP_INPUT;
	case AUTH_STEP_WAIT: return SMTP_STEP_WAIT;
	case AUTH_STEP_USER: log_in(session, call); break;
	case AUTH_STEP_REFUSED: refuse(session, call); break;
	case AUTH_STEP_CANCELLED:
		smtp_answer(session, 501, ENHANCED(5, 7, 0), "Cancelled");
		break;
	case AUTH_STEP_TOO_LONG:
		smtp_answer(session, 500, ENHANCED(5, 5, 6),
		    "The response is longer than %d bytes",
		    AUTH_SASL_INPUT_MAX);
		break;
	case AUTH_STEP_NOT_BASE64:
		smtp_answer(session, 501, ENHANCED(5, 5, 2),
		    "Expected a response in base64");
		break;
	case AUTH_STEP_MALFORMED:
		smtp_answer(session, 501, ENHANCED(5, 5, 2),
		    "Not a response of this mechanism");
		break;
	}
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_auth_line(struct smtp_session *session,
    struct smtp_call *call, struct view line, bool more)
{
	session_trace_secret(&session->base);
	if (!more)
		return go_on(session, call,
		    auth_exchange_step(
			call->exchange, line, session->base.out));
	// The client sent this without knowing whether the login succeeds.
	smtp_hang_up(session, "pipelining", 554, ENHANCED(5, 5, 0),
	    "Commands came before this answer");
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_auth_resume(
    struct smtp_session *session, struct smtp_call *call)
{
	return go_on(session, call,
	    auth_exchange_step(call->exchange, VIEW(""), session->base.out));
}

// ---- AUTH ------------------------------------------------------------------

static enum smtp_step begin(
    struct smtp_session *session, struct smtp_call *call)
{
	struct auth_channel channel = session_channel(&session->base);
	struct auth_verdict verdict;
	enum rc rc = auth_exchange_new(session->server->base.auth,
	    call->command.mechanism, &channel, "334 ", &verdict,
	    &call->exchange);
	if (rc == RC_OK)
		return go_on(session, call,
		    auth_exchange_begin(call->exchange, call->command.argument,
			session->base.out));
	if (rc == RC_UNSUPPORTED)
		smtp_answer(
		    session, 504, ENHANCED(5, 5, 4), "No such SASL mechanism");
	else
		refuse_login(session, rc, &verdict);
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_auth_run(
    struct smtp_session *session, struct smtp_call *call)
{
	if (!session_is_stranger(&session->base))
		smtp_answer(
		    session, 503, ENHANCED(5, 5, 1), "Logged in already");
	else if (session->transaction)
		smtp_answer(session, 503, ENHANCED(5, 5, 1),
		    "Not allowed in a transaction: RSET first");
	else
		return begin(session, call);
	return SMTP_STEP_DONE;
}
