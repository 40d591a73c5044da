// SPDX-License-Identifier: Apache-2.0
// Channel bindings, packed: most are 32 bytes, and they are kept by every TLS
// session.
#include "pop3/binding.h"

#include "base/mem.h"

struct pop3_binding *pop3_binding_new(const struct net_tls_info *tls)
{
	if (tls == NULL)
		return NULL;
	_Static_assert(NET_BINDING_MAX <= UINT8_MAX, "lengths are bytes");
	struct pop3_binding *binding =
	    mem_alloc(sizeof(*binding) + tls->exporter_len + tls->unique_len +
		      tls->end_point_len);
	binding->exporter_len = (uint8_t)tls->exporter_len;
	binding->unique_len = (uint8_t)tls->unique_len;
	binding->end_point_len = (uint8_t)tls->end_point_len;
	unsigned char *at = binding->bytes;
	memcpy(at, tls->exporter, tls->exporter_len);
	at += tls->exporter_len;
	memcpy(at, tls->unique, tls->unique_len);
	at += tls->unique_len;
	memcpy(at, tls->end_point, tls->end_point_len);
	return binding;
}

struct auth_channel pop3_channel(const struct pop3_session *session)
{
	struct auth_channel channel = {
	    .protocol = "pop3",
	    .session_id = session->id,
	    .peer_address = view_of_string(session->peer_address),
	    .tls = session->binding != NULL,
	    .plain_on_loopback = session->server->plain_on_loopback,
	};
	const struct pop3_binding *binding = session->binding;
	if (binding == NULL)
		return channel;
	const unsigned char *at = binding->bytes;
	channel.exporter = view_of(at, binding->exporter_len);
	at += binding->exporter_len;
	channel.unique = view_of(at, binding->unique_len);
	at += binding->unique_len;
	channel.end_point = view_of(at, binding->end_point_len);
	return channel;
}
