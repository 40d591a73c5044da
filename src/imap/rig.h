// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a server over the memory engine, and clients that talk
// with sessions as the network would (net/session.h), without one.
#ifndef ROOST_IMAP_RIG_H
#define ROOST_IMAP_RIG_H

#include "auth/rig_users.h"
#include "base/clock.h"
#include "imap/session.h"
#include "net/rig_client.h"

struct imap_recent;

#define RIG_NOW 1700000000 // the rig's clock stands here, unless moved

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
	struct store_sharing sharing;
	bool tls_available;            // STARTTLS
	bool no_plain;                 // no passwords without TLS
};

void rig_init(struct rig *rig, const struct rig_options *options);
void rig_done(struct rig *rig);

// Connects; `logged_in`: greeted with PREAUTH as RIG_USER.
void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client);

#endif
