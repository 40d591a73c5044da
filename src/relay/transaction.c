// SPDX-License-Identifier: Apache-2.0
// MAIL, RCPT and DATA (RFC 5321 section 3.3), one by one or pipelined (RFC
// 2920). Pipelined, MAIL, all RCPTs and DATA are sent together, and the replies
// come in the order of the commands. BDAT is not sent before a recipient was
// accepted: a server that refuses a chunk but forgets to skip its bytes would
// read the message as commands.
#include "base/clock.h"
#include "relay/client_impl.h"

// ---- Commands --------------------------------------------------------------

// RFC 3461 section 5.2.1 for RET and ENVID.
static void set_dsn(struct relay_client *client, struct smtp_mail *mail)
{
	const struct queue_envelope *envelope = client->letter.mail.envelope;
	if (!relay_client_offers(client, SMTP_EXT_DSN))
		return;
	mail->ret = envelope->ret;
	if (envelope->envid.len > 0)
		mail->envid = envelope->envid;
}

// RFC 2852 section 4: the time that is left.
static void set_by(struct relay_client *client, struct smtp_mail *mail)
{
	const struct queue_envelope *envelope = client->letter.mail.envelope;
	if (envelope->by == SMTP_BY_NONE ||
	    !relay_client_offers(client, SMTP_EXT_DELIVERBY))
		return;
	mail->by = envelope->by;
	mail->by_trace = envelope->by_trace;
	mail->by_seconds =
	    envelope->by_time - clock_wall_seconds(client->config.clock);
	// With mode R the time must not be over.
	if (mail->by == SMTP_BY_RETURN && mail->by_seconds < 1)
		mail->by_seconds = 1;
}

static void add_mail(struct relay_client *client, struct buf *out)
{
	const struct relay_letter *letter = &client->letter;
	struct smtp_mail mail = {.from = letter->sender, .utf8 = letter->utf8};
	if (relay_client_offers(client, SMTP_EXT_SIZE)) {
		mail.size_given = true;
		mail.size = relay_letter_size(letter);
	}
	mail.body = letter->body;
	mail.body_given = letter->body != SMTP_BODY_7BIT;
	set_dsn(client, &mail);
	set_by(client, &mail);
	smtp_mail_print(&mail, out);
	buf_add_literal(out, "\r\n");
}

static void add_rcpt(struct relay_client *client, size_t n, struct buf *out)
{
	const struct relay_letter *letter = &client->letter;
	const struct queue_recipient *recipient =
	    letter->mail.recipient(letter->mail.context, n);
	struct smtp_rcpt rcpt = {.to = letter->addressees[n].mailbox};
	if (relay_client_offers(client, SMTP_EXT_DSN)) {
		struct view original = recipient->original;
		rcpt.notify = recipient->notify;
		if (view_find_char(original, ';') != SIZE_MAX &&
		    view_split(&original, ';', &rcpt.orcpt_type))
			rcpt.orcpt = original;
	}
	smtp_rcpt_print(&rcpt, letter->utf8, out);
	buf_add_literal(out, "\r\n");
}

static void choose_members(struct relay_client *client)
{
	struct relay_letter *letter = &client->letter;
	struct relay_transaction *transaction = &client->transaction;
	size_t max = client->recipients_max;
	// RFC 9422 section 3.2: RCPTMAX.
	if (client->can.rcpt_max > 0 && client->can.rcpt_max < max)
		max = client->can.rcpt_max;
	transaction->members =
	    arena_alloc(&letter->arena, max * sizeof(*transaction->members));
	for (size_t i = 0; i < letter->mail.count; i++) {
		if (transaction->count == max)
			return;
		if (letter->addressees[i].fate != RELAY_FATE_OPEN)
			continue;
		relay_letter_name(letter, i);
		transaction->members[transaction->count++] = i;
	}
}

enum net_next relay_client_say_mail(
    struct relay_client *client, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	*transaction = (struct relay_transaction){0};
	transaction->chunked = relay_client_offers(client, SMTP_EXT_CHUNKING);
	choose_members(client);
	client->messages++;
	if (client->config.letter_seconds > 0)
		relay_client_hurry_up(client,
		    client->config.letter_seconds +
			relay_letter_size(&client->letter) / RELAY_CLIENT_PACE);
	add_mail(client, out);
	if (client->can.pipelining) {
		for (size_t i = 0; i < transaction->count; i++)
			add_rcpt(client, transaction->members[i], out);
		transaction->data_said = !transaction->chunked;
		if (transaction->data_said)
			buf_add_literal(out, "DATA\r\n");
	}
	relay_client_enter(client, RELAY_STEP_MAIL);
	return NET_READ;
}

enum net_next relay_client_say_rset(
    struct relay_client *client, struct buf *out)
{
	buf_add_literal(out, "RSET\r\n");
	relay_client_enter(client, RELAY_STEP_RSET);
	return NET_READ;
}

// ---- Replies ---------------------------------------------------------------

static enum queue_outcome outcome_of(
    const struct relay_client *client, const struct smtp_reply *reply)
{
	switch (relay_reply_class(reply)) {
	case 2:
		return relay_client_offers(client, SMTP_EXT_DSN)
			   ? QUEUE_PASSED
			   : QUEUE_RELAYED;
	case 5:
		// The server wants STARTTLS first, and there was no TLS. That
		// may change, so the mail waits (RFC 3207 section 4).
		if (reply->code == 530 && client->tls.version[0] == '\0')
			return QUEUE_LATER;
		return QUEUE_FAILED;
	default: return QUEUE_LATER;
	}
}

static struct enhanced_status status_for(
    enum queue_outcome outcome, const struct smtp_reply *reply)
{
	struct enhanced_status status = relay_reply_status(reply);
	if (outcome == QUEUE_LATER)
		status.class = 4;
	return status;
}

void relay_client_apply_reply(
    struct relay_client *client, const struct smtp_reply *reply)
{
	enum queue_outcome outcome = outcome_of(client, reply);
	relay_letter_results(client, RELAY_FATE_ACCEPTED, outcome,
	    status_for(outcome, reply), relay_letter_text(client, reply));
}

static bool is_answer(const struct smtp_reply *reply)
{
	unsigned class = relay_reply_class(reply);
	return class == 2 || class == 4 || class == 5;
}

enum net_next relay_client_on_mail(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	if (!is_answer(reply))
		return relay_client_break_reply(client, reply);
	relay_letter_note_answer(&client->letter);
	transaction->mail_ok = relay_reply_class(reply) == 2;
	if (!transaction->mail_ok) {
		// The result also holds for recipients whose RCPT was not sent
		// yet.
		enum queue_outcome outcome = outcome_of(client, reply);
		struct view text = relay_letter_text(client, reply);
		struct enhanced_status status = status_for(outcome, reply);
		relay_letter_results(
		    client, RELAY_FATE_NAMED, outcome, status, text);
		relay_letter_results(
		    client, RELAY_FATE_OPEN, outcome, status, text);
		if (!client->can.pipelining)
			return relay_client_proceed(client, out);
	}
	if (!client->can.pipelining)
		add_rcpt(client, transaction->members[0], out);
	relay_client_enter(client, RELAY_STEP_RCPT);
	return NET_READ;
}

// RFC 5321 section 4.5.3.1.10: "too many recipients", with the right code or
// the old wrong one.
static bool is_too_many(
    const struct relay_client *client, const struct smtp_reply *reply)
{
	struct enhanced_status status = reply->status;
	if (client->transaction.accepted == 0)
		return false;
	if (reply->code != 452 && reply->code != 552)
		return false;
	return enhanced_status_is_none(status) ||
	       (status.subject == 5 && status.detail == 3);
}

static void judge_rcpt(
    struct relay_client *client, size_t n, const struct smtp_reply *reply)
{
	struct relay_letter *letter = &client->letter;
	struct relay_transaction *transaction = &client->transaction;
	if (letter->addressees[n].fate != RELAY_FATE_NAMED)
		return; // MAIL was refused
	if (relay_reply_class(reply) == 2) {
		relay_letter_accept(letter, n);
		transaction->accepted++;
	} else if (is_too_many(client, reply)) {
		relay_letter_reopen(letter, n);
		if (client->recipients_max > transaction->accepted)
			client->recipients_max =
			    (uint32_t)transaction->accepted;
	} else {
		enum queue_outcome outcome = outcome_of(client, reply);
		relay_letter_result(client, n, outcome,
		    status_for(outcome, reply),
		    relay_letter_text(client, reply));
	}
}

// All RCPTs are answered.
static enum net_next after_rcpts(struct relay_client *client, struct buf *out)
{
	const struct relay_transaction *transaction = &client->transaction;
	if (transaction->data_said) {
		relay_client_enter(client, RELAY_STEP_DATA);
		return NET_READ;
	}
	if (!transaction->mail_ok)
		return relay_client_proceed(client, out);
	if (transaction->accepted == 0)
		return relay_client_say_rset(client, out);
	if (transaction->chunked)
		return relay_client_begin_data(client, out);
	buf_add_literal(out, "DATA\r\n");
	relay_client_enter(client, RELAY_STEP_DATA);
	return NET_READ;
}

enum net_next relay_client_on_rcpt(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	if (!is_answer(reply))
		return relay_client_break_reply(client, reply);
	judge_rcpt(client, transaction->members[transaction->answered], reply);
	transaction->answered++;
	if (transaction->answered == transaction->count)
		return after_rcpts(client, out);
	if (!client->can.pipelining)
		add_rcpt(
		    client, transaction->members[transaction->answered], out);
	relay_client_enter(client, RELAY_STEP_RCPT);
	return NET_READ;
}

enum net_next relay_client_on_data(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	struct relay_transaction *transaction = &client->transaction;
	switch (relay_reply_class(reply)) {
	case 3:
		if (transaction->accepted > 0)
			return relay_client_begin_data(client, out);
		// The server accepted DATA although it refused MAIL: there is
		// no transaction whose data could be ended.
		if (!transaction->mail_ok)
			return relay_client_break_reply(client, reply);
		// RFC 2920 section 3.1: the server accepted DATA without a
		// recipient, so the client sends an empty message.
		buf_add_literal(out, ".\r\n");
		transaction->all_said = true;
		relay_client_enter(client, RELAY_STEP_END);
		return NET_READ;
	case 4:
	case 5:
		relay_client_apply_reply(client, reply);
		if (!transaction->mail_ok)
			return relay_client_proceed(client, out);
		return relay_client_say_rset(client, out);
	default: return relay_client_break_reply(client, reply);
	}
}

enum net_next relay_client_on_rset(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out)
{
	if (relay_reply_class(reply) != 2)
		return relay_client_break_reply(client, reply);
	return relay_client_proceed(client, out);
}
