// SPDX-License-Identifier: Apache-2.0
// The small commands: RSET, NOOP, VRFY, EXPN, HELP, QUIT (RFC 5321 section
// 4.1.1.5 to 4.1.1.10).
#include "smtp/commands.h"
#include "smtp/transaction.h"

enum smtp_step smtp_rset_run(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	smtp_transaction_drop(session);
	smtp_answer(session, 250, ENHANCED(2, 0, 0), "Forgotten");
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_noop_run(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	smtp_answer(session, 250, ENHANCED(2, 0, 0), "OK");
	return SMTP_STEP_DONE;
}

// Only RCPT tells which addresses exist (RFC 5321 section 7.3).
enum smtp_step smtp_vrfy_run(
    struct smtp_session *session, struct smtp_call *call)
{
	if (call->command.argument.len == 0)
		smtp_answer(session, 501, ENHANCED(5, 5, 4), "Verify whom?");
	else
		smtp_answer(session, 252, ENHANCED(2, 0, 0),
		    "Cannot verify, but send a message");
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_expn_run(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	smtp_answer(
	    session, 502, ENHANCED(5, 5, 1), "Lists are not expanded here");
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_help_run(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	smtp_answer(session, 214, ENHANCED(2, 0, 0), "See RFC %s",
	    smtp_is_lmtp(session) ? "2033" : "5321");
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_quit_run(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	smtp_hang_up(session, "quit", 221, ENHANCED(2, 0, 0), "Goodbye");
	return SMTP_STEP_DONE;
}
