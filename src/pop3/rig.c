// SPDX-License-Identifier: Apache-2.0
// The network's part, and that of other clients, played by hand.
#include "pop3/rig.h"

#include "base/mem.h"
#include "store/change.h"

#define OUT_MAX ((size_t)256 << 20)

static int64_t rig_wall(void *context)
{
	(void)context;
	return RIG_NOW;
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
	*rig = (struct rig){.users = options->users};
	if (rig->users == NULL) {
		rig_users_init(&rig->own);
		rig->users = &rig->own;
	}
	rig->clock = (struct clock){.wall = rig_wall, .context = rig};
	rig->engine = engine_memory_new();
	rig->store = store_new(&(struct store_options){
	    .engine = rig->engine, .clock = &rig->clock});
	uint64_t account = rig->users->user.account;
	must(store_account_create(rig->store, account, &fault),
	    "store_account_create");
	must(store_account_open(rig->store, account, &fault, &rig->account),
	    "store_account_open");
	must(store_mailbox_open(rig->account, VIEW("INBOX"), STORE_RIGHT_READ,
		 &fault, &rig->inbox),
	    "store_mailbox_open");
	rig->server = (struct pop3_server){
	    .store = rig->store,
	    .auth = rig->users->auth,
	    .clock = &rig->clock,
	    .name = "Roost",
	    .version = "0.1",
	    .tls_available = options->tls_available,
	    .plain_on_loopback = !options->no_plain,
	};
}

void rig_done(struct rig *rig)
{
	store_mailbox_close(&rig->inbox);
	store_account_close(&rig->account);
	store_free(&rig->store);
	engine_close(&rig->engine);
	if (rig->users == &rig->own)
		rig_users_done(&rig->own);
}

// ---- Other clients ---------------------------------------------------------

void rig_put(struct rig *rig, struct view message)
{
	struct fault fault;
	struct store_appended appended;
	struct store_append append = {.draft = store_draft_new(rig->store)};
	must(store_draft_add(append.draft, message), "store_draft_add");
	must(store_draft_finish(append.draft), "store_draft_finish");
	must(store_append(rig->inbox, &append, 1, &fault, &appended),
	    "store_append");
	store_draft_free(&append.draft);
}

void rig_flag(struct rig *rig, uint32_t uid, unsigned flags)
{
	struct fault fault;
	struct rangeset uids;
	uint64_t modseq;
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD, .flags = {.system = flags}};
	rangeset_init(&uids);
	rangeset_add(&uids, uid, uid);
	must(store_flags_change(
		 rig->inbox, &uids, &change, &fault, NULL, &modseq),
	    "store_flags_change");
	rangeset_done(&uids);
}

void rig_expunge(struct rig *rig, uint32_t uid)
{
	struct fault fault;
	struct rangeset uids;
	uint64_t modseq;
	rig_flag(rig, uid, STORE_FLAG_DELETED);
	rangeset_init(&uids);
	rangeset_add(&uids, uid, uid);
	must(
	    store_expunge(rig->inbox, &uids, &fault, &modseq), "store_expunge");
	rangeset_done(&uids);
}

void rig_describe(struct rig *rig, struct buf *out)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(rig->inbox);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		buf_printf(out, "%s%u%s%s", index > 0 ? " " : "", message.uid,
		    message.flags & STORE_FLAG_SEEN ? "s" : "",
		    message.flags & STORE_FLAG_DELETED ? "d" : "");
	store_snapshot_unref(&snapshot);
}

// ---- The network -----------------------------------------------------------

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
	    .local_port = 110,
	    .session_id = ++rig->sessions,
	};
	*client = (struct rig_client){.rig = rig};
	buf_init(&client->in, OUT_MAX);
	buf_init(&client->out, OUT_MAX);
	struct net_waker waker = {.wake = woken, .context = client};
	client->session = pop3_session_new(&rig->server, &peer, waker);
	client->next =
	    pop3_session_ops.start(client->session, NULL, &client->out);
	if (logged_in)
		rig_say(client,
		    VIEW("USER " RIG_USER "\r\nPASS " RIG_PASSWORD "\r\n"));
}

void rig_disconnect(struct rig_client *client)
{
	pop3_session_ops.free(client->session);
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
		client->next = pop3_session_ops.resume(client->session, &out);
		hear(client, &out);
		buf_done(&out);
	}
	if (client->next == NET_START_TLS) {
		struct net_tls_info tls = {.exporter_len = 32};
		buf_reset(&client->in); // the known attack
		client->next = pop3_session_ops.tls_started(
		    client->session, &tls, &client->out);
	}
}

static void give(struct rig_client *client)
{
	for (;;) {
		struct buf out;
		size_t taken;
		buf_init(&out, NET_OUTPUT_MAX);
		client->next = pop3_session_ops.input(
		    client->session, buf_view(&client->in), &out, &taken);
		buf_consume(&client->in, taken);
		hear(client, &out);
		buf_done(&out);
		bool paused = client->next == NET_DRAIN;
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
		client->next = pop3_session_ops.wake(client->session, &out);
		hear(client, &out);
		buf_done(&out);
		settle(client);
		if (client->in.len > 0 && client->next == NET_READ)
			give(client);
	}
}
