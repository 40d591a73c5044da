// SPDX-License-Identifier: Apache-2.0
// The server's half of SCRAM (RFC 5802, 7677): messages and computations,
// without access to users. The caller looks up the user and the keys between
// the two messages. Only this room includes it.
#ifndef ROOST_AUTH_SCRAM_H
#define ROOST_AUTH_SCRAM_H

#include "auth/auth.h"

#define AUTH_SCRAM_NONCE      24  // characters of a nonce made here
#define AUTH_SCRAM_NONCE_MAX  512 // characters of the client's
#define AUTH_SCRAM_HEADER_MAX (64 + 3 * AUTH_NAME_MAX)
#define AUTH_SCRAM_FIRST_MAX                                                   \
	(16 + 3 * AUTH_NAME_MAX + AUTH_SCRAM_NONCE_MAX) // client-first

struct auth_scram {
	enum auth_digest digest;
	bool plus; // the -PLUS mechanism was asked for
	const struct auth_channel *channel;
	struct buf auth_message; // RFC 5802 section 3
	struct buf gs2_header;   // "p=tls-exporter,," and the like
	struct view binding;     // of the type that the client named; or empty
	struct buf nonce;        // the client's, then ours
	struct auth_scram_keys keys;
	char name[AUTH_NAME_MAX]; // unescaped, not prepared
	size_t name_len;
	char authzid[AUTH_NAME_MAX]; // the same; 0: left out
	size_t authzid_len;
};

void auth_scram_init(struct auth_scram *scram, enum auth_digest digest,
    bool plus, const struct auth_channel *channel);
void auth_scram_done(struct auth_scram *scram);

// Whether the channel has a binding to offer, so that -PLUS is announced.
bool auth_scram_can_bind(const struct auth_channel *channel);

// Reads client-first-message and sets `name` and `authzid`. RC_SYNTAX:
// malformed. RC_AUTH: the channel does not have the binding that the client
// asks for, or the client believes that the server offers none although it does
// (somebody changed the announcement).
MUST_CHECK enum rc auth_scram_client_first(
    struct auth_scram *scram, struct view message);
// Adds server-first-message. `nonce` NULL: a random one is made.
MUST_CHECK enum rc auth_scram_server_first(struct auth_scram *scram,
    const struct auth_scram_keys *keys, const struct view *nonce,
    struct buf *ret_message);
// Reads client-final-message, and adds server-final-message if the proof is
// right. RC_SYNTAX: malformed. RC_AUTH: refused, with AUTH_REASON_PASSWORD or
// _BINDING.
MUST_CHECK enum rc auth_scram_client_final(struct auth_scram *scram,
    struct view message, struct buf *ret_message, enum auth_reason *ret_reason);

#endif
