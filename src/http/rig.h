// SPDX-License-Identifier: Apache-2.0
// For tests of handlers: a server with a table of routes, and requests to it,
// without a network.
//
//	struct http_rig rig;
//	struct http_rig_answer answer;
//	http_rig_init(&rig, routes, ARRAY_LEN(routes), NULL);
//	http_rig_ask(&rig, "GET /hello?name=x", "", VIEW(""), &answer);
//	assert_int_equal(answer.status, 200);
//	assert_view_equal(http_rig_field(&answer, "Content-Type"), …);
//	http_rig_answer_done(&answer);
//	http_rig_done(&rig);
//
// A handler that waits: http_rig_begin() sends the request; when the test has
// called what wakes the handler, http_rig_finish() reads the answer.
#ifndef ROOST_HTTP_RIG_H
#define ROOST_HTTP_RIG_H

#include "http/session.h"
#include "session/rig.h"

#define HTTP_RIG_HOST "mail.example.org"

struct http_rig {
	struct rig_base base;
	struct http_server server; // may be changed before a request
	bool clear;                // the next clients come without TLS
	const char *host;          // that the next requests are for
	const char *address;       // that the next clients have; NULL: loopback
	struct rig_client client;  // of http_rig_begin()
};

struct http_rig_answer {
	unsigned status;
	struct buf text; // the whole answer, as it was sent
	struct view fields;
	struct view body; // without its chunks
};

// If `users` is NULL, the rig makes its own (RIG_USER of auth/rig_users.h),
// which takes a moment.
void http_rig_init(struct http_rig *rig, const struct http_route *routes,
    size_t route_count, const struct rig_users *users);
void http_rig_done(struct http_rig *rig);

// Sends a request on a connection of its own, and reads the answer. `what` is
// the method and the target, `fields` are whole lines with CRLF. Host and
// Content-Length are added. Fails when there is no answer.
void http_rig_ask(struct http_rig *rig, const char *what, const char *fields,
    struct view body, struct http_rig_answer *ret_answer);
void http_rig_answer_done(struct http_rig_answer *answer);
// The first field of this name, or the empty view.
struct view http_rig_field(
    const struct http_rig_answer *answer, const char *name);

// The same in two steps. Between them the handler may wait.
void http_rig_begin(struct http_rig *rig, const char *what, const char *fields,
    struct view body);
void http_rig_finish(struct http_rig *rig, struct http_rig_answer *ret_answer);
// The client goes away instead.
void http_rig_leave(struct http_rig *rig);

// Connects a client that says what it likes. ALPN chose `protocol` ("h2").
void http_rig_connect(
    struct http_rig *rig, const char *protocol, struct rig_client *client);

#endif
