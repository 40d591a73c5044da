// SPDX-License-Identifier: Apache-2.0
// CAPABILITY (RFC 9051 section 6.1.1).
#include "imap/capability.h"
#include "imap/commands.h"

enum imap_step imap_capability_begin(struct imap_command *command)
{
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	buf_add_literal(command->out, "* ");
	imap_capability_write(command->session, command->out);
	buf_add_literal(command->out, "\r\n");
	return imap_ok(command, "CAPABILITY completed");
}
