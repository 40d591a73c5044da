// SPDX-License-Identifier: Apache-2.0
// The queue's mail for users here. If an address leads to one user, the message
// is delivered under the content's id, so that a repetition after a crash makes
// no second copy. If an address leads to several users, the commit that
// settles the lot puts them in the place of the address, and the queue delivers
// to each of them later.
#include "base/mem.h"
#include "delivery/impl.h"

#define COPY_PIECE ((size_t)64 << 10)

// A lot that is being delivered. The message is read from the queue once, when
// the first copy is made.
struct local {
	const struct delivery_office *office;
	struct queue_lot *lot;
	struct arena *arena;  // for the results
	struct arena scratch; // for one recipient
	char id[QUEUE_ID_TEXT + 1];
	uint64_t began_ms;
	struct store_draft *draft; // NULL: not read yet
	struct map known;          // addresses to which it was delivered before
	bool often;                // it came through this server too often
	struct view message_id;
};

static void set(struct queue_result *result, enum queue_outcome outcome,
    struct enhanced_status status, struct view why)
{
	*result = (struct queue_result){
	    .outcome = outcome, .status = status, .diagnostic = why};
}

static void set_loop(struct queue_result *result)
{
	set(result, QUEUE_FAILED, ENHANCED(5, 4, 6),
	    VIEW("The message was delivered to this mailbox before"));
}

// ---- Reading the message ---------------------------------------------------

// Reads the fields that matter here from the part of the header that was held.
static void look(struct local *local, struct delivery_header *header)
{
	struct delivery_fields fields;
	struct view bytes = buf_view(&header->bytes);
	delivery_header_look(bytes, &fields);
	delivery_delivered_to(local->arena, bytes, &local->known);
	local->often = delivery_passed_often(bytes, local->office->server_name);
	local->message_id =
	    arena_copy(local->arena, view_slice(fields.message_id, 0, 250));
}

MUST_CHECK static enum rc fill(struct local *local, struct store_draft *draft)
{
	struct delivery_header header;
	struct buf piece;
	struct view ignored;
	enum rc header_rc = RC_MORE;
	uint64_t size = queue_lot_size(local->lot);
	enum rc rc = RC_OK;
	buf_init(&piece, COPY_PIECE);
	delivery_header_init(&header);
	for (uint64_t at = 0; rc == RC_OK && at < size; at += piece.len) {
		buf_reset(&piece);
		rc = queue_lot_read(local->lot, at, COPY_PIECE, &piece);
		if (rc == RC_OK && piece.len == 0)
			rc = RC_CORRUPT;
		if (rc == RC_OK)
			rc = store_draft_add(draft, buf_view(&piece));
		if (rc == RC_OK && header_rc == RC_MORE)
			header_rc = delivery_header_add(
			    &header, buf_view(&piece), &ignored);
	}
	if (rc == RC_OK)
		rc = store_draft_finish(draft);
	look(local, &header);
	delivery_header_done(&header);
	buf_done(&piece);
	return rc;
}

MUST_CHECK static enum rc read_message(struct local *local)
{
	if (local->draft)
		return RC_OK;
	struct store_draft *draft = store_draft_new(local->office->store);
	store_draft_allow(draft, DELIVERY_TOP_MAX);
	if (queue_lot_count(local->lot) > 1)
		store_draft_share(draft);
	enum rc rc = fill(local, draft);
	if (rc == RC_OK &&
	    queue_lot_envelope(local->lot)->body == SMTP_BODY_BINARYMIME)
		rc = store_draft_encode_binary(&draft);
	if (rc == RC_OK)
		local->draft = draft;
	else
		store_draft_free(&draft);
	return rc;
}

// ---- One user --------------------------------------------------------------

static void judge(enum rc rc, const struct fault *fault, struct local *local,
    struct queue_result *result)
{
	// The sender may read this in a report.
	struct view why = arena_copy(
	    local->arena, view_of_string(fault_public_text(fault, rc)));
	switch ((int)rc) {
	case RC_OK:
		set(result, QUEUE_DELIVERED, ENHANCED(2, 1, 5), VIEW(""));
		return;
	case RC_QUOTA: set(result, QUEUE_LATER, ENHANCED(4, 2, 2), why); return;
	case RC_FULL: set(result, QUEUE_LATER, ENHANCED(4, 3, 1), why); return;
	case RC_LIMIT:
		set(result, QUEUE_FAILED, ENHANCED(5, 3, 4), why);
		return;
	default: set(result, QUEUE_LATER, ENHANCED(4, 3, 0), why); return;
	}
}

// False if nothing has to be delivered. The result then says why.
static bool decide(struct local *local, const struct route_target *target,
    struct delivery_decision *ret_decision, struct queue_result *result)
{
	struct delivery_letter letter = {
	    .account = target->account,
	    .user = target->user,
	    .address = target->address,
	    .folder = target->folder,
	    .sender = queue_lot_envelope(local->lot)->sender,
	    .draft = local->draft,
	};
	enum rc rc = delivery_decide(
	    local->office, &letter, &local->scratch, ret_decision);
	if (rc != RC_OK) {
		set(result, QUEUE_LATER, ENHANCED(4, 3, 0),
		    VIEW("The user's filter failed"));
		return false;
	}
	const struct delivery_reply *refusal = ret_decision->refusal;
	if (refusal)
		set(result, refusal->code < 500 ? QUEUE_LATER : QUEUE_FAILED,
		    refusal->status,
		    arena_copy(local->arena, view_of_string(refusal->text)));
	return !refusal;
}

static void deliver(struct local *local, const struct route_target *target,
    struct queue_result *result)
{
	struct fault fault = {.text = "the message cannot be read"};
	struct delivery_decision decision;
	struct buf prefix;
	bool was_there = false;
	enum rc rc = read_message(local);
	if (rc != RC_OK) {
		judge(rc == RC_LIMIT ? rc : RC_IO, &fault, local, result);
		return;
	}
	if (delivery_is_known(
		&local->known, &local->scratch, target->address)) {
		set_loop(result);
		return;
	}
	if (!decide(local, target, &decision, result))
		return;
	const struct engine_content_id *id = queue_lot_content(local->lot);
	buf_init(&prefix, STORE_PREFIX_MAX);
	delivery_prefix_write(&local->scratch,
	    queue_lot_envelope(local->lot)->sender, target->address, VIEW(""),
	    &prefix);
	struct delivery_copy copy = {
	    .account = target->account,
	    .user = target->user,
	    .places = decision.places,
	    .place_count = decision.place_count,
	    .prefix = buf_view(&prefix),
	    .delivery_id = view_of(id->bytes, sizeof(id->bytes)),
	};
	rc = delivery_copy_commit(
	    local->office, local->draft, &copy, &fault, &was_there);
	struct delivery_event event = {
	    .id = local->id,
	    .message_id = local->message_id,
	    .size = store_draft_size(local->draft) + prefix.len,
	    .ms = clock_monotonic_ms() - local->began_ms,
	};
	if (!was_there)
		delivery_log_copy(local->office, &event, &copy, rc, &fault);
	judge(rc, &fault, local, result);
	buf_done(&prefix);
}

// ---- One recipient ---------------------------------------------------------

// Whether the message came from this target's alias before, or came too often.
// A user is asked when the copy is made.
static bool goes_round(struct local *local, const struct route_target *target)
{
	return target->kind == ROUTE_REMOTE &&
	       (local->often || delivery_is_known(&local->known,
				    &local->scratch, target->alias));
}

// RFC 3461 section 5.2.7: an alias of one address passes on what its sender
// asked for. An alias of several passes on all but SUCCESS, which the report
// "expanded" answers.
static unsigned notify_of(unsigned notify, size_t targets)
{
	unsigned rest = notify;
	if (targets > 1)
		rest &= ~(unsigned)SMTP_NOTIFY_SUCCESS;
	// If the sender asked only for SUCCESS, the targets must report
	// nothing. An empty set would mean the default instead.
	return notify && !rest ? SMTP_NOTIFY_NEVER : rest;
}

static struct queue_recipient recipient_of(
    struct local *local, const struct route_target *target)
{
	bool here = target->kind == ROUTE_USER;
	return (struct queue_recipient){
	    .address = arena_copy(
		local->arena, delivery_queued_address(&local->scratch, target)),
	    .resolved = here,
	    .head = here ? VIEW("")
			 : delivery_alias_field(local->arena, target->alias),
	};
}

static void expand(struct local *local, const struct queue_recipient *recipient,
    const struct route_result *found, struct queue_result *result)
{
	struct queue_recipient *to =
	    arena_zalloc(local->arena, found->count * sizeof(*to));
	size_t count = 0;
	if (read_message(local) != RC_OK) {
		set(result, QUEUE_LATER, ENHANCED(4, 3, 0),
		    VIEW("The message cannot be read now"));
		return;
	}
	for (size_t i = 0; i < found->count; i++)
		if (!goes_round(local, &found->targets[i]))
			to[count++] = recipient_of(local, &found->targets[i]);
	if (count == 0) {
		set_loop(result);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		to[i].original = recipient->original;
		to[i].notify = notify_of(recipient->notify, count);
	}
	set(result, QUEUE_EXPANDED, ENHANCED(2, 1, 5), VIEW(""));
	result->expanded = to;
	result->expanded_count = count;
}

static bool refused(enum route_verdict verdict, struct queue_result *result)
{
	switch (verdict) {
	case ROUTE_OK: return false;
	case ROUTE_FOREIGN:
		// The domain was ours when the lot was read.
		set(result, QUEUE_LATER, ENHANCED(4, 3, 0),
		    VIEW("The domain is no longer here"));
		return true;
	case ROUTE_UNKNOWN:
		set(result, QUEUE_FAILED, ENHANCED(5, 1, 1),
		    VIEW("There is no such mailbox here"));
		return true;
	case ROUTE_DISABLED:
		set(result, QUEUE_FAILED, ENHANCED(5, 2, 1),
		    VIEW("This mailbox is switched off"));
		return true;
	case ROUTE_LOOP:
		set(result, QUEUE_FAILED, ENHANCED(5, 4, 6),
		    VIEW("This address leads to itself, or to too many"));
		return true;
	}
	return false;
}

// Parses an address as recipients.c has queued it: with a domain, or
// "postmaster" alone (RFC 5321 section 4.1.1.3).
MUST_CHECK static enum rc parse_queued(
    struct arena *arena, struct view address, struct smtp_mailbox *ret_mailbox)
{
	if (!view_eq_nocase(address, VIEW("postmaster")))
		return smtp_mailbox_parse(arena, address, NULL, ret_mailbox);
	*ret_mailbox = (struct smtp_mailbox){.local = address};
	return RC_OK;
}

static void deliver_recipient(struct local *local,
    const struct queue_recipient *recipient, struct queue_result *result)
{
	struct smtp_mailbox mailbox;
	struct route_result found;
	arena_reset(&local->scratch);
	enum rc rc =
	    parse_queued(&local->scratch, recipient->address, &mailbox);
	if (rc != RC_OK) {
		set(result, QUEUE_FAILED, ENHANCED(5, 1, 3),
		    VIEW("This is no address"));
		return;
	}
	struct route *route = local->office->route;
	if (recipient->resolved)
		rc = route_resolve_user(
		    route, &local->scratch, &mailbox, &found);
	else
		rc = route_resolve(
		    route, &local->scratch, &mailbox, NULL, &found);
	if (rc != RC_OK) {
		set(result, QUEUE_LATER, ENHANCED(4, 3, 0),
		    VIEW("The address cannot be looked up now"));
		return;
	}
	if (refused(found.verdict, result))
		return;
	if (found.count == 1 && found.targets[0].kind == ROUTE_USER)
		deliver(local, &found.targets[0], result);
	else
		expand(local, recipient, &found, result);
}

void delivery_local(const struct delivery_office *office, struct queue_lot *lot,
    struct arena *arena, struct queue_result *ret_results)
{
	struct local local = {
	    .office = office,
	    .lot = lot,
	    .arena = arena,
	    .began_ms = clock_monotonic_ms(),
	};
	arena_init(&local.scratch);
	map_init(&local.known);
	queue_id_print(queue_lot_id(lot), local.id);
	for (size_t i = 0; i < queue_lot_count(lot); i++)
		deliver_recipient(&local,
		    &queue_lot_recipient(lot, i)->recipient, &ret_results[i]);
	store_draft_free(&local.draft);
	map_done(&local.known);
	arena_done(&local.scratch);
}
