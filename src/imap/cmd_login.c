// SPDX-License-Identifier: Apache-2.0
// LOGIN (RFC 9051 section 6.2.3).
#include "imap/commands.h"
#include "imap/login.h"
#include "imap/session.h"

struct credentials {
	struct view name;
	struct view password;
};

enum imap_step imap_login_resume(struct imap_command *command)
{
	struct imap_session *session = command->session;
	const struct credentials *credentials = command->state;
	struct auth_channel channel = session_channel(&session->base);
	struct auth_user user;
	struct auth_verdict verdict;
	enum rc rc = auth_verify(session->server->base.auth, &channel,
	    credentials->name, credentials->password, &user, &verdict);
	if (rc == RC_IN_USE)
		return IMAP_STEP_WAIT;
	if (rc != RC_OK)
		return imap_refuse_login(command, rc, &verdict);
	return imap_log_in(command, &user);
}

enum imap_step imap_login_begin(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	struct credentials given;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_astring(args, "a user name", &given.name);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_astring(args, "a password", &given.password);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);

	struct credentials *credentials =
	    arena_zalloc(&command->arena, sizeof(*credentials));
	*credentials = given;
	command->state = credentials;
	return imap_login_resume(command);
}
