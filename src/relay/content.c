// SPDX-License-Identifier: Apache-2.0
// Sends the message's bytes, a piece at a time: by DATA with dot stuffing, or
// by BDAT (RFC 3030) with a byte count. Only a limited number of BDATs is sent
// before their replies come. Both change bare CR and LF to CRLF, so that no
// server can see an end of data where there is none. Only a BINARYMIME message
// is sent unchanged.
#include "relay/client_impl.h"

#define CHUNK_ENOUGH (RELAY_CLIENT_PIECE / 2)

enum net_next relay_client_begin_data(
    struct relay_client *client, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	smtp_data_encoder_init(&transaction->encoder,
	    transaction->chunked ? SMTP_DATA_CHUNKS : SMTP_DATA_DOTS);
	relay_client_enter(
	    client, transaction->chunked ? RELAY_STEP_CHUNK : RELAY_STEP_END);
	return relay_client_more_data(client, out);
}

// Reads the next piece.
static MUST_CHECK enum rc fill(struct relay_client *client)
{
	const struct relay_client_mail *mail = &client->letter.mail;
	struct relay_transaction *transaction = &client->transaction;
	buf_reset(&client->piece);
	if (client->letter.plan.segments)
		return relay_convert_next(&client->letter.plan,
		    &transaction->place, mail, &client->scratch,
		    &client->piece);
	enum rc rc = mail->read(mail->context, transaction->offset,
	    RELAY_CLIENT_PIECE, &client->piece);
	if (rc == RC_OK && client->piece.len == 0)
		rc = RC_CORRUPT;
	transaction->offset += client->piece.len;
	return rc;
}

static bool is_read(const struct relay_client *client)
{
	if (client->letter.plan.segments)
		return relay_convert_is_done(
		    &client->letter.plan, &client->transaction.place);
	return client->transaction.offset >= client->letter.mail.size;
}

static void encode(struct relay_client *client, struct buf *out)
{
	struct view rest = buf_view(&client->piece), piece;
	while (smtp_data_encode(&client->transaction.encoder, &rest, &piece) ==
	       RC_OK)
		buf_add(out, piece);
}

static enum net_next fail_reading(struct relay_client *client)
{
	return relay_client_break(
	    client, ENHANCED(4, 3, 0), "this server cannot read the message");
}

// ---- DATA ------------------------------------------------------------------

static enum net_next more_lines(struct relay_client *client, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	while (!is_read(client)) {
		if (fill(client) != RC_OK)
			return fail_reading(client);
		encode(client, out);
		if (out->len >= NET_OUTPUT_HIGH)
			return NET_DRAIN;
	}
	buf_add(out, smtp_data_encode_end(&transaction->encoder));
	transaction->all_said = true;
	relay_client_enter(client, RELAY_STEP_END);
	return NET_READ;
}

// ---- BDAT ------------------------------------------------------------------

static MUST_CHECK enum rc next_chunk(
    struct relay_client *client, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	bool binary = client->letter.body == SMTP_BODY_BINARYMIME;
	buf_reset(&client->chunk);
	// A converted message comes in small pieces, so several are collected.
	while (!is_read(client) && client->chunk.len < CHUNK_ENOUGH) {
		if (fill(client) != RC_OK)
			return RC_IO;
		if (binary)
			buf_add(&client->chunk, buf_view(&client->piece));
		else
			encode(client, &client->chunk);
	}
	transaction->all_said = is_read(client);
	if (transaction->all_said && !binary)
		buf_add(&client->chunk,
		    smtp_data_encode_end(&transaction->encoder));
	buf_printf(out, "BDAT %zu%s\r\n", client->chunk.len,
	    transaction->all_said ? " LAST" : "");
	buf_add(out, buf_view(&client->chunk));
	transaction->chunks_open++;
	return buf_status(&client->chunk);
}

static enum net_next more_chunks(struct relay_client *client, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	unsigned window =
	    client->can.pipelining ? RELAY_CLIENT_WINDOW_CHUNKS : 1;
	while (!transaction->all_said && transaction->chunks_open < window) {
		if (next_chunk(client, out) != RC_OK)
			return fail_reading(client);
		if (out->len >= NET_OUTPUT_HIGH)
			return NET_DRAIN;
	}
	relay_client_enter(
	    client, transaction->all_said ? RELAY_STEP_END : RELAY_STEP_CHUNK);
	return NET_READ;
}

enum net_next relay_client_more_data(
    struct relay_client *client, struct buf *out)
{
	return client->transaction.chunked ? more_chunks(client, out)
					   : more_lines(client, out);
}

// ---- Replies ---------------------------------------------------------------

enum net_next relay_client_on_chunk(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	unsigned class = relay_reply_class(reply);
	if (class == 3 || transaction->chunks_open == 0)
		return relay_client_break_reply(client, reply);
	transaction->chunks_open--;
	if (class != 2 && !transaction->failed) {
		transaction->failed = true;
		relay_client_apply_reply(client, reply);
	}
	if (transaction->failed) {
		// Replies to the chunks that were sent already will come as
		// well.
		relay_client_enter(client, RELAY_STEP_CHUNK);
		return transaction->chunks_open > 0
			   ? NET_READ
			   : relay_client_say_rset(client, out);
	}
	if (!transaction->all_said)
		return more_chunks(client, out);
	if (transaction->chunks_open > 0)
		return NET_READ;
	relay_client_apply_reply(client, reply);
	return relay_client_proceed(client, out);
}

enum net_next relay_client_on_end(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	const struct relay_transaction *transaction = &client->transaction;
	unsigned class = relay_reply_class(reply);
	if (transaction->chunked)
		return relay_client_on_chunk(client, reply, out);
	// Before the end of the data is sent, no server can have accepted the
	// message.
	if (class == 3 || (class == 2 && !transaction->all_said))
		return relay_client_break_reply(client, reply);
	relay_client_apply_reply(client, reply);
	if (!transaction->all_said)
		return relay_client_break_reply(client, reply);
	return relay_client_proceed(client, out);
}
