// SPDX-License-Identifier: Apache-2.0
// One connection: its state machine, and the slots that connections live in.
// Inside the room only.
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
	_Atomic uint64_t sessions; // session ids given out
	// An outgoing connection is about to tell how it ended, so that its
	// place is free for one that is begun upon that.
	void (*leaving)(struct connection_host *host);
	// The connection is gone, and its slot given back. `listener`: NULL of
	// an outgoing one.
	void (*closed)(struct connection_host *host, const struct address *peer,
	    const struct net_listener_config *listener);
};

enum connection_phase {
	CONNECTION_CONNECT, // outgoing: connect() is under way
	CONNECTION_NEW,
	CONNECTION_HANDSHAKE,
	CONNECTION_OPEN,
	CONNECTION_BYE,    // the last output, then the end
	CONNECTION_LINGER, // all is sent; waits for the peer to have read it
	CONNECTION_DEAD,
};

struct connection {
	struct reactor_task task; // first
	struct connection_host *host;
	const struct net_listener_config *listener; // or outgoing->shape
	struct outgoing *outgoing;                  // owned; NULL when accepted
	void *session; // owned; NULL before and after it lives
	struct transport transport;
	struct buf out; // output; the first `out_sent` bytes are gone
	size_t out_sent;
	char *in; // owned; what the session has left unread
	uint32_t in_start;
	uint32_t in_len;
	uint32_t in_capacity;
	uint32_t lingered; // bytes thrown away since the end
	uint64_t session_id;
	uint64_t opened_ms;
	uint64_t active_ms; // when a timeout began to count
	uint64_t moved_ms;  // when output last went on
	uint64_t paused_ms; // when a NET_PAUSE is over
	const char *reason; // of the end; static, or in `outgoing`
	struct address peer;
	uint8_t phase; // enum connection_phase
	uint8_t next;  // enum net_next
	uint8_t end;   // enum net_end, with `reason`
	bool unseen;   // `in` holds what input() has not refused yet
	bool woken;    // wake() is due
	bool blocked;  // output waits for the peer
	bool stopping; // the server stops
};

// Prepares a slot for an accepted socket and queues it.
void connection_open(struct connection *connection,
    struct connection_host *host, const struct net_listener_config *listener,
    int fd, const struct address *peer);

// The same for a socket that is connecting, or has failed to with `error`.
// Takes `outgoing`. Any thread.
void connection_open_outgoing(struct connection *connection,
    struct connection_host *host, struct outgoing *outgoing, int fd,
    const struct address *peer, int error);

enum reactor_verdict connection_run(
    struct reactor_task *task, struct reactor_thread *thread, uint32_t posted);

// Memory for connections, in chunks that live as long as the slots: a stray
// pointer to a closed connection points to a slot, never to freed memory.
struct slots;

struct slots *slots_new(uint32_t max);
void slots_free(struct slots **slots); // when all have been given back

// A free slot, begun; NULL when all are taken.
struct connection *slots_take(struct slots *slots);
void slots_give(struct slots *slots, struct connection *connection);

// NULL for an index never taken.
struct connection *slots_at(const struct slots *slots, uint32_t index);

// When REACTOR_TIMER is due, in monotonic milliseconds; 0: never.
void slots_set_deadline(struct slots *slots,
    const struct connection *connection, uint64_t deadline_ms);
// Posts REACTOR_TIMER to those whose deadline has passed.
void slots_expire(struct slots *slots, struct reactor *reactor);
// Posts to all.
void slots_post(struct slots *slots, struct reactor *reactor, uint32_t news);

#endif
