// SPDX-License-Identifier: Apache-2.0
// The network's part, played by hand.
#include "imap/rig.h"

#include "imap/recent.h"

static int64_t rig_wall(void *context)
{
	return ((struct rig *)context)->now;
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
	    .sharing = options->sharing,
	});
	rig_must(
	    store_account_create(rig->store, rig->users->user.account, &fault),
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

void rig_connect(struct rig *rig, bool logged_in, struct rig_client *client)
{
	struct net_peer peer = {
	    .address = "127.0.0.1",
	    .port = 50000,
	    .local_address = "127.0.0.1",
	    .local_port = 143,
	    .session_id = ++rig->sessions,
	};
	struct net_waker waker = rig_client_init(client, &imap_session_ops);
	struct imap_session *session =
	    imap_session_new(&rig->server, &peer, waker);
	struct fault fault;
	if (logged_in)
		rig_must(imap_session_preauthenticate(
			     session, &rig->users->user, &fault),
		    "imap_session_preauthenticate");
	rig_start(client, session, NULL, VIEW(""));
}
