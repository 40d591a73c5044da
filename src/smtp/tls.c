// SPDX-License-Identifier: Apache-2.0
// The names of the TLS connection, packed: a few dozen bytes, which every
// session keeps to its end.
#include "smtp/tls.h"

#include <string.h>

#include "base/mem.h"

struct smtp_tls *smtp_tls_new(const struct net_tls_info *info)
{
	if (!info)
		return NULL;
	_Static_assert(sizeof(info->cipher) <= UINT8_MAX, "lengths are bytes");
	size_t version_len = strnlen(info->version, sizeof(info->version));
	size_t cipher_len = strnlen(info->cipher, sizeof(info->cipher));
	struct smtp_tls *tls =
	    mem_alloc(sizeof(*tls) + version_len + cipher_len);
	tls->version_len = (uint8_t)version_len;
	tls->cipher_len = (uint8_t)cipher_len;
	memcpy(tls->bytes, info->version, version_len);
	memcpy(tls->bytes + version_len, info->cipher, cipher_len);
	return tls;
}

struct view smtp_tls_version(const struct smtp_tls *tls)
{
	return !tls ? VIEW("") : view_of(tls->bytes, tls->version_len);
}

struct view smtp_tls_cipher(const struct smtp_tls *tls)
{
	return !tls ? VIEW("")
		    : view_of(tls->bytes + tls->version_len, tls->cipher_len);
}
