// SPDX-License-Identifier: Apache-2.0
// Plays the network.
#include "smtp/rig.h"

void rig_init(struct rig *rig, const struct rig_options *options)
{
	*rig = (struct rig){0};
	rig_base_init(&rig->base, options->users);
	rig->peer = options->peer ? options->peer : "192.0.2.1";
	rig->tls = options->tls;
	rig->office = rig_office_new(rig);
	rig->server = (struct smtp_server){
	    .base = rig_base_server(&rig->base),
	    .office = rig_office_view(rig->office),
	    .role = options->role,
	    .normalize = options->normalize,
	    .lenient = !options->strict,
	    .limits = options->limits,
	};
	rig->server.base.name = "mx.example.org";
	rig->server.base.tls_available = options->tls_available;
	rig->server.base.plain_on_loopback = options->plain;
	struct smtp_limits *limits = &rig->server.limits;
	if (limits->errors == 0)
		limits->errors = 1000000;
	if (limits->errors_slow == 0)
		limits->errors_slow = 1000000;
}

void rig_done(struct rig *rig)
{
	rig_office_free(&rig->office);
	rig_base_done(&rig->base);
}

void rig_connect(struct rig *rig, struct view early, struct rig_client *client)
{
	struct net_peer peer = rig_base_peer(&rig->base, rig->peer, 25);
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
