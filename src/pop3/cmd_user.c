// SPDX-License-Identifier: Apache-2.0
// USER and PASS (RFC 1939 section 7); both may be in UTF-8 (RFC 6856 section
// 2.2).
#include "base/mem.h"
#include "pop3/commands.h"
#include "pop3/login.h"

// The answer is the same for every name, so that it does not show which users
// exist (RFC 1939 section 13).
enum pop3_step pop3_user_begin(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	struct auth_channel channel = session_channel(&session->base);
	// Refused here, before the client sends its password (RFC 2595 section
	// 2.3).
	if (!auth_channel_is_private(&channel))
		return pop3_err(
		    command, NULL, "Logging in needs TLS here: STLS");
	free(session->name);
	session->name = mem_strndup(command->args.ptr, command->args.len);
	return pop3_ok(command, "Send the password");
}

enum pop3_step pop3_pass_resume(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	struct auth_channel channel = session_channel(&session->base);
	struct auth_user user;
	struct auth_verdict verdict;
	enum rc rc = auth_verify(session->server->base.auth, &channel,
	    view_of_string(session->name), command->args, &user, &verdict);
	if (rc == RC_IN_USE)
		return POP3_STEP_WAIT;
	if (rc == RC_OK)
		return pop3_log_in(command, &user);
	free(session->name);
	session->name = NULL;
	return pop3_refuse_login(command, rc, &verdict);
}

enum pop3_step pop3_pass_begin(struct pop3_command *command)
{
	if (!command->session->name)
		return pop3_bad(command, "Send USER first");
	return pop3_pass_resume(command);
}
