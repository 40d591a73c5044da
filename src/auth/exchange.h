// SPDX-License-Identifier: Apache-2.0
// A SASL exchange (sasl.h) in lines of base64, as IMAP, POP3 and SMTP carry it
// (RFC 9051 section 6.2.2, RFC 5034 section 4, RFC 4954 section 4). What it
// comes to is the protocol's to say.
#ifndef ROOST_AUTH_EXCHANGE_H
#define ROOST_AUTH_EXCHANGE_H

#include "auth/sasl.h"

struct auth_exchange;

enum auth_step {
	AUTH_STEP_CHALLENGE, // it was added to `out`, and its answer is awaited
	AUTH_STEP_WAIT,      // for the turn to be woken
	// The others are an end.
	AUTH_STEP_USER,      // auth_exchange_user() is logged in
	AUTH_STEP_REFUSED,   // auth_exchange_refusal() says how
	AUTH_STEP_CANCELLED, // by the client's "*"
	AUTH_STEP_TOO_LONG,  // more than AUTH_SASL_INPUT_MAX bytes
	AUTH_STEP_NOT_BASE64,
	AUTH_STEP_MALFORMED, // not a response of this mechanism
};

// As auth_sasl_start(), with a copy of `channel`. `prefix` begins the line of a
// challenge; it outlives the exchange.
MUST_CHECK enum rc auth_exchange_new(struct auth *auth, struct view mechanism,
    const struct auth_channel *channel, const char *prefix,
    struct auth_verdict *ret_verdict, struct auth_exchange **ret_exchange);
void auth_exchange_free(struct auth_exchange **exchange); // NULL is none

// The first step: `initial` is the initial response in base64, "=" an empty
// one; NULL bytes when there is none.
enum auth_step auth_exchange_begin(
    struct auth_exchange *exchange, struct view initial, struct buf *out);
// After a challenge the client's line, without its end. After a wait the same
// again: `line` is without meaning.
enum auth_step auth_exchange_step(
    struct auth_exchange *exchange, struct view line, struct buf *out);

// These live as long as the exchange.
const struct auth_user *auth_exchange_user(
    const struct auth_exchange *exchange);
// The result of the step that refused.
enum rc auth_exchange_refusal(const struct auth_exchange *exchange,
    const struct auth_verdict **ret_verdict);

#endif
