// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a session of any protocol and its client, without a
// network. It makes the calls of session.h in the order in which the network
// makes them.
#ifndef ROOST_NET_RIG_CLIENT_H
#define ROOST_NET_RIG_CLIENT_H

#include <stdatomic.h>

#include "net/session.h"

struct rig_client {
	const struct net_session_ops *ops;
	void *session;
	struct buf in;      // input that the session has not consumed
	struct buf out;     // all that the session said
	enum net_next next; // what the session returned last
	atomic_bool woken;  // perhaps by another thread
	bool secured;       // the handshake has just been done
	size_t pauses;      // how often the session asked for a pause
	uint32_t paused;    // milliseconds of the last NET_PAUSE
	size_t longest;     // the longest output of one call
	size_t piece;       // size of the pieces of input; 0: all at once
};

// A TLS connection, for sessions that need one.
extern const struct net_tls_info rig_tls_info;

// Call this before the session is made, which gets the returned waker.
struct net_waker rig_client_init(
    struct rig_client *client, const struct net_session_ops *ops);
// Connects. `tls` may be NULL. `early` is what the client says before the
// greeting.
void rig_start(struct rig_client *client, void *session,
    const struct net_tls_info *tls, struct view early);
void rig_disconnect(struct rig_client *client);

// Gives bytes to the session, and lets it run until it waits for more. A pause
// ends at once.
void rig_say(struct rig_client *client, struct view bytes);
// Calls the session's wake(), if it was woken.
void rig_wake(struct rig_client *client);
// The same, also if the moment of its wake_ms() has come.
void rig_tick(struct rig_client *client);

#endif
