// SPDX-License-Identifier: Apache-2.0
// AUTH with a smart host (RFC 4954): PLAIN (RFC 4616) or LOGIN. A password is
// sent only over TLS, to a server whose certificate is verified. When the
// log-in fails, the cause is a setting here or at the smart host, not the mail.
// So the mail waits.
#include "relay/client_impl.h"
#include "wire/base64.h"

#define LINE_MAX_BYTES 4096

static void say_base64(struct buf *out, const char *before, struct view bytes)
{
	buf_add_string(out, before);
	base64_encode(bytes, out);
	buf_add_literal(out, "\r\n");
}

static void say_plain(struct relay_client *client, struct buf *out)
{
	struct buf message;
	buf_init(&message, LINE_MAX_BYTES);
	buf_add_char(&message, '\0'); // no authorization identity
	buf_add_string(&message, client->config.user);
	buf_add_char(&message, '\0');
	buf_add_string(&message, client->config.password);
	say_base64(out, "AUTH PLAIN ", buf_view(&message));
	buf_done_secret(&message);
}

enum net_next relay_client_say_auth(
    struct relay_client *client, struct buf *out)
{
	// The settings are checked before; this is the last line of defence.
	if (client->tls.version[0] == '\0' || !client->tls.verified)
		return relay_client_give_up(client, ENHANCED(4, 7, 11), out,
		    "the password may be sent over TLS only, to a server whose "
		    "certificate is verified");
	if (client->can.auth & SMTP_AUTH_PLAIN) {
		say_plain(client, out);
		relay_client_enter(client, RELAY_STEP_AUTH_PASSWORD);
	} else if (client->can.auth & SMTP_AUTH_LOGIN) {
		buf_add_literal(out, "AUTH LOGIN\r\n");
		relay_client_enter(client, RELAY_STEP_AUTH);
	} else {
		return relay_client_give_up(client, ENHANCED(4, 7, 4), out,
		    "the server offers no AUTH mechanism that Roost supports");
	}
	return NET_READ;
}

static enum net_next fail(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	if (relay_reply_class(reply) != 4 && relay_reply_class(reply) != 5)
		return relay_client_break_reply(client, reply);
	enum net_next next =
	    relay_client_refuse(client, reply, RELAY_CLIENT_LATER, out);
	client->status.class = 4;
	struct log_line line;
	log_begin(
	    &line, client->config.log, LOG_LEVEL_ERROR, "relay_auth_failed");
	log_add_string(&line, "host", client->config.host);
	log_add_string(&line, "user", client->config.user);
	log_add(&line, "reply", buf_view(&client->text));
	log_end(&line);
	return next;
}

// The server asks for "Username:", in whatever words.
enum net_next relay_client_on_auth(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	if (reply->code != 334)
		return fail(client, reply, out);
	say_base64(out, "", view_of_string(client->config.user));
	relay_client_enter(client, RELAY_STEP_AUTH_USER);
	return NET_READ;
}

// The server asks for "Password:".
enum net_next relay_client_on_auth_user(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	if (reply->code != 334)
		return fail(client, reply, out);
	say_base64(out, "", view_of_string(client->config.password));
	relay_client_enter(client, RELAY_STEP_AUTH_PASSWORD);
	return NET_READ;
}

enum net_next relay_client_on_auth_password(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	if (relay_reply_class(reply) != 2)
		return fail(client, reply, out);
	return relay_client_next(client, out);
}
