// SPDX-License-Identifier: Apache-2.0
// SORT and UID SORT (RFC 5256 section 3, RFC 5957): a search whose results are
// sorted.
#include "imap/commands.h"
#include "imap/put.h"
#include "imap/search.h"
#include "store/sort.h"

struct sort_state {
	struct search_run run;
	struct store_sort *sort; // owned
	bool answering;
	const uint32_t *uids; // of `sort`
	size_t count;
	size_t at; // written so far
};

static enum imap_step answer(struct sort_state *state)
{
	struct imap_command *command = state->run.command;
	struct buf *out = command->out;
	while (state->at < state->count) {
		if (imap_output_full(command))
			return IMAP_STEP_MORE;
		char text[16];
		char *at = put_char(text, ' ');
		at = put_u32(at,
		    search_run_number(&state->run, state->uids[state->at++]));
		buf_add(out, view_of(text, (size_t)(at - text)));
	}
	search_run_write_modseq(&state->run);
	buf_add_literal(out, "\r\n");
	return search_run_done(&state->run, "Sort completed");
}

static void begin_answer(struct sort_state *state)
{
	state->uids = store_sort_finish(state->sort, &state->count);
	state->answering = true;
	buf_add_literal(state->run.command->out, "* SORT");
}

static enum imap_step run(struct sort_state *state)
{
	struct imap_view_message message;
	while (!state->answering) {
		switch (search_run_next(&state->run, &message)) {
		case SEARCH_NEXT_FOUND: {
			enum rc rc =
			    store_sort_add(state->sort, &message.message);
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

enum imap_step imap_sort_begin(struct imap_command *command)
{
	struct sort_state *state =
	    arena_zalloc(&command->arena, sizeof(*state));
	command->state = state;
	if (!search_run_begin(&state->run, command, IMAP_SORT_COMMAND))
		return IMAP_STEP_DONE;
	state->sort = store_sort_new(
	    store_mailbox_account(command->session->view->mailbox),
	    state->run.search.sort, state->run.search.sort_count);
	return run(state);
}

enum imap_step imap_sort_resume(struct imap_command *command)
{
	return run(command->state);
}

void imap_sort_end(struct imap_command *command)
{
	struct sort_state *state = command->state;
	store_sort_free(&state->sort);
	search_run_end(&state->run);
}
