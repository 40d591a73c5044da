// SPDX-License-Identifier: Apache-2.0
// The unread input of a connection. Between runs it lies on the heap, if there
// is any. A run that begins without unread input reads into its thread's
// buffer.
#ifndef ROOST_NET_CONNECTION_INPUT_H
#define ROOST_NET_CONNECTION_INPUT_H

#include "net/connection.h"

// Reads at most `max` bytes more (not 0). *ret_unread is then all unread input,
// at least one byte more than before, valid until the next call of a function
// here.
MUST_CHECK enum io connection_input_read(struct connection *connection,
    struct reactor_thread *thread, size_t max, struct view *ret_unread);

// The unread input, without reading more.
struct view connection_input_view(const struct connection *connection);

// Keeps the end of the input that the last call returned, from `consumed` on.
void connection_input_keep(
    struct connection *connection, struct view unread, size_t consumed);

void connection_input_drop(struct connection *connection);

#endif
