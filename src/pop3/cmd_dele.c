// SPDX-License-Identifier: Apache-2.0
// DELE, RSET, NOOP and QUIT (RFC 1939 sections 4 to 6). Messages are deleted,
// and marked as seen, only at QUIT.
#include "pop3/commands.h"
#include "pop3/message.h"

enum pop3_step pop3_dele_begin(struct pop3_command *command)
{
	struct pop3_message found;
	if (!pop3_message_there(command, command->args, &found))
		return POP3_STEP_DONE;
	pop3_maildrop_mark_deleted(
	    command->session->maildrop, found.index, &found.message);
	return pop3_ok(command, "Deleted at QUIT");
}

enum pop3_step pop3_rset_begin(struct pop3_command *command)
{
	struct pop3_maildrop *maildrop = command->session->maildrop;
	pop3_maildrop_unmark_deleted(maildrop);
	return pop3_ok(command, "%u messages (%llu octets)",
	    pop3_maildrop_left(maildrop),
	    (unsigned long long)pop3_maildrop_octets(maildrop));
}

enum pop3_step pop3_noop_begin(struct pop3_command *command)
{
	return pop3_ok(command, "Nothing done");
}

// The session ends, whatever happens (RFC 1939 section 6).
enum pop3_step pop3_quit_begin(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	struct fault fault = {0};
	enum rc rc = RC_OK;
	if (session->maildrop)
		rc = pop3_maildrop_update(
		    session->maildrop, &fault, &session->deleted);
	session_close(&session->base,
	    rc == RC_OK ? "quit" : "quit, but the changes failed");
	command->then = NET_CLOSE;
	if (rc != RC_OK)
		return pop3_failed(command, rc, &fault);
	if (!session->maildrop)
		return pop3_ok(command, "Bye");
	return pop3_ok(command, "Bye, %u deleted", session->deleted);
}
