// SPDX-License-Identifier: Apache-2.0
// Delivering a message to one or several mailboxes of an account, once.
#include "base/mem.h"
#include "store/change.h"
#include "store/transaction.h"
#include "wire/message.h"

// A mailbox that gets the message.
struct target {
	struct transaction_mailbox *entry;
	struct store_message message;
};

struct targets {
	struct target *items; // has room for all places
	size_t count;
};

// What store_deliver() does in a transaction.
struct delivering {
	const struct store_delivery *delivery;
	struct targets targets;
	struct store_delivered delivered;
};

static enum rc check(const struct store_delivery *delivery, struct fault *fault)
{
	if (delivery->place_count == 0)
		return fault_set(
		    fault, RC_INVALID, "a delivery needs a mailbox");
	if (delivery->place_count > STORE_PLACES_MAX)
		return fault_set(fault, RC_LIMIT,
		    "a message goes to at most %d mailboxes", STORE_PLACES_MAX);
	if (delivery->prefix.len > STORE_PREFIX_MAX ||
	    store_draft_size(delivery->draft) + delivery->prefix.len >
		MESSAGE_SIZE_MAX)
		return fault_set(fault, RC_LIMIT, "the message is too long");
	for (size_t i = 1; i < delivery->place_count; i++)
		if (delivery->places[i].mailbox->account !=
		    delivery->places[0].mailbox->account)
			return fault_set(
			    fault, RC_INVALID, "a delivery is for one account");
	return RC_OK;
}

// Adds the place to `targets`; if its mailbox is there already, adds its flags
// to that one.
static enum rc plan(struct transaction *transaction,
    const struct store_place *place, struct fault *fault,
    struct targets *targets)
{
	struct transaction_mailbox *entry;
	enum rc rc = transaction_enter(
	    transaction, place->mailbox, STORE_RIGHT_POST, fault, &entry);
	if (rc != RC_OK)
		return rc;
	size_t at = 0;
	while (at < targets->count && targets->items[at].entry != entry)
		at++;
	struct target *target = &targets->items[at];
	if (at == targets->count) {
		*target = (struct target){.entry = entry};
		targets->count++;
	}
	return transaction_flags(entry, &place->flags,
	    transaction_rights(place->mailbox), fault, &target->message);
}

static enum rc put(struct transaction *transaction,
    const struct store_delivery *delivery, struct fault *fault,
    struct targets *targets)
{
	struct transaction_made made;
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < delivery->place_count; i++)
		rc = plan(transaction, &delivery->places[i], fault, targets);
	if (rc == RC_OK)
		rc = transaction_email(transaction, delivery->draft,
		    delivery->prefix, fault, &made);
	for (size_t i = 0; rc == RC_OK && i < targets->count; i++) {
		struct target *target = &targets->items[i];
		struct store_message *message = &target->message;
		message->email_id = made.email_id;
		message->size = (uint32_t)(store_draft_size(delivery->draft) +
					   delivery->prefix.len);
		message->internal_date = transaction->now;
		rc = transaction_append(target->entry, message, 1, fault);
	}
	return rc;
}

static enum rc make_delivery(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct delivering *delivering = context;
	const struct store_delivery *delivery = delivering->delivery;
	struct store_delivered *delivered = &delivering->delivered;
	delivering->targets.count = 0;
	*delivered = (struct store_delivered){0};
	enum rc rc = RC_OK;
	if (delivery->delivery_id.len)
		rc = transaction_delivered(transaction, delivery->delivery_id,
		    fault, &delivered->was_there);
	if (rc != RC_OK || delivered->was_there)
		return rc;
	delivered->modseq = transaction->modseq;
	return put(transaction, delivery, fault, &delivering->targets);
}

enum rc store_deliver(const struct store_delivery *delivery,
    struct fault *fault, struct store_delivered *ret_delivered)
{
	enum rc rc = check(delivery, fault);
	if (rc != RC_OK)
		return rc;
	struct delivering delivering = {
	    .delivery = delivery,
	    .targets.items =
		mem_zalloc(delivery->place_count * sizeof(struct target)),
	};
	rc = transaction_run(delivery->places[0].mailbox->account,
	    make_delivery, &delivering, fault);
	free(delivering.targets.items);
	if (rc == RC_OK)
		*ret_delivered = delivering.delivered;
	return rc;
}
