// SPDX-License-Identifier: Apache-2.0
// What a delivery asks before it takes something: whether this sender, this
// recipient, this message is wanted. Who answers may have to ask others first
// (DNS, a milter, a learner), and says so: no thread waits for it.
#ifndef ROOST_DELIVERY_CHECK_H
#define ROOST_DELIVERY_CHECK_H

#include "delivery/delivery.h"

enum delivery_answer {
	DELIVERY_ACCEPT,
	DELIVERY_REFUSE, // `ret_reply`, a 4xx or 5xx, was written
	// Not known yet. When it is, the check calls the waker of the
	// delivery's origin, and is asked again, the same.
	DELIVERY_WAIT,
};

// The calls of one delivery come in this order, never two at once, but each may
// be on another thread. None of them waits for anything.
struct delivery_check_ops {
	// A delivery begins. Gives the check's own state for it, or NULL when
	// it has nothing to say about this one. What the two point to lives
	// until end().
	void *(*begin)(void *context, const struct delivery_origin *origin,
	    const struct delivery_envelope *envelope);
	// The sender, known since begin(); a recipient that the delivery would
	// take; the whole message. Each may be NULL: accepted.
	enum delivery_answer (*sender)(
	    void *state, struct delivery_reply *ret_reply);
	enum delivery_answer (*recipient)(void *state,
	    const struct delivery_recipient *recipient,
	    struct delivery_reply *ret_reply);
	enum delivery_answer (*message)(
	    void *state, struct delivery_reply *ret_reply);
	// The message's bytes, as they come, before message(). May be NULL.
	void (*data)(void *state, struct view bytes);
	// It is over, also while an answer is awaited: nobody wants to know any
	// more, and the waker must not be called from here on.
	void (*end)(void *state);
};

struct delivery_check {
	const struct delivery_check_ops *ops;
	void *context;
};

#endif
