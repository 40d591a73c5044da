// SPDX-License-Identifier: Apache-2.0
// REPLACE and UID REPLACE (RFC 8508): APPEND and the expunge of one message in
// one commit.
#include "imap/append.h"
#include "imap/commands.h"
#include "imap/view.h"

enum imap_step imap_replace_begin(struct imap_command *command)
{
	struct imap_append *append;
	if (!imap_append_complete(command, &append))
		return IMAP_STEP_DONE;
	struct store_appended appended;
	enum rc rc = store_replace(imap_view_mailbox(command->session->view),
	    append->replaced, append->mailbox, &append->messages[0],
	    &command->fault, &appended);
	if (rc == RC_NOT_FOUND)
		return imap_no(command, "NONEXISTENT",
		    "The message to be replaced does not exist");
	if (rc != RC_OK)
		return imap_append_failed(command, rc);
	// Must come before the EXPUNGE (RFC 8508 section 4.3).
	buf_add_literal(command->out, "* OK [");
	imap_append_write_code(command->out, &appended, 1);
	buf_add_literal(command->out, "] Replacement message ready\r\n");
	return imap_ok(command, "REPLACE completed");
}
