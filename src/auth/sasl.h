// SPDX-License-Identifier: Apache-2.0
// The server's side of a SASL exchange (RFC 4422), in raw bytes: exchange.h
// adds base64, lines and the "*" that cancels. The mechanisms: PLAIN (RFC
// 4616), LOGIN, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677), and
// SCRAM-SHA-1(-PLUS) if the settings keep its keys; OAUTHBEARER (RFC 7628) and
// XOAUTH2 with access tokens (token.h) unless the settings switch them off.
// Only one thread at a time may use an exchange.
#ifndef ROOST_AUTH_SASL_H
#define ROOST_AUTH_SASL_H

#include "auth/auth.h"

struct auth_sasl;

#define AUTH_SASL_MECHANISMS_MAX 8
#define AUTH_SASL_INPUT_MAX      4096 // most bytes in one message of the client
#define AUTH_SASL_OUTPUT_MAX     4096 // `ret_server_data` has room for as many

// Writes the mechanisms to announce on this channel, strongest first; returns
// their number. It is 0 without TLS, except on loopback if the channel allows
// passwords there.
size_t auth_sasl_mechanisms(const struct auth *auth,
    const struct auth_channel *channel,
    const char *ret_names[AUTH_SASL_MECHANISMS_MAX]);

// Begins an exchange. RC_UNSUPPORTED: this server does not have the mechanism.
// RC_DENIED: it needs TLS. `ret_verdict` is written on failure.
MUST_CHECK enum rc auth_sasl_start(struct auth *auth, struct view mechanism,
    const struct auth_channel *channel, struct auth_verdict *ret_verdict,
    struct auth_sasl **ret_sasl);
// May be called at any time. An exchange that has not ended is logged as
// cancelled.
void auth_sasl_free(struct auth_sasl **sasl);

// For a client that sent no initial response: adds the server's first
// challenge, which is often empty, to `ret_server_data`. Call it at most once,
// before any step. RC_MORE: send it. RC_SYNTAX: it was called too late.
MUST_CHECK enum rc auth_sasl_challenge(
    struct auth_sasl *sasl, struct buf *ret_server_data);

// Gets a response of the client. An initial response is a step too, even an
// empty one. RC_MORE: send `ret_server_data` as a challenge, even if it is
// empty, and call again with the client's response. RC_OK: auth_sasl_user() is
// logged in, and nothing was added to `ret_server_data` (SCRAM's last message
// is sent as a challenge, and the client answers it with an empty response).
// RC_AUTH, RC_DENIED: refused. RC_IN_USE: repeat the same step when the
// channel's turn has been woken. RC_SYNTAX, RC_LIMIT: not a response of this
// mechanism. Anything else: the directory could not be read. The exchange has
// ended with any result other than RC_MORE and RC_IN_USE.
MUST_CHECK enum rc auth_sasl_step(struct auth_sasl *sasl,
    struct view client_data, struct buf *ret_server_data);

// The user is NULL before RC_OK. Both live as long as the exchange.
const struct auth_user *auth_sasl_user(const struct auth_sasl *sasl);
const struct auth_verdict *auth_sasl_verdict(const struct auth_sasl *sasl);

// For tests: sets the server's part of SCRAM's nonce, which is random
// otherwise. It must live as long as the exchange, and be printable ASCII
// without ','.
void auth_sasl_set_nonce(struct auth_sasl *sasl, struct view nonce);

#endif
