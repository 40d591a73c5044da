// SPDX-License-Identifier: Apache-2.0
// Plays the network's part in tests.
#include "imap/rig.h"

#include "imap/recent.h"

void rig_init(struct rig *rig, const struct rig_options *options)
{
	struct fault fault;
	*rig = (struct rig){0};
	rig_base_init(&rig->base, options->users);
	rig->engine = engine_memory_new();
	rig->store = store_new(&(struct store_options){
	    .engine = rig->engine,
	    .clock = &rig->base.clock,
	    .message_max = options->message_max,
	    .quota_bytes = options->quota_bytes,
	    .sharing = options->sharing,
	});
	rig_must(store_account_create(
		     rig->store, rig->base.users->user.account, &fault),
	    "store_account_create");
	rig->recent = imap_recent_new(&rig->base.clock);
	rig->server = (struct imap_server){
	    .base = rig_base_server(&rig->base),
	    .store = rig->store,
	    .version = "0.1",
	    .compress = true,
	    .recent = rig->recent,
	};
	rig->server.base.tls_available = options->tls_available;
	rig->server.jmap_url = options->jmap_url;
	rig->server.base.plain_on_loopback = !options->no_plain;
}

void rig_done(struct rig *rig)
{
	imap_recent_free(&rig->recent);
	store_free(&rig->store);
	engine_close(&rig->engine);
	rig_base_done(&rig->base);
}

void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client)
{
	struct net_peer peer = rig_base_peer(&rig->base, NULL, 143);
	struct net_waker waker = rig_client_init(client, &imap_session_ops);
	struct imap_session *session =
	    imap_session_new(&rig->server, &peer, waker);
	struct fault fault;
	if (logged_in)
		rig_must(imap_session_preauthenticate(
			     session, &rig->base.users->user, &fault),
		    "imap_session_preauthenticate");
	rig_start(client, session, NULL, VIEW(""));
}
