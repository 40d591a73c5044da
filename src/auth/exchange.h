// SPDX-License-Identifier: Apache-2.0
// A SASL exchange (sasl.h) in lines of base64, as IMAP, POP3 and SMTP carry it
// (RFC 9051 section 6.2.2, RFC 5034 section 4, RFC 4954 section 4). The
// protocol sends the final answer itself.
#ifndef ROOST_AUTH_EXCHANGE_H
#define ROOST_AUTH_EXCHANGE_H

#include "auth/sasl.h"

struct auth_exchange;

enum auth_step {
	AUTH_STEP_CHALLENGE, // it was added to `out`; the client answers it
	AUTH_STEP_WAIT,      // until the turn is woken
	// With each of the others the exchange has ended.
	AUTH_STEP_USER,      // auth_exchange_user() is logged in
	AUTH_STEP_REFUSED,   // auth_exchange_refusal() has the reason
	AUTH_STEP_CANCELLED, // the client sent "*"
	AUTH_STEP_TOO_LONG,  // more than AUTH_SASL_INPUT_MAX bytes
	AUTH_STEP_NOT_BASE64,
	AUTH_STEP_MALFORMED, // not a response of this mechanism
};

// As auth_sasl_start(), but copies `channel`. `prefix` is the beginning of the
// line of a challenge; it must outlive the exchange.
MUST_CHECK enum rc auth_exchange_new(struct auth *auth, struct view mechanism,
    const struct auth_channel *channel, const char *prefix,
    struct auth_verdict *ret_verdict, struct auth_exchange **ret_exchange);
void auth_exchange_free(struct auth_exchange **exchange); // may be NULL

// The first step. `initial` is the initial response in base64; "=" stands for
// an empty one, and a view with NULL bytes for none.
enum auth_step auth_exchange_begin(
    struct auth_exchange *exchange, struct view initial, struct buf *out);
// The next step. After a challenge, `line` is the client's line without its
// end. After a wait, `line` is ignored, and the previous step is repeated.
enum auth_step auth_exchange_step(
    struct auth_exchange *exchange, struct view line, struct buf *out);

// These live as long as the exchange.
const struct auth_user *auth_exchange_user(
    const struct auth_exchange *exchange);
// The result of the step that refused.
enum rc auth_exchange_refusal(const struct auth_exchange *exchange,
    const struct auth_verdict **ret_verdict);

#endif
