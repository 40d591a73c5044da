// SPDX-License-Identifier: Apache-2.0
// The inside of the JMAP room.
#ifndef ROOST_JMAP_IMPL_H
#define ROOST_JMAP_IMPL_H

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "jmap/busy.h"
#include "jmap/call.h"
#include "jmap/catalog.h"
#include "jmap/follow.h"

struct jmap {
	struct jmap_options options;
	struct jmap_push *push; // owned; NULL: there is none
	// Of each user, at a time.
	struct jmap_busy *requests;
	struct jmap_busy *uploads;
	struct jmap_catalogs *catalogs;
	struct jmap_follower *follower;
};

// A call that another one asked for (jmap_follow()).
struct jmap_followup {
	const char *method;
	json_t *arguments; // owned
};

// Where a response is in the text of all.
struct jmap_response {
	struct view id; // the method call id, of the request's JSON
	size_t start, len;
};

struct jmap_request {
	struct jmap *jmap;
	struct jmap_user user;
	struct net_waker waker;
	json_t *json;   // owned; NULL: it could not be read
	json_t *calls;  // of `json`
	size_t at;      // the call that is run, or comes next
	uint64_t using; // bits of enum jmap_capability
	bool websocket; // it is a message of a WebSocket
	bool push;      // and enables or disables push
	struct view id; // of a WebSocket's request; empty: none
	// Creation ids: the values are strings in `arena`.
	struct map created;
	bool wants_created; // the request had "createdIds"
	struct arena arena;
	struct store_account *account; // opened by the first call that needs it
	struct jmap_call call;
	bool running; // `call` was begun
	struct jmap_followup followup;
	unsigned status;
	struct buf response;
	struct json_text out; // "methodResponses"
	VEC(struct jmap_response) responses;
};

// ---- methods.c -------------------------------------------------------------

// NULL: there is none.
const struct jmap_method *jmap_method_find(struct view name);

// ---- reference.c -----------------------------------------------------------

// Replaces the references among the arguments ("#name") by what they refer to
// in the responses so far (RFC 8620 section 3.7). The result is a new object.
// False: the error was answered.
MUST_CHECK bool jmap_references_resolve(
    struct jmap_call *call, json_t *arguments, json_t **ret_arguments);

// ---- session.c -------------------------------------------------------------

// Of the name that a client writes; false: unknown.
bool jmap_capability_find(
    struct view uri, enum jmap_capability *ret_capability);
// The Session object (section 2), for this user, and its state.
void jmap_session_write(struct jmap *jmap, const struct jmap_user *user,
    const char *base, struct json_text *out);
void jmap_session_state(
    struct jmap *jmap, const struct jmap_user *user, char ret_state[17]);

// ---- created ids -----------------------------------------------------------

void jmap_created(
    struct jmap_request *request, struct view creation_id, struct view id);

#endif
