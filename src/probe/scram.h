// SPDX-License-Identifier: Apache-2.0
// The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), without a channel
// binding. The password does not leave it.
#ifndef ROOST_PROBE_SCRAM_H
#define ROOST_PROBE_SCRAM_H

#include "base/buf.h"

#define PROBE_SCRAM_ITERATIONS_MAX 2000000

struct probe_scram {
	char nonce[40];
	struct buf first;       // client-first-message-bare
	struct buf signed_text; // the AuthMessage
	unsigned char server_key[32];
};

void probe_scram_init(struct probe_scram *scram, const char *nonce);
void probe_scram_done(struct probe_scram *scram);

// Adds client-first-message.
void probe_scram_first(
    struct probe_scram *scram, const char *user, struct buf *ret_message);
// Reads server-first-message, and adds client-final-message. RC_SYNTAX:
// malformed. RC_LIMIT: the server asks for too many iterations.
MUST_CHECK enum rc probe_scram_final(struct probe_scram *scram,
    struct view message, const char *password, struct buf *ret_message);
// Reads server-final-message. RC_AUTH: the server does not know the password.
MUST_CHECK enum rc probe_scram_verify(
    struct probe_scram *scram, struct view message);

#endif
