// SPDX-License-Identifier: Apache-2.0
// What is committed at the end of the data. If somebody elsewhere gets the
// message, if it has to wait, or if a report of success is due, the whole
// message goes into the queue in one commit. Otherwise each user's account gets
// its copy, in one commit each. If a copy fails when others have been made
// already, it goes into the queue, so that 250 is true for everyone. If no copy
// was made, nothing is kept.
//
// If the server crashes between two of these commits, some users have the
// message, and the client, which got no answer, sends it again. SMTP has this
// gap anyway (RFC 5321 section 4.5.3.2.6); here it lasts no longer than from
// the first commit to the answer.
#include <string.h>

#include "base/mem.h"
#include "delivery/impl.h"

#define COPY_PIECE   ((size_t)64 << 10)
#define LIMITED_TEXT "; it waits, because you have sent much lately"

// ---- One copy --------------------------------------------------------------

MUST_CHECK static enum rc decide(struct delivery *delivery,
    struct delivery_target *target, struct fault *fault,
    struct delivery_copy *copy)
{
	struct delivery_letter letter = {
	    .account = target->account,
	    .user = target->user,
	    .address = target->address,
	    .folder = target->folder,
	    .sender = delivery->envelope.queue.sender,
	    .draft = delivery->local,
	};
	struct delivery_decision decision;
	enum rc rc = delivery_decide(
	    delivery->office, &letter, &delivery->scratch, &decision);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the user's filter failed");
	if (decision.refusal) {
		struct delivery_reply *refusal =
		    arena_zalloc(&delivery->arena, sizeof(*refusal));
		*refusal = *decision.refusal;
		target->refusal = refusal;
		return fault_set(
		    fault, RC_DENIED, "the user's filter refused it");
	}
	copy->places = decision.places;
	copy->place_count = decision.place_count;
	return RC_OK;
}

static void commit_target(
    struct delivery *delivery, struct delivery_target *target)
{
	struct buf prefix;
	struct fault fault = {.text = ""};
	bool was_there;
	buf_init(&prefix, STORE_PREFIX_MAX);
	arena_reset(&delivery->scratch);
	delivery_prefix_write(&delivery->scratch,
	    delivery->envelope.queue.sender, target->address,
	    buf_view(&delivery->head), &prefix);
	struct delivery_copy copy = {
	    .account = target->account,
	    .user = target->user,
	    .prefix = buf_view(&prefix),
	};
	target->rc = buf_status(&prefix);
	if (target->rc == RC_OK)
		target->rc = decide(delivery, target, &fault, &copy);
	if (target->rc == RC_OK)
		target->rc = delivery_copy_commit(delivery->office,
		    delivery->local, &copy, &fault, &was_there);
	struct delivery_event event = {
	    .session_id = delivery->origin.session_id,
	    .id = delivery->id,
	    .message_id = delivery->message_id,
	    .size = store_draft_size(delivery->local) + prefix.len,
	    .ms = clock_monotonic_ms() - delivery->began_ms,
	};
	delivery_log_copy(delivery->office, &event, &copy, target->rc, &fault);
	buf_done(&prefix);
}

// ---- The queue -------------------------------------------------------------

static void log_queued(struct delivery *delivery, const struct queue_id *id,
    size_t count, uint64_t size)
{
	char text[QUEUE_ID_TEXT + 1];
	struct log_line line;
	if (delivery->office->counts)
		counter_add(&delivery->office->counts->queued, 1);
	queue_id_print(id, text);
	log_begin(&line, delivery->office->log, LOG_LEVEL_INFO, "queued");
	log_add_u64(&line, "session", delivery->origin.session_id);
	log_add_string(&line, "id", delivery->id);
	log_add_string(&line, "queue_id", text);
	log_add(&line, "message_id", delivery->message_id);
	log_add_u64(&line, "recipients", count);
	log_add_u64(&line, "size", size);
	log_add_u64(&line, "ms", clock_monotonic_ms() - delivery->began_ms);
	log_end(&line);
}

// LMTP refuses the recipients that have the message already, so the queue does
// not get it for them.
static bool is_left_out(
    const struct delivery *delivery, const struct delivery_target *target)
{
	return target->loops && delivery->origin.door == DELIVERY_LMTP;
}

// Queues the message for those targets that have no copy.
MUST_CHECK static enum rc put(struct delivery *delivery,
    struct queue_draft *draft, struct queue_id *ret_id)
{
	struct queue_recipient *recipients =
	    mem_zalloc(delivery->target_count * sizeof(*recipients));
	size_t count = 0;
	arena_reset(&delivery->scratch);
	for (size_t i = 0; i < delivery->target_count; i++) {
		const struct delivery_target *target = &delivery->targets[i];
		if (target->rc == RC_OK || is_left_out(delivery, target))
			continue;
		recipients[count++] = (struct queue_recipient){
		    .address = target->queued,
		    .original = target->original,
		    .notify = target->notify,
		    .resolved = target->resolved,
		    .head =
			delivery_alias_field(&delivery->scratch, target->alias),
		};
	}
	struct queue_envelope envelope = delivery->envelope.queue;
	envelope.proven = delivery_sender_is_proven(delivery);
	if (!envelope.proven)
		envelope.ret = SMTP_RET_UNSET;
	struct fault fault = {.text = ""};
	enum rc rc =
	    queue_put(delivery->office->queue, draft, buf_view(&delivery->head),
		&envelope, recipients, count, &fault, ret_id);
	if (rc == RC_OK)
		log_queued(delivery, ret_id, count,
		    queue_draft_size(draft) + delivery->head.len);
	else
		log_text(delivery->office->log, LOG_LEVEL_ERROR, "delivery",
		    "%s: it cannot be queued: %s", delivery->id, fault.text);
	free(recipients);
	return rc;
}

static void reply_loop(struct delivery_reply *ret_reply)
{
	delivery_reply_set(ret_reply, 550, ENHANCED(5, 4, 6),
	    "The message was delivered to this mailbox before");
}

static void reply_all(const struct delivery *delivery,
    const struct delivery_reply *reply, struct delivery_reply *ret_replies)
{
	for (size_t i = 0; i < delivery->recipient_count; i++)
		ret_replies[i] = *reply;
}

static void commit_to_queue(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply)
{
	for (size_t i = 0; i < delivery->target_count; i++)
		delivery->targets[i].rc = RC_MORE;
	struct queue_id id;
	char text[120 + QUEUE_ID_TEXT];
	enum rc rc = put(delivery, delivery->outgoing, &id);
	if (rc == RC_OK) {
		char printed[QUEUE_ID_TEXT + 1];
		delivery->queued = id;
		delivery->has_queued = true;
		queue_id_print(&id, printed);
		snprintf(text, sizeof(text), "Queued as %s%s", printed,
		    delivery->envelope.queue.limited ? LIMITED_TEXT : "");
		delivery_reply_set(ret_reply, 250, ENHANCED(2, 0, 0), text);
	} else {
		delivery_reply_set(ret_reply, 451, ENHANCED(4, 3, 0),
		    "The message cannot be stored now");
	}
	reply_all(delivery, ret_reply, ret_replies);
	for (size_t i = 0; rc == RC_OK && i < delivery->recipient_count; i++)
		for (size_t n = 0; n < delivery->recipients[i].count; n++)
			if (is_left_out(delivery,
				&delivery->targets[delivery->recipients[i]
						       .targets[n]]))
				reply_loop(&ret_replies[i]);
}

// Queues the rest after some have their copies: what was stored is read again.
MUST_CHECK static enum rc put_rest(struct delivery *delivery)
{
	struct queue_draft *draft = queue_draft_new(delivery->office->queue);
	uint64_t size = store_draft_size(delivery->local);
	struct buf piece;
	buf_init(&piece, COPY_PIECE);
	enum rc rc = RC_OK;
	for (uint64_t at = 0; rc == RC_OK && at < size; at += piece.len) {
		buf_reset(&piece);
		rc = store_draft_read(delivery->local, at, COPY_PIECE, &piece);
		if (rc == RC_OK && piece.len == 0)
			rc = RC_CORRUPT;
		if (rc == RC_OK)
			rc = queue_draft_add(draft, buf_view(&piece));
	}
	buf_done(&piece);
	struct queue_id id;
	if (rc == RC_OK)
		rc = put(delivery, draft, &id);
	queue_draft_free(&draft);
	return rc;
}

// ---- The accounts ----------------------------------------------------------

// RFC 2033 section 4.2: each recipient gets an answer; if it leads to several
// targets, the worst of their answers.
static void reply_each(
    const struct delivery *delivery, struct delivery_reply *ret_replies)
{
	for (size_t i = 0; i < delivery->recipient_count; i++) {
		const struct delivery_accepted *accepted =
		    &delivery->recipients[i];
		delivery_copy_reply(RC_OK, &ret_replies[i]);
		for (size_t n = 0; n < accepted->count; n++) {
			const struct delivery_target *target =
			    &delivery->targets[accepted->targets[n]];
			if (target->loops)
				reply_loop(&ret_replies[i]);
			else if (target->refusal)
				ret_replies[i] = *target->refusal;
			else if (target->rc != RC_OK)
				delivery_copy_reply(
				    target->rc, &ret_replies[i]);
		}
	}
}

// SMTP: one answer for all.
static void reply_once(
    struct delivery *delivery, size_t made, struct delivery_reply *ret_reply)
{
	enum rc failure = RC_OK;
	const struct delivery_reply *refusal = NULL;
	size_t missing = 0;
	for (size_t i = 0; i < delivery->target_count; i++) {
		const struct delivery_target *target = &delivery->targets[i];
		missing += target->rc != RC_OK;
		if (target->refusal)
			refusal = target->refusal;
		else if (failure == RC_OK && !target->loops)
			failure = target->rc;
	}
	// Nobody has it: the client keeps it, unless all recipients refuse it.
	if (!made) {
		delivery_copy_reply(failure, ret_reply);
		if (failure == RC_OK && refusal)
			*ret_reply = *refusal;
		return;
	}
	enum rc rc = missing ? put_rest(delivery) : RC_OK;
	delivery_copy_reply(rc == RC_OK ? RC_OK : RC_IO, ret_reply);
	if (rc != RC_OK)
		log_text(delivery->office->log, LOG_LEVEL_ERROR, "delivery",
		    "%s: %zu have it, %zu do not, and the client was not told "
		    "so: it will come again",
		    delivery->id, made, missing);
}

static void commit_to_accounts(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply)
{
	size_t made = 0;
	for (size_t i = 0; i < delivery->target_count; i++) {
		struct delivery_target *target = &delivery->targets[i];
		if (target->loops)
			target->rc = RC_EXISTS; // the queue will return it
		else
			commit_target(delivery, target);
		made += target->rc == RC_OK;
	}
	if (delivery->origin.door == DELIVERY_LMTP) {
		reply_each(delivery, ret_replies);
		*ret_reply = ret_replies[0];
		return;
	}
	reply_once(delivery, made, ret_reply);
	reply_all(delivery, ret_reply, ret_replies);
}

void delivery_commit(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply)
{
	if (delivery->through_queue)
		commit_to_queue(delivery, ret_replies, ret_reply);
	else
		commit_to_accounts(delivery, ret_replies, ret_reply);
}
