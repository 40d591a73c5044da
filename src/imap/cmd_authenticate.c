// SPDX-License-Identifier: Apache-2.0
// AUTHENTICATE (RFC 9051 section 6.2.2, with RFC 4959 initial responses): the
// SASL exchange of auth/exchange.h.
#include "auth/exchange.h"
#include "imap/commands.h"
#include "imap/login.h"
#include "imap/session.h"

void imap_authenticate_end(struct imap_command *command)
{
	struct auth_exchange *exchange = command->state;
	auth_exchange_free(&exchange);
}

static enum imap_step refuse(struct imap_command *command)
{
	const struct auth_verdict *verdict;
	enum rc rc = auth_exchange_refusal(command->state, &verdict);
	return imap_refuse_login(command, rc, verdict);
}

static enum imap_step go_on(struct imap_command *command, enum auth_step step)
{
	switch (step) {
	case AUTH_STEP_CHALLENGE: return IMAP_STEP_INPUT;
	case AUTH_STEP_WAIT: return IMAP_STEP_WAIT;
	case AUTH_STEP_USER:
		return imap_log_in(command, auth_exchange_user(command->state));
	case AUTH_STEP_REFUSED: return refuse(command);
	case AUTH_STEP_CANCELLED:
		// RFC 9051 section 6.2.2: the client cancelled; the answer is
		// BAD.
		return imap_bad(command, "AUTHENTICATE was cancelled");
	case AUTH_STEP_TOO_LONG:
		return imap_bad(command, "the response is longer than %d bytes",
		    AUTH_SASL_INPUT_MAX);
	case AUTH_STEP_NOT_BASE64:
		return imap_bad(command, "expected a response in base64");
	case AUTH_STEP_MALFORMED:
		return imap_bad(command, "not a response of this mechanism");
	}
	return IMAP_STEP_DONE;
}

enum imap_step imap_authenticate_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	struct imap_cursor *args = &command->args;
	struct view mechanism;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_atom(args, "a SASL mechanism", &mechanism);
	struct view initial = {0};
	if (rc == RC_OK && imap_take_next(args))
		rc = imap_parse_atom(args, "a response in base64", &initial);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);

	struct auth_channel channel = session_channel(&session->base);
	struct auth_verdict verdict;
	struct auth_exchange *exchange;
	rc = auth_exchange_new(session->server->base.auth, mechanism, &channel,
	    "+ ", &verdict, &exchange);
	if (rc == RC_UNSUPPORTED)
		return imap_no(command, "CANNOT", "No such SASL mechanism");
	if (rc != RC_OK)
		return imap_refuse_login(command, rc, &verdict);
	command->state = exchange;
	return go_on(
	    command, auth_exchange_begin(exchange, initial, command->out));
}

enum imap_step imap_authenticate_resume(struct imap_command *command)
{
	return go_on(
	    command, auth_exchange_step(command->state,
			 imap_cursor_rest(&command->args), command->out));
}
