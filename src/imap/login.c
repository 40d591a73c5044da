// SPDX-License-Identifier: Apache-2.0
// Logging in and out, for LOGIN, AUTHENTICATE, PREAUTH and UNAUTHENTICATE.
#include "imap/login.h"

#include "imap/capability.h"
#include "imap/session.h"

// Small as long as the client is unknown. A non-synchronizing literal must be
// read to its end or the connection closed, so it is limited, too (LITERAL-).
const struct imap_reader_limits imap_limits_before_login = {
    .line_max = IMAP_LINE_MAX_LOGIN,
    .collect_max = IMAP_COLLECT_MAX_LOGIN,
    .nonsync_max = IMAP_LITERAL_MINUS_MAX,
    .secret = true,
};

const struct imap_reader_limits imap_limits_after_login = {
    .line_max = IMAP_LINE_MAX,
    .collect_max = IMAP_COLLECT_MAX,
    .nonsync_max = IMAP_LITERAL_PLUS_ANY,
};

static MUST_CHECK enum rc take_user(struct imap_session *session,
    const struct auth_user *user, struct fault *fault)
{
	struct store_account *account;
	struct store *store = session->server->store;
	enum rc rc = store_account_enter(store, user->account, fault, &account);
	if (rc != RC_OK)
		return rc;
	session->account = account;
	session->asker = store_user(user->account);
	session_log_in(&session->base, user);
	imap_reader_set_limits(&session->reader, &imap_limits_after_login);
	return RC_OK;
}

enum rc imap_session_preauthenticate(struct imap_session *session,
    const struct auth_user *user, struct fault *fault)
{
	return take_user(session, user, fault);
}

enum imap_step imap_log_in(
    struct imap_command *command, const struct auth_user *user)
{
	struct imap_session *session = command->session;
	if (!session_has_place(&session->base, user))
		return imap_no(
		    command, "LIMIT", "Too many connections of this user");
	enum rc rc = take_user(session, user, &command->fault);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	imap_capability_write(session, imap_code(command));
	return imap_ok(command, "Logged in");
}

enum imap_step imap_refuse_login(struct imap_command *command, enum rc rc,
    const struct auth_verdict *verdict)
{
	struct imap_session *session = command->session;
	session->base.login_failures++;
	const char *code = auth_reason_code(verdict->reason);
	if (code[0] == '\0')
		code = NULL;
	if (rc == RC_DENIED && verdict->reason == AUTH_REASON_PRIVACY)
		return imap_no(command, code, "Logging in needs TLS here");
	if (rc == RC_AUTH || rc == RC_DENIED)
		// A stranger is not told why.
		return imap_no(command, code, "Authentication failed");
	return imap_no(
	    command, "UNAVAILABLE", "Logging in is not possible now");
}

void imap_logged_out(struct imap_session *session)
{
	imap_unselect(session);
	if (session->account)
		store_account_close(&session->account);
	session->asker = (struct store_asker){0};
	session->enabled = 0;
	session_log_out(&session->base);
	imap_reader_set_limits(&session->reader, &imap_limits_before_login);
}
