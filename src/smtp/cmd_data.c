// SPDX-License-Identifier: Apache-2.0
// DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030 section 2). The bytes go
// to the delivery as they come.
#include "smtp/commands.h"
#include "smtp/trace.h"
#include "smtp/transaction.h"

// ---- DATA ------------------------------------------------------------------

enum smtp_step smtp_data_run(
    struct smtp_session *session, struct smtp_call *call)
{
	struct smtp_transaction *transaction = session->transaction;
	(void)call;
	if (transaction->chunked || transaction->binary) {
		// RFC 3030 sections 2 and 3: after this only RSET helps.
		transaction->failed = true;
		smtp_answer(session, 503, ENHANCED(5, 5, 1), "%s",
		    transaction->chunked ? "The data has begun with BDAT"
					 : "BINARYMIME needs BDAT");
		return SMTP_STEP_DONE;
	}
	if (transaction->failed) {
		smtp_answer(session, 503, ENHANCED(5, 5, 1), "RSET first");
		return SMTP_STEP_DONE;
	}
	if (smtp_transaction_recipients(session) == 0) {
		// RFC 2033 section 4.2 requires 503.
		smtp_answer(session, smtp_is_lmtp(session) ? 503 : 554,
		    ENHANCED(5, 5, 1), "No valid recipients");
		return SMTP_STEP_DONE;
	}
	smtp_transaction_decode(session, SMTP_DATA_DOTS);
	// 3xx has no enhanced code (RFC 2034 section 4).
	smtp_answer(session, 354, ENHANCED_NONE,
	    "Send the message, and end it with <CRLF>.<CRLF>");
	return SMTP_STEP_INPUT;
}

static void deliver(struct smtp_transaction *transaction, struct view piece)
{
	transaction->bytes += piece.len;
	delivery_data(transaction->delivery, piece);
}

enum smtp_step smtp_data_take(
    struct smtp_session *session, struct smtp_call *call, struct view *input)
{
	struct smtp_transaction *transaction = session->transaction;
	struct view piece;
	enum rc rc;
	(void)call;
	while ((rc = smtp_data_decode(&transaction->decoder, input, &piece)) ==
	       RC_OK) {
		deliver(transaction, piece);
		if (transaction->bytes > 2 * smtp_limit_size(session)) {
			// The client has sent far more than was announced as
			// the limit.
			smtp_hang_up(session, "message too big", 552,
			    ENHANCED(5, 3, 4), "The message is too big");
			return SMTP_STEP_DONE;
		}
	}
	if (rc != RC_END) {
		smtp_transaction_check(session);
		return SMTP_STEP_INPUT;
	}
	smtp_trace_data(session, transaction->bytes);
	return smtp_transaction_finish(session);
}

enum smtp_step smtp_data_resume(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	return smtp_transaction_finish(session);
}

// ---- BDAT ------------------------------------------------------------------

static void refuse(struct smtp_chunk *chunk, unsigned code,
    struct enhanced_status status, const char *text)
{
	chunk->code = code;
	chunk->status = status;
	chunk->text = text;
}

// RFC 3030 section 2: the client may have sent several chunks before it knew
// that the first was refused.
static void refuse_trailing(struct smtp_chunk *chunk)
{
	chunk->trails = true;
	refuse(chunk, 503, ENHANCED(5, 5, 1), "RSET first");
}

static void check_chunk(struct smtp_session *session, struct smtp_chunk *chunk)
{
	const struct smtp_transaction *transaction = session->transaction;
	if (!transaction)
		refuse(chunk, 503, ENHANCED(5, 5, 1), "MAIL first");
	else if (transaction->failed)
		refuse_trailing(chunk);
	else if (smtp_transaction_recipients(session) == 0)
		refuse(chunk, smtp_is_lmtp(session) ? 503 : 554,
		    ENHANCED(5, 5, 1), "No valid recipients");
	else if (chunk->left > smtp_limit_size(session) ||
		 transaction->bytes + chunk->left > smtp_limit_size(session))
		refuse(chunk, 552, ENHANCED(5, 3, 4), "The message is too big");
}

enum smtp_step smtp_bdat_run(
    struct smtp_session *session, struct smtp_call *call)
{
	struct smtp_transaction *transaction = session->transaction;
	struct smtp_chunk *chunk = &call->chunk;
	*chunk = (struct smtp_chunk){
	    .size = call->command.chunk_size,
	    .left = call->command.chunk_size,
	    .last = call->command.chunk_last,
	};
	check_chunk(session, chunk);
	if (chunk->code != 0) {
		if (chunk->left > SMTP_SWALLOW_MAX)
			smtp_hang_up(session, "chunk too big", 552,
			    ENHANCED(5, 3, 4), "The message is too big");
		if (transaction)
			transaction->failed = true;
		return SMTP_STEP_INPUT;
	}
	if (!transaction->chunked)
		smtp_transaction_decode(session, SMTP_DATA_CHUNKS);
	transaction->chunked = true;
	return SMTP_STEP_INPUT;
}

// A refused last chunk ends the transaction. An LMTP client then expects one
// answer for each recipient.
static void end_refused(
    struct smtp_session *session, const struct smtp_chunk *chunk)
{
	size_t answers = 1;
	if (chunk->last && session->transaction && smtp_is_lmtp(session) &&
	    smtp_transaction_recipients(session) > 0)
		answers = smtp_transaction_recipients(session);
	session->said.pardoned = chunk->trails;
	for (size_t i = 0; i < answers; i++)
		smtp_answer(
		    session, chunk->code, chunk->status, "%s", chunk->text);
	if (chunk->last)
		smtp_transaction_drop(session);
}

static enum smtp_step end_chunk(
    struct smtp_session *session, const struct smtp_chunk *chunk)
{
	struct smtp_transaction *transaction = session->transaction;
	struct view piece;
	if (chunk->code != 0) {
		end_refused(session, chunk);
		return SMTP_STEP_DONE;
	}
	if (!chunk->last) {
		smtp_answer(session, 250, ENHANCED(2, 0, 0),
		    "%llu bytes received", (unsigned long long)chunk->size);
		return SMTP_STEP_DONE;
	}
	if (smtp_data_decode_end(&transaction->decoder, &piece))
		deliver(transaction, piece);
	smtp_trace_data(session, transaction->bytes);
	return smtp_transaction_finish(session);
}

enum smtp_step smtp_bdat_take(
    struct smtp_session *session, struct smtp_call *call, struct view *input)
{
	struct smtp_chunk *chunk = &call->chunk;
	size_t len =
	    chunk->left < input->len ? (size_t)chunk->left : input->len;
	struct view part = view_slice(*input, 0, len), piece;
	*input = view_from(*input, len);
	chunk->left -= len;
	if (chunk->code == 0) {
		struct smtp_transaction *transaction = session->transaction;
		while (smtp_data_decode(&transaction->decoder, &part, &piece) ==
		       RC_OK)
			deliver(transaction, piece);
		smtp_transaction_check(session);
	}
	return chunk->left > 0 ? SMTP_STEP_INPUT : end_chunk(session, chunk);
}
