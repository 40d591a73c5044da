// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a server over the memory engine, its INBOX as other
// clients change it, and clients that talk with sessions as the network would
// (net/session.h), without one.
#ifndef ROOST_POP3_RIG_H
#define ROOST_POP3_RIG_H

#include "base/clock.h"
#include "pop3/session.h"

#define RIG_USER     "demo"
#define RIG_PASSWORD "demo pass"
#define RIG_NOW      1700000000 // the rig's clock stands here

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
	struct clock clock;
	struct pop3_server server;
	struct store_account *account; // of RIG_USER, for the calls below
	struct store_mailbox *inbox;
	uint64_t sessions; // made so far
};

struct rig_options {
	const struct rig_users *users; // NULL: its own
	bool tls_available;            // STLS
	bool no_plain;                 // no passwords without TLS
};

void rig_init(struct rig *rig, const struct rig_options *options);
void rig_done(struct rig *rig);

// As another client, by IMAP say: appends a message, gives one a flag, deletes
// one; by UID.
void rig_put(struct rig *rig, struct view message);
void rig_flag(struct rig *rig, uint32_t uid, unsigned flags);
void rig_expunge(struct rig *rig, uint32_t uid);
// Adds what INBOX holds now: "1 2s 3sd" are UIDs, s: \Seen, d: \Deleted.
void rig_describe(struct rig *rig, struct buf *out);

struct rig_client {
	struct rig *rig;
	struct pop3_session *session;
	struct buf in;      // not yet taken by the session
	struct buf out;     // all it said
	enum net_next next; // what it said last
	bool woken;
	bool secured;   // the handshake was just done
	size_t pauses;  // how often it asked to be resumed
	size_t longest; // most output of one call
	size_t piece;   // bytes given at a time; 0: all
};

// Connects; `logged_in`: and says USER and PASS.
void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client);
void rig_disconnect(struct rig_client *client);

// Gives bytes to the session, and lets it go on until it waits for more.
void rig_say(struct rig_client *client, struct view bytes);
// Lets it do what it was woken for.
void rig_wake(struct rig_client *client);

#endif
