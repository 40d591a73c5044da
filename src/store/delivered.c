// SPDX-License-Identifier: Apache-2.0
// The deliveries that an account has had, by an id that the caller gives. A
// delivery can thus be repeated after a crash and still arrives only once.
// Notes older than STORE_DELIVERY_ID_SECONDS are dropped, a few with each new
// one. The keys that begin with the time serve to find them.
#include "base/bytes.h"
#include "store/change.h"
#include "store/transaction.h"

// How many old notes are dropped with each new one. It is more than one so that
// those of a busy time disappear, too.
#define DROPPED_MAX 8

struct dropping {
	struct transaction *transaction;
	int count;
};

static enum rc drop(void *context, struct view key, struct view value)
{
	struct dropping *dropping = context;
	struct transaction *transaction = dropping->transaction;
	(void)value;
	int64_t horizon = transaction->now - STORE_DELIVERY_ID_SECONDS;
	if (key.len < 9 || (int64_t)get_be64(key.ptr + 1) >= horizon)
		return RC_END;
	int64_t when = (int64_t)get_be64(key.ptr + 1);
	struct view id = view_from(key, 9);
	struct record_key noted = record_key_delivered(id);
	struct record_key at = record_key_delivered_at(when, id);
	transaction_delete(transaction, &noted);
	transaction_delete(transaction, &at);
	return ++dropping->count < DROPPED_MAX ? RC_OK : RC_END;
}

static enum rc drop_old(struct transaction *transaction)
{
	struct record_key prefix = record_key_kind(RECORD_DELIVERED_AT);
	struct dropping dropping = {transaction, 0};
	return engine_scan(transaction->account->store->options.engine,
	    transaction->account->id, record_key_view(&prefix), VIEW(""), drop,
	    &dropping);
}

enum rc transaction_delivered(struct transaction *transaction,
    struct view delivery_id, struct fault *fault, bool *ret_was_there)
{
	if (delivery_id.len > STORE_DELIVERY_ID_MAX)
		return fault_set(
		    fault, RC_LIMIT, "the delivery id is too long");
	struct record_key key = record_key_delivered(delivery_id);
	struct buf value;
	buf_init(&value, 256);
	enum rc rc = engine_get(transaction->account->store->options.engine,
	    transaction->account->id, record_key_view(&key), &value);
	if (rc == RC_OK) {
		buf_done(&value);
		*ret_was_there = true;
		return RC_OK;
	}
	if (rc == RC_NOT_FOUND)
		rc = drop_old(transaction);
	if (rc == RC_OK) {
		record_delivered_put(transaction->now, &value);
		transaction_put(transaction, &key, buf_view(&value));
		key = record_key_delivered_at(transaction->now, delivery_id);
		transaction_put(transaction, &key, view_of(NULL, 0));
		*ret_was_there = false;
	}
	buf_done(&value);
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot read past deliveries");
	return RC_OK;
}
