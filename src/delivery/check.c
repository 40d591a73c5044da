// SPDX-License-Identifier: Apache-2.0
// Asking the office's check (check.h). Without a check everything is accepted.
#include "delivery/check.h"

#include "delivery/impl.h"

static const struct delivery_check_ops *ops_of(const struct delivery *delivery)
{
	return delivery->office->check->ops;
}

void delivery_check_begin(struct delivery *delivery)
{
	const struct delivery_check *check = delivery->office->check;
	if (check)
		delivery->check = check->ops->begin(
		    check->context, &delivery->origin, &delivery->envelope);
}

void delivery_check_end(struct delivery *delivery)
{
	if (delivery->check)
		ops_of(delivery)->end(delivery->check);
	delivery->check = NULL;
}

static enum rc rc_of(enum delivery_answer answer)
{
	switch (answer) {
	case DELIVERY_ACCEPT: return RC_OK;
	case DELIVERY_REFUSE: return RC_DENIED;
	case DELIVERY_WAIT: return RC_MORE;
	}
	return RC_OK;
}

enum rc delivery_sender(
    struct delivery *delivery, struct delivery_reply *ret_reply)
{
	if (!delivery->check || !ops_of(delivery)->sender)
		return RC_OK;
	return rc_of(ops_of(delivery)->sender(delivery->check, ret_reply));
}

bool delivery_can_prove_senders(const struct delivery_office *office)
{
	return office->check && office->check->ops->proves_sender;
}

bool delivery_sender_is_proven(const struct delivery *delivery)
{
	if (delivery->origin.door == DELIVERY_SUBMISSION)
		return true; // delivery_new() has looked
	return delivery->check && ops_of(delivery)->proves_sender &&
	       ops_of(delivery)->proves_sender(delivery->check);
}

enum rc delivery_check_recipient(struct delivery *delivery,
    const struct delivery_recipient *recipient,
    struct delivery_reply *ret_reply)
{
	if (!delivery->check || !ops_of(delivery)->recipient)
		return RC_OK;
	return rc_of(
	    ops_of(delivery)->recipient(delivery->check, recipient, ret_reply));
}

void delivery_check_data(struct delivery *delivery, struct view bytes)
{
	if (delivery->check && ops_of(delivery)->data)
		ops_of(delivery)->data(delivery->check, bytes);
}

enum rc delivery_check_message(
    struct delivery *delivery, struct delivery_reply *ret_reply)
{
	if (!delivery->check || !ops_of(delivery)->message)
		return RC_OK;
	return rc_of(ops_of(delivery)->message(delivery->check, ret_reply));
}
