// SPDX-License-Identifier: Apache-2.0
// THREAD and UID THREAD (RFC 5256 section 3): a search whose results are
// grouped into conversations.
#include "imap/commands.h"
#include "imap/put.h"
#include "imap/search.h"
#include "store/thread.h"

struct thread_state {
	struct search_run run;
	struct store_thread *thread;           // owned
	const struct store_thread_step *steps; // of `thread`
	size_t count;
	size_t at; // written so far
	bool answering;
	bool after_number;
};

static void write_step(
    struct thread_state *state, const struct store_thread_step *step)
{
	struct buf *out = state->run.command->out;
	char text[16];
	char *at = text;
	if (state->after_number)
		at = put_char(at, ' ');
	if (step->opens)
		at = put_char(at, '(');
	if (step->uid)
		at = put_u32(at, search_run_number(&state->run, step->uid));
	state->after_number = step->uid != 0 && step->closes == 0;
	buf_add(out, view_of(text, (size_t)(at - text)));
	for (uint32_t i = 0; i < step->closes; i++)
		buf_add_char(out, ')');
}

static enum imap_step answer(struct thread_state *state)
{
	struct imap_command *command = state->run.command;
	while (state->at < state->count) {
		if (imap_output_full(command))
			return IMAP_STEP_MORE;
		write_step(state, &state->steps[state->at++]);
	}
	buf_add_literal(command->out, "\r\n");
	return search_run_done(&state->run, "Thread completed");
}

static void begin_answer(struct thread_state *state)
{
	state->steps = store_thread_finish(state->thread, &state->count);
	state->answering = true;
	buf_add_literal(state->run.command->out, "* THREAD");
	if (state->count)
		buf_add_char(state->run.command->out, ' ');
}

static enum imap_step run(struct thread_state *state)
{
	struct imap_view_message message;
	while (!state->answering) {
		switch (search_run_next(&state->run, &message)) {
		case SEARCH_NEXT_FOUND: {
			enum rc rc =
			    store_thread_add(state->thread, &message.message);
			if (rc == RC_LIMIT)
				return imap_failed(state->run.command, rc);
			if (rc != RC_OK && rc != RC_GONE)
				state->run.unreadable++;
			continue;
		}
		case SEARCH_NEXT_PAUSE: return IMAP_STEP_MORE;
		case SEARCH_NEXT_END: begin_answer(state); break;
		}
	}
	return answer(state);
}

enum imap_step imap_thread_begin(struct imap_command *command)
{
	struct thread_state *state =
	    arena_zalloc(&command->arena, sizeof(*state));
	command->state = state;
	if (!search_run_begin(&state->run, command, IMAP_THREAD_COMMAND))
		return IMAP_STEP_DONE;
	state->thread = store_thread_new(
	    store_mailbox_account(command->session->view->mailbox),
	    state->run.search.thread);
	return run(state);
}

enum imap_step imap_thread_resume(struct imap_command *command)
{
	return run(command->state);
}

void imap_thread_end(struct imap_command *command)
{
	struct thread_state *state = command->state;
	store_thread_free(&state->thread);
	search_run_end(&state->run);
}
