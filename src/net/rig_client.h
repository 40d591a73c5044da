// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a session of any protocol, and the client it talks
// with, without a network: the calls of session.h as the network makes them.
#ifndef ROOST_NET_RIG_CLIENT_H
#define ROOST_NET_RIG_CLIENT_H

#include "net/session.h"

struct rig_client {
	const struct net_session_ops *ops;
	void *session;
	struct buf in;      // not yet taken by the session
	struct buf out;     // all it said
	enum net_next next; // what it said last
	bool woken;
	bool secured;    // the handshake was just done
	size_t pauses;   // how often it asked to be resumed
	uint32_t paused; // milliseconds of the last NET_PAUSE
	size_t longest;  // most output of one call
	size_t piece;    // bytes given at a time; 0: all
};

// A TLS connection, for a session that is to have one.
extern const struct net_tls_info rig_tls_info;

// Before the session is made: the waker to make it with.
struct net_waker rig_client_init(
    struct rig_client *client, const struct net_session_ops *ops);
// Connects; `tls` may be NULL; `early` is what the client says before it is
// greeted.
void rig_start(struct rig_client *client, void *session,
    const struct net_tls_info *tls, struct view early);
void rig_disconnect(struct rig_client *client);

// Gives bytes to the session, and lets it go on until it waits for more. A
// pause is over at once.
void rig_say(struct rig_client *client, struct view bytes);
// Lets it do what it was woken for.
void rig_wake(struct rig_client *client);

#endif
