// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a server over the memory engine, and clients that call
// sessions as the network would (net/session.h), but without a network.
#ifndef ROOST_IMAP_RIG_H
#define ROOST_IMAP_RIG_H

#include "imap/session.h"
#include "session/rig.h"

struct imap_recent;

struct rig {
	struct rig_base base;
	struct engine *engine;
	struct store *store;
	struct imap_recent *recent;
	struct imap_server server;
};

struct rig_options {
	const struct rig_users *users; // NULL: the rig makes its own
	uint64_t message_max;          // 0: the store's default
	uint64_t quota_bytes;          // 0: none
	struct store_sharing sharing;
	bool tls_available;   // STARTTLS
	const char *jmap_url; // NULL: none
	bool no_plain;        // passwords are refused without TLS
};

void rig_init(struct rig *rig, const struct rig_options *options);
void rig_done(struct rig *rig);

// Connects. With `logged_in`, the session greets with PREAUTH as RIG_USER.
void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client);

#endif
