// SPDX-License-Identifier: Apache-2.0
// Plays the network, and other clients.
#include "pop3/rig.h"

#include "store/change.h"

static void store_open(struct rig *rig)
{
	struct fault fault;
	rig->store = store_new(&(struct store_options){
	    .engine = rig->engine, .clock = &rig->base.clock});
	rig->server.store = rig->store;
	rig_must(store_account_open(rig->store, rig->base.users->user.account,
		     &fault, &rig->account),
	    "store_account_open");
	rig_must(store_mailbox_open(&store_system, rig->account, VIEW("INBOX"),
		     STORE_RIGHT_READ, &fault, &rig->inbox),
	    "store_mailbox_open");
}

static void store_close(struct rig *rig)
{
	store_mailbox_close(&rig->inbox);
	store_account_close(&rig->account);
	store_free(&rig->store);
}

void rig_restart(struct rig *rig)
{
	store_close(rig);
	store_open(rig);
}

void rig_init(struct rig *rig, const struct rig_options *options)
{
	struct fault fault;
	*rig = (struct rig){0};
	rig_base_init(&rig->base, options->users);
	rig->engine = engine_memory_new();
	struct store *store = store_new(&(struct store_options){
	    .engine = rig->engine, .clock = &rig->base.clock});
	rig_must(
	    store_account_create(store, rig->base.users->user.account, &fault),
	    "store_account_create");
	store_free(&store);
	rig->server = (struct pop3_server){
	    .base = rig_base_server(&rig->base),
	    .version = "0.1",
	};
	rig->server.base.tls_available = options->tls_available;
	rig->server.base.plain_on_loopback = !options->no_plain;
	store_open(rig);
}

void rig_done(struct rig *rig)
{
	store_close(rig);
	engine_close(&rig->engine);
	rig_base_done(&rig->base);
}

// ---- Other clients ---------------------------------------------------------

void rig_put(struct rig *rig, struct view message)
{
	struct fault fault;
	struct store_appended appended;
	struct store_append append = {.draft = store_draft_new(rig->store)};
	rig_must(store_draft_add(append.draft, message), "store_draft_add");
	rig_must(store_draft_finish(append.draft), "store_draft_finish");
	rig_must(store_append(rig->inbox, &append, 1, &fault, &appended),
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
	rig_must(store_flags_change(
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
	rig_must(
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

void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client)
{
	struct net_peer peer = rig_base_peer(&rig->base, NULL, 110);
	struct net_waker waker = rig_client_init(client, &pop3_session_ops);
	rig_start(client, pop3_session_new(&rig->server, &peer, waker), NULL,
	    VIEW(""));
	if (logged_in)
		rig_say(client,
		    VIEW("USER " RIG_USER "\r\nPASS " RIG_PASSWORD "\r\n"));
}
