// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE (RFC 9051 section 6.3.7) and UNSUBSCRIBE (section 6.3.8).
#include "imap/commands.h"

static enum imap_step subscribe(struct imap_command *command, bool on)
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
	if (name.len > 1 && name.ptr[name.len - 1] == '/')
		name.len--;
	// RFC 9051 section 6.3.7 allows a server to check that the mailbox
	// exists. Clients understand the NO as a misspelt name.
	struct store_mailbox_info info;
	rc = store_name_check(name, &command->fault);
	if (rc == RC_OK && on)
		rc = store_mailbox_find(&command->session->asker,
		    command->session->account, name, STORE_RIGHT_LOOKUP,
		    &command->arena, &command->fault, &info);
	if (rc == RC_NOT_FOUND)
		return imap_no(command, "NONEXISTENT", "No such mailbox");
	if (rc != RC_OK)
		return imap_failed(command, rc);
	rc = store_subscribe(&command->session->asker,
	    command->session->account, name, on, &command->fault);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	return imap_ok(
	    command, on ? "SUBSCRIBE completed" : "UNSUBSCRIBE completed");
}

enum imap_step imap_subscribe_begin(struct imap_command *command)
{
	return subscribe(command, true);
}

enum imap_step imap_unsubscribe_begin(struct imap_command *command)
{
	return subscribe(command, false);
}
