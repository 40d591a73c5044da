// SPDX-License-Identifier: Apache-2.0
// AUTH (RFC 4954): the SASL exchange of auth/sasl.h in base64 lines. Only for
// users who submit, only outside a transaction, and once.
#include "auth/sasl.h"
#include "base/mem.h"
#include "smtp/commands.h"
#include "smtp/tls.h"
#include "smtp/trace.h"
#include "wire/base64.h"

#define LOGIN_FAILURES_MAX 3u

struct smtp_exchange {
	struct auth_channel channel; // as long as `sasl`
	struct auth_sasl *sasl;
	struct buf answer; // what the client said, while its turn is to come
};

void smtp_auth_abandon(struct smtp_session *session)
{
	struct smtp_exchange *exchange = session->exchange;
	if (exchange != NULL) {
		auth_sasl_free(&exchange->sasl);
		buf_done_secret(&exchange->answer);
		free(exchange);
	}
	session->exchange = NULL;
	session->mode = SMTP_MODE_LINES;
	auth_turn_end(session->server->auth, &session->turn);
}

// ---- The end of an exchange ------------------------------------------------

static void log_in(struct smtp_session *session)
{
	session->user = mem_alloc(sizeof(*session->user));
	*session->user = *auth_sasl_user(session->exchange->sasl);
	session->login_failures = 0;
	smtp_answer(session, 235, ENHANCED(2, 7, 0), "Logged in");
}

static void refuse_login(struct smtp_session *session, enum rc rc,
    const struct auth_verdict *verdict)
{
	session->delay_ms = verdict->delay_ms;
	session->login_failures++;
	if (session->login_failures >=
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

static void send_challenge(struct smtp_session *session, const struct buf *data)
{
	buf_add_literal(session->out, "334 ");
	base64_encode(buf_view(data), session->out);
	buf_add_literal(session->out, "\r\n");
	session->code = 334;
	session->mode = SMTP_MODE_SASL;
}

// What the mechanism says to the answer, and with it perhaps the end.
static void take_answer(struct smtp_session *session)
{
	struct smtp_exchange *exchange = session->exchange;
	struct buf challenge;
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_step(
	    exchange->sasl, buf_view(&exchange->answer), &challenge);
	if (rc == RC_IN_USE) {
		session->mode = SMTP_MODE_WAIT;
	} else if (rc == RC_MORE) {
		send_challenge(session, &challenge);
	} else {
		if (rc == RC_OK)
			log_in(session);
		else if (rc == RC_SYNTAX || rc == RC_LIMIT)
			smtp_answer(session, 501, ENHANCED(5, 5, 2),
			    "Not a response of this mechanism");
		else
			refuse_login(
			    session, rc, auth_sasl_verdict(exchange->sasl));
		smtp_auth_abandon(session);
	}
	buf_done(&challenge);
}

static void take_base64(struct smtp_session *session, struct view text)
{
	struct buf *answer = &session->exchange->answer;
	buf_reset(answer);
	enum rc rc = base64_decode(text, answer);
	if (rc == RC_OK) {
		take_answer(session);
		return;
	}
	smtp_auth_abandon(session);
	if (rc == RC_LIMIT)
		smtp_answer(session, 500, ENHANCED(5, 5, 6),
		    "The response is longer than %d bytes",
		    AUTH_SASL_INPUT_MAX);
	else
		smtp_answer(session, 501, ENHANCED(5, 5, 2),
		    "Expected a response in base64");
}

static void ask_first(struct smtp_session *session)
{
	struct buf challenge;
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_challenge(session->exchange->sasl, &challenge);
	if (rc == RC_MORE) {
		send_challenge(session, &challenge);
	} else {
		refuse_login(
		    session, rc, auth_sasl_verdict(session->exchange->sasl));
		smtp_auth_abandon(session);
	}
	buf_done(&challenge);
}

void smtp_auth_line(struct smtp_session *session, struct view line, bool more)
{
	smtp_trace_secret(session);
	if (more) {
		// Sent without knowing whether the login succeeds.
		smtp_auth_abandon(session);
		smtp_hang_up(session, "pipelining", 554, ENHANCED(5, 5, 0),
		    "More came before this was answered");
	} else if (view_eq(line, VIEW("*"))) {
		smtp_auth_abandon(session);
		smtp_answer(session, 501, ENHANCED(5, 7, 0), "Cancelled");
	} else {
		take_base64(session, line);
	}
}

void smtp_auth_wake(struct smtp_session *session)
{
	take_answer(session);
}

// ---- AUTH ------------------------------------------------------------------

static void begin(struct smtp_session *session, struct smtp_call *call)
{
	struct smtp_exchange *exchange = mem_zalloc(sizeof(*exchange));
	struct auth_verdict verdict;
	exchange->channel = smtp_channel(session);
	buf_init(&exchange->answer, AUTH_SASL_INPUT_MAX);
	enum rc rc =
	    auth_sasl_start(session->server->auth, call->command.mechanism,
		&exchange->channel, &verdict, &exchange->sasl);
	if (rc != RC_OK) {
		free(exchange);
		if (rc == RC_UNSUPPORTED)
			smtp_answer(session, 504, ENHANCED(5, 5, 4),
			    "No such SASL mechanism");
		else
			refuse_login(session, rc, &verdict);
		return;
	}
	session->exchange = exchange;
	struct view initial = call->command.argument;
	if (initial.ptr == NULL)
		ask_first(session);
	else
		// RFC 4954 section 4: "=" is an empty one.
		take_base64(
		    session, view_eq(initial, VIEW("=")) ? VIEW("") : initial);
}

void smtp_auth_run(struct smtp_session *session, struct smtp_call *call)
{
	if (session->user != NULL)
		smtp_answer(
		    session, 503, ENHANCED(5, 5, 1), "Logged in already");
	else if (session->transaction != NULL)
		smtp_answer(session, 503, ENHANCED(5, 5, 1),
		    "Not within a message: RSET first");
	else
		begin(session, call);
}
