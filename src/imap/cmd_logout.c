// SPDX-License-Identifier: Apache-2.0
// LOGOUT (RFC 9051 section 6.1.3).
#include "imap/commands.h"

enum imap_step imap_logout_begin(struct imap_command *command)
{
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	session_bye(&command->session->base, "logout", "Logging out");
	return imap_ok(command, "LOGOUT completed");
}
