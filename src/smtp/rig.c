// SPDX-License-Identifier: Apache-2.0
// The network's part, played by hand.
#include "smtp/rig.h"

static int64_t rig_wall(void *context)
{
	return ((struct rig *)context)->now;
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

void rig_connect(struct rig *rig, struct view early, struct rig_client *client)
{
	struct net_peer peer = {
	    .port = 50000,
	    .local_address = "192.0.2.25",
	    .local_port = 25,
	    .session_id = ++rig->sessions,
	};
	snprintf(peer.address, sizeof(peer.address), "%s", rig->peer);
	struct net_waker waker = rig_client_init(client, &smtp_session_ops);
	rig_start(client, smtp_session_new(&rig->server, &peer, waker),
	    rig->tls ? &rig_tls_info : NULL, early);
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
