// SPDX-License-Identifier: Apache-2.0
// A client session without a network, for tests. The rig collects what the
// session says and what it tells its owner.
#ifndef ROOST_RELAY_RIG_H
#define ROOST_RELAY_RIG_H

#include "relay/client.h"

#define RIG_RECIPIENTS_MAX 8

struct rig_letter {
	const char *sender;
	struct queue_recipient
	    recipients[RIG_RECIPIENTS_MAX]; // the list ends with an empty one
	const char *content;
	uint64_t repeat;   // the content is repeated this often
	uint64_t fails_at; // reading fails from this byte on; 0: never
	struct queue_envelope envelope; // the remaining members of the envelope
};

struct rig_options {
	enum relay_tls tls;
	bool implicit_tls;
	bool unverified; // the certificate is not verified
	const char *user;
	const char *password;
	uint32_t messages_max;
	uint32_t recipients_max;
	const struct rig_letter *const *letters; // the list ends with NULL
	bool wait; // when no letter is left, wait for more instead of QUIT
	bool idle_first; // wait before the first letter, too
};

struct rig {
	struct rig_options options;
	struct relay_client *client;
	enum net_next next;
	bool gone;     // the session was freed
	size_t piece;  // input is given in pieces of this size; 0: all at once
	size_t letter; // index of the next letter
	struct buf unread; // input that the session did not read yet
	struct buf out;    // all that the session said
	struct buf events; // one line for each call of the owner
	struct queue_envelope envelope;
};

void rig_init(struct rig *rig, const struct rig_options *options, size_t piece);
void rig_done(struct rig *rig); // ends the connection first if it is open

void rig_say(struct rig *rig, struct view bytes);
// Answers NET_START_TLS.
void rig_handshake(struct rig *rig, bool well);
void rig_time_out(struct rig *rig);
void rig_shut_down(struct rig *rig);
void rig_wake(struct rig *rig);
void rig_end(struct rig *rig, enum net_end end, const char *why);

#endif
