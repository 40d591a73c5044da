// SPDX-License-Identifier: Apache-2.0
// RENAME (RFC 9051 section 6.3.6).
#include "imap/commands.h"
#include "imap/list_line.h"

// RFC 9051 section 6.3.9.7.
static void tell_old_name(
    struct imap_command *command, struct view from, struct view to)
{
	struct store_mailbox_info info;
	if (!imap_has_feature(command->session, IMAP_FEATURE_REV2) ||
	    view_eq_nocase(from, VIEW("INBOX")) ||
	    store_mailbox_find(&command->session->asker,
		command->session->account, to, STORE_RIGHT_LOOKUP,
		&command->arena, NULL, &info) != RC_OK)
		return;
	struct imap_list_line line = {
	    .word = "LIST",
	    .attributes = info.subscribed ? IMAP_LIST_SUBSCRIBED : 0,
	    .special_use = info.special_use,
	    .name = info.name,
	    .old_name = from,
	};
	imap_list_line_write(command, &line);
}

enum imap_step imap_rename_begin(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	struct view from, to;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &from);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &to);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	if (to.len > 1 && to.ptr[to.len - 1] == '/')
		to.len--;
	rc = store_mailbox_rename(&command->session->asker,
	    command->session->account, from, to, &command->fault);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	tell_old_name(command, from, to);
	return imap_ok(command, "RENAME completed");
}
