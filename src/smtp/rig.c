// SPDX-License-Identifier: Apache-2.0
// The network's part, played by hand.
#include "smtp/rig.h"

#include "base/mem.h"

#define OUT_MAX ((size_t)64 << 20)

static int64_t rig_wall(void *context)
{
	return ((struct rig *)context)->now;
}

static void must(enum rc rc, const char *what)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "rig: %s: %s\n", what, rc_name(rc));
	abort();
}

void rig_users_init(struct rig_users *users)
{
	struct fault fault;
	uint64_t account;
	// Cheap hashes: it is not them that are tested.
	struct auth_settings settings = {
	    .hashing = {.cost = 1, .scram_iterations = 1},
	};
	users->engine = engine_memory_new();
	must(auth_new(
		 users->engine, &settings, NULL, NULL, &fault, &users->auth),
	    "auth_new");
	must(auth_user_add(users->auth, VIEW(RIG_USER), VIEW(RIG_PASSWORD),
		 &fault, &account),
	    "auth_user_add");
	must(auth_user_add(users->auth, VIEW("friend"), VIEW(RIG_PASSWORD),
		 &fault, &account),
	    "auth_user_add");
}

void rig_users_done(struct rig_users *users)
{
	auth_free(&users->auth);
	engine_close(&users->engine);
}

void rig_init(struct rig *rig, const struct rig_options *options)
{
	*rig = (struct rig){.now = RIG_NOW, .users = options->users};
	if (rig->users == NULL) {
		rig_users_init(&rig->own);
		rig->users = &rig->own;
	}
	rig->clock = (struct clock){.wall = rig_wall, .context = rig};
	rig->peer = options->peer != NULL ? options->peer : "192.0.2.1";
	rig->tls = options->tls;
	rig->office = rig_office_new(rig);
	rig->server = (struct smtp_server){
	    .office = rig_office_view(rig->office),
	    .auth = rig->users->auth,
	    .clock = &rig->clock,
	    .name = "mx.example.org",
	    .role = options->role,
	    .tls_available = options->tls_available,
	    .plain_on_loopback = options->plain,
	    .normalize = options->normalize,
	    .limits = options->limits,
	};
	struct smtp_limits *limits = &rig->server.limits;
	if (limits->errors == 0)
		limits->errors = 1000000;
	if (limits->errors_slow == 0)
		limits->errors_slow = 1000000;
}

void rig_done(struct rig *rig)
{
	rig_office_free(&rig->office);
	if (rig->users == &rig->own)
		rig_users_done(&rig->own);
}

static void woken(void *context)
{
	((struct rig_client *)context)->woken = true;
}

static const struct net_tls_info tls_info = {
    .version = "TLSv1.3",
    .cipher = "TLS_AES_256_GCM_SHA384",
    .exporter_len = 32,
};

// Deals with what the session wants until it waits for input. The output of
// each call is a buffer of its own, as it would be when all was sent.
static void settle(struct rig_client *client)
{
	const struct net_session_ops *ops = &smtp_session_ops;
	client->secured = client->next == NET_START_TLS;
	while (client->next == NET_DRAIN || client->next == NET_PAUSE) {
		struct buf out;
		if (client->next == NET_PAUSE) {
			client->paused = ops->pause_ms(client->session);
			client->pauses++;
			if (client->in.len > 0)
				ops->spoke_early(client->session);
		}
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = ops->resume(client->session, &out);
		buf_add(&client->out, buf_view(&out));
		buf_done(&out);
	}
	if (client->next == NET_START_TLS) {
		buf_reset(&client->in); // the known attack
		client->next =
		    ops->tls_started(client->session, &tls_info, &client->out);
	}
}

void rig_connect(struct rig *rig, struct view early, struct rig_client *client)
{
	struct net_peer peer = {
	    .port = 50000,
	    .local_address = "192.0.2.25",
	    .local_port = 25,
	    .session_id = ++rig->sessions,
	};
	snprintf(peer.address, sizeof(peer.address), "%s", rig->peer);
	*client = (struct rig_client){.rig = rig};
	buf_init(&client->in, OUT_MAX);
	buf_init(&client->out, OUT_MAX);
	struct net_waker waker = {.wake = woken, .context = client};
	client->session = smtp_session_new(&rig->server, &peer, waker);
	client->next = smtp_session_ops.start(
	    client->session, rig->tls ? &tls_info : NULL, &client->out);
	buf_add(&client->in, early);
	settle(client);
}

void rig_disconnect(struct rig_client *client)
{
	smtp_session_ops.free(client->session);
	buf_done(&client->in);
	buf_done(&client->out);
}

static void give(struct rig_client *client)
{
	for (;;) {
		struct buf out;
		size_t taken;
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = smtp_session_ops.input(
		    client->session, buf_view(&client->in), &out, &taken);
		buf_consume(&client->in, taken);
		buf_add(&client->out, buf_view(&out));
		buf_done(&out);
		bool paused =
		    client->next == NET_DRAIN || client->next == NET_PAUSE;
		settle(client);
		if (!paused || client->in.len == 0 || client->next != NET_READ)
			return;
	}
}

void rig_say(struct rig_client *client, struct view bytes)
{
	while (bytes.len > 0 && client->next == NET_READ) {
		size_t len = client->piece;
		if (len == 0 || len > bytes.len)
			len = bytes.len;
		buf_add(&client->in, view_slice(bytes, 0, len));
		bytes = view_from(bytes, len);
		client->secured = false;
		give(client);
		// The rest came in clear text, too.
		if (client->secured)
			return;
	}
}

void rig_wake(struct rig_client *client)
{
	while (client->woken && client->next == NET_READ) {
		struct buf out;
		client->woken = false;
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = smtp_session_ops.wake(client->session, &out);
		buf_add(&client->out, buf_view(&out));
		buf_done(&out);
		settle(client);
		if (client->in.len > 0 && client->next == NET_READ)
			give(client);
	}
}

void rig_escape(struct view text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '\r')
			buf_add_literal(out, "\\r");
		else if (c == '\n')
			buf_add_literal(out, "\\n");
		else if (c < 0x20 || c >= 0x7f || c == '\\')
			buf_printf(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
}
