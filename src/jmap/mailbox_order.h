// SPDX-License-Identifier: Apache-2.0
// The sortOrder of mailboxes: what a client has set, kept as an object of the
// account for each such mailbox (store/object.h), or what follows from the
// role.
#ifndef ROOST_JMAP_MAILBOX_ORDER_H
#define ROOST_JMAP_MAILBOX_ORDER_H

#include "base/vec.h"
#include "jmap/mailbox.h"
#include "store/object.h"

struct mailbox_order {
	uint64_t mailbox_id;
	uint64_t object_id;
	uint32_t sort_order;
};

struct mailbox_orders {
	VEC(struct mailbox_order) items; // by mailbox id, each once
	VEC(uint64_t) spare;             // objects that say nothing any more
};

// What was set. In any case mailbox_orders_done() has to be called.
MUST_CHECK enum rc mailbox_orders_read(
    struct store_view *view, struct mailbox_orders *ret_orders);
void mailbox_orders_done(struct mailbox_orders *orders);
uint32_t mailbox_order_of(const struct mailbox_orders *orders,
    const struct store_view_mailbox *mailbox);

// Sets it, and removes the objects of mailboxes that are gone.
MUST_CHECK enum rc mailbox_order_set(const struct store_asker *asker,
    struct store_view *view, uint64_t mailbox_id, uint32_t sort_order,
    struct fault *fault);

#endif
