// SPDX-License-Identifier: Apache-2.0
// NAMESPACE (RFC 9051 section 6.3.10): only the user's own mailboxes, so far.
#include "imap/commands.h"

enum imap_step imap_namespace_begin(struct imap_command *command)
{
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	imap_untagged(command, "NAMESPACE ((\"\" \"/\")) NIL NIL");
	return imap_ok(command, "NAMESPACE completed");
}
