// SPDX-License-Identifier: Apache-2.0
// STLS (RFC 2595 section 4). Whatever came behind the command in clear text is
// thrown away by the network; what was learnt before is forgotten by the
// session when the handshake is done.
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
		return pop3_err(command, NULL, "STLS comes before UTF8");
	command->then = NET_START_TLS;
	return pop3_ok(command, "Begin TLS negotiation now");
}
