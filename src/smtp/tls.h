// SPDX-License-Identifier: Apache-2.0
// What a session keeps of the TLS connection below it: names for the Received
// field.
#ifndef ROOST_SMTP_TLS_H
#define ROOST_SMTP_TLS_H

#include "smtp/impl.h"

struct smtp_tls {
	uint8_t version_len;
	uint8_t cipher_len;
	char bytes[]; // one after the other
};

// NULL if `info` is NULL. Free it with free().
struct smtp_tls *smtp_tls_new(const struct net_tls_info *info);
// Both are empty if `tls` is NULL.
struct view smtp_tls_version(const struct smtp_tls *tls);
struct view smtp_tls_cipher(const struct smtp_tls *tls);

#endif
