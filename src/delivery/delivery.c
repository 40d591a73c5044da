// SPDX-License-Identifier: Apache-2.0
// A delivery from MAIL FROM to its end. The header is held until it has ended.
// Then it and the body go to where the message will be stored: into a store's
// draft if all who get it are users here, otherwise into the queue's. commit.c
// commits at the end.
#include "base/budget.h"
#include "base/mem.h"
#include "delivery/impl.h"
#include "delivery/sending.h"
#include "wire/header.h"
#include "wire/utf8.h"

#define HOPS_MAX_DEFAULT 100 // RFC 5321 section 6.3: at least this many

// ---- Replies ---------------------------------------------------------------

void delivery_reply_set(struct delivery_reply *reply, unsigned code,
    struct enhanced_status status, const char *text)
{
	*reply = (struct delivery_reply){.code = code, .status = status};
	snprintf(reply->text, sizeof(reply->text), "%s", text);
}

// Notes a failure. The first one is what the delivery answers at its end.
static void fail(struct delivery *delivery, unsigned code,
    struct enhanced_status status, const char *text)
{
	if (delivery_has_failed(delivery))
		return;
	delivery_reply_set(&delivery->failure, code, status, text);
}

// "4.3.0": for failures of the engine, whose reason is in the log.
static void fail_local(struct delivery *delivery, enum rc rc, const char *what)
{
	log_text(delivery->office->log, LOG_LEVEL_ERROR, "delivery",
	    "%s: %s: %s", delivery->id, what, rc_text(rc));
	fail(delivery, 451, ENHANCED(4, 3, 0),
	    "The message cannot be stored now");
}

void delivery_refuse(
    struct delivery *delivery, const struct delivery_reply *reply)
{
	if (delivery_has_failed(delivery))
		return;
	delivery->failure = *reply;
}

int64_t delivery_now(const struct delivery_office *office)
{
	return clock_wall_seconds(office->clock);
}

// ---- Beginning -------------------------------------------------------------

// RFC 6409 section 6.1: a user may not write as somebody else.
MUST_CHECK static enum rc check_sender(const struct delivery_office *office,
    const struct delivery_origin *origin,
    const struct delivery_envelope *envelope, struct delivery_reply *reply)
{
	if (origin->door != DELIVERY_SUBMISSION ||
	    smtp_mailbox_is_null(&envelope->sender))
		return RC_OK;
	enum rc rc =
	    route_may_send_as(office->route, origin->user, &envelope->sender);
	if (rc == RC_DENIED)
		delivery_reply_set(reply, 550, ENHANCED(5, 7, 1),
		    "The sender is not an address of yours");
	else if (rc != RC_OK)
		delivery_reply_set(reply, 451, ENHANCED(4, 3, 0),
		    "The sender cannot be looked up now");
	return rc;
}

uint64_t delivery_size_max(const struct delivery_office *office)
{
	return office->message_max ? office->message_max
				   : store_message_max(office->store);
}

// Copies the door's views, which may end with its command.
static void keep_origin(
    struct delivery *delivery, const struct delivery_origin *origin)
{
	struct arena *arena = &delivery->arena;
	struct delivery_origin *kept = &delivery->origin;
	*kept = *origin;
	kept->helo = arena_copy(arena, origin->helo);
	kept->peer_address = arena_copy(arena, origin->peer_address);
	kept->tls_version = arena_copy(arena, origin->tls_version);
	kept->tls_cipher = arena_copy(arena, origin->tls_cipher);
}

static void keep_envelope(
    struct delivery *delivery, const struct delivery_envelope *envelope)
{
	struct arena *arena = &delivery->arena;
	struct delivery_envelope *kept = &delivery->envelope;
	struct buf sender;
	*kept = *envelope;
	buf_init(&sender, SMTP_MAILBOX_MAX * 2);
	smtp_mailbox_print_ascii(&envelope->sender, &sender);
	kept->queue.sender = arena_copy(arena, buf_view(&sender));
	buf_done(&sender);
	kept->sender = (struct smtp_mailbox){0}; // queue.sender has it
	kept->queue.envid = arena_copy(arena, envelope->queue.envid);
	struct view hop = envelope->queue.hop;
	if (!hop.len)
		hop = delivery->origin.peer_address;
	kept->queue.hop = arena_copy(arena, hop);
	if (delivery->origin.user)
		kept->queue.account = delivery->origin.user->account;
}

// Memory is for users first (base/budget.h). `begun`: the message is under way.
static bool has_memory(
    const struct delivery_office *office, enum delivery_door door, bool begun)
{
	enum budget_stage stage = budget_stage(office->budget);
	if (door != DELIVERY_MX)
		return stage < BUDGET_LAST;
	return stage < (begun ? BUDGET_SHED : BUDGET_NO_MAIL);
}

// RFC 3463 section 3.4: "Mail system full".
#define NO_MEMORY                                                              \
	452, ENHANCED(4, 3, 1),                                                \
	    "The server has not enough memory now, try again later"

// RFC 4865 section 6: a message that waits for its time counts for a quota of
// its user, and is refused with this code.
#define TOO_MUCH_LATER                                                         \
	552, ENHANCED(5, 7, 16),                                               \
	    "Too much of your mail waits for its time already"

static bool has_room_for_later(const struct delivery_office *office,
    const struct delivery_origin *origin,
    const struct delivery_envelope *envelope, uint64_t size)
{
	if (!office->hold_bytes || !envelope->queue.release_at ||
	    envelope->queue.limited || !origin->user)
		return true;
	uint64_t waits =
	    queue_later_bytes(office->queue, origin->user->account);
	return size <= office->hold_bytes && waits <= office->hold_bytes - size;
}

enum rc delivery_new(const struct delivery_office *office,
    const struct delivery_origin *origin,
    const struct delivery_envelope *envelope, struct delivery_reply *ret_reply,
    struct delivery **ret_delivery)
{
	enum rc rc = check_sender(office, origin, envelope, ret_reply);
	if (rc != RC_OK)
		return rc;
	if (envelope->declared_size > delivery_size_max(office)) {
		// RFC 1870 section 6.1.
		delivery_reply_set(ret_reply, 552, ENHANCED(5, 3, 4),
		    "The message is longer than this server takes");
		return RC_LIMIT;
	}
	if (!has_room_for_later(
		office, origin, envelope, envelope->declared_size)) {
		delivery_reply_set(ret_reply, TOO_MUCH_LATER);
		return RC_LIMIT;
	}
	if (!has_memory(office, origin->door, false)) {
		delivery_reply_set(ret_reply, NO_MEMORY);
		return RC_LIMIT;
	}
	rc = store_room(office->store, NULL);
	if (rc != RC_OK) {
		delivery_copy_reply(rc, ret_reply);
		return rc;
	}
	struct delivery *delivery = mem_zalloc(sizeof(*delivery));
	delivery->office = office;
	delivery->began_ms = clock_monotonic_ms();
	arena_init(&delivery->arena);
	arena_init(&delivery->scratch);
	map_init(&delivery->known);
	delivery_header_init(&delivery->header);
	buf_init(&delivery->head, STORE_PREFIX_MAX);
	delivery_id_make(office, delivery->id);
	keep_origin(delivery, origin);
	keep_envelope(delivery, envelope);
	// RFC 4865: the whole message waits. Or the queue tells what became of
	// it, and can give it back.
	if (envelope->queue.release_at || envelope->queue.tracked)
		delivery->through_queue = true;
	delivery_check_begin(delivery);
	*ret_delivery = delivery;
	return RC_OK;
}

static void drop_bytes(struct delivery *delivery)
{
	store_draft_free(&delivery->local);
	queue_draft_free(&delivery->outgoing);
	dkim_signer_free(&delivery->signer);
	delivery_header_done(&delivery->header);
}

static void let_go(struct delivery *delivery)
{
	if (delivery->counted)
		sending_take_back(delivery->office->sending,
		    delivery->origin.user->account, delivery->counted);
	delivery->counted = 0;
	delivery_check_end(delivery);
	drop_bytes(delivery);
	delivery->stage = DELIVERY_OVER;
}

size_t delivery_memory(const struct delivery *delivery)
{
	size_t draft = 0;
	if (delivery->local)
		draft = store_draft_memory(delivery->local);
	else if (delivery->outgoing)
		draft = queue_draft_memory(delivery->outgoing);
	return sizeof(*delivery) + delivery->arena.held +
	       delivery->scratch.held + delivery->header.bytes.capacity +
	       delivery->head.capacity + draft +
	       delivery->target_capacity * sizeof(*delivery->targets) +
	       delivery->recipient_capacity * sizeof(*delivery->recipients);
}

void delivery_free(struct delivery **delivery)
{
	struct delivery *old = *delivery;
	*delivery = NULL;
	if (!old)
		return;
	let_go(old);
	buf_done(&old->head);
	map_done(&old->known);
	arena_done(&old->scratch);
	arena_done(&old->arena);
	free(old);
}

// ---- The data --------------------------------------------------------------

static void emit(struct delivery *delivery, struct view bytes)
{
	enum rc rc = RC_OK;
	if (delivery_has_failed(delivery) || !bytes.len)
		return;
	if (delivery->local)
		rc = store_draft_add(delivery->local, bytes);
	else if (delivery->outgoing)
		rc = queue_draft_add(delivery->outgoing, bytes);
	if (rc == RC_LIMIT)
		fail(delivery, 552, ENHANCED(5, 3, 4),
		    "The message is longer than this server takes");
	else if (rc != RC_OK)
		fail_local(delivery, rc, "writing the message");
}

static void open_drafts(struct delivery *delivery)
{
	const struct delivery_office *office = delivery->office;
	if (delivery->through_queue) {
		delivery->outgoing = queue_draft_new(office->queue);
		return;
	}
	delivery->local = store_draft_new(office->store);
	// RFC 1870 section 6.1: what the server adds does not count.
	store_draft_allow(delivery->local, DELIVERY_TOP_MAX);
	if (delivery->target_count > 1)
		store_draft_share(delivery->local);
}

// RFC 5321 section 6.3; each server on the way adds one.
static void check_hops(
    struct delivery *delivery, const struct delivery_fields *fields)
{
	uint32_t max = delivery->office->hops_max ? delivery->office->hops_max
						  : HOPS_MAX_DEFAULT;
	if (fields->received > max ||
	    fields->delivered_to > DELIVERY_DELIVERED_MAX)
		fail(delivery, 554, ENHANCED(5, 4, 6),
		    "The message goes round in circles");
}

// BODY=BINARYMIME is about bodies (RFC 3030 section 3), so the header is
// checked here. For other messages the door checks all of it.
static void check_line_ends(struct delivery *delivery)
{
	if (delivery->envelope.queue.body == SMTP_BODY_BINARYMIME &&
	    delivery_header_has_bare(buf_view(&delivery->header.bytes)))
		fail(delivery, 550, ENHANCED(5, 5, 2),
		    "The header has a bare CR or LF in it");
}

// Whether the message was at all of the target's addresses before (RFC 9228).
static bool loops(struct delivery *delivery,
    const struct delivery_target *target, const struct map *known)
{
	struct view header = buf_view(&delivery->header.bytes);
	bool all = target->mark_count > 0;
	for (size_t i = 0; all && i < target->mark_count; i++)
		all = delivery_is_known(
		    known, &delivery->scratch, target->marks[i]);
	return all || (target->alias.len && delivery_passed_often(header,
						delivery->office->server_name));
}

// Finds the targets that have the message already. If they are all of them, it
// is refused. If the sender is not proven, it is refused for one of them: the
// report that the queue would send later could go to a victim, and who gives us
// the message can tell its own sender. LMTP has an answer for each recipient.
static void find_loops(struct delivery *delivery)
{
	struct map known;
	size_t count = 0;
	arena_reset(&delivery->scratch);
	map_init(&known);
	delivery_delivered_to(
	    &delivery->scratch, buf_view(&delivery->header.bytes), &known);
	for (size_t i = 0; i < delivery->target_count; i++) {
		struct delivery_target *target = &delivery->targets[i];
		target->loops = loops(delivery, target, &known);
		count += target->loops;
	}
	map_done(&known);
	bool all = count == delivery->target_count ||
		   (delivery->origin.door != DELIVERY_LMTP &&
		       !delivery_sender_is_proven(delivery));
	if (count && all)
		fail(delivery, 554, ENHANCED(5, 4, 6),
		    "The message was delivered to this mailbox before");
}

// ---- A submission's header -------------------------------------------------

static void check_writer(struct delivery *delivery, struct view value,
    bool is_sender, struct view *ret_domain)
{
	if (delivery_has_failed(delivery))
		return;
	switch (delivery_may_write_as(delivery, value, is_sender, ret_domain)) {
	case DELIVERY_ALLOWED: break;
	case DELIVERY_FORBIDDEN:
		fail(delivery, 550, ENHANCED(5, 7, 1),
		    "From or Sender has an address that is not yours");
		break;
	case DELIVERY_NO_ADDRESS:
		fail(delivery, 550, ENHANCED(5, 6, 0),
		    "From or Sender has no address");
		break;
	case DELIVERY_MALFORMED:
		fail(delivery, 550, ENHANCED(5, 6, 0),
		    "From or Sender is not as RFC 5322 wants it");
		break;
	case DELIVERY_DISGUISED:
		fail(delivery, 550, ENHANCED(5, 7, 1),
		    "A name in From or Sender hides an address that is not "
		    "yours");
		break;
	case DELIVERY_UNKNOWN:
		fail(delivery, 451, ENHANCED(4, 3, 0),
		    "The sender cannot be looked up now");
		break;
	}
}

// Checks who the message says that it is from: one From field and at most one
// Sender (RFC 5322 section 3.6), and each address in them must be the user's.
// If there is no From field, one is made from the envelope's sender.
static void check_writers(struct delivery *delivery,
    const struct delivery_fields *fields, struct view *ret_domain)
{
	struct view sender = delivery->envelope.queue.sender;
	if (fields->from > 1 || fields->sender > 1 ||
	    delivery_header_hides_writer(buf_view(&delivery->header.bytes)))
		fail(delivery, 550, ENHANCED(5, 6, 0),
		    "The message has several From or Sender fields");
	else if (!fields->from && !sender.len)
		fail(delivery, 550, ENHANCED(5, 6, 0),
		    "The message does not say who it is from");
	else
		check_writer(delivery,
		    fields->from ? fields->from_value : sender, false,
		    ret_domain);
	if (fields->sender)
		check_writer(delivery, fields->sender_value, true, NULL);
}

static void begin_signing(
    struct delivery *delivery, struct view domain, struct view header)
{
	const struct delivery_office *office = delivery->office;
	if (delivery_has_failed(delivery) || !domain.len || !office->dkim)
		return;
	enum rc rc = dkim_signer_new(
	    office->dkim, domain, office->clock, &delivery->signer);
	if (rc == RC_NOT_FOUND)
		return; // no keys: the message is not signed
	if (rc == RC_OK)
		rc = dkim_signer_header(delivery->signer, header);
	if (rc != RC_OK)
		fail_local(delivery, rc, "signing the message");
}

// ---- What a user may send --------------------------------------------------

// Counts the message for its user, before it is known where its bytes go: what
// is over the limits waits in the queue. let_go() takes the count back if the
// message is not accepted.
static void count_sending(struct delivery *delivery)
{
	struct sending *sending = delivery->office->sending;
	const struct auth_user *user = delivery->origin.user;
	struct queue_envelope *envelope = &delivery->envelope.queue;
	int64_t release_at = 0;
	if (!sending || !user || delivery->origin.door != DELIVERY_SUBMISSION)
		return;
	enum rc rc = sending_count(sending, user->account,
	    auth_name_view(&user->name), delivery->followed, &release_at);
	switch ((int)rc) {
	case RC_OK: delivery->counted = delivery->followed; break;
	case RC_LIMIT:
		fail(delivery, 450, ENHANCED(4, 7, 0),
		    "You have sent more than is possible in a day; try again "
		    "later");
		return;
	case RC_CORRUPT: // logged once; the user may have limits
		fail(delivery, 451, ENHANCED(4, 3, 0),
		    "What you may send cannot be read; the operator has been "
		    "told");
		return;
	default:
		fail_local(delivery, rc, "reading what the user may send");
		return;
	}
	if (release_at > envelope->release_at) {
		envelope->release_at = release_at;
		envelope->limited = true;
		delivery->through_queue = true;
	}
}

// ---- The end of the header -------------------------------------------------

static void emit_header(struct delivery *delivery,
    const struct delivery_fields *fields, struct view domain)
{
	struct view held = buf_view(&delivery->header.bytes);
	bool submission = delivery->origin.door == DELIVERY_SUBMISSION;
	struct delivery_forgery forgery = {.delivery = delivery};
	struct delivery_fix fix = {
	    .submission = submission,
	    .from = delivery->envelope.queue.sender,
	    .now = delivery_now(delivery->office),
	    .context = &forgery,
	};
	// A server that we trust may pass on its results.
	if (delivery->origin.door != DELIVERY_LMTP)
		fix.forged = delivery_is_forged;
	fix.message_id = delivery_message_id(&delivery->arena,
	    domain.len ? domain : delivery->office->server_name, delivery->id);
	delivery->message_id = arena_copy(
	    &delivery->arena, view_slice(fields->message_id, 0, 250));
	if (!fields->has_message_id && submission)
		delivery->message_id = fix.message_id;
	struct buf fixed;
	buf_init(&fixed, held.len + DELIVERY_HEADER_ADDED);
	delivery_header_fix(held, &fix, &fixed);
	if (buf_status(&fixed) != RC_OK)
		fail_local(delivery, RC_LIMIT, "the header");
	if (submission)
		begin_signing(delivery, domain, buf_view(&fixed));
	emit(delivery, buf_view(&fixed));
	buf_done(&fixed);
}

static void end_header(struct delivery *delivery, bool at_end)
{
	struct buf received;
	struct delivery_fields fields;
	struct view domain = VIEW("");
	if (at_end)
		delivery_header_end(&delivery->header);
	delivery_header_look(buf_view(&delivery->header.bytes), &fields);
	check_line_ends(delivery);
	check_hops(delivery, &fields);
	if (delivery->origin.door == DELIVERY_SUBMISSION)
		check_writers(delivery, &fields, &domain);
	if (!delivery_has_failed(delivery))
		find_loops(delivery);
	if (!delivery_has_failed(delivery))
		count_sending(delivery);
	if (!delivery_has_failed(delivery)) {
		open_drafts(delivery);
		buf_init(&received, 8192);
		delivery_received_write(delivery, &received);
		emit(delivery, buf_view(&received));
		buf_done(&received);
		emit_header(delivery, &fields, domain);
	}
	delivery_header_done(&delivery->header);
	delivery->stage = DELIVERY_BODY;
}

static void add_body(struct delivery *delivery, struct view bytes)
{
	emit(delivery, bytes);
	if (delivery->signer && !delivery_has_failed(delivery))
		dkim_signer_body(delivery->signer, bytes);
}

static void add_header(struct delivery *delivery, struct view bytes)
{
	struct view body;
	switch ((int)delivery_header_add(&delivery->header, bytes, &body)) {
	case RC_MORE: return;
	case RC_OK:
		end_header(delivery, false);
		// The blank line that ended the header, or that is needed if
		// there was none.
		emit(delivery, VIEW("\r\n"));
		add_body(delivery, body);
		return;
	default:
		fail(delivery, 552, ENHANCED(5, 3, 4),
		    "The header is longer than this server takes");
	}
}

static void add(struct delivery *delivery, struct view bytes)
{
	if (delivery->size + bytes.len > delivery_size_max(delivery->office)) {
		fail(delivery, 552, ENHANCED(5, 3, 4),
		    "The message is longer than this server takes");
		return;
	}
	if (!has_memory(delivery->office, delivery->origin.door, true)) {
		fail(delivery, NO_MEMORY);
		return;
	}
	delivery->size += bytes.len;
	// A client that did not say 8BITMIME may have sent 8-bit bytes all the
	// same. The next server must be told, or the message must be made 7-bit
	// for it (RFC 6152 section 3).
	enum smtp_body *body = &delivery->envelope.queue.body;
	if (*body == SMTP_BODY_7BIT && !utf8_is_ascii(bytes))
		*body = SMTP_BODY_8BITMIME;
	delivery_check_data(delivery, bytes);
	if (delivery->stage == DELIVERY_BODY)
		add_body(delivery, bytes);
	else
		add_header(delivery, bytes);
}

void delivery_data(struct delivery *delivery, struct view bytes)
{
	if (delivery->stage == DELIVERY_OVER)
		return;
	if (!delivery_has_failed(delivery))
		add(delivery, bytes);
	// The rest is read and dropped, so nothing needs to be held for it.
	if (delivery_has_failed(delivery))
		drop_bytes(delivery);
}

// ---- The end ---------------------------------------------------------------

static void finish_drafts(struct delivery *delivery)
{
	if (delivery->signer) {
		enum rc rc =
		    dkim_signer_finish(delivery->signer, &delivery->head);
		if (rc == RC_OK)
			rc = buf_status(&delivery->head);
		if (rc != RC_OK)
			fail_local(delivery, rc, "signing the message");
	}
	if (!delivery->local || delivery_has_failed(delivery))
		return;
	enum rc rc = store_draft_finish(delivery->local);
	if (rc == RC_OK &&
	    delivery->envelope.queue.body == SMTP_BODY_BINARYMIME)
		rc = store_draft_encode_binary(&delivery->local);
	if (rc != RC_OK)
		fail_local(delivery, rc, "writing the message");
}

// RC_MORE: it is not known yet whether the message is wanted.
MUST_CHECK static enum rc ask_for_message(struct delivery *delivery)
{
	struct delivery_reply reply;
	if (delivery_has_failed(delivery))
		return RC_OK;
	enum rc rc = delivery_check_message(delivery, &reply);
	if (rc == RC_MORE)
		return rc;
	if (rc != RC_OK)
		delivery_refuse(delivery, &reply);
	return RC_OK;
}

static void commit(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply)
{
	// Only now it is known how long it is.
	if (!has_room_for_later(delivery->office, &delivery->origin,
		&delivery->envelope, delivery->size))
		fail(delivery, TOO_MUCH_LATER);
	if (!delivery_has_failed(delivery))
		finish_drafts(delivery);
	if (!delivery_has_failed(delivery))
		delivery_commit(delivery, ret_replies, ret_reply);
	if (!delivery_has_failed(delivery)) {
		if (ret_reply->code == 250)
			delivery->counted = 0;
		return;
	}
	*ret_reply = delivery->failure;
	for (size_t i = 0; i < delivery->recipient_count; i++)
		ret_replies[i] = delivery->failure;
}

enum rc delivery_finish(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply)
{
	struct delivery_reply reply;
	size_t count = delivery->recipient_count;
	if (count == 0)
		fail(delivery, 554, ENHANCED(5, 5, 1),
		    "There is no valid recipient");
	if (!delivery_has_failed(delivery) && delivery->stage < DELIVERY_BODY)
		end_header(delivery, true);
	if (ask_for_message(delivery) == RC_MORE)
		return RC_MORE;
	struct delivery_reply *replies =
	    mem_alloc((count + 1) * sizeof(*replies));
	commit(delivery, replies, &reply);
	if (ret_replies)
		memcpy(ret_replies, replies, count * sizeof(*replies));
	if (ret_reply)
		*ret_reply = reply;
	free(replies);
	let_go(delivery);
	return RC_OK;
}

const struct queue_id *delivery_queued(const struct delivery *delivery)
{
	return delivery->has_queued ? &delivery->queued : NULL;
}

int64_t delivery_release_at(const struct delivery *delivery)
{
	return delivery->envelope.queue.release_at;
}

size_t delivery_queued_for(const struct delivery *delivery, size_t n,
    struct view *ret_addresses, size_t max)
{
	const struct delivery_accepted *accepted = &delivery->recipients[n];
	for (size_t i = 0; i < accepted->count && i < max; i++)
		ret_addresses[i] =
		    delivery->targets[accepted->targets[i]].queued;
	return accepted->count;
}
