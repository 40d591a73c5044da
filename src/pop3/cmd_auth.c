// SPDX-License-Identifier: Apache-2.0
// AUTH (RFC 5034): the SASL exchange of auth/sasl.h in base64 lines.
#include "auth/sasl.h"
#include "pop3/commands.h"
#include "pop3/login.h"
#include "wire/base64.h"

struct exchange {
	struct auth_channel channel; // as long as `sasl`
	struct auth_sasl *sasl;
	bool waits;         // to step again with `answer`
	struct view answer; // what the client said, decoded; in the arena
};

void pop3_auth_end(struct pop3_command *command)
{
	struct exchange *exchange = command->state;
	auth_sasl_free(&exchange->sasl);
}

static enum pop3_step send_challenge(
    struct pop3_command *command, const struct buf *data)
{
	buf_add_literal(command->out, "+ ");
	base64_encode(buf_view(data), command->out);
	buf_add_literal(command->out, "\r\n");
	return POP3_STEP_INPUT;
}

// What the mechanism said, and with it perhaps the end.
static enum pop3_step take_answer(
    struct pop3_command *command, struct view data)
{
	struct exchange *exchange = command->state;
	struct buf challenge;
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_step(exchange->sasl, data, &challenge);
	enum pop3_step step;
	exchange->waits = rc == RC_IN_USE;
	if (rc == RC_IN_USE)
		step = POP3_STEP_WAIT;
	else if (rc == RC_MORE)
		step = send_challenge(command, &challenge);
	else if (rc == RC_OK)
		step = pop3_log_in(command, auth_sasl_user(exchange->sasl));
	else if (rc == RC_SYNTAX || rc == RC_LIMIT)
		step = pop3_bad(command, "Not a response of this mechanism");
	else
		step = pop3_refuse_login(
		    command, rc, auth_sasl_verdict(exchange->sasl));
	buf_done(&challenge);
	return step;
}

static enum pop3_step take_base64(
    struct pop3_command *command, struct view text)
{
	struct buf data;
	buf_init(&data, AUTH_SASL_INPUT_MAX);
	enum rc rc = base64_decode(text, &data);
	enum pop3_step step;
	if (rc == RC_OK) {
		struct exchange *exchange = command->state;
		exchange->answer = arena_copy(&command->arena, buf_view(&data));
		step = take_answer(command, exchange->answer);
	} else if (rc == RC_LIMIT)
		step = pop3_bad(command, "The response is longer than %d bytes",
		    AUTH_SASL_INPUT_MAX);
	else
		step = pop3_bad(command, "Expected a response in base64");
	buf_done_secret(&data);
	return step;
}

static enum pop3_step ask_first(struct pop3_command *command)
{
	struct exchange *exchange = command->state;
	struct buf challenge;
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_challenge(exchange->sasl, &challenge);
	enum pop3_step step = rc == RC_MORE
				  ? send_challenge(command, &challenge)
				  : pop3_refuse_login(command, rc,
					auth_sasl_verdict(exchange->sasl));
	buf_done(&challenge);
	return step;
}

// AUTH alone: what clients from before RFC 2449 ask with for the mechanisms.
static enum pop3_step list_mechanisms(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	const char *names[AUTH_SASL_MECHANISMS_MAX];
	struct auth_channel channel = pop3_channel(session);
	size_t count =
	    auth_sasl_mechanisms(session->server->auth, &channel, names);
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
	struct exchange *exchange =
	    arena_zalloc(&command->arena, sizeof(*exchange));
	exchange->channel = pop3_channel(session);
	exchange->channel.turn = &session->turn;
	struct auth_verdict verdict;
	enum rc rc = auth_sasl_start(session->server->auth, mechanism,
	    &exchange->channel, &verdict, &exchange->sasl);
	if (rc == RC_UNSUPPORTED)
		return pop3_err(command, NULL, "No such SASL mechanism");
	if (rc != RC_OK)
		return pop3_refuse_login(command, rc, &verdict);
	command->state = exchange;
	if (initial.len == 0)
		return ask_first(command);
	// RFC 5034 section 4: "=" is an empty one.
	return take_base64(
	    command, view_eq(initial, VIEW("=")) ? VIEW("") : initial);
}

enum pop3_step pop3_auth_resume(struct pop3_command *command)
{
	struct exchange *exchange = command->state;
	if (exchange->waits)
		return take_answer(command, exchange->answer);
	// RFC 5034 section 4.
	if (view_eq(command->args, VIEW("*")))
		return pop3_err(command, NULL, "AUTH was cancelled");
	return take_base64(command, command->args);
}
