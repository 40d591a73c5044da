// SPDX-License-Identifier: Apache-2.0
// Logging in and out.
#include "pop3/login.h"

#include "base/mem.h"
#include "pop3/maildrop.h"

enum pop3_step pop3_log_in(
    struct pop3_command *command, const struct auth_user *user)
{
	struct pop3_session *session = command->session;
	struct fault fault = {0};
	struct store_asker asker = store_user(user->account);
	// RFC 2449 section 8.1.1: the client should try again later.
	if (!session_has_place(&session->base, user))
		return pop3_err(
		    command, "IN-USE", "Too many connections of this user");
	enum rc rc = store_account_enter(
	    session->server->store, user->account, &fault, &session->account);
	if (rc == RC_OK) {
		rc = pop3_maildrop_open(
		    &asker, session->account, &fault, &session->maildrop);
		if (rc != RC_OK)
			store_account_close(&session->account);
	}
	if (rc != RC_OK)
		return pop3_failed(command, rc, &fault);
	session_log_in(&session->base, user);
	free(session->name);
	session->name = NULL;
	return pop3_ok(command, "Logged in: %u messages (%llu octets)",
	    pop3_maildrop_left(session->maildrop),
	    (unsigned long long)pop3_maildrop_octets(session->maildrop));
}

enum pop3_step pop3_refuse_login(struct pop3_command *command, enum rc rc,
    const struct auth_verdict *verdict)
{
	command->session->base.login_failures++;
	if (rc == RC_DENIED && verdict->reason == AUTH_REASON_PRIVACY)
		return pop3_err(
		    command, NULL, "Logging in needs TLS here: STLS");
	if (rc == RC_AUTH || rc == RC_DENIED)
		// Strangers are not told why (RFC 3206 section 5).
		return pop3_err(command, "AUTH", "Authentication failed");
	return pop3_err(command, "SYS/TEMP", "Logging in is not possible now");
}

void pop3_log_out(struct pop3_session *session)
{
	pop3_maildrop_close(&session->maildrop);
	if (session->account)
		store_account_close(&session->account);
	free(session->name);
	session->name = NULL;
}
