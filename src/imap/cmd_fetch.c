// SPDX-License-Identifier: Apache-2.0
// FETCH and UID FETCH (RFC 9051 section 6.4.5): one message after another, item
// by item, stopping whenever the output is full. For messages that another
// session has expunged meanwhile, the answer has what is still known (RFC 2180
// section 4.1.2).
#include "imap/fetch.h"

#include "imap/commands.h"
#include "imap/put.h"

// ---- One message -----------------------------------------------------------

static void write_head(struct fetch_state *state)
{
	char text[32];
	char *at = put_literal(text, "* ");
	at = put_u32(at, state->message.sequence);
	at = put_literal(at, " FETCH (");
	state->headless = false;
	state->start = state->command->out->len;
	buf_add(state->command->out, view_of(text, (size_t)(at - text)));
}

static void message_begin(struct fetch_state *state)
{
	state->busy = true;
	if (state->message.sequence == imap_view_count(state->view))
		state->view->exists_missed = false;
	state->item = 0;
	state->has_items = false;
	state->has_record = false;
	write_head(state);

	uint32_t types = state->fetch.types;
	uint32_t uid = state->message.message.uid;
	// RFC 9051 section 6.4.5: a changed \Seen is part of the response. RFC
	// 7162 section 3.2.4: then UID and MODSEQ are, too.
	bool seen = rangeset_has(&state->seen_uids, uid);
	bool condstore =
	    imap_has_feature(state->command->session, IMAP_FEATURE_CONDSTORE);
	if (!(types & 1u << IMAP_FETCH_UID) &&
	    (state->add_uid || (seen && condstore)))
		fetch_write_value(state, IMAP_FETCH_UID, VIEW("UID"));
	if (!(types & 1u << IMAP_FETCH_MODSEQ) &&
	    (state->add_modseq || (seen && condstore)))
		fetch_write_value(state, IMAP_FETCH_MODSEQ, VIEW("MODSEQ"));
	if (!(types & 1u << IMAP_FETCH_FLAGS) && seen)
		fetch_write_value(state, IMAP_FETCH_FLAGS, VIEW("FLAGS"));
}

static void message_end(struct fetch_state *state)
{
	if (state->has_items)
		buf_add_literal(state->command->out, ")\r\n");
	else // no item could be written: remove the beginning from `out`
		buf_truncate(state->command->out, state->start);
	state->busy = false;
}

// Reading and decoding bytes can take long and hardly fill the output. So a
// command with such items pauses from time to time and lets others have the
// thread.
static bool should_pause(struct fetch_state *state, bool reads)
{
	if (imap_output_full(state->command))
		return true;
	return reads && ++state->reads % FETCH_LOOK_EVERY == 0 &&
	       session_slice_over(&state->command->session->base);
}

// Called before a pause. A response that turns out to have no items has to be
// removed, and what has been sent cannot be removed. So the beginning is
// written again after the pause.
static void pause_message(struct fetch_state *state)
{
	if (state->has_items)
		return;
	buf_truncate(state->command->out, state->start);
	state->headless = true;
}

// Writes the items from state->item on; false when the output is full, or the
// time is used up, first.
static bool message_items(struct fetch_state *state)
{
	if (state->headless)
		write_head(state);
	for (;;) {
		if (!fetch_pump(state) || state->broken) {
			pause_message(state);
			return false;
		}
		if (state->item == state->fetch.count)
			return true;
		const struct imap_fetch_item *item =
		    &state->fetch.items[state->item];
		// Pause only after something that stays: a response without
		// items is removed.
		if (state->has_items &&
		    should_pause(state, item->type >= IMAP_FETCH_BODY))
			return false;
		state->item++;
		fetch_write_item(state, item);
	}
}

// ---- All messages ----------------------------------------------------------

static enum imap_step finish(struct fetch_state *state)
{
	struct imap_command *command = state->command;
	command->cut = state->broken;
	if (state->failure != RC_OK)
		return imap_failed(command, state->failure);
	if (state->unknown_cte)
		return imap_no(command, "UNKNOWN-CTE",
		    "A part's transfer encoding cannot be decoded");
	// RFC 5530 section 3. A UID that does not exist is no error (RFC 9051
	// section 6.4.9).
	if (state->expunged && !command->uid)
		return imap_no(command, "EXPUNGEISSUED",
		    "Some of the messages no longer exist");
	return imap_ok(command, "Fetch completed");
}

static enum imap_step run(struct fetch_state *state)
{
	// Pause also between messages that give nothing because they cannot be
	// decoded.
	bool reads = state->fetch.types >> IMAP_FETCH_BODY;
	while (!state->broken) {
		if (state->syncing) {
			if (fetch_set_seen(state) == IMAP_STEP_MORE)
				return IMAP_STEP_MORE;
		} else if (state->busy) {
			if (message_items(state))
				message_end(state);
			else if (!state->broken)
				return IMAP_STEP_MORE;
		} else if (should_pause(state, reads)) {
			return IMAP_STEP_MORE;
		} else if (!imap_view_cursor_next(
			       &state->cursor, &state->message)) {
			break;
		} else if (state->with_seen && !state->message.ghost &&
			   !(state->message.message.flags & STORE_FLAG_SEEN) &&
			   state->message.message.uid > state->seen_until) {
			state->syncing = true;
		} else {
			message_begin(state);
		}
	}
	return finish(state);
}

// ---- The command -----------------------------------------------------------

// RFC 7162 section 3.2.6.
static enum rc tell_vanished(
    struct fetch_state *state, const struct imap_set *set)
{
	// "*" is the last message that exists. But clients that say "1:*" want
	// to know of expunged messages after it, too.
	struct rangeset uids;
	rangeset_init(&uids);
	imap_set_resolve(set, store_snapshot_uidnext(state->view->snapshot) - 1,
	    &state->view->saved, &uids);
	enum rc rc = imap_view_vanished_earlier(state->view, &uids,
	    state->fetch.changed_since, state->command->out);
	rangeset_done(&uids);
	return rc;
}

static bool may_vanish(const struct fetch_state *state)
{
	return state->command->uid && state->fetch.has_changed_since &&
	       imap_has_feature(state->command->session, IMAP_FEATURE_QRESYNC);
}

static bool sets_seen(const struct fetch_state *state)
{
	return state->fetch.sets_seen && !state->view->read_only &&
	       (store_mailbox_rights(state->view->mailbox) &
		   STORE_RIGHT_SEEN) != 0;
}

static MUST_CHECK enum rc parse(struct imap_command *command,
    struct imap_set *ret_set, struct imap_fetch *ret_fetch)
{
	enum rc rc = imap_parse_sp(&command->args);
	if (rc == RC_OK)
		rc = imap_parse_set(&command->args, ret_set);
	if (rc == RC_OK)
		rc = imap_parse_sp(&command->args);
	if (rc == RC_OK)
		rc = imap_fetch_parse(&command->args, ret_fetch);
	return rc;
}

static struct fetch_state *state_new(
    struct imap_command *command, const struct imap_fetch *fetch)
{
	struct fetch_state *state =
	    arena_zalloc(&command->arena, sizeof(*state));
	state->command = command;
	state->view = command->session->view;
	state->fetch = *fetch;
	rangeset_init(&state->uids);
	rangeset_init(&state->seen_uids);
	rangeset_init(&state->seen_told);
	// A header may be the whole message, and decoding does not make it
	// longer.
	size_t max = (size_t)store_message_max(
	    store_account_store(command->session->account));
	buf_init(&state->scratch, max + FETCH_READ_STEP);
	buf_init(&state->raw, max + FETCH_READ_STEP);
	bool modseq = fetch->types & 1u << IMAP_FETCH_MODSEQ;
	state->add_uid = command->uid && !(fetch->types & 1u << IMAP_FETCH_UID);
	// RFC 7162 section 3.1.4.1: CHANGEDSINCE adds MODSEQ.
	state->add_modseq = fetch->has_changed_since && !modseq;
	state->with_seen = sets_seen(state);
	return state;
}

enum imap_step imap_fetch_begin(struct imap_command *command)
{
	struct imap_set set;
	struct imap_fetch fetch;
	enum rc rc = parse(command, &set, &fetch);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	struct fetch_state *state = state_new(command, &fetch);
	command->state = state;
	if (fetch.vanished && !may_vanish(state))
		return imap_bad(command,
		    "VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE "
		    "QRESYNC");
	rc = imap_view_resolve(
	    state->view, &set, command->uid, &command->fault, &state->uids);
	if (rc != RC_OK)
		return imap_bad(command, "%s", command->fault.text);
	// RFC 7162 section 3.1: these enable CONDSTORE.
	if (fetch.has_changed_since || fetch.types & 1u << IMAP_FETCH_MODSEQ)
		imap_enable_condstore(command);
	if (fetch.vanished) {
		rc = tell_vanished(state, &set);
		if (rc != RC_OK)
			return imap_failed(command, rc);
	}
	// Leave out messages that come while it runs: the reader does not have
	// them.
	uint32_t last = imap_view_last_uid(state->view);
	if (last < UINT32_MAX)
		rangeset_remove(&state->uids, last + 1, UINT32_MAX);
	imap_view_cursor_init(&state->cursor, state->view, &state->uids);
	if (fetch.has_changed_since)
		imap_view_cursor_changed(&state->cursor, fetch.changed_since);
	return run(state);
}

enum imap_step imap_fetch_resume(struct imap_command *command)
{
	return run(command->state);
}

void imap_fetch_end(struct imap_command *command)
{
	struct fetch_state *state = command->state;
	rangeset_done(&state->uids);
	rangeset_done(&state->seen_uids);
	rangeset_done(&state->seen_told);
	buf_done(&state->scratch);
	buf_done(&state->raw);
	store_reader_free(&state->reader);
}
