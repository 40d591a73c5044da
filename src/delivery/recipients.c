// SPDX-License-Identifier: Apache-2.0
// RCPT TO: where an address leads, whether mail may go there, and whether there
// is room for it.
#include <string.h>

#include "delivery/impl.h"

static size_t limit(uint32_t set, size_t standard)
{
	return set ? set : standard;
}

// ---- Addresses in the queue ------------------------------------------------

static struct view print_mailbox(
    struct arena *arena, const struct smtp_mailbox *mailbox)
{
	struct buf text;
	buf_init(&text, SMTP_MAILBOX_MAX * 2);
	smtp_mailbox_print_ascii(mailbox, &text);
	struct view address = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return address;
}

struct view delivery_queued_address(
    struct arena *arena, const struct route_target *target)
{
	struct smtp_mailbox mailbox;
	struct smtp_mailbox again;
	struct buf local;
	struct view address = target->address;
	if (target->kind != ROUTE_USER || !target->folder.len ||
	    smtp_mailbox_parse(arena, address, NULL, &mailbox) != RC_OK)
		return address;
	buf_init(&local, SMTP_LOCAL_MAX);
	buf_add(&local, mailbox.local);
	buf_add_char(&local, '+');
	buf_add(&local, target->folder);
	if (buf_status(&local) == RC_OK) {
		mailbox.local = buf_view(&local);
		struct view detailed = print_mailbox(arena, &mailbox);
		if (smtp_mailbox_parse(arena, detailed, NULL, &again) == RC_OK)
			address = detailed;
	}
	buf_done(&local);
	return address;
}

// ---- Targets ---------------------------------------------------------------

// Adds each user and each address once, and gives its index. A user may be
// there twice, as an account and as a queued address, if a report is wanted for
// one of them; the content's id ensures that only one copy arrives.
static size_t add_target(
    struct delivery *delivery, const struct delivery_target *target)
{
	char account[1 + sizeof(target->account)] = {'u'};
	struct view key = view_of(account, sizeof(account));
	struct buf text;
	buf_init(&text, 1 + SMTP_MAILBOX_PRINTED_MAX);
	if (target->is_user) {
		memcpy(account + 1, &target->account, sizeof(target->account));
	} else {
		buf_add_char(&text, 'a');
		buf_add(&text, target->queued);
		key = buf_view(&text);
	}
	uintptr_t known = (uintptr_t)map_get(&delivery->known, key);
	if (!known) {
		delivery->targets = arena_grow(&delivery->arena,
		    delivery->targets, &delivery->target_capacity,
		    delivery->target_count + 1, sizeof(*target));
		struct delivery_target *copy =
		    &delivery->targets[delivery->target_count++];
		*copy = *target;
		copy->user = arena_copy(&delivery->arena, target->user);
		copy->folder = arena_copy(&delivery->arena, target->folder);
		copy->address = arena_copy(&delivery->arena, target->address);
		copy->queued = arena_copy(&delivery->arena, target->queued);
		copy->alias = arena_copy(&delivery->arena, target->alias);
		copy->original = arena_copy(&delivery->arena, target->original);
		known = delivery->target_count;
		map_put(&delivery->known, key, (void *)known);
	}
	buf_done(&text);
	return known - 1;
}

// The marks of some of the route's targets (delivery_target); in the delivery's
// arena. An address elsewhere that no alias led to has none.
static void set_marks(struct delivery *delivery, struct delivery_target *target,
    const struct route_target *from, size_t count)
{
	struct arena *arena = &delivery->arena;
	struct view *marks = arena_alloc(arena, count * sizeof(*marks));
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		struct view mark = from[i].kind == ROUTE_USER ? from[i].address
							      : from[i].alias;
		if (mark.len)
			marks[n++] = arena_copy(arena, mark);
	}
	target->marks = marks;
	target->mark_count = n;
}

// A report that the sender may not ask for is not passed on either: the next
// server would send it.
static unsigned notify_of(
    const struct delivery *delivery, const struct delivery_recipient *recipient)
{
	unsigned notify = recipient->notify;
	if (!notify || delivery_sender_is_proven(delivery))
		return notify;
	notify &= ~(0u | SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY);
	return notify ? notify : SMTP_NOTIFY_NEVER;
}

// An address that leads to one user is queued as it was named, with its detail.
// What an alias leads to is not resolved again. ORCPT and NOTIFY go with each
// target (RFC 3461 section 5.2.7.3 c); when there are several, NOTIFY has no
// SUCCESS: see is_reported().
static void add_targets(struct delivery *delivery,
    const struct delivery_recipient *recipient, struct view named,
    const struct route_result *found, size_t *ret_indexes)
{
	bool one = found->count == 1 && recipient->mailbox.domain_ascii.len;
	for (size_t i = 0; i < found->count; i++) {
		const struct route_target *at = &found->targets[i];
		struct delivery_target target = {
		    .is_user = at->kind == ROUTE_USER,
		    .account = at->account,
		    .user = at->user,
		    .folder = at->folder,
		    .address = at->address,
		    .queued = delivery_queued_address(&delivery->scratch, at),
		    .alias = at->kind == ROUTE_USER ? VIEW("") : at->alias,
		    .notify = notify_of(delivery, recipient),
		    .original = recipient->original,
		};
		set_marks(delivery, &target, at, 1);
		if (target.is_user && one)
			target.queued = named;
		else if (target.is_user)
			target.resolved =
			    view_find_char(target.queued, '@') != SIZE_MAX;
		else
			delivery->through_queue = true;
		ret_indexes[i] = add_target(delivery, &target);
	}
}

// A local address whose success is to be reported goes through the queue, which
// delivers and reports. So does an alias of several addresses (RFC 3461 section
// 5.2.7.3: "expanded"). An alias of one address elsewhere is just followed
// (section 5.2.7.2).
static bool is_reported(const struct delivery *delivery,
    const struct delivery_recipient *recipient,
    const struct route_result *found)
{
	return found->verdict == ROUTE_OK &&
	       notify_of(delivery, recipient) & SMTP_NOTIFY_SUCCESS &&
	       (found->count > 1 || found->targets[0].kind == ROUTE_USER);
}

static size_t add_reported(struct delivery *delivery,
    const struct delivery_recipient *recipient, struct view named,
    const struct route_result *found)
{
	struct delivery_target target = {
	    .queued = named,
	    .notify = recipient->notify,
	    .original = recipient->original,
	};
	set_marks(delivery, &target, found->targets, found->count);
	delivery->through_queue = true;
	return add_target(delivery, &target);
}

static const struct smtp_mailbox *keep_mailbox(
    struct arena *arena, const struct smtp_mailbox *from)
{
	struct smtp_mailbox *mailbox = arena_alloc(arena, sizeof(*mailbox));
	*mailbox = *from;
	mailbox->local = arena_copy(arena, from->local);
	mailbox->domain = arena_copy(arena, from->domain);
	mailbox->domain_ascii = arena_copy(arena, from->domain_ascii);
	return mailbox;
}

static void accept(struct delivery *delivery,
    const struct delivery_recipient *recipient,
    const struct route_result *found)
{
	struct arena *arena = &delivery->arena;
	bool reported = is_reported(delivery, recipient, found);
	struct delivery_accepted accepted = {
	    .count = reported ? 1 : found->count,
	};
	struct view named =
	    print_mailbox(&delivery->scratch, &recipient->mailbox);
	accepted.targets =
	    arena_alloc(arena, accepted.count * sizeof(*accepted.targets));
	if (reported)
		accepted.targets[0] =
		    add_reported(delivery, recipient, named, found);
	else
		add_targets(
		    delivery, recipient, named, found, accepted.targets);
	if (delivery->recipient_count == 0)
		delivery->only = keep_mailbox(arena, &recipient->mailbox);
	delivery->recipients = arena_grow(arena, delivery->recipients,
	    &delivery->recipient_capacity, delivery->recipient_count + 1,
	    sizeof(accepted));
	delivery->recipients[delivery->recipient_count++] = accepted;
}

// ---- Whether it may --------------------------------------------------------

static bool verdict_allows(const struct delivery *delivery,
    enum route_verdict verdict, struct delivery_reply *reply)
{
	switch (verdict) {
	case ROUTE_OK: return true;
	case ROUTE_FOREIGN:
		if (delivery->origin.door == DELIVERY_SUBMISSION)
			return true;
		delivery_reply_set(reply, 550, ENHANCED(5, 7, 1),
		    "This server does not relay to that domain");
		return false;
	case ROUTE_UNKNOWN:
		delivery_reply_set(reply, 550, ENHANCED(5, 1, 1),
		    "There is no such mailbox here");
		return false;
	case ROUTE_DISABLED:
		delivery_reply_set(reply, 550, ENHANCED(5, 2, 1),
		    "This mailbox is switched off");
		return false;
	case ROUTE_LOOP:
		delivery_reply_set(reply, 550, ENHANCED(5, 4, 6),
		    "This address leads to itself, or to too many");
		return false;
	}
	return false;
}

// Checks the room now if an address leads to one user. An address that leads to
// several is accepted: those who have no room now get the message later.
static bool has_room(struct delivery *delivery,
    const struct route_result *found, struct delivery_reply *reply)
{
	if (found->count != 1 || found->targets[0].kind != ROUTE_USER)
		return true;
	enum rc rc = store_account_room(delivery->office->store,
	    found->targets[0].account, delivery->envelope.declared_size);
	if (rc == RC_OK)
		return true;
	if (rc == RC_QUOTA) {
		delivery_reply_set(
		    reply, 452, ENHANCED(4, 2, 2), "The mailbox is full");
		return false;
	}
	log_text(delivery->office->log, LOG_LEVEL_ERROR, "delivery",
	    "account %llu cannot be read: %s",
	    (unsigned long long)found->targets[0].account, rc_text(rc));
	delivery_reply_set(
	    reply, 451, ENHANCED(4, 3, 0), "The mailbox cannot be reached now");
	return false;
}

enum rc delivery_recipient(struct delivery *delivery,
    const struct delivery_recipient *recipient,
    struct delivery_reply *ret_reply)
{
	const struct delivery_office *office = delivery->office;
	struct route_result found;
	arena_reset(&delivery->scratch);
	if (delivery->recipient_count >= limit(office->recipients_max, 1000) ||
	    delivery->followed >= QUEUE_RECIPIENTS_MAX) {
		// RFC 5321 section 4.5.3.1.10.
		delivery_reply_set(
		    ret_reply, 452, ENHANCED(4, 5, 3), "Too many recipients");
		return RC_LIMIT;
	}
	enum rc rc = route_resolve(office->route, &delivery->scratch,
	    &recipient->mailbox, NULL, &found);
	if (rc != RC_OK) {
		log_text(office->log, LOG_LEVEL_ERROR, "delivery",
		    "an address cannot be looked up: %s", rc_text(rc));
		delivery_reply_set(ret_reply, 451, ENHANCED(4, 3, 0),
		    "The address cannot be looked up now");
		return rc;
	}
	if (!verdict_allows(delivery, found.verdict, ret_reply))
		return RC_DENIED;
	if (!has_room(delivery, &found, ret_reply))
		return RC_QUOTA;
	rc = delivery_check_recipient(delivery, recipient, ret_reply);
	if (rc != RC_OK)
		return rc;
	// An alias of many that is named again and again costs work each time.
	delivery->followed += found.count;
	if (delivery->followed > QUEUE_RECIPIENTS_MAX) {
		delivery_reply_set(
		    ret_reply, 452, ENHANCED(4, 5, 3), "Too many recipients");
		return RC_LIMIT;
	}
	accept(delivery, recipient, &found);
	delivery_reply_set(
	    ret_reply, 250, ENHANCED(2, 1, 5), "Recipient accepted");
	return RC_OK;
}

size_t delivery_recipient_count(const struct delivery *delivery)
{
	return delivery->recipient_count;
}
