// SPDX-License-Identifier: Apache-2.0
// MAIL and RCPT (RFC 5321 section 4.1.1.2 and 4.1.1.3): the session checks who
// may send; the delivery knows the addresses.
#include "auth/auth.h"
#include "base/clock.h"
#include "smtp/commands.h"
#include "smtp/harvest.h"
#include "smtp/tls.h"
#include "smtp/transaction.h"

// Submission is for users (RFC 6409 section 4.3).
static bool is_allowed(struct smtp_session *session)
{
	if (session->server->role != SMTP_ROLE_SUBMISSION ||
	    !session_is_stranger(&session->base))
		return true;
	struct auth_channel channel = session_channel(&session->base);
	bool tls_first = !auth_channel_is_private(&channel) &&
			 session->server->base.tls_available;
	// RFC 3207 section 4, RFC 4954 section 6.
	smtp_answer(session, 530, ENHANCED(5, 7, 0), "%s",
	    tls_first ? "STARTTLS and AUTH first" : "AUTH first");
	return false;
}

enum smtp_step smtp_mail_run(
    struct smtp_session *session, struct smtp_call *call)
{
	if (!is_allowed(session))
		return SMTP_STEP_DONE;
	if (session->messages >= smtp_limit_messages(session)) {
		smtp_hang_up(session, "too many messages", 421,
		    ENHANCED(4, 7, 0), "Too many messages in one connection");
		return SMTP_STEP_DONE;
	}
	return smtp_transaction_begin(session, call);
}

enum smtp_step smtp_mail_resume(
    struct smtp_session *session, struct smtp_call *call)
{
	(void)call;
	return smtp_transaction_ask(session);
}

// Decodes "type;address".
static struct view original_of(
    struct arena *arena, const struct smtp_rcpt *rcpt)
{
	if (rcpt->orcpt_type.len == 0)
		return VIEW("");
	size_t len = rcpt->orcpt_type.len + 1 + rcpt->orcpt.len;
	char *text = arena_alloc(arena, len);
	memcpy(text, rcpt->orcpt_type.ptr, rcpt->orcpt_type.len);
	text[rcpt->orcpt_type.len] = ';';
	if (rcpt->orcpt.len > 0)
		memcpy(text + rcpt->orcpt_type.len + 1, rcpt->orcpt.ptr,
		    rcpt->orcpt.len);
	return view_of(text, len);
}

static void log_refused(struct smtp_session *session,
    const struct smtp_mailbox *to, const struct delivery_reply *reply)
{
	struct log_line line;
	struct buf text;
	buf_init(&text, SMTP_PATH_MAX);
	smtp_mailbox_print(to, &text);
	smtp_log_begin(session, &line, LOG_LEVEL_INFO, "smtp_rcpt_refused");
	log_add(&line, "from", session->transaction->sender);
	log_add(&line, "to", buf_view(&text));
	log_add_u64(&line, "code", reply->code);
	log_add_string(&line, "why", reply->text);
	log_end(&line);
	buf_done(&text);
}

static bool is_unknown(const struct delivery_reply *reply)
{
	return reply->code == 550 && reply->status.subject == 1 &&
	       reply->status.detail == 1;
}

// A stranger asked for a mailbox that does not exist.
static void note_unknown(struct smtp_session *session)
{
	struct view peer = view_of_string(session->base.peer_address);
	uint64_t now = clock_monotonic_ms();
	uint32_t late = smtp_harvest_add(session->server->harvest, peer, now);
	if (late > session->said.delay_ms)
		session->said.delay_ms = late;
	if (smtp_harvest_is_over(session->server->harvest, peer, now))
		smtp_hang_up(session, "too many unknown recipients", 421,
		    ENHANCED(4, 7, 0),
		    "Too many unknown recipients from your network");
}

enum smtp_step smtp_rcpt_resume(
    struct smtp_session *session, struct smtp_call *call)
{
	const struct smtp_rcpt *rcpt = &call->command.rcpt;
	struct delivery_recipient recipient = {
	    .mailbox = rcpt->to,
	    .original = original_of(&call->arena, rcpt),
	    .notify = rcpt->notify,
	};
	struct delivery_reply reply;
	enum rc rc = delivery_recipient(
	    session->transaction->delivery, &recipient, &reply);
	if (rc == RC_MORE)
		return SMTP_STEP_WAIT;
	if (rc != RC_OK)
		log_refused(session, &rcpt->to, &reply);
	smtp_answer_delivery(session, &reply);
	if (is_unknown(&reply) && !smtp_is_trusted(session))
		note_unknown(session);
	return SMTP_STEP_DONE;
}

enum smtp_step smtp_rcpt_run(
    struct smtp_session *session, struct smtp_call *call)
{
	const struct smtp_transaction *transaction = session->transaction;
	if (transaction->failed || transaction->chunked)
		smtp_answer(session, 503, ENHANCED(5, 5, 1),
		    "The data has begun: RSET first");
	else if (!transaction->utf8 &&
		 smtp_mailbox_is_utf8(&call->command.rcpt.to))
		// RFC 6531 section 3.5.
		smtp_answer(session, 553, ENHANCED(5, 6, 7),
		    "The address needs SMTPUTF8 with MAIL");
	else if (smtp_transaction_recipients(session) >=
		 smtp_limit_recipients(session))
		// RFC 5321 section 4.5.3.1.10.
		smtp_answer(
		    session, 452, ENHANCED(4, 5, 3), "Too many recipients");
	else
		return smtp_rcpt_resume(session, call);
	return SMTP_STEP_DONE;
}
