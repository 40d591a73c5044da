// SPDX-License-Identifier: Apache-2.0
// What a session keeps of the TLS connection below it: the channel bindings
// that SCRAM-SHA-256-PLUS ties a login to.
#ifndef ROOST_IMAP_BINDING_H
#define ROOST_IMAP_BINDING_H

#include "auth/auth.h"
#include "imap/imap.h"

struct imap_binding {
	uint8_t exporter_len;
	uint8_t unique_len;
	uint8_t end_point_len;
	unsigned char bytes[]; // one after the other
};

// NULL when `tls` is. Freed with free().
struct imap_binding *imap_binding_new(const struct net_tls_info *tls);

// The connection as the auth room wants to know it; its views last as long as
// the session stays as it is.
struct auth_channel imap_channel(const struct imap_session *session);

#endif
