// SPDX-License-Identifier: Apache-2.0
// AUTH (RFC 5034): the SASL exchange of auth/exchange.h.
#include "auth/exchange.h"
#include "pop3/commands.h"
#include "pop3/login.h"

void pop3_auth_end(struct pop3_command *command)
{
	struct auth_exchange *exchange = command->state;
	auth_exchange_free(&exchange);
}

static enum pop3_step refuse(struct pop3_command *command)
{
	const struct auth_verdict *verdict;
	enum rc rc = auth_exchange_refusal(command->state, &verdict);
	return pop3_refuse_login(command, rc, verdict);
}

static enum pop3_step go_on(struct pop3_command *command, enum auth_step step)
{
	switch (step) {
	case AUTH_STEP_CHALLENGE: return POP3_STEP_INPUT;
	case AUTH_STEP_WAIT: return POP3_STEP_WAIT;
	case AUTH_STEP_USER:
		return pop3_log_in(command, auth_exchange_user(command->state));
	case AUTH_STEP_REFUSED: return refuse(command);
	case AUTH_STEP_CANCELLED:
		// RFC 5034 section 4.
		return pop3_err(command, NULL, "AUTH was cancelled");
	case AUTH_STEP_TOO_LONG:
		return pop3_bad(command, "The response is longer than %d bytes",
		    AUTH_SASL_INPUT_MAX);
	case AUTH_STEP_NOT_BASE64:
		return pop3_bad(command, "Expected a response in base64");
	case AUTH_STEP_MALFORMED:
		return pop3_bad(command, "Not a response of this mechanism");
	}
	return POP3_STEP_DONE;
}

// AUTH without an argument: clients from before RFC 2449 ask for the mechanisms
// with it.
static enum pop3_step list_mechanisms(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	const char *names[AUTH_SASL_MECHANISMS_MAX];
	struct auth_channel channel = session_channel(&session->base);
	size_t count =
	    auth_sasl_mechanisms(session->server->base.auth, &channel, names);
	pop3_ok(command, "Mechanisms follow");
	for (size_t i = 0; i < count; i++)
		buf_printf(command->out, "%s\r\n", names[i]);
	buf_add_literal(command->out, ".\r\n");
	return POP3_STEP_DONE;
}

enum pop3_step pop3_auth_begin(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	struct view initial = command->args;
	struct view mechanism;
	if (!view_split(&initial, ' ', &mechanism))
		return list_mechanisms(command);
	struct auth_channel channel = session_channel(&session->base);
	struct auth_verdict verdict;
	struct auth_exchange *exchange;
	enum rc rc = auth_exchange_new(session->server->base.auth, mechanism,
	    &channel, "+ ", &verdict, &exchange);
	if (rc == RC_UNSUPPORTED)
		return pop3_err(command, NULL, "No such SASL mechanism");
	if (rc != RC_OK)
		return pop3_refuse_login(command, rc, &verdict);
	command->state = exchange;
	struct view none = {0};
	return go_on(
	    command, auth_exchange_begin(exchange,
			 initial.len > 0 ? initial : none, command->out));
}

enum pop3_step pop3_auth_resume(struct pop3_command *command)
{
	return go_on(command,
	    auth_exchange_step(command->state, command->args, command->out));
}
