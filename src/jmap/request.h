// SPDX-License-Identifier: Apache-2.0
// A request (RFC 8620 section 3.3) and its response, whatever brings it: HTTP's
// POST or a WebSocket. It is read as a whole, and its calls are run one after
// another.
#ifndef ROOST_JMAP_REQUEST_H
#define ROOST_JMAP_REQUEST_H

#include <jansson.h>

#include "jmap/jmap.h"

// What a client names in "using".
#define JMAP_CAPABILITY_TABLE(X)                                               \
	X(JMAP_CAPABILITY_CORE, "urn:ietf:params:jmap:core")                   \
	X(JMAP_CAPABILITY_WEBSOCKET, "urn:ietf:params:jmap:websocket")         \
	X(JMAP_CAPABILITY_VAPID, "urn:ietf:params:jmap:webpush-vapid")         \
	X(JMAP_CAPABILITY_MAIL, "urn:ietf:params:jmap:mail")                   \
	X(JMAP_CAPABILITY_SUBMISSION, "urn:ietf:params:jmap:submission")       \
	X(JMAP_CAPABILITY_VACATION, "urn:ietf:params:jmap:vacationresponse")   \
	X(JMAP_CAPABILITY_BLOB, "urn:ietf:params:jmap:blob")                   \
	X(JMAP_CAPABILITY_QUOTA, "urn:ietf:params:jmap:quota")                 \
	X(JMAP_CAPABILITY_MDN, "urn:ietf:params:jmap:mdn")

enum jmap_capability {
#define X(name, uri) name,
	JMAP_CAPABILITY_TABLE(X)
#undef X
};

enum jmap_step {
	JMAP_DONE,
	JMAP_MORE, // call again when others had their turn
	JMAP_WAIT, // call again when the waker was called
};

// Who asks: a user who has logged in.
struct jmap_user {
	struct auth_user user;
	const char *session_id; // for the log; NULL: none
};

struct jmap_request;

// Reads a request; `text` is not needed afterwards. It is always made: a text
// that is none has a response, too (a problem).
struct jmap_request *jmap_request_new(struct jmap *jmap,
    const struct jmap_user *user, struct view text, struct net_waker waker);
// The same of a message of a WebSocket: the response names its type and the
// request (RFC 8887 section 4.3).
struct jmap_request *jmap_request_of_message(struct jmap *jmap,
    const struct jmap_user *user, struct view text, struct net_waker waker);
void jmap_request_free(struct jmap_request **request);

// Does a piece of its work.
enum jmap_step jmap_request_run(struct jmap_request *request);

// It cannot be served: the response says why.
enum jmap_refusal {
	JMAP_REFUSE_BUSY, // the user has too many requests at a time
	JMAP_REFUSE_PUSH, // push cannot be enabled like this
};
void jmap_request_refuse(
    struct jmap_request *request, enum jmap_refusal refusal);

// After JMAP_DONE. The status is 200, or that of a problem (RFC 7807), whose
// type is "application/problem+json".
unsigned jmap_request_status(const struct jmap_request *request);
struct view jmap_request_response(const struct jmap_request *request);
// The message is a WebSocketPushEnable or WebSocketPushDisable: its object,
// borrowed. There is nothing to run, and no response. NULL: it is none.
const json_t *jmap_request_push(const struct jmap_request *request);

#endif
