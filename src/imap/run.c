// SPDX-License-Identifier: Apache-2.0
// Running commands, one after another and never two at once: so pipelining is
// unambiguous (RFC 9051 section 5.5). A command is made at the first event that
// has its name, and freed after its tagged response.
#include "imap/run.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "imap/commands.h"
#include "imap/session.h"
#include "imap/trace.h"
#include "imap/view.h"

// Up to this size, a refused non-synchronizing literal is read and dropped. If
// a client announces more, the connection is closed (RFC 7888 section 4).
#define SWALLOW_MAX ((uint64_t)1 << 30)

// ---- Making and ending -----------------------------------------------------

static struct imap_command *command_new(
    struct imap_session *session, struct view text, struct buf *out)
{
	struct imap_command *command = mem_zalloc(sizeof(*command));
	command->session = session;
	command->out = out;
	command->then = NET_READ;
	arena_init(&command->arena);
	buf_init(&command->code, IMAP_CODE_MAX);
	// A copy, because it may still be needed when the input is gone.
	imap_cursor_init(&command->args, &command->arena,
	    arena_copy(&command->arena, text), &command->fault);
	command->args.utf8 = imap_is_utf8(session);
	session->command = command;
	return command;
}

static void command_free(struct imap_command *command)
{
	if (command->state && command->type->end)
		command->type->end(command);
	command->session->command = NULL;
	buf_done(&command->code);
	if (command->args.secret)
		arena_done_secret(&command->arena);
	else
		arena_done(&command->arena);
	free(command);
}

size_t imap_run_memory(const struct imap_session *session)
{
	const struct imap_command *command = session->command;
	if (!command)
		return 0;
	size_t literals = 0;
	if (command->type && command->type->stream)
		literals = command->type->stream->memory(command);
	return sizeof(*command) + command->arena.held + command->code.capacity +
	       literals;
}

void imap_run_abandon(struct imap_session *session)
{
	if (session->command)
		command_free(session->command);
	free(session->idle_tag);
	session->idle_tag = NULL;
}

// Sets the cursor to new text of the same command (what follows a streamed
// literal, or a line that it waited for).
static void command_continue(
    struct imap_command *command, struct view text, struct buf *out)
{
	bool secret = command->args.secret;
	command->out = out;
	imap_cursor_init(&command->args, &command->arena,
	    arena_copy(&command->arena, text), &command->fault);
	command->args.utf8 = imap_is_utf8(command->session);
	command->args.secret = secret;
}

// ---- The tagged response ---------------------------------------------------

static void write_tagged(struct imap_command *command)
{
	static const char *const words[] = {
	    [IMAP_STATUS_OK] = " OK ",
	    [IMAP_STATUS_NO] = " NO ",
	    [IMAP_STATUS_BAD] = " BAD ",
	};
	struct buf *out = command->out;
	// There is no tag to answer to (RFC 9051 section 7.1.3).
	buf_add(out, command->tag.len > 0 ? command->tag : VIEW("*"));
	buf_add_string(out, words[command->status]);
	if (command->code.len > 0) {
		buf_add_char(out, '[');
		buf_add(out, buf_view(&command->code));
		buf_add_literal(out, "] ");
	}
	size_t begin = out->len;
	imap_write_text(out, command->text, imap_is_utf8(command->session));
	if (out->len > begin)
		out->ptr[begin] = ascii_upper(out->ptr[begin]);
	buf_add_literal(out, "\r\n");
}

// Called when the selected mailbox has been deleted. Reports it, and returns
// true when the mailbox is to be left (RFC 9051 section 3, transition 6).
// Revision 1 has no way to say that another session deleted the mailbox; then
// the connection ends (RFC 2180 section 3.3).
static bool tell_deleted(
    struct imap_session *session, bool own, struct buf *out)
{
	if (!session->view ||
	    !store_mailbox_gone(imap_view_mailbox(session->view)))
		return false;
	if (own || imap_has_feature(session, IMAP_FEATURE_REV2)) {
		buf_add_literal(
		    out, "* OK [CLOSED] The mailbox has been deleted\r\n");
		return true;
	}
	session_bye(&session->base, "mailbox deleted",
	    "The selected mailbox has been deleted");
	return false;
}

static enum imap_step tell_news(
    struct imap_view *view, unsigned flags, bool expunge, struct buf *out)
{
	bool missed = view->exists_missed;
	enum imap_step step = imap_view_sync(view, expunge, out);
	if (flags & IMAP_COMMAND_ASKS_NEWS)
		view->exists_missed = missed;
	return step;
}

// Called when the command has sent everything but the tagged response. What the
// view has to report comes before that.
static void command_finish(struct imap_command *command)
{
	struct imap_session *session = command->session;
	unsigned flags =
	    command->type ? command->type->flags : IMAP_COMMAND_NO_SYNC;
	bool expunge =
	    !command->holds_expunge &&
	    ((flags & IMAP_COMMAND_HOLDS_EXPUNGE) == 0 || command->uid);
	if (command->cut) {
		session_close(
		    &session->base, "a message could not be read to its end");
		command_free(command);
		return;
	}
	command->phase = IMAP_PHASE_SYNC;
	if ((flags & IMAP_COMMAND_NO_SYNC) == 0 && session->view &&
	    tell_news(session->view, flags, expunge, command->out) ==
		IMAP_STEP_MORE) {
		session->base.next = NET_DRAIN;
		return;
	}
	bool leave =
	    (flags & IMAP_COMMAND_NO_SYNC) == 0 &&
	    tell_deleted(session, command->type->begin == imap_delete_begin,
		command->out);
	write_tagged(command);
	if (session->base.next == NET_READ)
		session->base.next = command->then;
	session_count_command(
	    &session->base, command->status == IMAP_STATUS_BAD);
	command_free(command);
	if (leave)
		imap_unselect(session);
}

// IDLE keeps only its tag.
static void begin_idling(struct imap_command *command)
{
	struct imap_session *session = command->session;
	struct buf *out = command->out;
	session->mode = IMAP_MODE_IDLE;
	command_free(command);
	imap_run_idle_news(session, out);
}

static void command_step(struct imap_command *command, enum imap_step step)
{
	struct imap_session *session = command->session;
	command->phase = IMAP_PHASE_RUN;
	switch (step) {
	case IMAP_STEP_DONE: command_finish(command); return;
	case IMAP_STEP_MORE: session->base.next = NET_DRAIN; return;
	case IMAP_STEP_WAIT:
		session->base.next = session_wait(&session->base);
		return;
	case IMAP_STEP_INPUT:
		imap_reader_expect_line(&session->reader);
		session->mode = IMAP_MODE_ANSWER;
		if (session->idle_tag)
			begin_idling(command);
		return;
	}
}

// ---- From the text to the type ---------------------------------------------

static enum imap_step refuse_state(
    struct imap_command *command, const struct imap_command_type *type)
{
	if (session_is_stranger(&command->session->base))
		return imap_bad(command, "%s needs a login first", type->name);
	if ((type->states & IMAP_STATE_AUTHENTICATED) != 0 ||
	    (type->states & IMAP_STATE_SELECTED) == 0)
		return imap_bad(
		    command, "%s is not possible after login", type->name);
	return imap_bad(
	    command, "%s needs a selected mailbox: SELECT one", type->name);
}

static MUST_CHECK enum rc parse_name(
    struct imap_command *command, struct view *ret_name)
{
	struct imap_cursor *args = &command->args;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_atom(args, "a command", ret_name);
	if (rc != RC_OK || !view_eq_nocase(*ret_name, VIEW("UID")))
		return rc;
	command->uid = true;
	rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_atom(args, "a command behind UID", ret_name);
	return rc;
}

// RFC 5530 section 3.
enum imap_step imap_no_memory(struct imap_command *command)
{
	return imap_no(command, "LIMIT",
	    "The server has not enough memory now, try again later");
}

// Parses tag and name. False: the response has been decided.
static bool command_identify(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	// Before login, a line that cannot be parsed may be a password that
	// came too late.
	args->secret = session_is_stranger(&command->session->base);
	enum rc rc = imap_parse_tag(args, &command->tag);
	struct view name = {0};
	if (rc == RC_OK)
		rc = parse_name(command, &name);
	if (rc != RC_OK) {
		imap_bad_arguments(command, rc);
		return false;
	}
	const struct imap_command_type *type = imap_command_find(name);
	if (!type || (command->uid && (type->flags & IMAP_COMMAND_UID) == 0)) {
		imap_bad(command, "unknown command%s",
		    command->uid ? " behind UID" : "");
		return false;
	}
	if ((type->states & imap_state(command->session)) == 0) {
		refuse_state(command, type);
		return false;
	}
	command->type = type;
	args->secret = (type->flags & IMAP_COMMAND_SECRET) != 0;
	if ((type->flags & IMAP_COMMAND_HEAVY) != 0 &&
	    budget_stage(command->session->base.server->budget) >=
		BUDGET_SHED) {
		imap_no_memory(command);
		return false;
	}
	return true;
}

// ---- Events ----------------------------------------------------------------

static void run_command(
    struct imap_session *session, struct view text, struct buf *out)
{
	// No command of a stranger has such a form.
	if (session_refuse_http(&session->base, text))
		return;
	struct imap_command *command = command_new(session, text, out);
	if (command_identify(command))
		command_step(command, command->type->begin(command));
	else
		command_finish(command);
}

// Runs a line that the running command, or IDLE, waited for.
static void run_line(
    struct imap_session *session, struct view line, struct buf *out)
{
	struct imap_command *command = session->command;
	bool idles = session->mode == IMAP_MODE_IDLE;
	session->mode = IMAP_MODE_COMMANDS;
	if (idles) {
		command = command_new(session, line, out);
		command->type = imap_command_find(VIEW("IDLE"));
		command->tag = arena_copy(
		    &command->arena, view_of_string(session->idle_tag));
	} else {
		command_continue(command, line, out);
	}
	command_step(command, command->type->resume(command));
}

static void refuse_literal(
    struct imap_command *command, const struct imap_literal *literal)
{
	struct imap_session *session = command->session;
	if (!literal->sync && literal->size > SWALLOW_MAX) {
		session_bye(&session->base, "literal too long",
		    "[TOOBIG] A literal of %llu bytes is too long",
		    (unsigned long long)literal->size);
		command_free(command);
		return;
	}
	imap_reader_skip(&session->reader);
	command_finish(command);
}

// Reads a literal that is an argument.
static void collect_literal(struct imap_session *session,
    const struct imap_literal *literal, struct buf *out)
{
	struct fault fault;
	// What has been parsed so far is parsed again when the whole command is
	// there.
	command_free(session->command);
	if (imap_reader_collect(&session->reader, &fault) != RC_OK) {
		session_bye(&session->base, "literal too long", "[TOOBIG] %s",
		    fault.text);
		return;
	}
	if (literal->sync)
		buf_add_literal(out, "+ OK\r\n");
}

static void run_literal(struct imap_session *session,
    const struct imap_event *event, struct buf *out)
{
	struct imap_command *command = session->command;
	if (event->continued) {
		command_continue(command, event->text, out);
	} else {
		command = command_new(session, event->text, out);
		if (!command_identify(command)) {
			refuse_literal(command, &event->literal);
			return;
		}
	}
	enum imap_take take = IMAP_TAKE_COLLECT;
	if (command->type->stream)
		take = command->type->stream->literal(command, &event->literal);
	switch (take) {
	case IMAP_TAKE_COLLECT:
		collect_literal(session, &event->literal, out);
		return;
	case IMAP_TAKE_STREAM:
		imap_trace_literal(session, event);
		command->phase = IMAP_PHASE_STREAM;
		imap_reader_stream(&session->reader);
		if (event->literal.sync)
			buf_add_literal(out, "+ OK\r\n");
		return;
	case IMAP_TAKE_REFUSE:
		imap_trace_literal(session, event);
		refuse_literal(command, &event->literal);
		return;
	}
}

static void run_fault(struct imap_session *session,
    const struct imap_event *event, struct buf *out)
{
	if (event->fault.rc == RC_LIMIT) {
		// RFC 7888 section 5.
		bool literal = event->literal.size > 0;
		session_bye(&session->base, "line or literal too long", "%s%s",
		    literal ? "[TOOBIG] " : "", event->fault.text);
		return;
	}
	if (session->mode == IMAP_MODE_IDLE) {
		// The line should have been DONE; it ends IDLE in any case.
		imap_reader_skip(&session->reader);
		run_line(session, VIEW(""), out);
		return;
	}
	struct imap_command *command = session->command;
	if (!command) {
		command = command_new(session, event->text, out);
		if (imap_parse_tag(&command->args, &command->tag) != RC_OK)
			command->tag = VIEW("");
	}
	command->out = out;
	session->mode = IMAP_MODE_COMMANDS;
	imap_reader_skip(&session->reader);
	imap_bad(command, "%s", event->fault.text);
	command_finish(command);
}

void imap_run_event(struct imap_session *session,
    const struct imap_event *event, struct buf *out)
{
	switch (event->type) {
	case IMAP_EVENT_MORE: return;
	case IMAP_EVENT_COMMAND:
		imap_trace_command(session, event);
		if (session->mode != IMAP_MODE_COMMANDS) {
			run_line(session, event->text, out);
		} else if (event->continued) {
			struct imap_command *command = session->command;
			command_continue(command, event->text, out);
			command_step(command, command->type->begin(command));
		} else {
			run_command(session, event->text, out);
		}
		return;
	case IMAP_EVENT_LITERAL: run_literal(session, event, out); return;
	case IMAP_EVENT_DATA:
		session->command->out = out;
		session->command->type->stream->data(
		    session->command, event->data, event->last);
		return;
	case IMAP_EVENT_FAULT: run_fault(session, event, out); return;
	}
}

void imap_run_resume(struct imap_session *session, struct buf *out)
{
	struct imap_command *command = session->command;
	command->out = out;
	switch (command->phase) {
	case IMAP_PHASE_RUN:
		command_step(command, command->type->resume(command));
		return;
	case IMAP_PHASE_SYNC: command_finish(command); return;
	case IMAP_PHASE_STREAM: return; // waits for input, not for output
	}
}

void imap_run_idle_news(struct imap_session *session, struct buf *out)
{
	if (!session->view)
		return;
	enum imap_step step = imap_view_sync(session->view, true, out);
	session->view->exists_missed = false; // IDLE is waiting for it
	if (step == IMAP_STEP_MORE)
		session->base.next = NET_DRAIN;
	else if (tell_deleted(session, false, out))
		imap_unselect(session);
}
