// SPDX-License-Identifier: Apache-2.0
// The greeting, EHLO, and STARTTLS with the second EHLO after it.
#include "relay/client_impl.h"

enum net_next relay_client_say_ehlo(
    struct relay_client *client, struct buf *out)
{
	buf_printf(out, "EHLO %s\r\n", client->config.helo);
	relay_client_enter(client, RELAY_STEP_EHLO);
	return NET_READ;
}

// RFC 5321 section 3.1, RFC 7504 (521).
enum net_next relay_client_on_greeting(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	switch (relay_reply_class(reply)) {
	case 2: return relay_client_say_ehlo(client, out);
	case 4:
		return relay_client_refuse(
		    client, reply, RELAY_CLIENT_LATER, out);
	case 5:
		return relay_client_refuse(
		    client, reply, RELAY_CLIENT_REFUSED, out);
	default: return relay_client_break_reply(client, reply);
	}
}

static bool is_secure(const struct relay_client *client)
{
	return client->tls.version[0] != '\0';
}

static bool wants_tls(const struct relay_client *client)
{
	return !is_secure(client) && !client->tls_refused &&
	       client->config.tls > RELAY_TLS_NONE;
}

// EHLO is done, and so is TLS where it is used.
static enum net_next go_on(struct relay_client *client, struct buf *out)
{
	if (client->config.tls == RELAY_TLS_REQUIRED && !is_secure(client))
		return relay_client_give_up(client, ENHANCED(4, 7, 4), out,
		    "TLS is required, but the server does not offer it");
	if (client->config.user)
		return relay_client_say_auth(client, out);
	return relay_client_next(client, out);
}

enum net_next relay_client_on_ehlo(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	switch (relay_reply_class(reply)) {
	case 2: break;
	case 4:
		return relay_client_refuse(
		    client, reply, RELAY_CLIENT_LATER, out);
	case 5:
		// RFC 5321 section 3.2: an old server that does not know EHLO.
		buf_printf(out, "HELO %s\r\n", client->config.helo);
		relay_client_enter(client, RELAY_STEP_HELO);
		return NET_READ;
	default: return relay_client_break_reply(client, reply);
	}
	smtp_capabilities_parse(reply, &client->can);
	if (wants_tls(client) && client->can.extensions & SMTP_EXT_STARTTLS) {
		buf_add_literal(out, "STARTTLS\r\n");
		relay_client_enter(client, RELAY_STEP_STARTTLS);
		return NET_READ;
	}
	return go_on(client, out);
}

enum net_next relay_client_on_helo(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	switch (relay_reply_class(reply)) {
	case 2: return go_on(client, out);
	case 4:
		return relay_client_refuse(
		    client, reply, RELAY_CLIENT_LATER, out);
	case 5:
		return relay_client_refuse(
		    client, reply, RELAY_CLIENT_REFUSED, out);
	default: return relay_client_break_reply(client, reply);
	}
}

// RFC 3207 section 4: after 220 comes the handshake. After any other reply the
// session goes on without TLS, unless TLS is required.
enum net_next relay_client_on_starttls(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	switch (relay_reply_class(reply)) {
	case 2:
		relay_client_enter(client, RELAY_STEP_HANDSHAKE);
		return NET_START_TLS;
	case 4:
	case 5:
		if (client->config.tls == RELAY_TLS_REQUIRED)
			return relay_client_refuse(
			    client, reply, RELAY_CLIENT_LATER, out);
		client->tls_refused = true;
		return go_on(client, out);
	default: return relay_client_break_reply(client, reply);
	}
}
