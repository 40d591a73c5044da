// SPDX-License-Identifier: Apache-2.0
// Runs commands, one after another.
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
	if (command->state && command->type->end)
		command->type->end(command);
	command->session->command = NULL;
	// Before a login, an unknown line may be a password.
	if (!command->type ||
	    (command->type->states & POP3_STATE_AUTHORIZATION) != 0)
		arena_done_secret(&command->arena);
	else
		arena_done(&command->arena);
	free(command);
}

void pop3_run_abandon(struct pop3_session *session)
{
	if (session->command)
		command_free(session->command);
}

// ---- Steps -----------------------------------------------------------------

static void command_finish(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	session->base.next = command->then;
	bool bad = command->bad;
	command_free(command);
	session_count_command(&session->base, bad);
}

static void command_step(struct pop3_command *command, enum pop3_step step)
{
	struct pop3_session *session = command->session;
	switch (step) {
	case POP3_STEP_DONE: command_finish(command); return;
	case POP3_STEP_MORE: session->base.next = NET_DRAIN; return;
	case POP3_STEP_WAIT:
		session->base.next = session_wait(&session->base);
		return;
	case POP3_STEP_INPUT: return;
	case POP3_STEP_CUT:
		// There is no final ".", so the client knows that the message
		// is not complete.
		command_free(command);
		session_close(
		    &session->base, "a message could not be read to its end");
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
	if (!type && session_refuse_http(&command->session->base, line)) {
		command->then = NET_CLOSE;
		return POP3_STEP_DONE;
	}
	if (!type)
		return pop3_bad(command, "Unknown command");
	if ((type->states & pop3_state(command->session)) == 0)
		return pop3_bad(command, "%s is for %s login", type->name,
		    type->states == POP3_STATE_TRANSACTION ? "after"
							   : "before");
	if ((type->flags & POP3_COMMAND_VERBATIM) == 0)
		rest = view_trim(rest);
	if (view_find_char(line, '\0') != SIZE_MAX)
		return pop3_bad(command, "A command cannot contain NUL");
	if (!takes(type, rest))
		return pop3_bad(command,
		    type->arguments == POP3_ARGUMENTS_NONE
			? "%s takes no argument"
			: "%s needs an argument",
		    type->name);
	// A copy: it may be needed when the input is gone.
	command->args = arena_copy(&command->arena, rest);
	return type->begin(command);
}

static bool is_message(const struct pop3_command *command)
{
	return command->type &&
	       (command->type->flags & POP3_COMMAND_MESSAGE) != 0;
}

// Gives a line to the running command, which waited for it.
static void answer(struct pop3_command *command, struct view line)
{
	session_trace_secret(&command->session->base);
	command->args = arena_copy(&command->arena, line);
	command_step(command, command->type->resume(command));
}

void pop3_run_line(
    struct pop3_session *session, struct view line, struct buf *out)
{
	if (session->command) {
		session->command->out = out;
		answer(session->command, line);
		return;
	}
	struct pop3_command *command = command_new(session, out);
	enum pop3_step step = begin(command, line);
	bool message = is_message(command);
	command_step(command, step);
	if (message)
		pop3_trace_message(session);
}

void pop3_run_resume(struct pop3_session *session, struct buf *out)
{
	struct pop3_command *command = session->command;
	bool message = is_message(command);
	command->out = out;
	command_step(command, command->type->resume(command));
	// The first line of this response was traced at the beginning.
	if (message)
		session_trace_skip(&session->base);
}
