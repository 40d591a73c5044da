// SPDX-License-Identifier: Apache-2.0
// UNAUTHENTICATE (RFC 8437): the session becomes as it was before login; only
// TLS stays.
#include "imap/commands.h"
#include "imap/login.h"

enum imap_step imap_unauthenticate_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	// Section 4.1: the compression would have to end here, which the
	// network cannot do. Section 3 allows closing the connection.
	if (session->compressed)
		session_bye(&session->base, "unauthenticated",
		    "Compression cannot be ended: connect anew");
	imap_logged_out(session);
	return imap_ok(command, "UNAUTHENTICATE completed");
}
