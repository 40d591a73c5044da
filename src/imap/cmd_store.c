// SPDX-License-Identifier: Apache-2.0
// STORE and UID STORE (RFC 9051 section 6.4.6), with UNCHANGEDSINCE (RFC 7162
// section 3.1.3). One commit changes all messages. Then the view reports what
// others have changed meanwhile, and after that the command sends its own
// answers.
#include "imap/commands.h"
#include "imap/view.h"

struct store_state {
	struct imap_command *command;
	struct imap_view *view;
	struct store_flags_change change;
	bool silent;
	bool expunged; // a message of the set is gone
	bool answering;
	struct rangeset uids;
	struct rangeset modified; // not changed because of UNCHANGEDSINCE
	struct rangeset told;     // messages that the view has reported
	struct imap_view_echo echo;
	struct imap_view_cursor cursor;
};

// ---- Arguments -------------------------------------------------------------

// Parses "(UNCHANGEDSINCE n) ", if it is there.
static MUST_CHECK enum rc parse_modifiers(
    struct imap_cursor *args, struct store_flags_change *change)
{
	if (imap_peek(args) != '(')
		return RC_OK;
	enum rc rc = imap_parse_open(args);
	if (rc == RC_OK && !imap_take_word(args, VIEW("UNCHANGEDSINCE")))
		rc = imap_expected(args, "UNCHANGEDSINCE");
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_modseq(args, &change->unchanged_since);
	if (rc == RC_OK)
		rc = imap_parse_close(args);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	change->conditional = rc == RC_OK;
	return rc;
}

// ["+" / "-"] "FLAGS" [".SILENT"]
static MUST_CHECK enum rc parse_item(struct imap_cursor *args,
    enum store_flags_operation *ret_operation, bool *ret_silent)
{
	enum store_flags_operation operation = STORE_FLAGS_SET;
	if (imap_take_char(args, '+'))
		operation = STORE_FLAGS_ADD;
	else if (imap_take_char(args, '-'))
		operation = STORE_FLAGS_REMOVE;
	bool silent = imap_take_word(args, VIEW("FLAGS.SILENT"));
	if (!silent && !imap_take_word(args, VIEW("FLAGS")))
		return imap_expected(args, "FLAGS or FLAGS.SILENT");
	*ret_operation = operation;
	*ret_silent = silent;
	return RC_OK;
}

static MUST_CHECK enum rc parse(struct imap_cursor *args,
    struct imap_set *ret_set, struct store_state *state)
{
	struct imap_flags flags = {0};
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_set(args, ret_set);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = parse_modifiers(args, &state->change);
	if (rc == RC_OK)
		rc = parse_item(args, &state->change.operation, &state->silent);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_store_flags(args, &flags);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	state->change.flags = (struct store_flags){
	    .system = imap_flags_to_store(flags.system),
	    .keywords = flags.keywords,
	    .keyword_count = flags.count,
	};
	return rc;
}

// ---- Answers ---------------------------------------------------------------

static void answer(
    struct store_state *state, const struct imap_view_message *message)
{
	uint32_t uid = message->message.uid;
	bool by_uid = state->command->uid;
	struct buf *out = state->command->out;
	if (message->ghost) {
		state->expunged = true;
		return;
	}
	if (rangeset_has(&state->told, uid))
		return;
	// RFC 7162 section 3.1.3: the client should learn why a message was not
	// changed; and with UNCHANGEDSINCE, it gets the MODSEQ even after
	// .SILENT.
	bool flags = !state->silent || rangeset_has(&state->modified, uid);
	bool modseq =
	    imap_has_feature(state->command->session, IMAP_FEATURE_CONDSTORE) &&
	    (state->change.conditional ||
		message->message.modseq == state->echo.modseq);
	if (flags || modseq)
		imap_view_write_update(state->view, message->sequence,
		    &message->message, by_uid, flags, out);
}

static enum imap_step finish(struct store_state *state)
{
	struct imap_command *command = state->command;
	bool expunged = state->expunged && !command->uid && !state->silent;
	if (state->modified.count) {
		struct buf *code = imap_code(command);
		buf_add_literal(code, "MODIFIED ");
		if (command->uid) {
			imap_write_set(code, &state->modified);
		} else {
			struct rangeset sequences;
			rangeset_init(&sequences);
			imap_view_sequences(
			    state->view, &state->modified, &sequences);
			imap_write_set(code, &sequences);
			rangeset_done(&sequences);
		}
		// RFC 7162 section 3.1.3, before example 11.
		return expunged ? imap_no(command, NULL,
				      "Some of the messages no longer exist")
				: imap_ok(command, "Conditional STORE failed");
	}
	// Messages that exist were changed, and the client will be told that
	// the others are gone (RFC 2180 section 4.2.2, RFC 5530). After .SILENT
	// the client expects no answers, so none is missing.
	if (expunged) {
		buf_add_literal(imap_code(command), "EXPUNGEISSUED");
		return imap_ok(command, "Some of the messages no longer exist");
	}
	return imap_ok(command, "Store completed");
}

static enum imap_step run(struct store_state *state)
{
	struct buf *out = state->command->out;
	if (!state->answering) {
		if (imap_view_sync_echo(state->view, &state->echo, out) ==
		    IMAP_STEP_MORE)
			return IMAP_STEP_MORE;
		state->answering = true;
		imap_view_cursor_init(
		    &state->cursor, state->view, &state->uids);
	}
	struct imap_view_message message;
	for (;;) {
		if (imap_output_full(state->command))
			return IMAP_STEP_MORE;
		if (!imap_view_cursor_next(&state->cursor, &message))
			return finish(state);
		answer(state, &message);
	}
}

// ---- The command -----------------------------------------------------------

static struct store_state *state_new(struct imap_command *command)
{
	struct store_state *state =
	    arena_zalloc(&command->arena, sizeof(*state));
	state->command = command;
	state->view = command->session->view;
	rangeset_init(&state->uids);
	rangeset_init(&state->modified);
	rangeset_init(&state->told);
	command->state = state;
	return state;
}

enum imap_step imap_store_begin(struct imap_command *command)
{
	struct store_state *state = state_new(command);
	struct imap_set set;
	enum rc rc = parse(&command->args, &set, state);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	rc = imap_view_resolve(
	    state->view, &set, command->uid, &command->fault, &state->uids);
	if (rc != RC_OK)
		return imap_bad(command, "%s", command->fault.text);
	if (state->view->read_only)
		return imap_no(
		    command, "READ-ONLY", "The mailbox is selected read-only");
	if (state->change.conditional)
		imap_enable_condstore(command);
	state->expunged = imap_view_drop_ghosts(state->view, &state->uids);
	uint64_t modseq = 0;
	rc = store_flags_change(state->view->mailbox, &state->uids,
	    &state->change, &command->fault,
	    state->change.conditional ? &state->modified : NULL, &modseq);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	state->echo = (struct imap_view_echo){
	    .uids = &state->uids,
	    .change = &state->change,
	    .modseq = modseq,
	    .uid = command->uid,
	    .ret_told = &state->told,
	};
	return run(state);
}

enum imap_step imap_store_resume(struct imap_command *command)
{
	return run(command->state);
}

void imap_store_end(struct imap_command *command)
{
	struct store_state *state = command->state;
	rangeset_done(&state->uids);
	rangeset_done(&state->modified);
	rangeset_done(&state->told);
}
