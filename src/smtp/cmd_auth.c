// SPDX-License-Identifier: Apache-2.0
// AUTH (RFC 4954): the SASL exchange of auth/exchange.h. Only for
// users who submit, only outside a transaction, and once.
#include "auth/exchange.h"
#include "base/mem.h"
#include "smtp/commands.h"
#include "smtp/tls.h"
#include "smtp/trace.h"

#define LOGIN_FAILURES_MAX 3u

void smtp_auth_abandon(struct smtp_session *session)
{
	auth_exchange_free(&session->exchange);
	session->mode = SMTP_MODE_LINES;
	auth_turn_end(session->server->base.auth, &session->base.turn);
}

// ---- The end of an exchange ------------------------------------------------

static void log_in(struct smtp_session *session)
{
	session_log_in(&session->base, auth_exchange_user(session->exchange));
	smtp_answer(session, 235, ENHANCED(2, 7, 0), "Logged in");
}

static void refuse_login(struct smtp_session *session, enum rc rc,
    const struct auth_verdict *verdict)
{
	session->delay_ms = verdict->delay_ms;
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
		// Why is not told to strangers.
		smtp_answer(
		    session, 535, ENHANCED(5, 7, 8), "Authentication failed");
	else
		smtp_answer(session, 454, ENHANCED(4, 7, 0),
		    "Logging in is not possible now");
}

// ---- Its steps -------------------------------------------------------------

static void refuse(struct smtp_session *session)
{
	const struct auth_verdict *verdict;
	enum rc rc = auth_exchange_refusal(session->exchange, &verdict);
	refuse_login(session, rc, verdict);
}

static void go_on(struct smtp_session *session, enum auth_step step)
{
	switch (step) {
	case AUTH_STEP_CHALLENGE:
		session->code = 334;
		session->mode = SMTP_MODE_SASL;
		return;
	case AUTH_STEP_WAIT: session->base.next = NET_WAIT; return;
	case AUTH_STEP_USER: log_in(session); break;
	case AUTH_STEP_REFUSED: refuse(session); break;
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
	smtp_auth_abandon(session);
}

void smtp_auth_line(struct smtp_session *session, struct view line, bool more)
{
	session_trace_secret(&session->base);
	if (more) {
		// Sent without knowing whether the login succeeds.
		smtp_auth_abandon(session);
		smtp_hang_up(session, "pipelining", 554, ENHANCED(5, 5, 0),
		    "More came before this was answered");
	} else {
		go_on(session, auth_exchange_step(
				   session->exchange, line, session->base.out));
	}
}

void smtp_auth_wake(struct smtp_session *session)
{
	go_on(session,
	    auth_exchange_step(session->exchange, VIEW(""), session->base.out));
}

// ---- AUTH ------------------------------------------------------------------

static void begin(struct smtp_session *session, struct smtp_call *call)
{
	struct auth_channel channel = session_channel(&session->base);
	struct auth_verdict verdict;
	enum rc rc = auth_exchange_new(session->server->base.auth,
	    call->command.mechanism, &channel, "334 ", &verdict,
	    &session->exchange);
	if (rc == RC_UNSUPPORTED)
		smtp_answer(
		    session, 504, ENHANCED(5, 5, 4), "No such SASL mechanism");
	else if (rc != RC_OK)
		refuse_login(session, rc, &verdict);
	else
		go_on(session, auth_exchange_begin(session->exchange,
				   call->command.argument, session->base.out));
}

void smtp_auth_run(struct smtp_session *session, struct smtp_call *call)
{
	if (!session_is_stranger(&session->base))
		smtp_answer(
		    session, 503, ENHANCED(5, 5, 1), "Logged in already");
	else if (session->transaction != NULL)
		smtp_answer(session, 503, ENHANCED(5, 5, 1),
		    "Not within a message: RSET first");
	else
		begin(session, call);
}
