// SPDX-License-Identifier: Apache-2.0
// The network's part, played by hand.
#include "imap/rig.h"

#include "base/mem.h"
#include "imap/recent.h"

#define OUT_MAX ((size_t)256 << 20)

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
	must(auth_user_find(users->auth, VIEW(RIG_USER), &users->user),
	    "auth_user_find");
}

void rig_users_done(struct rig_users *users)
{
	auth_free(&users->auth);
	engine_close(&users->engine);
}

void rig_init(struct rig *rig, const struct rig_options *options)
{
	struct fault fault;
	*rig = (struct rig){.now = RIG_NOW, .users = options->users};
	if (rig->users == NULL) {
		rig_users_init(&rig->own);
		rig->users = &rig->own;
	}
	rig->clock = (struct clock){.wall = rig_wall, .context = rig};
	rig->engine = engine_memory_new();
	rig->store = store_new(&(struct store_options){
	    .engine = rig->engine,
	    .clock = &rig->clock,
	    .message_max = options->message_max,
	    .quota_bytes = options->quota_bytes,
	});
	must(store_account_create(rig->store, rig->users->user.account, &fault),
	    "store_account_create");
	rig->recent = imap_recent_new(&rig->clock);
	rig->server = (struct imap_server){
	    .store = rig->store,
	    .auth = rig->users->auth,
	    .clock = &rig->clock,
	    .name = "Roost",
	    .version = "0.1",
	    .tls_available = options->tls_available,
	    .plain_on_loopback = !options->no_plain,
	    .compress = true,
	    .recent = rig->recent,
	};
}

void rig_done(struct rig *rig)
{
	imap_recent_free(&rig->recent);
	store_free(&rig->store);
	engine_close(&rig->engine);
	if (rig->users == &rig->own)
		rig_users_done(&rig->own);
}

static void woken(void *context)
{
	((struct rig_client *)context)->woken = true;
}

void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client)
{
	struct net_peer peer = {
	    .address = "127.0.0.1",
	    .port = 50000,
	    .local_address = "127.0.0.1",
	    .local_port = 143,
	    .session_id = ++rig->sessions,
	};
	*client = (struct rig_client){.rig = rig};
	buf_init(&client->in, OUT_MAX);
	buf_init(&client->out, OUT_MAX);
	struct net_waker waker = {.wake = woken, .context = client};
	client->session = imap_session_new(&rig->server, &peer, waker);
	struct fault fault;
	if (logged_in)
		must(imap_session_preauthenticate(
			 client->session, &rig->users->user, &fault),
		    "imap_session_preauthenticate");
	client->next =
	    imap_session_ops.start(client->session, NULL, &client->out);
}

void rig_disconnect(struct rig_client *client)
{
	imap_session_ops.free(client->session);
	buf_done(&client->in);
	buf_done(&client->out);
}

static void hear(struct rig_client *client, const struct buf *out)
{
	buf_add(&client->out, buf_view(out));
	if (out->len > client->longest)
		client->longest = out->len;
	client->pauses += client->next == NET_DRAIN;
}

// Deals with what the session wants until it waits for input. The output of
// each call is a buffer of its own, as it would be when all was sent.
static void settle(struct rig_client *client)
{
	client->secured = client->next == NET_START_TLS;
	while (client->next == NET_DRAIN) {
		struct buf out;
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = imap_session_ops.resume(client->session, &out);
		hear(client, &out);
		buf_done(&out);
	}
	// Compression is the network's; here it is left out.
	if (client->next == NET_COMPRESS)
		client->next = NET_READ;
	if (client->next == NET_START_TLS) {
		struct net_tls_info tls = {.exporter_len = 32};
		buf_reset(&client->in); // the known attack
		client->next = imap_session_ops.tls_started(
		    client->session, &tls, &client->out);
	}
}

static void give(struct rig_client *client)
{
	for (;;) {
		struct buf out;
		size_t taken;
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = imap_session_ops.input(
		    client->session, buf_view(&client->in), &out, &taken);
		buf_consume(&client->in, taken);
		hear(client, &out);
		buf_done(&out);
		bool paused =
		    client->next == NET_DRAIN || client->next == NET_COMPRESS;
		settle(client);
		if (!paused || client->in.len == 0)
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
		client->next = imap_session_ops.wake(client->session, &out);
		hear(client, &out);
		buf_done(&out);
		settle(client);
		if (client->in.len > 0 && client->next == NET_READ)
			give(client);
	}
}
