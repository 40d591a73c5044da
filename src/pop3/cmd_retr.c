// SPDX-License-Identifier: Apache-2.0
// RETR and TOP (RFC 1939 sections 5 and 7). A message is read piece by piece as
// the output drains, and never held whole.
#include "pop3/commands.h"
#include "pop3/lines.h"
#include "pop3/message.h"
#include "store/email.h"

// How many bytes of a message are read at a time.
#define READ_STEP ((size_t)64 * 1024)
// The store keeps a message of at most this size in one place; of a longer one,
// it keeps only the header there.
#define SHORT_MESSAGE ((uint64_t)16 * 1024)

struct retrieval {
	struct store_reader *reader;
	uint64_t email_id;
	uint64_t offset; // of the next piece
	uint64_t left;
	size_t step; // bytes to read at a time
	struct pop3_lines lines;
	struct buf piece;
};

void pop3_retr_end(struct pop3_command *command)
{
	struct retrieval *retrieval = command->state;
	store_reader_free(&retrieval->reader);
	buf_done(&retrieval->piece);
}

static MUST_CHECK enum rc read_piece(struct retrieval *retrieval)
{
	size_t len = retrieval->left < retrieval->step ? (size_t)retrieval->left
						       : retrieval->step;
	buf_reset(&retrieval->piece);
	enum rc rc = store_reader_bytes(retrieval->reader, retrieval->email_id,
	    retrieval->offset, len, &retrieval->piece);
	if (rc == RC_OK && retrieval->piece.len != len)
		rc = RC_CORRUPT;
	if (rc == RC_OK) {
		retrieval->offset += len;
		retrieval->left -= len;
		retrieval->step = READ_STEP;
	}
	return rc;
}

// Sends the piece that was read, then reads and sends the next ones.
static enum pop3_step send(struct pop3_command *command)
{
	struct retrieval *retrieval = command->state;
	while (!pop3_lines_add(&retrieval->lines, buf_view(&retrieval->piece),
		   command->out) &&
	       retrieval->left > 0) {
		enum rc rc = read_piece(retrieval);
		if (rc != RC_OK)
			return pop3_cut(command, rc);
		if (pop3_output_full(command))
			return POP3_STEP_MORE;
	}
	pop3_lines_end(&retrieval->lines, command->out);
	return POP3_STEP_DONE;
}

enum pop3_step pop3_retr_resume(struct pop3_command *command)
{
	return send(command);
}

// TOP of a long message first reads only the header, which is stored
// separately.
static MUST_CHECK enum rc first_step(struct retrieval *retrieval)
{
	struct message_record record;
	uint64_t thread_id;
	if (retrieval->left <= SHORT_MESSAGE)
		return RC_OK;
	enum rc rc = store_reader_record(
	    retrieval->reader, retrieval->email_id, &record, &thread_id);
	if (rc == RC_OK && record.header_len > 0 &&
	    record.header_len < READ_STEP)
		retrieval->step = record.header_len;
	return rc;
}

// The first piece is read before the response begins, so that a failure can
// still be answered.
static MUST_CHECK enum rc begin(struct pop3_command *command,
    const struct store_message *message, bool top, uint64_t body_lines)
{
	struct retrieval *retrieval =
	    arena_zalloc(&command->arena, sizeof(*retrieval));
	retrieval->reader = store_reader_new(command->session->account);
	retrieval->email_id = message->email_id;
	retrieval->left = message->size;
	retrieval->step = READ_STEP;
	pop3_lines_init(&retrieval->lines, body_lines);
	buf_init(&retrieval->piece, READ_STEP);
	command->state = retrieval;
	enum rc rc = top ? first_step(retrieval) : RC_OK;
	if (rc == RC_OK)
		rc = read_piece(retrieval);
	return rc;
}

enum pop3_step pop3_retr_begin(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	struct pop3_message found;
	if (!pop3_message_there(command, command->args, &found))
		return POP3_STEP_DONE;
	enum rc rc = begin(command, &found.message, false, POP3_LINES_ALL);
	if (rc != RC_OK)
		return pop3_failed(command, rc, NULL);
	pop3_ok(command, "%llu octets follow",
	    (unsigned long long)pop3_message_octets(
		session->maildrop, found.index, &found.message));
	// \Seen is set at QUIT, as deletions are done.
	pop3_maildrop_mark_seen(session->maildrop, found.index);
	session->retrieved++;
	return send(command);
}

// A count over 32 bits is refused; no message has so many lines.
enum pop3_step pop3_top_begin(struct pop3_command *command)
{
	struct view lines = command->args, number;
	struct pop3_message found;
	uint32_t count;
	if (!view_split(&lines, ' ', &number) || !view_to_u32(lines, &count))
		return pop3_bad(
		    command, "Expected a message and a number of lines");
	if (!pop3_message_there(command, number, &found))
		return POP3_STEP_DONE;
	enum rc rc = begin(command, &found.message, true, count);
	if (rc != RC_OK)
		return pop3_failed(command, rc, NULL);
	pop3_ok(command, "Header and lines follow");
	return send(command);
}
