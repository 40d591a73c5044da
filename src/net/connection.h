// SPDX-License-Identifier: Apache-2.0
// One connection: its state machine, and the slots in which connections live.
// Used inside this room only.
#ifndef ROOST_NET_CONNECTION_H
#define ROOST_NET_CONNECTION_H

#include <pthread.h>

#include "base/log.h"
#include "net/address.h"
#include "net/outgoing.h"
#include "net/reactor.h"
#include "net/server.h"
#include "net/transport.h"

// What all connections of a server share.
struct connection_host {
	struct reactor *reactor;
	struct slots *slots;
	struct log *log;
	uint32_t handshake_ms;
	uint32_t stall_ms;
	struct budget *budget;     // may be NULL
	_Atomic uint64_t sessions; // the number of session ids that were given
	// Called just before an outgoing connection tells how it ended. The
	// connection stops counting for max_outgoing, so that a new one can be
	// begun from within that call.
	void (*leaving)(struct connection_host *host);
	// Called when somebody has logged in on an accepted connection, or out.
	void (*known)(struct connection_host *host, const struct address *peer,
	    const struct net_listener_config *listener, bool known);
	// Called when the connection is gone and its slot is free again.
	// `listener` is NULL for an outgoing connection.
	void (*closed)(struct connection_host *host, const struct address *peer,
	    const struct net_listener_config *listener, bool known);
};

enum connection_phase {
	CONNECTION_CONNECT, // outgoing: connect() is under way
	CONNECTION_NEW,
	CONNECTION_HANDSHAKE,
	CONNECTION_OPEN,
	CONNECTION_BYE,    // sends the last output, then ends
	CONNECTION_LINGER, // everything is sent; waits until the peer has read
			   // it
	CONNECTION_DEAD,
};

struct connection {
	struct reactor_task task; // must be the first member
	struct connection_host *host;
	const struct net_listener_config *listener; // or outgoing->shape
	struct outgoing *outgoing;                  // owned; NULL when accepted
	void *session; // owned; NULL before it is made and after it is freed
	struct transport transport;
	struct buf out; // output; the first `out_sent` bytes are sent
	size_t out_sent;
	char *in; // owned; input that the session has not consumed
	uint32_t in_start;
	uint32_t in_len;
	uint32_t in_capacity;
	uint32_t lingered; // bytes dropped since the end
	size_t held;       // what the budget counts for this connection
	uint64_t session_id;
	uint64_t owner; // the account of the user who is logged in; 0: nobody
	uint64_t opened_ms;
	// The next two are read from the coarse clock where bytes move, because
	// that happens at each command. It is a few milliseconds behind.
	uint64_t active_ms; // when the current timeout began
	uint64_t moved_ms;  // when output was last sent
	uint64_t paused_ms; // when a NET_PAUSE will be over
	const char *reason; // why it ended; static, or in `outgoing`
	struct address peer;
	uint8_t phase; // enum connection_phase
	uint8_t next;  // enum net_next
	uint8_t end;   // enum net_end; `reason` belongs to it
	bool unseen;   // `in` has bytes that input() has not seen yet
	bool woken;    // wake() has to be called
	bool blocked;  // output waits for the peer
	bool stopping; // the server is stopping
	bool known;    // somebody has logged in
};

// Prepares a slot for an accepted socket and queues it.
void connection_open(struct connection *connection,
    struct connection_host *host, const struct net_listener_config *listener,
    int fd, const struct address *peer);

// Does the same for a socket that is connecting, or whose connect() has failed
// with `error`. Owns `outgoing` afterwards. Any thread.
void connection_open_outgoing(struct connection *connection,
    struct connection_host *host, struct outgoing *outgoing, int fd,
    const struct address *peer, int error);

// Called at the end of each run: tells the server whether somebody has logged
// in, and the budget what the connection holds until it runs again.
void connection_account(struct connection *connection);

// Memory for connections, in chunks that live as long as the slots. So a
// pointer to a closed connection always points to a slot, never to freed
// memory.
struct slots;

struct slots *slots_new(uint32_t max);
void slots_free(
    struct slots **slots); // call it when all slots have been given back

// Prepares a free slot; NULL when all slots are in use.
struct connection *slots_take(struct slots *slots);
void slots_give(struct slots *slots, struct connection *connection);

// NULL for an index that was never used.
struct connection *slots_at(const struct slots *slots, uint32_t index);

// Sets the time at which REACTOR_TIMER is posted, in monotonic milliseconds; 0:
// never.
void slots_set_deadline(struct slots *slots,
    const struct connection *connection, uint64_t deadline_ms);
// Posts REACTOR_TIMER to the connections whose deadline has passed.
void slots_expire(struct slots *slots, struct reactor *reactor);
// Posts to all connections.
void slots_post(struct slots *slots, struct reactor *reactor, uint32_t news);

#endif
