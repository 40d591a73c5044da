// SPDX-License-Identifier: Apache-2.0
// STATUS (RFC 9051 section 6.3.11).
#include "imap/commands.h"
#include "imap/status.h"

enum imap_step imap_status_begin(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	struct view name;
	unsigned items;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &name);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_status_parse(args, &items);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	struct store_mailbox_info info;
	rc = store_mailbox_find(&command->session->asker,
	    command->session->account, name, STORE_RIGHT_READ, &command->arena,
	    &command->fault, &info);
	if (rc == RC_NOT_FOUND)
		return imap_no(command, "NONEXISTENT", "No such mailbox");
	if (rc != RC_OK)
		return imap_failed(command, rc);
	// RFC 7162 section 3.1: a CONDSTORE enabling command.
	if (items & IMAP_STATUS_HIGHESTMODSEQ)
		imap_enable_condstore(command);
	imap_status_write(command, &info, items);
	return imap_ok(command, "STATUS completed");
}
