// SPDX-License-Identifier: Apache-2.0
// What a delivery asks before it accepts something: is this sender, this
// recipient, this message wanted? The check may have to ask others first (DNS,
// a milter, a learner). It then says so, and no thread waits for it.
#ifndef ROOST_DELIVERY_CHECK_H
#define ROOST_DELIVERY_CHECK_H

#include "delivery/delivery.h"

enum delivery_answer {
	DELIVERY_ACCEPT,
	DELIVERY_REFUSE, // it has written `ret_reply`, a 4xx or 5xx
	// Not known yet. When it is known, the check calls the waker of the
	// delivery's origin, and is then asked the same again.
	DELIVERY_WAIT,
};

// The calls for one delivery come in this order, never two at once, but each
// may come on another thread. None of them may wait for anything.
struct delivery_check_ops {
	// A delivery begins. Returns the check's own state for it, or NULL when
	// it does not want to check this one. What the two arguments point to
	// lives until end().
	void *(*begin)(void *context, const struct delivery_origin *origin,
	    const struct delivery_envelope *envelope);
	// These are asked about the sender, whom begin() has named; a recipient
	// that the delivery would accept; and the whole message. Each may be
	// NULL: everything is accepted.
	enum delivery_answer (*sender)(
	    void *state, struct delivery_reply *ret_reply);
	enum delivery_answer (*recipient)(void *state,
	    const struct delivery_recipient *recipient,
	    struct delivery_reply *ret_reply);
	enum delivery_answer (*message)(
	    void *state, struct delivery_reply *ret_reply);
	// Whether the check has shown that the envelope's sender agrees that
	// this client sends (SPF passes for its domain). Asked after sender()
	// has accepted, and never to wait. May be NULL: nothing is shown.
	bool (*proves_sender)(void *state);
	// Gets the message's bytes, as they come, before message(). May be
	// NULL.
	void (*data)(void *state, struct view bytes);
	// The delivery is over, perhaps while an answer is awaited. Nobody
	// needs the answer any more, and the waker must not be called from now
	// on.
	void (*end)(void *state);
};

struct delivery_check {
	const struct delivery_check_ops *ops;
	void *context;
};

#endif
