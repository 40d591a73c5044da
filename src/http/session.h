// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 (RFC 9112) and HTTP/2 (RFC 9113) as protocol sessions: bytes in,
// bytes out. The server, the tests and the fuzzers use this header. Handlers
// use http.h.
#ifndef ROOST_HTTP_SESSION_H
#define ROOST_HTTP_SESSION_H

#include "http/http.h"
#include "session/session.h"

// For the listener's `alpn` (net/server.h): what is offered, the best first.
#define HTTP_ALPN "h2 http/1.1"

// All of these protect the server; http_limits_default has good values.
struct http_limits {
	uint32_t head_bytes;      // of a request's head (HTTP/2: of its fields)
	uint32_t fields;          // of a request, up to HTTP_FIELDS_MAX
	uint32_t head_seconds;    // from its first byte to its last
	uint32_t body_seconds;    // for the body, and more for a long one:
	uint32_t rate_min;        // a second for so many bytes; 0: no limit
	uint32_t idle_seconds;    // between two requests
	uint32_t handler_seconds; // that a handler may wait
	// For a client to take a piece of an answer, besides `rate_min`.
	uint32_t send_seconds;
	uint32_t requests;  // of one connection
	uint32_t streams;   // HTTP/2: requests at a time
	uint32_t body_held; // HTTP/2: bytes of bodies held at a time
	// HTTP/2: frames at a time that bring nothing (resets, PING, SETTINGS,
	// priorities, empty DATA). A tenth comes back each second, and some
	// with each answer.
	uint32_t nuisance;
	// A WebSocket whose client is silent is pinged after so long, and cut
	// off if it is silent for as long again.
	uint32_t ping_seconds;
	uint32_t message_bytes; // of a WebSocket's message
	uint32_t hsts_seconds;  // Strict-Transport-Security; 0: none
};

extern const struct http_limits http_limits_default;

// What all sessions share. It does not change while there are sessions, and all
// that it points to must outlive them.
struct http_server {
	struct session_server base;
	const struct http_route *routes;
	size_t route_count;
	// The names of this server, in lower case; the first stands for a
	// request without Host (HTTP/1.0). A request for any other host is
	// refused (421), unless accepts_host() says that it is served; that may
	// be NULL.
	const char *const *names;
	size_t name_count;
	bool (*accepts_host)(void *context, struct view host);
	void *host_context;
	// Where requests without TLS are redirected to; 0: nowhere, they are
	// refused.
	uint16_t https_port;
	struct http_limits limits;
};

struct http_session;

// Makes a session for one connection. The connection owns it, calls it through
// http_session_ops and frees it with their free(). `peer` is copied.
struct http_session *http_session_new(const struct http_server *server,
    const struct net_peer *peer, struct net_waker waker);
extern const struct net_session_ops http_session_ops;

#endif
