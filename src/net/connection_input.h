// SPDX-License-Identifier: Apache-2.0
// A connection's unread input. Between runs it lies on the heap, and only when
// there is any; a run that finds none reads into its thread's buffer.
#ifndef ROOST_NET_CONNECTION_INPUT_H
#define ROOST_NET_CONNECTION_INPUT_H

#include "net/connection.h"

// Reads more, at most `max` bytes (not 0); *ret_unread is then all that is
// unread, at least one byte more than before, until the next call here.
MUST_CHECK enum io connection_input_read(struct connection *connection,
    struct reactor_thread *thread, size_t max, struct view *ret_unread);

// What is unread without reading more.
struct view connection_input_view(const struct connection *connection);

// Keeps the end of what the last call gave out, from `consumed` on.
void connection_input_keep(
    struct connection *connection, struct view unread, size_t consumed);

void connection_input_drop(struct connection *connection);

#endif
