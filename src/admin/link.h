// SPDX-License-Identifier: Apache-2.0
// The administration's protocol, the same on both sides of a stream socket.
// Each message is a line of JSON (an object); if it has "bytes": n, n raw bytes
// follow it. Calls block; only one thread may use a link.
// docs/administration.md lists the messages.
#ifndef ROOST_ADMIN_LINK_H
#define ROOST_ADMIN_LINK_H

#include <jansson.h>

#include "base/buf.h"

#define LINK_LINE_MAX ((size_t)4 << 20)  // bytes in a line
#define LINK_READ     ((size_t)64 << 10) // bytes read from the socket at once

struct link {
	int fd; // owned
	// What was received; the first `taken` bytes have been processed.
	struct buf in;
	size_t taken;
};

void link_init(struct link *link, int fd);
void link_done(struct link *link); // closes the socket

// Sends a message, whose reference it takes over, and the bytes that follow it.
// RC_CLOSED when the other side is gone.
MUST_CHECK enum rc link_send(
    struct link *link, json_t *message, struct view payload);

// Gives the next message; the caller drops it with json_decref(). RC_CLOSED at
// the end, RC_SYNTAX, RC_LIMIT.
MUST_CHECK enum rc link_receive(struct link *link, json_t **ret_message);

// Gives up to `len` of the bytes that follow a message, at least one. They are
// valid until the next call.
MUST_CHECK enum rc link_read(
    struct link *link, size_t len, struct view *ret_bytes);

// How many bytes follow a message; 0 when there are none.
uint64_t link_payload(const json_t *message);

// A JSON string; bytes that are not UTF-8 become '?'.
json_t *link_text(struct view text);
// The member `key` as text; empty when the message has no such string.
struct view link_member(const json_t *message, const char *key);

// The result with this name ("RC_OK"); RC_IO when there is none.
enum rc link_rc(struct view name);

#endif
