// SPDX-License-Identifier: Apache-2.0
// Running commands, one after another.
#include "pop3/run.h"

#include "base/mem.h"
#include "pop3/commands.h"
#include "pop3/trace.h"

// ---- Making and ending -----------------------------------------------------

static struct pop3_command *command_new(
    struct pop3_session *session, struct buf *out)
{
	struct pop3_command *command = mem_zalloc(sizeof(*command));
	command->session = session;
	command->out = out;
	command->then = NET_READ;
	arena_init(&command->arena);
	session->command = command;
	return command;
}

static void command_free(struct pop3_command *command)
{
	if (command->state != NULL && command->type->end != NULL)
		command->type->end(command);
	command->session->command = NULL;
	// Before a login anything may be a password.
	if (command->type == NULL ||
	    (command->type->states & POP3_STATE_AUTHORIZATION) != 0)
		arena_done_secret(&command->arena);
	else
		arena_done(&command->arena);
	free(command);
}

void pop3_run_abandon(struct pop3_session *session)
{
	if (session->command != NULL)
		command_free(session->command);
	session->waiting = false;
	auth_turn_end(session->server->auth, &session->turn);
}

// ---- Limits ----------------------------------------------------------------

// So that a client that has gone astray, or a stranger who plays, does not go
// on for ever.
static void count_bad(struct pop3_session *session, bool bad)
{
	unsigned max = session->state == POP3_STATE_AUTHORIZATION
			   ? POP3_BAD_MAX_LOGIN
			   : POP3_BAD_MAX;
	session->bad_count = bad ? session->bad_count + 1 : 0;
	if (session->bad_count >= max)
		pop3_hang_up(session, "too many bad commands");
}

// Guessing, and keeping the server busy, take a new connection every now and
// then; to that net and auth have limits.
static void count_strangers_command(struct pop3_session *session)
{
	if (session->state != POP3_STATE_AUTHORIZATION ||
	    session->next == NET_CLOSE)
		return;
	session->login_commands++;
	if (session->login_failures >= POP3_LOGIN_FAILURES_MAX)
		pop3_hang_up(session, "too many failed logins");
	else if (session->login_commands >= POP3_LOGIN_COMMANDS_MAX)
		pop3_hang_up(session, "too many commands before login");
}

// ---- Steps -----------------------------------------------------------------

static void command_finish(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	session->next = command->then;
	bool bad = command->bad;
	command_free(command);
	count_bad(session, bad);
	count_strangers_command(session);
}

static void command_step(struct pop3_command *command, enum pop3_step step)
{
	struct pop3_session *session = command->session;
	switch (step) {
	case POP3_STEP_DONE: command_finish(command); return;
	case POP3_STEP_MORE: session->next = NET_DRAIN; return;
	case POP3_STEP_WAIT: session->waiting = true; return;
	case POP3_STEP_INPUT: session->plain_line = true; return;
	case POP3_STEP_CUT:
		// Without the "." the client knows that it has not got it all.
		command_free(command);
		pop3_hang_up(session, "a message could not be read to its end");
		return;
	}
}

// ---- From a line to the command --------------------------------------------

static bool takes(const struct pop3_command_type *type, struct view args)
{
	switch (type->arguments) {
	case POP3_ARGUMENTS_NONE: return args.len == 0;
	case POP3_ARGUMENTS_OPTIONAL: return true;
	case POP3_ARGUMENTS_SOME: return args.len > 0;
	}
	return false;
}

static enum pop3_step begin(struct pop3_command *command, struct view line)
{
	struct view rest = line, name;
	bool named = view_split(&rest, ' ', &name);
	const struct pop3_command_type *type =
	    named ? pop3_command_find(name) : NULL;
	command->type = type;
	pop3_trace_command(command->session, type, line);
	if (type == NULL)
		return pop3_bad(command, "Unknown command");
	if ((type->states & command->session->state) == 0)
		return pop3_bad(command, "%s is for %s login", type->name,
		    type->states == POP3_STATE_TRANSACTION ? "after"
							   : "before");
	if ((type->flags & POP3_COMMAND_VERBATIM) == 0)
		rest = view_trim(rest);
	if (view_find_char(line, '\0') != SIZE_MAX)
		return pop3_bad(command, "NUL has no place in a command");
	if (!takes(type, rest))
		return pop3_bad(command,
		    type->arguments == POP3_ARGUMENTS_NONE
			? "%s takes no argument"
			: "%s needs an argument",
		    type->name);
	// Its own copy: it may still be needed when the input is gone.
	command->args = arena_copy(&command->arena, rest);
	return type->begin(command);
}

void pop3_run_line(
    struct pop3_session *session, struct view line, struct buf *out)
{
	size_t start = out->len;
	struct pop3_command *command = session->command;
	bool message = false;
	if (session->plain_line) {
		session->plain_line = false;
		pop3_trace_answer(session);
		command->out = out;
		command->args = arena_copy(&command->arena, line);
		command_step(command, command->type->resume(command));
	} else {
		command = command_new(session, out);
		enum pop3_step step = begin(command, line);
		message = command->type != NULL &&
			  (command->type->flags & POP3_COMMAND_MESSAGE) != 0;
		command_step(command, step);
	}
	pop3_trace_output(session, view_from(buf_view(out), start), message);
}

void pop3_run_resume(struct pop3_session *session, struct buf *out)
{
	size_t start = out->len;
	struct pop3_command *command = session->command;
	bool message = (command->type->flags & POP3_COMMAND_MESSAGE) != 0;
	command->out = out;
	command_step(command, command->type->resume(command));
	if (!message)
		pop3_trace_output(
		    session, view_from(buf_view(out), start), false);
}
