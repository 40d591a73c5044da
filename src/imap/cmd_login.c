// SPDX-License-Identifier: Apache-2.0
// LOGIN (RFC 9051 section 6.2.3).
#include "imap/binding.h"
#include "imap/commands.h"
#include "imap/login.h"
#include "imap/session.h"

enum imap_step imap_login_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	struct imap_cursor *args = &command->args;
	struct view name, password;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_astring(args, "a user name", &name);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_astring(args, "a password", &password);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);

	struct auth_channel channel = imap_channel(session);
	struct auth_user user;
	struct auth_verdict verdict;
	rc = auth_verify(
	    session->server->auth, &channel, name, password, &user, &verdict);
	if (rc != RC_OK)
		return imap_refuse_login(command, rc, &verdict);
	return imap_log_in(command, &user);
}
