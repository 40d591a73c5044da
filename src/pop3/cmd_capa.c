// SPDX-License-Identifier: Apache-2.0
// CAPA (RFC 2449 section 5).
#include "auth/sasl.h"
#include "pop3/commands.h"
#include "pop3/login.h"

// Adds how a client may log in on this connection (RFC 2449 sections 6.3 and
// 6.4, RFC 2595 section 4). USER is left out if the password would be sent in
// clear text.
static void add_logins(struct pop3_command *command)
{
	struct pop3_session *session = command->session;
	struct auth_channel channel = session_channel(&session->base);
	const char *names[AUTH_SASL_MECHANISMS_MAX];
	size_t count =
	    auth_sasl_mechanisms(session->server->base.auth, &channel, names);
	if (auth_channel_is_private(&channel))
		buf_add_literal(command->out, "USER\r\n");
	if (count > 0)
		buf_add_literal(command->out, "SASL");
	for (size_t i = 0; i < count; i++)
		buf_printf(command->out, " %s", names[i]);
	if (count > 0)
		buf_add_literal(command->out, "\r\n");
	if (session->server->base.tls_available &&
	    !session_has_tls(&session->base) &&
	    pop3_state(session) == POP3_STATE_AUTHORIZATION)
		buf_add_literal(command->out, "STLS\r\n");
}

enum pop3_step pop3_capa_begin(struct pop3_command *command)
{
	const struct pop3_session *session = command->session;
	const struct pop3_server *server = session->server;
	struct buf *out = command->out;
	pop3_ok(command, "Capabilities follow");
	add_logins(command);
	buf_add_literal(out, "TOP\r\n"
			     "UIDL\r\n"
			     "PIPELINING\r\n"
			     "RESP-CODES\r\n"
			     "AUTH-RESP-CODE\r\n"
			     // Mail stays until the client deletes it.
			     "EXPIRE NEVER\r\n"
			     "UTF8 USER\r\n"
			     "LANG\r\n");
	// Only clients that logged in see the version (RFC 2449 section 6.9
	// allows this).
	if (pop3_state(session) == POP3_STATE_TRANSACTION)
		buf_printf(out, "IMPLEMENTATION %s%s%s\r\n", server->base.name,
		    server->version ? "-" : "",
		    server->version ? server->version : "");
	buf_add_literal(out, ".\r\n");
	return POP3_STEP_DONE;
}
