// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a server with users and one JMAP client of RIG_USER,
// without a network.
//
//	struct jmap_rig rig;
//	jmap_rig_init(&rig);
//	json_t *args = jmap_rig_call(&rig, "Mailbox/get", "{'ids':null}");
//	...
//	json_decref(args);
//	jmap_rig_done(&rig);
#ifndef ROOST_JMAP_RIG_H
#define ROOST_JMAP_RIG_H

#include <jansson.h>

#include "http/rig.h"
#include "jmap/jmap.h"

#define JMAP_RIG_QUOTA_BYTES    ((uint64_t)1 << 30)
#define JMAP_RIG_QUOTA_MESSAGES 100000

struct jmap_rig {
	struct rig_users users;
	struct store *store;
	// An office of the domain example.org; RIG_FRIEND is there, too.
	struct delivery_office office;
	struct store_account *account; // of RIG_USER, open
	struct jmap *jmap;
	struct http_route routes[32];
	struct http_rig http;
	char account_id[24];
	char state[32];  // that was noted
	unsigned status; // of the last request
};

void jmap_rig_init(struct jmap_rig *rig);
// With limits of the test's own.
void jmap_rig_init_limits(
    struct jmap_rig *rig, const struct jmap_limits *limits);
void jmap_rig_done(struct jmap_rig *rig);

// Sends a whole Request object, and gives the response's JSON (a new
// reference); NULL: it is none. In `text` ' stands for ".
json_t *jmap_rig_ask(struct jmap_rig *rig, const char *text);
// Calls one method with all capabilities. `arguments` is an object to which
// "accountId" is added unless it is there. Gives the response's arguments (a
// new reference). An error's arguments have "type".
json_t *jmap_rig_call(
    struct jmap_rig *rig, const char *method, const char *arguments);
// Calls methods: `calls` is the JSON of "methodCalls", in which "@A" stands for
// the account's id, and "@S" for the state that was noted. Gives
// "methodResponses".
json_t *jmap_rig_calls(struct jmap_rig *rig, const char *calls);

// What is at a path such as "list/0/name", or NULL; borrowed.
json_t *jmap_rig_at(json_t *json, const char *path);
// Fails the test unless what is there is this JSON.
void jmap_rig_expect(json_t *json, const char *path, const char *expected);

// Notes the state of the account as it is now.
void jmap_rig_note_state(struct jmap_rig *rig);
// Notes the newState of a response, or the state if it has no other.
void jmap_rig_note_state_of(struct jmap_rig *rig, json_t *response);

// A call, and what is at a path of its answer.
struct jmap_rig_step {
	const char *method;
	const char *arguments;
	const char *path;
	const char *expected; // JSON
};
void jmap_rig_take(
    struct jmap_rig *rig, const struct jmap_rig_step *steps, size_t count);
// Fails the test unless each of these is answered with invalidArguments.
void jmap_rig_expect_wrong(struct jmap_rig *rig, const char *method,
    const char *const *arguments, size_t count);

// Adds the bytes of the email with this id (a JSON string) to `out`.
void jmap_rig_read(struct jmap_rig *rig, json_t *id, struct buf *out);

// Puts a message into a mailbox of RIG_USER; returns its email id's number.
uint64_t jmap_rig_deliver(
    struct jmap_rig *rig, const char *mailbox, const char *message);

#endif
