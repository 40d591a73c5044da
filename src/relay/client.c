// SPDX-License-Identifier: Apache-2.0
// The functions that the network calls; they cut the incoming bytes into
// replies.
#include "relay/client.h"

#include "base/clock.h"
#include "base/mem.h"
#include "relay/client_impl.h"

// Dot stuffing makes a piece at most half as long again. A piece in which every
// byte is a bare LF becomes three times as long.
#define ENCODED_MAX (3 * RELAY_CLIENT_PIECE)

static char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

struct relay_client *relay_client_new(const struct relay_client_config *config)
{
	struct relay_client *client = mem_zalloc(sizeof(*client));
	client->config = *config;
	struct relay_client_config *c = &client->config;
	c->helo = client->helo = copy(config->helo);
	c->host = client->host = copy(config->host);
	c->user = client->user = copy(config->user);
	c->password = client->password =
	    copy(config->password ? config->password : "");
	if (c->messages_max == 0)
		c->messages_max = RELAY_CLIENT_MESSAGES_MAX;
	if (c->recipients_max == 0)
		c->recipients_max = RELAY_CLIENT_RECIPIENTS;
	if (c->idle_seconds == 0)
		c->idle_seconds = RELAY_CLIENT_IDLE_SECONDS;
	if (c->hurry == 0)
		c->hurry = 1;
	client->recipients_max = c->recipients_max;
	client->use = RELAY_CLIENT_LATER;
	client->status = ENHANCED(4, 4, 2);
	smtp_reply_parser_init(&client->parser);
	arena_init(&client->letter.arena);
	buf_init(&client->piece, RELAY_CLIENT_PIECE);
	buf_init(&client->chunk, ENCODED_MAX);
	buf_init(&client->scratch, RELAY_CLIENT_PIECE);
	buf_init(&client->text, 2 * RELAY_CLIENT_REPLY_MAX);
	relay_client_enter(client, RELAY_STEP_GREETING);
	relay_client_hurry_up(client, c->hello_seconds);
	return client;
}

static void free_client(void *session)
{
	struct relay_client *client = session;
	if (client->password)
		explicit_bzero(client->password, strlen(client->password));
	free(client->helo);
	free(client->host);
	free(client->user);
	free(client->password);
	smtp_reply_parser_done(&client->parser);
	arena_done(&client->letter.arena);
	buf_done(&client->piece);
	buf_done(&client->chunk);
	buf_done(&client->scratch);
	buf_done(&client->text);
	free(client);
}

static void note_tls(
    struct relay_client *client, const struct net_tls_info *info)
{
	struct relay_client_tls *tls = &client->tls;
	memcpy(tls->version, info->version, sizeof(tls->version));
	memcpy(tls->cipher, info->cipher, sizeof(tls->cipher));
	memcpy(tls->unverified, info->unverified, sizeof(tls->unverified));
	tls->verified = info->verified;
}

static bool is_too_weak(const struct relay_client *client)
{
	return client->config.tls == RELAY_TLS_REQUIRED &&
	       !client->tls.verified;
}

// With implicit TLS the handshake comes before the greeting.
static enum net_next start(
    void *session, const struct net_tls_info *tls, struct buf *out)
{
	struct relay_client *client = session;
	(void)out;
	if (tls)
		note_tls(client, tls);
	if (tls && is_too_weak(client))
		return relay_client_break(client, ENHANCED(4, 7, 5), "TLS: %s",
		    client->tls.unverified);
	relay_client_enter(client, RELAY_STEP_GREETING);
	return NET_READ;
}

static enum net_next take_reply(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	if (client->step == RELAY_STEP_GREETING)
		client->config.ops->greeted(client->config.owner);
	// RFC 5321 section 3.8: the server is about to close the connection,
	// whatever the command was.
	if (reply->code == 421 && client->step != RELAY_STEP_QUIT)
		return relay_client_break_reply(client, reply);
	return relay_step_row(client->step)->reply(client, reply, out);
}

// Whether the result of the session depends on what comes next.
static bool is_open(const struct relay_client *client)
{
	return client->step != RELAY_STEP_OVER &&
	       client->step != RELAY_STEP_QUIT;
}

static enum net_next give_up_waiting(struct relay_client *client)
{
	client->slow = is_open(client);
	return relay_client_break(client, ENHANCED(4, 4, 2),
	    "timed out while waiting for %s",
	    relay_step_row(client->step)->name);
}

static enum net_next input(
    void *session, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct relay_client *client = session;
	struct view rest = in;
	enum net_next next = NET_READ;
	while (next == NET_READ && client->step != RELAY_STEP_OVER &&
	       rest.len > 0) {
		struct smtp_reply reply;
		switch (smtp_reply_feed(&client->parser, &rest, &reply)) {
		case RC_OK: next = take_reply(client, &reply, out); break;
		case RC_MORE: break;
		case RC_LIMIT:
			next = relay_client_break(client, ENHANCED(4, 5, 0),
			    "%s is too long",
			    relay_step_row(client->step)->name);
			break;
		default:
			next = relay_client_break(client, ENHANCED(4, 5, 0),
			    "%s is not SMTP",
			    relay_step_row(client->step)->name);
			break;
		}
	}
	// A peer that sends single bytes slowly does not get more time.
	if (next == NET_READ && client->step != RELAY_STEP_IDLE &&
	    relay_client_seconds_left(client) == 0)
		next = give_up_waiting(client);
	*ret_consumed = in.len - rest.len;
	// Bytes after the reply to STARTTLS are dropped: they came without TLS,
	// so anybody may have sent them (RFC 3207 section 6).
	if (next == NET_START_TLS || next == NET_CLOSE)
		*ret_consumed = in.len;
	return next;
}

static enum net_next resume(void *session, struct buf *out)
{
	struct relay_client *client = session;
	if (client->step == RELAY_STEP_OVER)
		return NET_CLOSE;
	return relay_client_more_data(client, out);
}

static enum net_next wake(void *session, struct buf *out)
{
	struct relay_client *client = session;
	return client->step == RELAY_STEP_IDLE ? relay_client_next(client, out)
					       : NET_READ;
}

static enum net_next tls_started(
    void *session, const struct net_tls_info *tls, struct buf *out)
{
	struct relay_client *client = session;
	note_tls(client, tls);
	smtp_reply_parser_done(&client->parser);
	smtp_reply_parser_init(&client->parser);
	// RFC 3207 section 4.2: the client forgets what the server said before
	// TLS.
	client->can = (struct smtp_capabilities){0};
	if (is_too_weak(client))
		return relay_client_break(client, ENHANCED(4, 7, 5), "TLS: %s",
		    client->tls.unverified);
	return relay_client_say_ehlo(client, out);
}

static uint32_t timeout(const void *session)
{
	uint32_t left = relay_client_seconds_left(session);
	return left > 0 ? left : 1;
}

static void timed_out(void *session, struct buf *out)
{
	struct relay_client *client = session;
	if (client->step == RELAY_STEP_IDLE) {
		relay_client_quit(client, out);
		client->step = RELAY_STEP_OVER;
		return;
	}
	give_up_waiting(client);
}

static uint64_t end_ms(const void *session)
{
	const struct relay_client *client = session;
	return client->end_ms;
}

static void stop(struct relay_client *client)
{
	if (client->step == RELAY_STEP_QUIT || client->step == RELAY_STEP_OVER)
		return;
	client->use = client->ready ? RELAY_CLIENT_READY : RELAY_CLIENT_STOPPED;
	relay_letter_stop(client);
	relay_client_break(
	    client, ENHANCED(4, 3, 2), "this server is stopping");
}

// Says QUIT only where the server cannot read it as a part of the message.
static void shut_down(void *session, struct buf *out)
{
	struct relay_client *client = session;
	if (client->step == RELAY_STEP_IDLE)
		buf_add_literal(out, "QUIT\r\n");
	stop(client);
}

static void ended(void *session, enum net_end end, const char *why)
{
	struct relay_client *client = session;
	if (client->ended)
		return;
	client->ended = true;
	if (client->step == RELAY_STEP_HANDSHAKE && end != NET_END_STOPPED) {
		client->use = RELAY_CLIENT_TLS_BROKE;
		relay_client_break(client, ENHANCED(4, 7, 5), "%s", why);
	} else if (end == NET_END_STOPPED) {
		stop(client);
	}
	client->slow |= end == NET_END_TIMEOUT && is_open(client);
	relay_client_break(client, ENHANCED(4, 4, 2), "%s while waiting for %s",
	    why, relay_step_row(client->step)->name);
	struct relay_client_report report = {
	    .use = client->ready ? RELAY_CLIENT_READY : client->use,
	    .status = client->status,
	    .text = buf_view(&client->text),
	    .slow = client->slow,
	};
	client->config.ops->ended(client->config.owner, &report);
}

const struct net_session_ops relay_client_session_ops = {
    .protocol = "smtp-client",
    .start = start,
    .input = input,
    .resume = resume,
    .wake = wake,
    .tls_started = tls_started,
    .timeout = timeout,
    .timed_out = timed_out,
    .end_ms = end_ms,
    .shut_down = shut_down,
    .ended = ended,
    .free = free_client,
};
