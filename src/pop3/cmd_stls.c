// SPDX-License-Identifier: Apache-2.0
// STLS (RFC 2595 section 4). The network throws away what came after the
// command in clear text. When the handshake is done, the session forgets what
// it learnt before.
#include "pop3/commands.h"

enum pop3_step pop3_stls_begin(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	if (session_has_tls(&session->base))
		return pop3_err(command, NULL, "TLS is active already");
	if (!session->server->base.tls_available)
		return pop3_err(command, NULL, "TLS is not available here");
	// RFC 6856 section 2.1.
	if (session->utf8)
		return pop3_err(
		    command, NULL, "STLS is not allowed after UTF8");
	command->then = NET_START_TLS;
	return pop3_ok(command, "Begin TLS negotiation now");
}
