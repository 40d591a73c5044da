// SPDX-License-Identifier: Apache-2.0
// Sends what is pushed to the URLs of subscriptions (RFC 8620 section 7.2).
//
// One thread does all of it. It watches the accounts that have subscriptions;
// after a commit it finds out which types changed and sends one StateChange to
// each subscription that wants to know. To a subscription one request is under
// way at a time; what changes meanwhile is told in the next one. A push service
// that refuses is asked again later and later.
#ifndef ROOST_JMAP_PUSH_H
#define ROOST_JMAP_PUSH_H

#include "jmap/jmap.h"

struct jmap_push;

// `options` as of the room; its `poster` is not NULL. Reads which accounts have
// subscriptions.
MUST_CHECK enum rc jmap_push_new(const struct jmap_options *options,
    struct fault *fault, struct jmap_push **ret_push);
MUST_CHECK enum rc jmap_push_start(
    struct jmap_push *push, struct fault *fault); // the thread
void jmap_push_free(struct jmap_push **push);     // ends the thread

// The subscriptions of the account changed. `created` is a new one, to which
// its verification code is sent; 0: none.
void jmap_push_changed(
    struct jmap_push *push, uint64_t account, uint64_t created);
// Whether the account may have one more now; counts it.
MUST_CHECK bool jmap_push_allow(struct jmap_push *push, uint64_t account);

// Our public key, in base64url.
struct view jmap_push_public_key(const struct jmap_push *push);
// The port of the URLs that can be reached.
uint16_t jmap_push_port(const struct jmap_push *push);

// Does what is to be done, without the thread; for tests. Returns the
// milliseconds until something is to be done again.
uint32_t jmap_push_step(struct jmap_push *push);

#endif
