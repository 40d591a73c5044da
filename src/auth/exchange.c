// SPDX-License-Identifier: Apache-2.0
#include "auth/exchange.h"

#include "base/mem.h"
#include "wire/base64.h"

struct auth_exchange {
	struct auth_channel channel; // as long as `sasl`
	struct auth_sasl *sasl;
	const char *prefix;
	bool waits;        // the next step repeats `answer`
	struct buf answer; // the client's response
	enum rc refusal;
};

enum rc auth_exchange_new(struct auth *auth, struct view mechanism,
    const struct auth_channel *channel, const char *prefix,
    struct auth_verdict *ret_verdict, struct auth_exchange **ret_exchange)
{
	struct auth_exchange *exchange = mem_zalloc(sizeof(*exchange));
	exchange->channel = *channel;
	exchange->prefix = prefix;
	buf_init(&exchange->answer, AUTH_SASL_INPUT_MAX);
	enum rc rc = auth_sasl_start(
	    auth, mechanism, &exchange->channel, ret_verdict, &exchange->sasl);
	if (rc == RC_OK)
		*ret_exchange = exchange;
	else
		free(exchange);
	return rc;
}

void auth_exchange_free(struct auth_exchange **exchange)
{
	if (!*exchange)
		return;
	auth_sasl_free(&(*exchange)->sasl);
	buf_done_secret(&(*exchange)->answer);
	free(*exchange);
	*exchange = NULL;
}

// Turns the mechanism's result into a step, and adds a challenge to `out`.
static enum auth_step conclude(struct auth_exchange *exchange, enum rc rc,
    const struct buf *challenge, struct buf *out)
{
	exchange->waits = rc == RC_IN_USE;
	if (rc == RC_MORE) {
		buf_add_string(out, exchange->prefix);
		base64_encode(buf_view(challenge), out);
		buf_add_literal(out, "\r\n");
		return AUTH_STEP_CHALLENGE;
	}
	if (rc == RC_IN_USE)
		return AUTH_STEP_WAIT;
	if (rc == RC_OK)
		return AUTH_STEP_USER;
	if (rc == RC_SYNTAX || rc == RC_LIMIT)
		return AUTH_STEP_MALFORMED;
	exchange->refusal = rc;
	return AUTH_STEP_REFUSED;
}

static enum auth_step take_answer(
    struct auth_exchange *exchange, struct buf *out)
{
	struct buf challenge;
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_step(
	    exchange->sasl, buf_view(&exchange->answer), &challenge);
	enum auth_step step = conclude(exchange, rc, &challenge, out);
	buf_done(&challenge);
	return step;
}

static enum auth_step take_base64(
    struct auth_exchange *exchange, struct view text, struct buf *out)
{
	buf_reset(&exchange->answer);
	enum rc rc = base64_decode(text, &exchange->answer);
	if (rc == RC_OK)
		return take_answer(exchange, out);
	return rc == RC_LIMIT ? AUTH_STEP_TOO_LONG : AUTH_STEP_NOT_BASE64;
}

enum auth_step auth_exchange_begin(
    struct auth_exchange *exchange, struct view initial, struct buf *out)
{
	struct buf challenge;
	if (initial.ptr)
		return take_base64(exchange,
		    view_eq(initial, VIEW("=")) ? VIEW("") : initial, out);
	buf_init(&challenge, AUTH_SASL_OUTPUT_MAX);
	enum rc rc = auth_sasl_challenge(exchange->sasl, &challenge);
	enum auth_step step = conclude(exchange, rc, &challenge, out);
	buf_done(&challenge);
	return step;
}

enum auth_step auth_exchange_step(
    struct auth_exchange *exchange, struct view line, struct buf *out)
{
	if (exchange->waits)
		return take_answer(exchange, out);
	if (view_eq(line, VIEW("*")))
		return AUTH_STEP_CANCELLED;
	return take_base64(exchange, line, out);
}

const struct auth_user *auth_exchange_user(const struct auth_exchange *exchange)
{
	return auth_sasl_user(exchange->sasl);
}

enum rc auth_exchange_refusal(const struct auth_exchange *exchange,
    const struct auth_verdict **ret_verdict)
{
	*ret_verdict = auth_sasl_verdict(exchange->sasl);
	return exchange->refusal;
}
