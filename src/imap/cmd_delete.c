// SPDX-License-Identifier: Apache-2.0
// DELETE (RFC 9051 section 6.3.5). Mailboxes below it stay; LIST still shows
// the deleted name above them.
#include "imap/commands.h"
#include "imap/list_line.h"

enum imap_step imap_delete_begin(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	struct view name;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &name);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	if (view_eq_nocase(name, VIEW("INBOX")))
		return imap_no(command, "CANNOT", "INBOX cannot be deleted");
	rc = store_mailbox_delete(&command->session->asker,
	    command->session->account, name, &command->fault);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	imap_list_tell_old_name(command, name, IMAP_LIST_NONEXISTENT);
	return imap_ok(command, "DELETE completed");
}
