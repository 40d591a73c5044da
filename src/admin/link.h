// SPDX-License-Identifier: Apache-2.0
// The administration's protocol, the same on both sides: over a stream socket,
// each message is a line of JSON (an object), and when it has "bytes": n, then
// n raw bytes follow it. Blocking; one thread at a time. docs/administration.md
// says which messages there are.
#ifndef ROOST_ADMIN_LINK_H
#define ROOST_ADMIN_LINK_H

#include <jansson.h>

#include "base/buf.h"

#define LINK_LINE_MAX ((size_t)4 << 20)  // bytes in a line
#define LINK_READ     ((size_t)64 << 10) // bytes read from the socket at once

struct link {
	int fd;        // owned
	struct buf in; // what came; the first `taken` bytes are done with
	size_t taken;
};

void link_init(struct link *link, int fd);
void link_done(struct link *link); // closes the socket

// Sends a message, whose reference it takes over, with what follows it.
// RC_CLOSED when the other side is gone.
MUST_CHECK enum rc link_send(
    struct link *link, json_t *message, struct view payload);

// The next message; whoever gets it drops it with json_decref(). RC_CLOSED at
// the end, RC_SYNTAX, RC_LIMIT.
MUST_CHECK enum rc link_receive(struct link *link, json_t **ret_message);

// Up to `len` bytes, at least one, of those that follow a message; valid until
// the next call.
MUST_CHECK enum rc link_read(
    struct link *link, size_t len, struct view *ret_bytes);

// The payload's size of a message; 0 when it has none.
uint64_t link_payload(const json_t *message);

// A JSON string; what is not UTF-8 becomes '?'.
json_t *link_text(struct view text);
// The member `key` as text; empty when there is no such string.
struct view link_member(const json_t *message, const char *key);

// A result by its name ("RC_OK"); RC_IO for what is none.
enum rc link_rc(struct view name);

#endif
