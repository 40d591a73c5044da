// SPDX-License-Identifier: Apache-2.0
// FETCH's implicit \Seen (RFC 9051 section 6.4.5, BODY[<section>]) is set
// before the messages are sent, for a batch of them in one commit. The batch is
// small. If a client disconnects in the middle, only few messages that it never
// received are marked as seen.
#include "imap/fetch.h"

#define SEEN_BATCH_BYTES    ((uint64_t)256 * 1024)
#define SEEN_BATCH_MESSAGES 500

// Collects the current message, and those after it that need \Seen as well.
static void gather(struct fetch_state *state)
{
	struct imap_view_cursor cursor = state->cursor;
	struct imap_view_message message = state->message;
	uint64_t bytes = 0;
	unsigned count = 0;
	rangeset_reset(&state->seen_uids);
	rangeset_reset(&state->seen_told);
	do {
		state->seen_until = message.message.uid;
		if (message.ghost || message.message.flags & STORE_FLAG_SEEN)
			continue;
		rangeset_add(&state->seen_uids, message.message.uid,
		    message.message.uid);
		bytes += message.message.size;
		count++;
	} while (bytes < SEEN_BATCH_BYTES && count < SEEN_BATCH_MESSAGES &&
		 imap_view_cursor_next(&cursor, &message));
	// The current message is visited again, with its new flags.
	state->cursor.next_uid = state->message.message.uid;
}

// Commits; false when there is nothing to report.
static bool commit(struct fetch_state *state)
{
	state->seen_change = (struct store_flags_change){
	    .operation = STORE_FLAGS_ADD,
	    .flags.system = STORE_FLAG_SEEN,
	};
	uint64_t modseq = 0;
	enum rc rc = store_flags_change(state->view->mailbox, &state->seen_uids,
	    &state->seen_change, &state->command->fault, NULL, &modseq);
	// Reading continues: a mailbox that is gone or may not be changed can
	// still be read.
	if (rc != RC_OK && rc != RC_GONE && rc != RC_DENIED)
		state->failure = rc;
	if (rc != RC_OK || modseq == 0)
		rangeset_reset(&state->seen_uids);
	state->seen_echo = (struct imap_view_echo){
	    .uids = &state->seen_uids,
	    .change = &state->seen_change,
	    .modseq = modseq,
	    .uid = state->command->uid,
	    .ret_told = &state->seen_told,
	};
	return rc == RC_OK && modseq != 0;
}

enum imap_step fetch_set_seen(struct fetch_state *state)
{
	if (state->seen_until < state->message.message.uid) {
		gather(state);
		if (!commit(state)) {
			state->syncing = false;
			return IMAP_STEP_DONE;
		}
	}
	if (imap_view_sync_echo(state->view, &state->seen_echo,
		state->command->out) == IMAP_STEP_MORE)
		return IMAP_STEP_MORE;
	state->syncing = false;
	return IMAP_STEP_DONE;
}
