// SPDX-License-Identifier: Apache-2.0
// IDLE (RFC 2177, RFC 9051 section 6.3.13). While it lasts, each change of the
// mailbox wakes the session (net/session.h), which then reports the news. The
// session keeps only the tag.
#include "base/mem.h"
#include "imap/commands.h"
#include "imap/view.h"

enum imap_step imap_idle_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	session->idle_tag = mem_strndup(command->tag.ptr, command->tag.len);
	buf_add_literal(command->out, "+ idling\r\n");
	// From here on every change wakes the session. The core reports earlier
	// changes, directly after the continuation.
	if (session->view) {
		store_mailbox_watch(imap_view_mailbox(session->view),
		    session->base.waker.wake, session->base.waker.context);
		imap_view_idle(session->view);
	}
	return IMAP_STEP_INPUT;
}

// The client's line: DONE.
enum imap_step imap_idle_resume(struct imap_command *command)
{
	struct imap_session *session = command->session;
	if (session->view)
		store_mailbox_watch(
		    imap_view_mailbox(session->view), NULL, NULL);
	free(session->idle_tag);
	session->idle_tag = NULL;
	if (!imap_take_word(&command->args, VIEW("DONE")) ||
	    imap_parse_end(&command->args) != RC_OK)
		return imap_bad(command, "expected DONE to end IDLE");
	return imap_ok(command, "IDLE completed");
}
