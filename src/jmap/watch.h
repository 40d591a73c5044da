// SPDX-License-Identifier: Apache-2.0
// What push tells (RFC 8620 section 7.1): which types of objects changed in a
// user's account since the client was told last. For streams of events,
// WebSockets and push subscriptions alike.
#ifndef ROOST_JMAP_WATCH_H
#define ROOST_JMAP_WATCH_H

#include <jansson.h>

#include "net/session.h"
#include "store/store.h"
#include "wire/json_text.h"

// The types that can change. EmailDelivery changes when an email comes, and
// never otherwise (RFC 8621 section 1.5).
#define JMAP_PUSH_TYPE_TABLE(X)                                                \
	X(JMAP_PUSH_MAILBOX, "Mailbox")                                        \
	X(JMAP_PUSH_EMAIL, "Email")                                            \
	X(JMAP_PUSH_EMAIL_DELIVERY, "EmailDelivery")                           \
	X(JMAP_PUSH_THREAD, "Thread")                                          \
	X(JMAP_PUSH_IDENTITY, "Identity")                                      \
	X(JMAP_PUSH_SUBMISSION, "EmailSubmission")                             \
	X(JMAP_PUSH_VACATION, "VacationResponse")                              \
	X(JMAP_PUSH_QUOTA, "Quota")

enum jmap_push_type {
#define X(name, word) name,
	JMAP_PUSH_TYPE_TABLE(X)
#undef X
	    JMAP_PUSH_TYPES
};

// Sets of types: bit n is the type n.
#define JMAP_PUSH_ALL ((1u << JMAP_PUSH_TYPES) - 1)
// Not for clients: the account's push subscriptions changed.
#define JMAP_PUSH_SUBSCRIPTIONS (1u << JMAP_PUSH_TYPES)

// The set with the type of this name; 0: we have none. A client may name types
// that we do not have.
unsigned jmap_push_type_named(struct view name);
// The set that an array of strings names. False: it is no such array.
MUST_CHECK bool jmap_push_types_read(const json_t *names, unsigned *ret_types);

// Which types changed after `since`, up to *ret_version. If nobody knows,
// because that was too long ago, all did. RC_NOT_FOUND: the account is gone;
// RC_IO, RC_CORRUPT.
MUST_CHECK enum rc jmap_types_changed(struct store_account *account,
    uint64_t since, unsigned *ret_types, uint64_t *ret_version);

// Writes the members "@type" and "changed" of a StateChange.
void jmap_state_change_write(
    struct json_text *out, uint64_t account, unsigned types, uint64_t version);

// ---- Watching --------------------------------------------------------------

// What one client was told. It keeps the account open.
struct jmap_watch {
	struct store_account *account;
	struct store_watch *watch;
	struct net_waker waker;
	uint64_t version; // up to which everything was told
};

// From now on the waker is called when something changes. `since` is the
// version that the client knows, as text that we gave it; if it is none of
// ours, or empty, the client is told of what comes from now on.
MUST_CHECK enum rc jmap_watch_open(struct jmap_watch *watch,
    struct store *store, uint64_t account, struct view since,
    struct net_waker waker, struct fault *fault);
void jmap_watch_close(struct jmap_watch *watch); // also if it was not opened
static inline bool jmap_watch_is_open(const struct jmap_watch *watch)
{
	return watch->account;
}

// Which of `types` changed since the last call.
MUST_CHECK enum rc jmap_watch_take(
    struct jmap_watch *watch, unsigned types, unsigned *ret_changed);

#endif
