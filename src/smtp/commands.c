// SPDX-License-Identifier: Apache-2.0
// From a line to its command: which command is allowed when, and what may
// follow it.
#include "smtp/commands.h"

#include "auth/exchange.h"
#include "base/mem.h"
#include "smtp/trace.h"
#include "wire/smtp_lenient.h"

#define MX         (1u << SMTP_ROLE_MX)
#define SUBMISSION (1u << SMTP_ROLE_SUBMISSION)
#define LMTP       (1u << SMTP_ROLE_LMTP)
#define SMTP       (MX | SUBMISSION)
#define ALL        (SMTP | LMTP)

#define AFTER_HELO SMTP_COMMAND_AFTER_HELO
#define INSIDE     SMTP_COMMAND_INSIDE
#define OUTSIDE    SMTP_COMMAND_OUTSIDE
#define LAST       SMTP_COMMAND_LAST
#define SECRET     SMTP_COMMAND_SECRET
#define BARE       SMTP_COMMAND_BARE
#define FREE       SMTP_COMMAND_FREE
#define KEEPS_LINE SMTP_COMMAND_KEEPS_LINE
#define ENDS_GROUP SMTP_COMMAND_ENDS_GROUP
#define EARLY      SMTP_COMMAND_EARLY

// ENDS_GROUP and LAST follow RFC 2920 section 3.1, RFC 3207 section 4 and RFC
// 4954 section 4. Anything may follow QUIT, because nobody reads it.
static const struct smtp_command_type types[] = {
    {.verb = SMTP_VERB_HELO, SMTP, ENDS_GROUP | BARE, smtp_hello_run},
    {.verb = SMTP_VERB_EHLO, SMTP, ENDS_GROUP | BARE, smtp_hello_run},
    {.verb = SMTP_VERB_LHLO, LMTP, ENDS_GROUP | BARE, smtp_hello_run},
    {.verb = SMTP_VERB_MAIL,
	ALL,
	AFTER_HELO | OUTSIDE | KEEPS_LINE,
	smtp_mail_run,
	.resume = smtp_mail_resume},
    {.verb = SMTP_VERB_RCPT,
	ALL,
	AFTER_HELO | INSIDE | FREE | KEEPS_LINE,
	smtp_rcpt_run,
	.resume = smtp_rcpt_resume},
    {.verb = SMTP_VERB_DATA,
	ALL,
	AFTER_HELO | INSIDE | LAST,
	smtp_data_run,
	.take = smtp_data_take,
	.resume = smtp_data_resume},
    // Its chunk has to be read, whatever the state.
    {.verb = SMTP_VERB_BDAT,
	ALL,
	AFTER_HELO | FREE,
	smtp_bdat_run,
	.take = smtp_bdat_take,
	.resume = smtp_data_resume},
    {.verb = SMTP_VERB_RSET, ALL, EARLY, smtp_rset_run},
    {.verb = SMTP_VERB_NOOP, ALL, ENDS_GROUP | EARLY, smtp_noop_run},
    {.verb = SMTP_VERB_QUIT, ALL, EARLY, smtp_quit_run},
    {.verb = SMTP_VERB_VRFY, ALL, ENDS_GROUP, smtp_vrfy_run},
    {.verb = SMTP_VERB_EXPN, ALL, ENDS_GROUP, smtp_expn_run},
    {.verb = SMTP_VERB_HELP, ALL, ENDS_GROUP, smtp_help_run},
    {.verb = SMTP_VERB_STARTTLS, ALL, AFTER_HELO | LAST, smtp_starttls_run},
    {.verb = SMTP_VERB_AUTH,
	SUBMISSION,
	AFTER_HELO | LAST | SECRET,
	smtp_auth_run,
	.resume = smtp_auth_resume,
	.line = smtp_auth_line},
};

// Finds a command; NULL: this server does not have it.
static const struct smtp_command_type *find(
    enum smtp_role role, enum smtp_verb verb)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].verb == verb)
			return (types[i].roles & 1u << role) != 0 ? &types[i]
								  : NULL;
	return NULL;
}

// Whether input may follow the command before it is answered. Never for a
// client that was not offered PIPELINING.
static bool may_have_more(
    const struct smtp_session *session, const struct smtp_command_type *type)
{
	if (type && type->verb == SMTP_VERB_QUIT)
		return true;
	if (type && (type->flags & (LAST | ENDS_GROUP)) != 0)
		return false;
	return session->extended;
}

// Mail programs that look for a server send EHLO and QUIT together (Thunderbird
// does), and devices do not wait either. On port 25 this is refused: a client
// that does not wait there is no mail server, and the input may hide a message.
static bool may_have_early(
    const struct smtp_session *session, const struct smtp_command_type *type)
{
	return session->server->role != SMTP_ROLE_MX && type &&
	       (type->flags & LAST) == 0;
}

// False: something came before its turn.
static bool check_turn(struct smtp_session *session,
    const struct smtp_command_type *type, bool more)
{
	bool early = session->early;
	session->early = false;
	if (early && (!type || (type->flags & EARLY) == 0))
		return false;
	if (!more || may_have_more(session, type))
		return true;
	session->early = may_have_early(session, type);
	return session->early;
}

static bool is_in_order(
    struct smtp_session *session, const struct smtp_command_type *type)
{
	const char *wrong = NULL;
	if ((type->flags & AFTER_HELO) != 0 && !session->helo)
		wrong = smtp_is_lmtp(session) ? "LHLO first" : "EHLO first";
	else if ((type->flags & INSIDE) != 0 && !session->transaction)
		wrong = "MAIL first";
	else if ((type->flags & OUTSIDE) != 0 && session->transaction)
		wrong = "A message has been begun: RSET first";
	if (wrong)
		smtp_answer(session, 503, ENHANCED(5, 5, 1), "%s", wrong);
	return !wrong;
}

// Nobody knows where the chunk ends if the BDAT was not understood, or came
// from a client that was not offered it. The chunk would be read as commands,
// so the connection ends.
static void end_at_chunk(
    struct smtp_session *session, const struct smtp_command_type *type)
{
	if (type->verb != SMTP_VERB_BDAT)
		return;
	session_close(&session->base, "BDAT out of place");
}

static void refuse_syntax(struct smtp_session *session,
    const struct smtp_command_type *type, const struct smtp_fault *fault)
{
	bool bare = (type->flags & BARE) != 0;
	smtp_answer(session, fault->code, bare ? ENHANCED_NONE : fault->status,
	    "%s", fault->fault.text);
	end_at_chunk(session, type);
}

// ---- The running command ---------------------------------------------------

static void call_free(struct smtp_call *call)
{
	auth_exchange_free(&call->exchange);
	if ((call->type->flags & SECRET) != 0)
		arena_done_secret(&call->arena);
	else
		arena_done(&call->arena);
	free(call);
}

void smtp_command_end(struct smtp_session *session)
{
	struct smtp_call *call = session->call;
	session->call = NULL;
	if (call)
		call_free(call);
	auth_turn_end(session->server->base.auth, &session->base.turn);
}

static void step(struct smtp_session *session, enum smtp_step step)
{
	switch (step) {
	case SMTP_STEP_DONE: smtp_command_end(session); return;
	case SMTP_STEP_INPUT: return;
	case SMTP_STEP_WAIT:
		session->base.next = session_wait(&session->base);
		return;
	}
}

void smtp_command_line(
    struct smtp_session *session, struct view line, bool more)
{
	struct smtp_call *call = session->call;
	step(session, call->type->line(session, call, line, more));
}

void smtp_command_take(struct smtp_session *session, struct view *input)
{
	struct smtp_call *call = session->call;
	step(session, call->type->take(session, call, input));
}

void smtp_command_resume(struct smtp_session *session)
{
	struct smtp_call *call = session->call;
	step(session, call->type->resume(session, call));
}

static void parse_and_run(struct smtp_session *session,
    const struct smtp_command_type *type, struct view line)
{
	struct smtp_call *call = mem_zalloc(sizeof(*call));
	struct smtp_fault fault;
	call->type = type;
	session->call = call;
	arena_init(&call->arena);
	if ((type->flags & KEEPS_LINE) != 0)
		line = arena_copy(&call->arena, line);
	// The client may be a printer or a scanner that has logged in.
	// Strangers must keep to the RFC; those that are mail servers do.
	if (session->server->lenient && !session_is_stranger(&session->base))
		line = smtp_line_made_strict(&call->arena, line);
	if (smtp_command_parse(&call->arena, line, smtp_extensions(session),
		&call->command, &fault) == RC_OK) {
		step(session, type->run(session, call));
	} else {
		refuse_syntax(session, type, &fault);
		smtp_command_end(session);
	}
}

// ---- From the line to the command ------------------------------------------

void smtp_command_run(struct smtp_session *session, struct view line, bool more)
{
	enum smtp_verb verb = smtp_verb_of(line);
	const struct smtp_command_type *type =
	    find(session->server->role, verb);
	smtp_trace_command(session, type, line);
	if (verb == SMTP_VERB_HTTP) {
		// Somebody made a browser connect to us: what follows is not
		// its user's.
		smtp_hang_up(session, "HTTP", 554, ENHANCED(5, 5, 1),
		    "This is not HTTP");
		return;
	}
	if (!check_turn(session, type, more)) {
		bool bare = type && (type->flags & BARE) != 0;
		smtp_hang_up(session, "pipelining", 554,
		    bare ? ENHANCED_NONE : ENHANCED(5, 5, 0),
		    "Commands came before this answer");
		return;
	}
	if (!type)
		smtp_answer(session, 500, ENHANCED(5, 5, 1), "No such command");
	else if (is_in_order(session, type))
		parse_and_run(session, type, line);
	else
		end_at_chunk(session, type);
	session_note_command(&session->base);
	if (!type || (type->flags & FREE) == 0)
		session->commands++;
}
