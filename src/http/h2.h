// SPDX-License-Identifier: Apache-2.0
// HTTP/2 (RFC 9113) over nghttp2, which reads and writes the frames. h2.c runs
// the exchanges and keeps the time; h2_frames.c has what nghttp2 calls.
#ifndef ROOST_HTTP_H2_H
#define ROOST_HTTP_H2_H

#include <nghttp2/nghttp2.h>

#include "http/impl.h"

// How much unread body all streams of a connection may have together. (Each has
// the protocol's 64 KiB.)
#define H2_WINDOW (1024 * 1024)

// A request whose fields are coming. There is at most one at a time (RFC 9113
// section 6.10).
struct h2_head {
	struct arena arena;
	VEC(struct http_field) fields;
	struct view method;
	struct view authority;
	struct view path;
	struct view protocol; // RFC 8441
	size_t bytes;         // as RFC 9113 section 6.5.2 counts
	bool too_big;
};

// What a connection waits for; the first that is so counts.
enum h2_wait {
	H2_WAIT_CLIENT_READS, // parts of answers do not fit into its windows
	H2_WAIT_BODY,
	H2_WAIT_HANDLER,
	H2_WAIT_REQUEST,
};

struct h2 {
	nghttp2_session *frames;
	struct http_session *session;
	struct exchange *first; // the oldest first
	struct h2_head head;
	enum h2_wait wait;
	uint64_t moved;  // bytes of bodies and answers, since the last look
	uint32_t served; // answers that were completed
	uint32_t seen;   // of these, at the last look
	// How many frames that bring nothing it may still send.
	int64_t credit;
	uint64_t credit_ms;
	size_t held;     // bytes that nghttp2 has allocated
	const char *why; // static: what ended it; NULL
};

// Makes `frames`, with all callbacks.
void h2_frames_open(struct h2 *h2);
void h2_frames_close(struct h2 *h2);

// The client has sent something that costs work and brings nothing.
void h2_nuisance(struct h2 *h2, unsigned cost);
// Sends the head of the answer, when it is ready; the body follows by itself.
void h2_submit(struct h2 *h2, struct exchange *exchange);

#endif
