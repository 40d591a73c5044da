// SPDX-License-Identifier: Apache-2.0
// The TLS connection, packed: most of it is a few dozen bytes, and every
// session keeps it to its end.
#include "smtp/tls.h"

#include <string.h>

#include "base/mem.h"

static char *put(char *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

struct smtp_tls *smtp_tls_new(const struct net_tls_info *info, bool bindings)
{
	if (info == NULL)
		return NULL;
	_Static_assert(NET_BINDING_MAX <= UINT8_MAX, "lengths are bytes");
	_Static_assert(sizeof(info->cipher) <= UINT8_MAX, "lengths are bytes");
	size_t version_len = strnlen(info->version, sizeof(info->version));
	size_t cipher_len = strnlen(info->cipher, sizeof(info->cipher));
	size_t exporter_len = bindings ? info->exporter_len : 0;
	size_t unique_len = bindings ? info->unique_len : 0;
	size_t end_point_len = bindings ? info->end_point_len : 0;
	struct smtp_tls *tls =
	    mem_alloc(sizeof(*tls) + version_len + cipher_len + exporter_len +
		      unique_len + end_point_len);
	tls->version_len = (uint8_t)version_len;
	tls->cipher_len = (uint8_t)cipher_len;
	tls->exporter_len = (uint8_t)exporter_len;
	tls->unique_len = (uint8_t)unique_len;
	tls->end_point_len = (uint8_t)end_point_len;
	char *at = put(tls->bytes, info->version, version_len);
	at = put(at, info->cipher, cipher_len);
	at = put(at, info->exporter, exporter_len);
	at = put(at, info->unique, unique_len);
	put(at, info->end_point, end_point_len);
	return tls;
}

struct view smtp_tls_version(const struct smtp_tls *tls)
{
	return tls == NULL ? VIEW("") : view_of(tls->bytes, tls->version_len);
}

struct view smtp_tls_cipher(const struct smtp_tls *tls)
{
	return tls == NULL
		   ? VIEW("")
		   : view_of(tls->bytes + tls->version_len, tls->cipher_len);
}

struct auth_channel smtp_channel(struct smtp_session *session)
{
	struct auth_channel channel = {
	    .protocol = "smtp",
	    .session_id = session->id,
	    .peer_address = view_of_string(session->peer_address),
	    .tls = session->tls != NULL,
	    .plain_on_loopback = session->server->plain_on_loopback,
	    .turn = &session->turn,
	};
	const struct smtp_tls *tls = session->tls;
	if (tls == NULL)
		return channel;
	const char *at = tls->bytes + tls->version_len + tls->cipher_len;
	channel.exporter = view_of(at, tls->exporter_len);
	at += tls->exporter_len;
	channel.unique = view_of(at, tls->unique_len);
	at += tls->unique_len;
	channel.end_point = view_of(at, tls->end_point_len);
	return channel;
}
