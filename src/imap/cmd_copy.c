// SPDX-License-Identifier: Apache-2.0
// COPY and MOVE, and their UID forms (RFC 9051 sections 6.4.7 and 6.4.8);
// COPYUID as in RFC 9051 section 7.1.
#include "imap/commands.h"
#include "imap/view.h"

static MUST_CHECK enum rc parse(
    struct imap_cursor *args, struct imap_set *ret_set, struct view *ret_name)
{
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_set(args, ret_set);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, ret_name);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	return rc;
}

// Writes COPYUID uidvalidity sources copies. Both sets have the same number of
// UIDs, in the same order.
static void write_copyuid(const struct store_copied *copied, struct buf *out)
{
	buf_add_literal(out, "COPYUID ");
	buf_add_u64(out, copied->uidvalidity);
	buf_add_char(out, ' ');
	imap_write_set(out, &copied->sources);
	buf_add_char(out, ' ');
	imap_write_set(out, &copied->copies);
}

// RFC 6851 section 4.3: before the EXPUNGE responses.
static void tell_moved(
    struct imap_command *command, const struct store_copied *copied)
{
	if (copied->count == 0)
		return;
	buf_add_literal(command->out, "* OK [");
	write_copyuid(copied, command->out);
	buf_add_literal(command->out, "] Moved\r\n");
}

// `named`: the set has a message that the client knows of.
static enum imap_step finish(struct imap_command *command,
    const struct store_copied *copied, bool move, bool named)
{
	if (move)
		tell_moved(command, copied);
	// Messages that are gone, whether the client knows it already or not,
	// cannot be copied; all others have been (RFC 2180 section 4.4.2).
	if (named && !command->uid && copied->count == 0 &&
	    copied->count_before == 0)
		return imap_no(
		    command, "EXPUNGEISSUED", "The messages no longer exist");
	if (copied->count && !move) {
		struct buf *code = imap_code(command);
		write_copyuid(copied, code);
		// An incomplete code would be worse than none.
		if (buf_status(code) != RC_OK)
			buf_reset(code);
	}
	return imap_ok(command, move ? "Move completed" : "Copy completed");
}

static enum imap_step copy_uids(struct imap_command *command,
    struct rangeset *uids, struct view name, bool move)
{
	struct imap_view *view = command->session->view;
	struct store_mailbox *to = NULL;
	enum rc rc = store_mailbox_open(&command->session->asker,
	    command->session->account, name, STORE_RIGHT_INSERT,
	    &command->fault, &to);
	// RFC 9051 section 6.4.7: the client may create it and try again.
	if (rc == RC_NOT_FOUND)
		return imap_no(command, "TRYCREATE", "No such mailbox: %.*s",
		    name.len > 200 ? 200 : (int)name.len, name.ptr);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	bool named = uids->count > 0;
	imap_view_drop_ghosts(view, uids);
	struct store_copied copied;
	rc =
	    store_copy(view->mailbox, uids, to, move, &command->fault, &copied);
	store_mailbox_close(&to);
	// A MOVE that failed may have moved some of the messages.
	if (rc != RC_OK && move)
		tell_moved(command, &copied);
	enum imap_step step = rc == RC_OK
				  ? finish(command, &copied, move, named)
				  : imap_failed(command, rc);
	store_copied_done(&copied);
	return step;
}

static enum imap_step copy_or_move(struct imap_command *command, bool move)
{
	struct imap_view *view = command->session->view;
	struct imap_set set;
	struct view name;
	enum rc rc = parse(&command->args, &set, &name);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	if (move && view->read_only)
		return imap_no(
		    command, "READ-ONLY", "The mailbox is selected read-only");
	struct rangeset uids;
	rangeset_init(&uids);
	enum imap_step step;
	rc =
	    imap_view_resolve(view, &set, command->uid, &command->fault, &uids);
	if (rc == RC_OK)
		step = copy_uids(command, &uids, name, move);
	else
		step = imap_bad(command, "%s", command->fault.text);
	rangeset_done(&uids);
	return step;
}

enum imap_step imap_copy_begin(struct imap_command *command)
{
	return copy_or_move(command, false);
}

enum imap_step imap_move_begin(struct imap_command *command)
{
	return copy_or_move(command, true);
}
