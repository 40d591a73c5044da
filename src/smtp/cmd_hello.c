// SPDX-License-Identifier: Apache-2.0
// HELO, EHLO (RFC 5321 section 4.1.1.1) and LHLO (RFC 2033 section 4.1), and
// STARTTLS (RFC 3207). EHLO lists the extensions that the parser of commands
// accepts, but DSN only where it counts.
#include "auth/sasl.h"
#include "base/clock.h"
#include "base/mem.h"
#include "delivery/envelope.h"
#include "smtp/commands.h"
#include "smtp/tls.h"
#include "smtp/transaction.h"
#include "wire/date.h"
#include "wire/smtp_reply.h"

#define LIST_MAX      2048    // bytes of an answer to EHLO
#define ANNOUNCED_MAX 999999u // RFC 9422 section 4: six digits

unsigned smtp_extensions(const struct smtp_session *session)
{
	if (!session->extended)
		return 0;
	unsigned extensions = SMTP_EXT_SIZE | SMTP_EXT_8BITMIME |
			      SMTP_EXT_BINARYMIME | SMTP_EXT_CHUNKING |
			      SMTP_EXT_SMTPUTF8 | SMTP_EXT_DSN;
	if (session->server->base.tls_available)
		extensions |= SMTP_EXT_STARTTLS;
	if (session->server->role == SMTP_ROLE_SUBMISSION)
		extensions |= SMTP_EXT_AUTH | SMTP_EXT_DELIVERBY;
	if (session->server->role == SMTP_ROLE_SUBMISSION &&
	    delivery_can_hold(session->server->office))
		extensions |= SMTP_EXT_FUTURERELEASE;
	return extensions;
}

// Lists only the mechanisms that are possible on this connection, and only
// before the login (RFC 4954 section 3).
static void list_mechanisms(struct smtp_session *session, struct buf *list)
{
	const char *names[AUTH_SASL_MECHANISMS_MAX];
	struct auth_channel channel = session_channel(&session->base);
	size_t count = !session_is_stranger(&session->base)
			   ? 0
			   : auth_sasl_mechanisms(
				 session->server->base.auth, &channel, names);
	for (size_t i = 0; i < count; i++)
		buf_printf(list, "%s %s", i == 0 ? "\nAUTH" : "", names[i]);
}

static void list_submission(struct smtp_session *session, struct buf *list)
{
	list_mechanisms(session, list);
	// RFC 4865 section 3: the number of seconds, and the latest date.
	const struct delivery_office *office = session->server->office;
	if (delivery_can_hold(office)) {
		buf_printf(list, "\nFUTURERELEASE %u ",
		    (unsigned)office->hold_seconds);
		date_format_rfc3339(
		    clock_wall_seconds(office->clock) + office->hold_seconds,
		    list);
	}
	buf_printf(list, "\nDELIVERBY %u", DELIVERY_BY_MIN_SECONDS);
}

static uint32_t announced(uint32_t limit)
{
	return limit < ANNOUNCED_MAX ? limit : ANNOUNCED_MAX;
}

// RFC 3461 section 5.2: a server that sees no DSN here reports to its user that
// the message was relayed. If it saw DSN, it would leave the report to us, who
// make none for strangers.
static bool reports_count(const struct smtp_session *session)
{
	return session->server->role == SMTP_ROLE_SUBMISSION ||
	       delivery_can_prove_senders(session->server->office);
}

static void list_extensions(struct smtp_session *session, struct buf *list)
{
	buf_printf(list, "\nPIPELINING\nSIZE %llu\n8BITMIME\nBINARYMIME",
	    (unsigned long long)smtp_limit_size(session));
	buf_add_literal(list, "\nCHUNKING\nSMTPUTF8\nENHANCEDSTATUSCODES");
	if (reports_count(session))
		buf_add_literal(list, "\nDSN");
	if (session->server->base.tls_available && !session->tls)
		buf_add_literal(list, "\nSTARTTLS");
	if (session->server->role == SMTP_ROLE_SUBMISSION)
		list_submission(session, list);
	// RFC 9422 section 3.
	buf_printf(list, "\nLIMITS MAILMAX=%u RCPTMAX=%u\nHELP",
	    announced(smtp_limit_messages(session)),
	    announced(smtp_limit_recipients(session)));
}

enum smtp_step smtp_hello_run(
    struct smtp_session *session, struct smtp_call *call)
{
	struct view name = call->command.argument;
	if (name.len == 0 || name.len > SMTP_HELO_MAX) {
		smtp_answer(session, 501, ENHANCED_NONE,
		    "Give your name, in at most %u bytes", SMTP_HELO_MAX);
		return SMTP_STEP_DONE;
	}
	// Ends a transaction, as RSET does (RFC 5321 section 4.1.4). Nothing
	// depends on whether the name is valid, or is the client's own (same
	// section).
	smtp_transaction_drop(session);
	free(session->helo);
	session->helo = mem_strndup(name.ptr, name.len);
	session->extended = call->command.verb != SMTP_VERB_HELO;
	struct buf list;
	buf_init(&list, LIST_MAX);
	buf_add_string(&list, session->server->base.name);
	if (session->extended)
		list_extensions(session, &list);
	// No enhanced codes here (RFC 2034 section 4).
	session->said.code = 250;
	smtp_reply_write(
	    session->base.out, 250, ENHANCED_NONE, buf_view(&list));
	buf_done(&list);
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_starttls_run(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	if (session->tls) {
		smtp_answer(
		    session, 503, ENHANCED(5, 5, 1), "TLS is active already");
		return SMTP_STEP_DONE;
	}
	// RFC 3207 section 4.2: the session forgets all that it learnt before.
	smtp_transaction_drop(session);
	free(session->helo);
	session->helo = NULL;
	session->extended = false;
	session_log_out(&session->base);
	smtp_answer(session, 220, ENHANCED(2, 0, 0), "Go ahead");
	session->base.next = NET_START_TLS;
	return SMTP_STEP_DONE;
}
