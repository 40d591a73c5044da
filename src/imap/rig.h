// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a server over the memory engine, and clients that talk
// with sessions as the network would (net/session.h), without one.
#ifndef ROOST_IMAP_RIG_H
#define ROOST_IMAP_RIG_H

#include "base/clock.h"
#include "imap/session.h"

struct imap_recent;

#define RIG_USER     "demo"
#define RIG_PASSWORD "demo pass"
#define RIG_NOW      1700000000 // the rig's clock stands here, unless moved

// Who may log in. Making one hashes passwords, which takes its time: rigs can
// share one.
struct rig_users {
	struct engine *engine;
	struct auth *auth;
	struct auth_user user; // RIG_USER
};

void rig_users_init(struct rig_users *users);
void rig_users_done(struct rig_users *users);

struct rig {
	struct engine *engine;
	struct store *store;
	struct rig_users own; // unless the options have one
	const struct rig_users *users;
	struct imap_recent *recent;
	struct clock clock;
	int64_t now;
	struct imap_server server;
	uint64_t sessions; // made so far
};

struct rig_options {
	const struct rig_users *users; // NULL: its own
	uint64_t message_max;          // 0: the store's default
	uint64_t quota_bytes;          // 0: none
	bool tls_available;            // STARTTLS
	bool no_plain;                 // no passwords without TLS
};

void rig_init(struct rig *rig, const struct rig_options *options);
void rig_done(struct rig *rig);

struct rig_client {
	struct rig *rig;
	struct imap_session *session;
	struct buf in;      // not yet taken by the session
	struct buf out;     // all it said
	enum net_next next; // what it said last
	bool woken;
	bool secured;   // the handshake was just done
	size_t pauses;  // how often it asked to be resumed
	size_t longest; // most output of one call
	size_t piece;   // bytes given at a time; 0: all
};

// Connects; `logged_in`: greeted with PREAUTH as RIG_USER.
void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client);
void rig_disconnect(struct rig_client *client);

// Gives bytes to the session, and lets it go on until it waits for more.
void rig_say(struct rig_client *client, struct view bytes);
// Lets it say what it was woken for.
void rig_wake(struct rig_client *client);

#endif
