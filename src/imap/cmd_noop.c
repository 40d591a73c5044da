// SPDX-License-Identifier: Apache-2.0
// NOOP (RFC 9051 section 6.1.2), and CHECK (RFC 3501 section 6.4.1), which has
// nothing to do, since everything that was answered is on disk. The core sends
// the news, before the tagged response.
#include "imap/commands.h"

enum imap_step imap_noop_begin(struct imap_command *command)
{
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	return imap_ok(command, "NOOP completed");
}

enum imap_step imap_check_begin(struct imap_command *command)
{
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	return imap_ok(command, "CHECK completed");
}
