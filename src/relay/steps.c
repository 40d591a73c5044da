// SPDX-License-Identifier: Apache-2.0
// The table of the dialogue's steps, and the ways to end the dialogue.
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "relay/client_impl.h"

#define TEXT_MAX 400

// The server speaks without being asked: a 421 before it closes, or nonsense.
static enum net_next on_unasked(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	(void)out;
	return relay_client_break_reply(client, reply);
}

static enum net_next on_quit(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	(void)reply, (void)out;
	client->step = RELAY_STEP_OVER;
	return NET_CLOSE;
}

static enum net_next on_nothing(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	(void)client, (void)reply, (void)out;
	return NET_CLOSE;
}

// The times are those of RFC 5321 section 4.5.3.2, for the steps that it names.
static const struct relay_step_row rows[RELAY_STEP_COUNT] = {
    [RELAY_STEP_GREETING] = {"the greeting", 300, relay_client_on_greeting},
    [RELAY_STEP_EHLO] = {"the reply to EHLO", 300, relay_client_on_ehlo},
    [RELAY_STEP_HELO] = {"the reply to HELO", 300, relay_client_on_helo},
    [RELAY_STEP_STARTTLS] = {"the reply to STARTTLS", 120,
	relay_client_on_starttls},
    // The network limits the time of the handshake itself.
    [RELAY_STEP_HANDSHAKE] = {"the TLS handshake", 120, on_unasked},
    [RELAY_STEP_AUTH] = {"the reply to AUTH", 120, relay_client_on_auth},
    [RELAY_STEP_AUTH_USER] = {"the reply to AUTH", 120,
	relay_client_on_auth_user},
    [RELAY_STEP_AUTH_PASSWORD] = {"the reply to AUTH", 120,
	relay_client_on_auth_password},
    [RELAY_STEP_IDLE] = {"a message", 5, on_unasked},
    [RELAY_STEP_MAIL] = {"the reply to MAIL", 300, relay_client_on_mail},
    [RELAY_STEP_RCPT] = {"the reply to RCPT", 300, relay_client_on_rcpt},
    [RELAY_STEP_DATA] = {"the reply to DATA", 120, relay_client_on_data},
    [RELAY_STEP_CHUNK] = {"the reply to BDAT", 180, relay_client_on_chunk},
    [RELAY_STEP_END] = {"the reply to the end of the data", 600,
	relay_client_on_end},
    [RELAY_STEP_RSET] = {"the reply to RSET", 120, relay_client_on_rset},
    // Waiting for this reply is only polite (RFC 5321 section 4.1.1.10).
    [RELAY_STEP_QUIT] = {"the reply to QUIT", 5, on_quit},
    [RELAY_STEP_OVER] = {"the end", 5, on_nothing},
};

const struct relay_step_row *relay_step_row(enum relay_step step)
{
	return &rows[step];
}

void relay_client_enter(struct relay_client *client, enum relay_step step)
{
	client->step = step;
	client->since_ms = clock_monotonic_ms();
}

static uint32_t seconds_of(const struct relay_client *client)
{
	if (client->step == RELAY_STEP_IDLE)
		return client->config.idle_seconds;
	uint32_t seconds = rows[client->step].seconds;
	if (client->step == RELAY_STEP_GREETING &&
	    client->config.greeting_seconds > 0)
		seconds = client->config.greeting_seconds;
	seconds /= client->config.hurry;
	return seconds > 0 ? seconds : 1;
}

uint32_t relay_client_seconds_left(const struct relay_client *client)
{
	uint64_t gone = (clock_monotonic_ms() - client->since_ms) / 1000;
	uint32_t seconds = seconds_of(client);
	return gone < seconds ? seconds - (uint32_t)gone : 0;
}

void relay_client_hurry_up(struct relay_client *client, uint64_t seconds)
{
	client->end_ms = seconds > 0 ? clock_monotonic_ms() +
					   seconds * 1000 / client->config.hurry
				     : 0;
}

// ---- Ways to end -----------------------------------------------------------

struct enhanced_status relay_reply_status(const struct smtp_reply *reply)
{
	if (!enhanced_status_is_none(reply->status))
		return reply->status;
	unsigned class = relay_reply_class(reply);
	return ENHANCED((uint16_t)(class == 5 ? 5 : class == 2 ? 2 : 4), 0, 0);
}

static void conclude(struct relay_client *client, struct enhanced_status status)
{
	client->status = status;
	client->step = RELAY_STEP_OVER;
	relay_letter_break(client, status, buf_view(&client->text));
}

static void PRINTF_LIKE(2, 0)
    set_text(struct relay_client *client, const char *format, va_list args)
{
	char text[TEXT_MAX];
	int len = vsnprintf(text, sizeof(text), format, args);
	size_t size = len < 0 ? 0 : (size_t)len;
	buf_reset(&client->text);
	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	smtp_clean_text(
	    view_of(text, size), RELAY_CLIENT_REPLY_MAX, &client->text);
}

enum net_next relay_client_break(struct relay_client *client,
    struct enhanced_status status, const char *format, ...)
{
	va_list args;
	if (client->step == RELAY_STEP_OVER ||
	    client->step == RELAY_STEP_QUIT) {
		client->step = RELAY_STEP_OVER; // the result of the session is
						// known already
		return NET_CLOSE;
	}
	va_start(args, format);
	set_text(client, format, args);
	va_end(args);
	conclude(client, status);
	return NET_CLOSE;
}

enum net_next relay_client_break_reply(
    struct relay_client *client, const struct smtp_reply *reply)
{
	struct enhanced_status status = relay_reply_status(reply);
	// A reply that ends the connection says nothing final about the
	// message.
	if (relay_reply_class(reply) != 4)
		status = ENHANCED(4, 5, 0);
	buf_reset(&client->text);
	smtp_reply_clean_text(reply, RELAY_CLIENT_REPLY_MAX, &client->text);
	conclude(client, status);
	return NET_CLOSE;
}

enum net_next relay_client_quit(struct relay_client *client, struct buf *out)
{
	buf_add_literal(out, "QUIT\r\n");
	relay_client_enter(client, RELAY_STEP_QUIT);
	return NET_READ;
}

enum net_next relay_client_refuse(struct relay_client *client,
    const struct smtp_reply *reply, enum relay_client_use use, struct buf *out)
{
	client->use = use;
	client->status = relay_reply_status(reply);
	buf_reset(&client->text);
	smtp_reply_clean_text(reply, RELAY_CLIENT_REPLY_MAX, &client->text);
	return relay_client_quit(client, out);
}

enum net_next relay_client_give_up(struct relay_client *client,
    struct enhanced_status status, struct buf *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	set_text(client, format, args);
	va_end(args);
	client->use = RELAY_CLIENT_LATER;
	client->status = status;
	return relay_client_quit(client, out);
}
