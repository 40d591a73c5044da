// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a server over the memory engine, its INBOX as other
// clients change it, and clients that call sessions as the network does
// (net/session.h), without a network.
#ifndef ROOST_POP3_RIG_H
#define ROOST_POP3_RIG_H

#include "pop3/session.h"
#include "session/rig.h"

struct rig {
	struct rig_base base;
	struct engine *engine;
	struct store *store;
	struct pop3_server server;
	struct store_account *account; // of RIG_USER, for the calls below
	struct store_mailbox *inbox;
};

struct rig_options {
	const struct rig_users *users; // NULL: it makes its own
	bool tls_available;            // STLS
	bool no_plain;                 // no passwords without TLS
};

void rig_init(struct rig *rig, const struct rig_options *options);
void rig_done(struct rig *rig);
// Drops all that is in memory and reads it again. No client may be connected.
void rig_restart(struct rig *rig);

// Changes INBOX as another client would (by IMAP, for example): appends a
// message, sets a flag, expunges; by UID.
void rig_put(struct rig *rig, struct view message);
void rig_flag(struct rig *rig, uint32_t uid, unsigned flags);
void rig_expunge(struct rig *rig, uint32_t uid);
// Adds what INBOX holds now: in "1 2s 3sd" the numbers are UIDs, s means \Seen,
// d means \Deleted.
void rig_describe(struct rig *rig, struct buf *out);

// Connects a client. With `logged_in` it also sends USER and PASS.
void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client);

#endif
