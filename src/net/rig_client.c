// SPDX-License-Identifier: Apache-2.0
// Plays the part of the network.
#include "net/rig_client.h"

#include "base/clock.h"

#define OUT_MAX ((size_t)256 << 20)

const struct net_tls_info rig_tls_info = {
    .version = "TLSv1.3",
    .cipher = "TLS_AES_256_GCM_SHA384",
    .exporter_len = 32,
};

static void woken(void *context)
{
	((struct rig_client *)context)->woken = true;
}

struct net_waker rig_client_init(
    struct rig_client *client, const struct net_session_ops *ops)
{
	*client = (struct rig_client){.ops = ops};
	buf_init(&client->in, OUT_MAX);
	buf_init(&client->out, OUT_MAX);
	return (struct net_waker){.wake = woken, .context = client};
}

void rig_disconnect(struct rig_client *client)
{
	client->ops->free(client->session);
	buf_done(&client->in);
	buf_done(&client->out);
}

// Each call gets a new output buffer, as if everything before had been sent.
static void hear(struct rig_client *client, struct buf *out)
{
	buf_add(&client->out, buf_view(out));
	if (out->len > client->longest)
		client->longest = out->len;
	buf_done(out);
}

static bool is_pause(enum net_next next)
{
	return next == NET_DRAIN || next == NET_PAUSE;
}

static void resume(struct rig_client *client)
{
	struct buf out;
	client->pauses++;
	if (client->next == NET_PAUSE) {
		client->paused = client->ops->pause_ms(client->session);
		if (client->in.len > 0 && client->ops->spoke_early)
			client->ops->spoke_early(client->session);
	}
	buf_init(&out, NET_OUTPUT_MAX);
	client->next = client->ops->resume(client->session, &out);
	hear(client, &out);
}

// Does what the session asks for until it waits for input.
static void run(struct rig_client *client)
{
	client->secured = client->next == NET_START_TLS;
	while (is_pause(client->next))
		resume(client);
	// Compression is a matter of the network and is left out here.
	if (client->next == NET_COMPRESS)
		client->next = NET_READ;
	if (client->next == NET_START_TLS) {
		buf_reset(
		    &client->in); // bytes before the handshake are dropped
		client->next = client->ops->tls_started(
		    client->session, &rig_tls_info, &client->out);
	}
}

void rig_start(struct rig_client *client, void *session,
    const struct net_tls_info *tls, struct view early)
{
	client->session = session;
	client->next = client->ops->start(session, tls, &client->out);
	buf_add(&client->in, early);
	run(client);
}

static void give(struct rig_client *client)
{
	bool again = true;
	while (again) {
		struct buf out;
		size_t taken;
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = client->ops->input(
		    client->session, buf_view(&client->in), &out, &taken);
		buf_consume(&client->in, taken);
		hear(client, &out);
		again = is_pause(client->next) || client->next == NET_COMPRESS;
		run(client);
		again = again && client->in.len > 0 && client->next == NET_READ;
	}
}

// Input that comes in a NET_WAIT is kept until the wait is over.
static bool is_listening(const struct rig_client *client)
{
	return client->next == NET_READ || client->next == NET_WAIT;
}

void rig_say(struct rig_client *client, struct view bytes)
{
	while (bytes.len > 0 && is_listening(client)) {
		size_t len = client->piece;
		if (len == 0 || len > bytes.len)
			len = bytes.len;
		buf_add(&client->in, view_slice(bytes, 0, len));
		bytes = view_from(bytes, len);
		client->secured = false;
		if (client->next == NET_READ)
			give(client);
		// The rest of the bytes came in clear text, too.
		if (client->secured)
			return;
	}
}

void rig_wake(struct rig_client *client)
{
	while (client->woken && is_listening(client)) {
		struct buf out;
		client->woken = false;
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = client->ops->wake(client->session, &out);
		hear(client, &out);
		run(client);
		if (client->in.len > 0 && client->next == NET_READ)
			give(client);
	}
}

void rig_tick(struct rig_client *client)
{
	uint64_t moment_ms =
	    client->ops->wake_ms ? client->ops->wake_ms(client->session) : 0;
	if (moment_ms > 0 && clock_monotonic_ms() >= moment_ms)
		client->woken = true;
	rig_wake(client);
}
