// SPDX-License-Identifier: Apache-2.0
// The server's side of a SASL exchange (RFC 4422), in raw bytes: base64, lines
// and the cancelling "*" are added by exchange.h. PLAIN (RFC 4616), LOGIN,
// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677), and where the settings
// keep its keys SCRAM-SHA-1(-PLUS). An exchange belongs to one thread at a
// time.
#ifndef ROOST_AUTH_SASL_H
#define ROOST_AUTH_SASL_H

#include "auth/auth.h"

struct auth_sasl;

#define AUTH_SASL_MECHANISMS_MAX 8
#define AUTH_SASL_INPUT_MAX      4096 // bytes the client may say in one step
#define AUTH_SASL_OUTPUT_MAX     4096 // `ret_server_data` has room for these

// The mechanisms to announce on this channel, strongest first; gives how many.
// None that shows the password or lets it be guessed without TLS, except on
// loopback where the channel says so.
size_t auth_sasl_mechanisms(const struct auth *auth,
    const struct auth_channel *channel,
    const char *ret_names[AUTH_SASL_MECHANISMS_MAX]);

// Begins an exchange. RC_UNSUPPORTED: no such mechanism here; RC_DENIED: not
// without TLS. `ret_verdict` is written when it fails.
MUST_CHECK enum rc auth_sasl_start(struct auth *auth, struct view mechanism,
    const struct auth_channel *channel, struct auth_verdict *ret_verdict,
    struct auth_sasl **ret_sasl);
// At any time; one that had not come to an end is logged as cancelled.
void auth_sasl_free(struct auth_sasl **sasl);

// The client sent no initial response: the server's first words, often empty,
// are added to `ret_server_data`. Called at most once, before any step.
// RC_MORE; RC_SYNTAX when it is too late for it.
MUST_CHECK enum rc auth_sasl_challenge(
    struct auth_sasl *sasl, struct buf *ret_server_data);

// What the client said (an initial response is a step like any other, also an
// empty one). RC_MORE: send `ret_server_data` as a challenge, even when
// it is empty, and step again with the answer. RC_OK: auth_sasl_user() is
// logged in; nothing was added to `ret_server_data` (SCRAM's last word goes out
// as a challenge, which the client answers with nothing). RC_AUTH, RC_DENIED:
// refused; RC_IN_USE: the same step is to be made again when the channel's
// turn was woken; RC_SYNTAX, RC_LIMIT: not an answer; anything else: the
// directory could not be read. Once it gave anything but RC_MORE or RC_IN_USE
// it is over.
MUST_CHECK enum rc auth_sasl_step(struct auth_sasl *sasl,
    struct view client_data, struct buf *ret_server_data);

// NULL before RC_OK; lives as long as the exchange, as the verdict does.
const struct auth_user *auth_sasl_user(const struct auth_sasl *sasl);
const struct auth_verdict *auth_sasl_verdict(const struct auth_sasl *sasl);

// For tests: the server's part of SCRAM's nonce, which else is random. Lives
// as long as the exchange; printable ASCII without ','.
void auth_sasl_set_nonce(struct auth_sasl *sasl, struct view nonce);

#endif
