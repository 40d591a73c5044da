// SPDX-License-Identifier: Apache-2.0
// AUTHENTICATE (RFC 9051 section 6.2.2, with RFC 4959 initial responses): the
// SASL exchange of auth/sasl.h in base64 lines.
#include "auth/sasl.h"
#include "imap/commands.h"
#include "imap/login.h"
#include "imap/session.h"
#include "wire/base64.h"

struct exchange {
	struct auth_channel channel; // as long as `sasl`
	struct auth_sasl *sasl;
	bool waits;         // to step again with `answer`
	struct view answer; // what the client said, decoded; in the arena
};

void imap_authenticate_end(struct imap_command *command)
{
	struct exchange *exchange = command->state;
	auth_sasl_free(&exchange->sasl);
}

static enum imap_step send_challenge(
    struct imap_command *command, const struct buf *data)
{
	buf_add_literal(command->out, "+ ");
	base64_encode(buf_view(data), command->out);
	buf_add_literal(command->out, "\r\n");
	return IMAP_STEP_INPUT;
}

// What the mechanism said, and with it perhaps the end.
static enum imap_step take_answer(
    struct imap_command *command, struct view data)
{
	struct exchange *exchange = command->state;
	struct buf challenge;
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_step(exchange->sasl, data, &challenge);
	enum imap_step step;
	exchange->waits = rc == RC_IN_USE;
	if (rc == RC_IN_USE)
		step = IMAP_STEP_WAIT;
	else if (rc == RC_MORE)
		step = send_challenge(command, &challenge);
	else if (rc == RC_OK)
		step = imap_log_in(command, auth_sasl_user(exchange->sasl));
	else if (rc == RC_SYNTAX || rc == RC_LIMIT)
		step = imap_bad(command, "not a response of this mechanism");
	else
		step = imap_refuse_login(
		    command, rc, auth_sasl_verdict(exchange->sasl));
	buf_done(&challenge);
	return step;
}

static enum imap_step take_base64(
    struct imap_command *command, struct view text)
{
	struct buf data;
	buf_init(&data, AUTH_SASL_INPUT_MAX);
	enum rc rc = base64_decode(text, &data);
	enum imap_step step;
	if (rc == RC_OK) {
		struct exchange *exchange = command->state;
		exchange->answer = arena_copy(&command->arena, buf_view(&data));
		step = take_answer(command, exchange->answer);
	} else if (rc == RC_LIMIT)
		step = imap_bad(command, "the response is longer than %d bytes",
		    AUTH_SASL_INPUT_MAX);
	else
		step = imap_bad(command, "expected a response in base64");
	buf_done_secret(&data);
	return step;
}

static enum imap_step ask_first(struct imap_command *command)
{
	struct exchange *exchange = command->state;
	struct buf challenge;
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_challenge(exchange->sasl, &challenge);
	enum imap_step step = rc == RC_MORE
				  ? send_challenge(command, &challenge)
				  : imap_refuse_login(command, rc,
					auth_sasl_verdict(exchange->sasl));
	buf_done(&challenge);
	return step;
}

enum imap_step imap_authenticate_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	struct imap_cursor *args = &command->args;
	struct view mechanism;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_atom(args, "a SASL mechanism", &mechanism);
	bool has_initial = rc == RC_OK && !imap_at_end(args);
	if (has_initial)
		rc = imap_parse_sp(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);

	struct exchange *exchange =
	    arena_zalloc(&command->arena, sizeof(*exchange));
	exchange->channel = imap_channel(session);
	exchange->channel.turn = &session->turn;
	struct auth_verdict verdict;
	rc = auth_sasl_start(session->server->auth, mechanism,
	    &exchange->channel, &verdict, &exchange->sasl);
	if (rc == RC_UNSUPPORTED)
		return imap_no(command, "CANNOT", "No such SASL mechanism");
	if (rc != RC_OK)
		return imap_refuse_login(command, rc, &verdict);
	command->state = exchange;
	if (!has_initial)
		return ask_first(command);
	// RFC 4959 section 3: "=" is an empty one.
	struct view initial = imap_cursor_rest(args);
	return take_base64(
	    command, view_eq(initial, VIEW("=")) ? VIEW("") : initial);
}

enum imap_step imap_authenticate_resume(struct imap_command *command)
{
	struct exchange *exchange = command->state;
	struct view line = imap_cursor_rest(&command->args);
	if (exchange->waits)
		return take_answer(command, exchange->answer);
	// RFC 9051 section 6.2.2: cancelled, and BAD is what it gets.
	if (view_eq(line, VIEW("*")))
		return imap_bad(command, "AUTHENTICATE was cancelled");
	return take_base64(command, line);
}
