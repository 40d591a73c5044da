// SPDX-License-Identifier: Apache-2.0
// SEARCH and UID SEARCH (RFC 9051 section 6.4.4, RFC 3501 section 6.4.4), with
// ESEARCH (RFC 4731), SEARCHRES (RFC 5182) and MODSEQ (RFC 7162 section 3.1.5).
#include "imap/commands.h"
#include "imap/put.h"
#include "imap/search.h"

struct search_state {
	struct search_run run;
	bool extended;    // answer with ESEARCH
	unsigned returns; // of enum imap_search_return
	uint32_t min;     // UIDs of the first and last; 0: nothing was found
	uint32_t max;
	uint64_t min_modseq;
	uint64_t max_modseq;
	// The answer that is being written.
	bool answering;
	// The numbers by which the client knows the messages.
	struct rangeset numbers;
	size_t range;    // position in `numbers`
	uint32_t offset; // in that range
};

// ---- SEARCH ----------------------------------------------------------------

// Writes numbers one by one, as many as fit; false when there are more.
static bool write_numbers(struct search_state *state, struct buf *out)
{
	while (state->range < state->numbers.count) {
		struct range range = state->numbers.ranges[state->range];
		for (;;) {
			if (imap_output_full(state->run.command))
				return false;
			uint32_t number = range.first + state->offset;
			char text[16];
			char *at = put_char(text, ' ');
			at = put_u32(at, number);
			buf_add(out, view_of(text, (size_t)(at - text)));
			if (number == range.last)
				break;
			state->offset++;
		}
		state->offset = 0;
		state->range++;
	}
	return true;
}

static enum imap_step answer_plain(struct search_state *state)
{
	struct imap_command *command = state->run.command;
	if (!state->answering)
		buf_add_literal(command->out, "* SEARCH");
	state->answering = true;
	if (!write_numbers(state, command->out))
		return IMAP_STEP_MORE;
	search_run_write_modseq(&state->run);
	buf_add_literal(command->out, "\r\n");
	return search_run_done(&state->run, "Search completed");
}

// ---- ESEARCH ---------------------------------------------------------------

static void write_item(struct buf *out, const char *name, uint64_t number)
{
	buf_add_char(out, ' ');
	buf_add_string(out, name);
	buf_add_char(out, ' ');
	buf_add_u64(out, number);
}

// RFC 4731 section 3.2: if only MIN and MAX are asked for, the MODSEQ of these;
// otherwise the highest of all that were found.
static uint64_t modseq_of(const struct search_state *state)
{
	unsigned returns = state->returns & ~(unsigned)IMAP_RETURN_SAVE;
	if (returns == IMAP_RETURN_MIN)
		return state->min_modseq;
	if (returns == IMAP_RETURN_MAX)
		return state->max_modseq;
	if (returns == (IMAP_RETURN_MIN | IMAP_RETURN_MAX))
		return state->min_modseq > state->max_modseq
			   ? state->min_modseq
			   : state->max_modseq;
	return state->run.highest;
}

static enum imap_step answer_extended(struct search_state *state)
{
	struct imap_command *command = state->run.command;
	struct buf *out = command->out;
	unsigned returns = state->returns;
	// RFC 5182 section 2.1: SAVE alone gives no answer.
	if (returns == IMAP_RETURN_SAVE)
		return search_run_done(
		    &state->run, "Search completed, result saved");
	buf_add_literal(out, "* ESEARCH (TAG ");
	imap_write_quoted(out, command->tag, false);
	buf_add_char(out, ')');
	if (command->uid)
		buf_add_literal(out, " UID");
	if (state->min && returns & IMAP_RETURN_MIN)
		write_item(
		    out, "MIN", search_run_number(&state->run, state->min));
	if (state->min && returns & IMAP_RETURN_MAX)
		write_item(
		    out, "MAX", search_run_number(&state->run, state->max));
	if (state->min && returns & IMAP_RETURN_ALL) {
		buf_add_literal(out, " ALL ");
		imap_write_set(out, &state->numbers);
	}
	if (returns & IMAP_RETURN_COUNT)
		write_item(out, "COUNT", rangeset_size(&state->run.uids));
	if (state->min && state->run.search.has_modseq)
		write_item(out, "MODSEQ", modseq_of(state));
	buf_add_literal(out, "\r\n");
	return search_run_done(&state->run, "Search completed");
}

// ---- The command -----------------------------------------------------------

// RFC 5182 section 2.1: with MIN or MAX only these are saved, unless ALL or
// COUNT is asked for as well.
static void save(struct search_state *state)
{
	struct rangeset *saved = &state->run.view->saved;
	unsigned returns = state->returns;
	if (!(returns & IMAP_RETURN_SAVE))
		return;
	rangeset_reset(saved);
	bool ends = returns & (IMAP_RETURN_MIN | IMAP_RETURN_MAX);
	bool all = returns & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT);
	if (all || !ends) {
		rangeset_copy(saved, &state->run.uids);
		return;
	}
	if (state->min && returns & IMAP_RETURN_MIN)
		rangeset_add(saved, state->min, state->min);
	if (state->min && returns & IMAP_RETURN_MAX)
		rangeset_add(saved, state->max, state->max);
}

static void note(
    struct search_state *state, const struct store_message *message)
{
	if (!state->min) {
		state->min = message->uid;
		state->min_modseq = message->modseq;
	}
	state->max = message->uid;
	state->max_modseq = message->modseq;
}

static enum imap_step answer(struct search_state *state)
{
	return state->extended ? answer_extended(state) : answer_plain(state);
}

static void found_all(struct search_state *state)
{
	save(state);
	if (state->run.command->uid)
		rangeset_copy(&state->numbers, &state->run.uids);
	else
		imap_view_sequences(
		    state->run.view, &state->run.uids, &state->numbers);
}

static enum imap_step run(struct search_state *state)
{
	struct imap_view_message message;
	while (!state->answering) {
		switch (search_run_next(&state->run, &message)) {
		case SEARCH_NEXT_FOUND:
			note(state, &message.message);
			if (state->returns != IMAP_RETURN_MIN)
				continue;
			break; // only the first one is asked for
		case SEARCH_NEXT_PAUSE: return IMAP_STEP_MORE;
		case SEARCH_NEXT_END: break;
		}
		found_all(state);
		break;
	}
	return answer(state);
}

enum imap_step imap_search_begin(struct imap_command *command)
{
	struct search_state *state =
	    arena_zalloc(&command->arena, sizeof(*state));
	command->state = state;
	rangeset_init(&state->numbers);
	bool ready =
	    search_run_begin(&state->run, command, IMAP_SEARCH_COMMAND);
	state->returns = state->run.search.has_return
			     ? state->run.search.returns
			     : IMAP_RETURN_ALL;
	// RFC 9051 section 7.3.4: IMAP4rev2 has no SEARCH response.
	state->extended = state->run.search.has_return ||
			  imap_has_feature(command->session, IMAP_FEATURE_REV2);
	if (!ready) {
		// RFC 5182 section 2.1: after NO the saved result is empty.
		if (command->status == IMAP_STATUS_NO &&
		    state->returns & IMAP_RETURN_SAVE)
			rangeset_reset(&command->session->view->saved);
		return IMAP_STEP_DONE;
	}
	return run(state);
}

enum imap_step imap_search_resume(struct imap_command *command)
{
	return run(command->state);
}

void imap_search_end(struct imap_command *command)
{
	struct search_state *state = command->state;
	rangeset_done(&state->numbers);
	search_run_end(&state->run);
}
