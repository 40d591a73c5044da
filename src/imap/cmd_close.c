// SPDX-License-Identifier: Apache-2.0
// CLOSE (RFC 9051 section 6.4.1) and UNSELECT (RFC 9051 section 6.4.2).
#include "imap/commands.h"
#include "imap/view.h"
#include "store/change.h"

enum imap_step imap_close_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	// A mailbox that was selected with EXAMINE, or without the right to
	// expunge, is closed without expunging (RFC 4314 section 4).
	if (!imap_view_read_only(session->view)) {
		uint64_t modseq;
		enum rc rc = store_expunge(imap_view_mailbox(session->view),
		    NULL, &command->fault, &modseq);
		if (rc != RC_OK && rc != RC_DENIED && rc != RC_GONE)
			return imap_failed(command, rc);
	}
	imap_unselect(session);
	// No HIGHESTMODSEQ, since the client has not been told what was
	// expunged (RFC 7162 section 3.2.8).
	return imap_ok(command, "CLOSE completed");
}

enum imap_step imap_unselect_begin(struct imap_command *command)
{
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	imap_unselect(command->session);
	return imap_ok(command, "UNSELECT completed");
}
