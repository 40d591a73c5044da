// SPDX-License-Identifier: Apache-2.0
// A transaction: MAIL's parameters, and the delivery that gets the message.
#include "smtp/transaction.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "delivery/envelope.h"
#include "smtp/commands.h"
#include "smtp/harvest.h"
#include "smtp/tls.h"

// ---- The envelope ----------------------------------------------------------

static const struct auth_user *user_of(
    const struct smtp_session *session, struct arena *arena)
{
	if (session_is_stranger(&session->base))
		return NULL;
	struct auth_user *user = arena_zalloc(arena, sizeof(*user));
	user->account = session->base.account;
	snprintf(
	    user->name.text, sizeof(user->name.text), "%s", session->base.user);
	return user;
}

static struct delivery_origin origin_of(
    struct smtp_session *session, struct arena *arena)
{
	static const enum delivery_door doors[] = {
	    [SMTP_ROLE_MX] = DELIVERY_MX,
	    [SMTP_ROLE_SUBMISSION] = DELIVERY_SUBMISSION,
	    [SMTP_ROLE_LMTP] = DELIVERY_LMTP,
	};
	return (struct delivery_origin){
	    .door = doors[session->server->role],
	    .session_id = session->base.id,
	    .waker = session->base.waker,
	    .helo = view_of_string(session->helo),
	    .peer_address = view_of_string(session->base.peer_address),
	    .extended = session->extended,
	    .tls_version = smtp_tls_version(session->tls),
	    .tls_cipher = smtp_tls_cipher(session->tls),
	    .user = user_of(session, arena),
	    .normalize = session->server->normalize,
	};
}

// False: the command was answered.
static bool envelope_of(struct smtp_session *session, struct smtp_call *call,
    struct delivery_envelope *ret_envelope)
{
	struct delivery_reply reply;
	struct delivery_envelope envelope;
	if (delivery_envelope_make(session->server->office, &call->arena,
		&call->command.mail, &envelope, &reply) != RC_OK) {
		smtp_answer_delivery(session, &reply);
		return false;
	}
	envelope.queue.hop = view_of_string(session->base.peer_address);
	envelope.queue.account = session->base.account;
	*ret_envelope = envelope;
	return true;
}

// ---- Its life --------------------------------------------------------------

static void log_message(struct smtp_session *session, struct view sender,
    size_t recipients, uint64_t bytes, const struct delivery_reply *reply)
{
	struct log_line line;
	smtp_log_begin(session, &line, LOG_LEVEL_INFO, "smtp_message");
	log_add_string(&line, "peer", session->base.peer_address);
	log_add(&line, "from", sender);
	log_add_u64(&line, "recipients", recipients);
	log_add_u64(&line, "size", bytes);
	log_add_u64(&line, "code", reply->code);
	log_add_string(&line, "answer", reply->text);
	log_end(&line);
}

enum smtp_step smtp_transaction_ask(struct smtp_session *session)
{
	struct smtp_transaction *transaction = session->transaction;
	struct delivery_reply reply;
	enum rc rc = delivery_sender(transaction->delivery, &reply);
	if (rc == RC_MORE)
		return SMTP_STEP_WAIT;
	if (rc == RC_OK) {
		smtp_answer(session, 250, ENHANCED(2, 1, 0), "Sender OK");
		return SMTP_STEP_DONE;
	}
	log_message(session, transaction->sender, 0, 0, &reply);
	smtp_answer_delivery(session, &reply);
	smtp_transaction_drop(session);
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_transaction_begin(
    struct smtp_session *session, struct smtp_call *call)
{
	const struct smtp_mail *mail = &call->command.mail;
	struct delivery_envelope envelope;
	if (!envelope_of(session, call, &envelope))
		return SMTP_STEP_DONE;
	struct delivery_origin origin = origin_of(session, &call->arena);
	struct delivery_reply reply;
	struct delivery *delivery;
	if (delivery_new(session->server->office, &origin, &envelope, &reply,
		&delivery) != RC_OK) {
		log_message(session, envelope.queue.sender, 0, 0, &reply);
		smtp_answer_delivery(session, &reply);
		return SMTP_STEP_DONE;
	}
	struct smtp_transaction *transaction = mem_zalloc(sizeof(*transaction));
	transaction->arena = call->arena;
	arena_init(&call->arena); // the transaction has the old one
	transaction->delivery = delivery;
	transaction->sender = envelope.queue.sender;
	transaction->utf8 = mail->utf8;
	transaction->binary = mail->body == SMTP_BODY_BINARYMIME;
	session->transaction = transaction;
	return smtp_transaction_ask(session);
}

void smtp_transaction_decode(
    struct smtp_session *session, enum smtp_data_framing framing)
{
	struct smtp_transaction *transaction = session->transaction;
	enum smtp_line_ends ends = session->server->normalize
				       ? SMTP_LINES_NORMALIZE
				       : SMTP_LINES_REFUSE;
	if (transaction->binary)
		ends = SMTP_LINES_BINARY;
	smtp_data_decoder_init(&transaction->decoder, framing, ends);
}

size_t smtp_transaction_recipients(const struct smtp_session *session)
{
	return delivery_recipient_count(session->transaction->delivery);
}

size_t smtp_transaction_memory(const struct smtp_session *session)
{
	const struct smtp_transaction *transaction = session->transaction;
	if (!transaction)
		return 0;
	return sizeof(*transaction) + transaction->arena.held +
	       delivery_memory(transaction->delivery);
}

void smtp_transaction_drop(struct smtp_session *session)
{
	struct smtp_transaction *transaction = session->transaction;
	if (!transaction)
		return;
	if (transaction->delivery)
		delivery_free(&transaction->delivery);
	arena_done(&transaction->arena);
	free(transaction);
	session->transaction = NULL;
}

// ---- The end of the data ---------------------------------------------------

// One server may take a bare CR or LF for a line end, and so see two messages
// where another one sees one (SMTP smuggling): RFC 5321 section 2.3.8.
void smtp_transaction_check(struct smtp_session *session)
{
	const struct smtp_transaction *transaction = session->transaction;
	const struct smtp_data_decoder *decoder = &transaction->decoder;
	if (decoder->line_ends != SMTP_LINES_REFUSE ||
	    (!decoder->bare_cr && !decoder->bare_lf))
		return;
	struct delivery_reply reply = {
	    .code = 550,
	    .status = ENHANCED(5, 5, 2),
	    .text = "The message has a bare CR or LF in it",
	};
	delivery_refuse(transaction->delivery, &reply);
}

static void note_result(struct smtp_session *session, size_t recipients,
    const struct delivery_reply *reply)
{
	const struct smtp_transaction *transaction = session->transaction;
	log_message(session, transaction->sender, recipients,
	    transaction->bytes, reply);
	session->messages += reply->code == 250;
	if (reply->code == 250 && !smtp_is_trusted(session))
		smtp_harvest_forgive(session->server->harvest,
		    view_of_string(session->base.peer_address),
		    clock_monotonic_ms());
	if (reply->code == 250 || smtp_is_trusted(session))
		smtp_forgive(session);
}

MUST_CHECK static enum rc finish_one(struct smtp_session *session)
{
	struct delivery_reply reply;
	size_t count = smtp_transaction_recipients(session);
	enum rc rc =
	    delivery_finish(session->transaction->delivery, NULL, &reply);
	if (rc != RC_OK)
		return rc;
	smtp_answer_delivery(session, &reply);
	note_result(session, count, &reply);
	return RC_OK;
}

static void answer_each(struct smtp_session *session,
    const struct delivery_reply *replies, size_t count)
{
	size_t first[2] = {SIZE_MAX, SIZE_MAX}; // accepted, refused
	size_t counts[2] = {0, 0};
	for (size_t i = 0; i < count; i++) {
		bool refused = replies[i].code != 250;
		if (first[refused] == SIZE_MAX)
			first[refused] = i;
		counts[refused]++;
		smtp_answer_delivery(session, &replies[i]);
	}
	for (size_t i = 2; i-- > 0;)
		if (counts[i] > 0)
			note_result(session, counts[i], &replies[first[i]]);
}

// RFC 2033 section 4.2: one answer for each accepted recipient, in their order.
MUST_CHECK static enum rc finish_each(struct smtp_session *session)
{
	size_t count = smtp_transaction_recipients(session);
	struct delivery_reply *replies =
	    mem_alloc((count + 1) * sizeof(*replies));
	enum rc rc =
	    delivery_finish(session->transaction->delivery, replies, NULL);
	if (rc == RC_OK)
		answer_each(session, replies, count);
	free(replies);
	return rc;
}

enum smtp_step smtp_transaction_finish(struct smtp_session *session)
{
	smtp_transaction_check(session);
	enum rc rc =
	    smtp_is_lmtp(session) ? finish_each(session) : finish_one(session);
	if (rc == RC_MORE)
		return SMTP_STEP_WAIT;
	// The delivery is over; this frees what is left of the transaction.
	smtp_transaction_drop(session);
	return SMTP_STEP_DONE;
}
