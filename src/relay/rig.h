// SPDX-License-Identifier: Apache-2.0
// A client session without a network, for tests: what it says is collected,
// what it tells its owner is written down.
#ifndef ROOST_RELAY_RIG_H
#define ROOST_RELAY_RIG_H

#include "relay/client.h"

#define RIG_RECIPIENTS_MAX 8

struct rig_letter {
	const char *sender;
	struct queue_recipient recipients[RIG_RECIPIENTS_MAX]; // to the empty
	const char *content;
	uint64_t repeat;   // the content so many times
	uint64_t fails_at; // reading fails from this byte on; 0: it does not
	struct queue_envelope envelope; // the rest of it
};

struct rig_options {
	enum relay_tls tls;
	bool implicit_tls;
	bool unverified; // the certificate
	const char *user;
	const char *password;
	uint32_t messages_max;
	uint32_t recipients_max;
	const struct rig_letter *const *letters; // ends with NULL
	bool wait;       // for more, when there are none left, instead of QUIT
	bool idle_first; // … before the first letter, too
};

struct rig {
	struct rig_options options;
	struct relay_client *client;
	enum net_next next;
	bool gone;         // the session is freed
	size_t piece;      // bytes at a time; 0: all
	size_t letter;     // the next one
	struct buf unread; // what the session left
	struct buf out;    // all that it said
	struct buf events; // lines: what the owner was told
	struct queue_envelope envelope;
};

void rig_init(struct rig *rig, const struct rig_options *options, size_t piece);
void rig_done(struct rig *rig); // the connection is lost, if it is up

void rig_say(struct rig *rig, struct view bytes);
// The answer to NET_START_TLS.
void rig_handshake(struct rig *rig, bool well);
void rig_time_out(struct rig *rig);
void rig_shut_down(struct rig *rig);
void rig_wake(struct rig *rig);
void rig_end(struct rig *rig, enum net_end end, const char *why);

#endif
