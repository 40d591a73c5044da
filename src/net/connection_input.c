// SPDX-License-Identifier: Apache-2.0
#include "net/connection_input.h"

#include "base/mem.h"

// Memory for input grows by at least this. Input is moved to the front of the
// memory only when there is no room behind it. So each byte is moved a bounded
// number of times, however small the pieces are that arrive.
#define GROWTH 4096

struct view connection_input_view(const struct connection *connection)
{
	return view_of(
	    connection->in + connection->in_start, connection->in_len);
}

void connection_input_drop(struct connection *connection)
{
	free(connection->in);
	connection->in = NULL;
	connection->in_start = 0;
	connection->in_len = 0;
	connection->in_capacity = 0;
	connection->unseen = false;
}

// Makes room behind the input.
static void make_room(struct connection *connection)
{
	uint32_t used = connection->in_start + connection->in_len;
	if (connection->in_capacity - used >= GROWTH)
		return;
	uint32_t capacity = connection->in_len * 2 + GROWTH;
	char *room = mem_alloc(capacity);
	memcpy(room, connection->in + connection->in_start, connection->in_len);
	free(connection->in);
	connection->in = room;
	connection->in_start = 0;
	connection->in_capacity = capacity;
}

static size_t at_most(size_t len, size_t max)
{
	return len < max ? len : max;
}

enum io connection_input_read(struct connection *connection,
    struct reactor_thread *thread, size_t max, struct view *ret_unread)
{
	struct transport *transport = &connection->transport;
	size_t len;
	enum io io;
	if (connection->in_len == 0) {
		io = transport_read(transport, thread->input,
		    at_most(REACTOR_INPUT_SIZE, max), &len);
		if (io == IO_OK)
			*ret_unread = view_of(thread->input, len);
		return io;
	}
	if (connection->in_len >= NET_INPUT_MAX) {
		connection->reason = "too much unread input";
		connection->end = NET_END_LOST;
		return IO_FAILED;
	}
	make_room(connection);
	uint32_t used = connection->in_start + connection->in_len;
	io = transport_read(transport, connection->in + used,
	    at_most(connection->in_capacity - used, max), &len);
	if (io != IO_OK)
		return io;
	connection->in_len += (uint32_t)len;
	*ret_unread = connection_input_view(connection);
	return IO_OK;
}

void connection_input_keep(
    struct connection *connection, struct view unread, size_t consumed)
{
	struct view rest = view_from(unread, consumed);
	if (rest.len == 0) {
		connection_input_drop(connection);
	} else if (connection->in) {
		connection->in_start += (uint32_t)(unread.len - rest.len);
		connection->in_len = (uint32_t)rest.len;
	} else {
		connection->in = mem_alloc(rest.len);
		memcpy(connection->in, rest.ptr, rest.len);
		connection->in_capacity = (uint32_t)rest.len;
		connection->in_len = (uint32_t)rest.len;
	}
}
