// SPDX-License-Identifier: Apache-2.0
// What a session keeps of the TLS connection below it: the channel bindings
// that SCRAM-SHA-256-PLUS ties a login to.
#ifndef ROOST_POP3_BINDING_H
#define ROOST_POP3_BINDING_H

#include "auth/auth.h"
#include "pop3/pop3.h"

struct pop3_binding {
	uint8_t exporter_len;
	uint8_t unique_len;
	uint8_t end_point_len;
	unsigned char bytes[]; // one after the other
};

// NULL when `tls` is. Freed with free().
struct pop3_binding *pop3_binding_new(const struct net_tls_info *tls);

// The connection as the auth room wants to know it; its views last as long as
// the session stays as it is.
struct auth_channel pop3_channel(const struct pop3_session *session);

#endif
