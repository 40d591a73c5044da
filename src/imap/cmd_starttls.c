// SPDX-License-Identifier: Apache-2.0
// STARTTLS (RFC 9051 section 6.2.1). The network drops whatever the client sent
// in clear text after the command. The session has nothing to forget, since
// nobody can be logged in at this point.
#include "imap/commands.h"
#include "imap/session.h"

enum imap_step imap_starttls_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	if (session_has_tls(&session->base))
		return imap_bad(command, "TLS is active already");
	if (!session->server->base.tls_available)
		return imap_bad(command, "TLS is not available here");
	command->then = NET_START_TLS;
	return imap_ok(command, "Begin TLS negotiation now");
}
