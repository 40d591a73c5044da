// SPDX-License-Identifier: Apache-2.0
// The current message: whether this server can get it, and what became of each
// of its recipients.
#include <stdio.h>

#include "relay/client_impl.h"
#include "relay/resign.h"

#define TEXT_MAX 300

// ---- Results ---------------------------------------------------------------

void relay_letter_result(struct relay_client *client, size_t n,
    enum queue_outcome outcome, struct enhanced_status status, struct view text)
{
	struct relay_letter *letter = &client->letter;
	letter->addressees[n].fate = RELAY_FATE_DONE;
	letter->results[n] = (struct queue_result){
	    .outcome = outcome,
	    .status = status,
	    .diagnostic = text,
	    .remote = view_of_string(client->config.host),
	};
}

void relay_letter_results(struct relay_client *client, enum relay_fate fate,
    enum queue_outcome outcome, struct enhanced_status status, struct view text)
{
	struct relay_letter *letter = &client->letter;
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate == fate)
			relay_letter_result(client, i, outcome, status, text);
}

struct view relay_letter_text(
    struct relay_client *client, const struct smtp_reply *reply)
{
	struct buf text;
	buf_init(&text, 2 * RELAY_CLIENT_REPLY_MAX);
	smtp_reply_clean_text(reply, RELAY_CLIENT_REPLY_MAX, &text);
	struct view copy = arena_copy(&client->letter.arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

static bool is_held(const struct relay_letter *letter)
{
	return letter->results;
}

static bool has(const struct relay_letter *letter, enum relay_fate fate)
{
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate == fate)
			return true;
	return false;
}

static bool has_open(const struct relay_letter *letter)
{
	return has(letter, RELAY_FATE_OPEN);
}

uint64_t relay_letter_size(const struct relay_letter *letter)
{
	return letter->plan.segments ? letter->plan.size : letter->mail.size;
}

void relay_letter_name(struct relay_letter *letter, size_t n)
{
	letter->addressees[n].fate = RELAY_FATE_NAMED;
}

void relay_letter_accept(struct relay_letter *letter, size_t n)
{
	letter->addressees[n].fate = RELAY_FATE_ACCEPTED;
}

void relay_letter_reopen(struct relay_letter *letter, size_t n)
{
	letter->addressees[n].fate = RELAY_FATE_OPEN;
}

void relay_letter_note_answer(struct relay_letter *letter)
{
	letter->answered = true;
}

// ---- Its end ---------------------------------------------------------------

static void put_down(struct relay_letter *letter)
{
	letter->results = NULL;
	letter->addressees = NULL;
	arena_reset(&letter->arena);
}

// Gives all results to the owner. Recipients without a result are LATER.
static void close_letter(struct relay_client *client,
    struct enhanced_status status, struct view text)
{
	struct relay_letter *letter = &client->letter;
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate != RELAY_FATE_DONE)
			relay_letter_result(
			    client, i, QUEUE_LATER, status, text);
	client->config.ops->done(
	    client->config.owner, &letter->mail, letter->results, &client->tls);
	put_down(letter);
}

static void give_back(struct relay_client *client)
{
	struct relay_letter *letter = &client->letter;
	client->config.ops->back(client->config.owner, &letter->mail);
	put_down(letter);
}

void relay_letter_break(struct relay_client *client,
    struct enhanced_status status, struct view text)
{
	struct relay_letter *letter = &client->letter;
	if (!is_held(letter))
		return;
	if (letter->kept && !letter->answered)
		give_back(client);
	else
		close_letter(client, status, text);
}

void relay_letter_stop(struct relay_client *client)
{
	if (is_held(&client->letter) && !has(&client->letter, RELAY_FATE_DONE))
		give_back(client);
}

// ---- What it needs ---------------------------------------------------------

static void fail_all(struct relay_client *client, struct enhanced_status status,
    const char *text)
{
	relay_letter_results(client, RELAY_FATE_OPEN, QUEUE_FAILED, status,
	    arena_copy(&client->letter.arena, view_of_string(text)));
}

static void read_addresses(struct relay_client *client)
{
	struct relay_letter *letter = &client->letter;
	const struct relay_client_mail *mail = &letter->mail;
	struct view sender = mail->envelope->sender;
	for (size_t i = 0; i < mail->count; i++) {
		const struct queue_recipient *recipient =
		    mail->recipient(mail->context, i);
		if (smtp_mailbox_parse(&letter->arena, recipient->address, NULL,
			&letter->addressees[i].mailbox) != RC_OK)
			relay_letter_result(client, i, QUEUE_FAILED,
			    ENHANCED(5, 1, 3),
			    VIEW("the address is not valid"));
	}
	letter->sender = (struct smtp_mailbox){0}; // the null path
	if (sender.len > 0 && smtp_mailbox_parse(&letter->arena, sender, NULL,
				  &letter->sender) != RC_OK)
		fail_all(client, ENHANCED(5, 1, 7),
		    "the sender's address is not valid");
}

// Without SMTPUTF8 (RFC 6531 section 3.2) all addresses must be ASCII.
static void fail_utf8_addresses(struct relay_client *client)
{
	static const char text[] =
	    "the address is not ASCII, and the server has no SMTPUTF8";
	struct relay_letter *letter = &client->letter;
	if (smtp_mailbox_needs_utf8(&letter->sender)) {
		fail_all(client, ENHANCED(5, 6, 7), text);
		return;
	}
	for (size_t i = 0; i < letter->mail.count; i++) {
		const struct relay_addressee *addressee =
		    &letter->addressees[i];
		if (addressee->fate == RELAY_FATE_OPEN &&
		    smtp_mailbox_needs_utf8(&addressee->mailbox))
			relay_letter_result(client, i, QUEUE_FAILED,
			    ENHANCED(5, 6, 7), view_of_string(text));
	}
}

// Searches the header, up to the empty line, for bytes that are not ASCII.
// RC_OK: there are some; RC_END: there are none.
static enum rc find_utf8(struct relay_client *client)
{
	const struct relay_client_mail *mail = &client->letter.mail;
	size_t column = 0;
	for (uint64_t at = 0; at < mail->size;) {
		buf_reset(&client->piece);
		enum rc rc = mail->read(
		    mail->context, at, RELAY_CLIENT_PIECE, &client->piece);
		if (rc != RC_OK || client->piece.len == 0)
			return rc == RC_OK ? RC_CORRUPT : rc;
		for (size_t i = 0; i < client->piece.len; i++) {
			char c = client->piece.ptr[i];
			if ((unsigned char)c >= 0x80)
				return RC_OK;
			if (c == '\n' && column == 0)
				return RC_END;
			if (c != '\r')
				column = c == '\n' ? 0 : column + 1;
		}
		at += client->piece.len;
	}
	return RC_END;
}

// If the message was submitted with SMTPUTF8, its header must be ASCII too.
static void fail_utf8_header(struct relay_client *client)
{
	switch (find_utf8(client)) {
	case RC_END: return;
	case RC_OK:
		fail_all(client, ENHANCED(5, 6, 9),
		    "the header is not ASCII, and the server has no SMTPUTF8");
		return;
	default:
		relay_letter_results(client, RELAY_FATE_OPEN, QUEUE_LATER,
		    ENHANCED(4, 3, 0),
		    VIEW("this server cannot read the message"));
	}
}

static void decide_utf8(struct relay_client *client)
{
	struct relay_letter *letter = &client->letter;
	bool needed = letter->mail.envelope->smtputf8 ||
		      smtp_mailbox_needs_utf8(&letter->sender);
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate == RELAY_FATE_OPEN)
			needed = needed || smtp_mailbox_needs_utf8(
					       &letter->addressees[i].mailbox);
	letter->utf8 = needed && relay_client_offers(client, SMTP_EXT_SMTPUTF8);
	if (!needed || letter->utf8)
		return;
	fail_utf8_addresses(client);
	if (letter->mail.envelope->smtputf8 && has_open(&client->letter))
		fail_utf8_header(client);
}

// For a server that accepts only 7-bit messages (RFC 6152 section 3).
static void make_7bit(struct relay_client *client)
{
	struct relay_letter *letter = &client->letter;
	letter->body = SMTP_BODY_7BIT;
	enum rc rc = relay_convert_plan_make(
	    &letter->arena, &letter->mail, &letter->plan);
	// A user submitted the message, so the signatures at its top are our
	// own.
	if (rc == RC_OK && letter->mail.envelope->account != 0 &&
	    client->config.dkim)
		rc = relay_resign_plan(&letter->arena, client->config.dkim,
		    client->config.clock, &letter->mail, &letter->plan);
	switch (rc) {
	case RC_OK: return;
	case RC_INVALID:
	case RC_LIMIT:
		fail_all(client, ENHANCED(5, 6, 3),
		    "the message is not 7-bit and cannot be converted, and the "
		    "server accepts only 7-bit messages");
		return;
	default:
		relay_letter_results(client, RELAY_FATE_OPEN, QUEUE_LATER,
		    ENHANCED(4, 3, 0),
		    VIEW("this server cannot read the message"));
	}
}

static void decide_body(struct relay_client *client)
{
	struct relay_letter *letter = &client->letter;
	static const unsigned needs[] = {
	    [SMTP_BODY_7BIT] = 0,
	    [SMTP_BODY_8BITMIME] = SMTP_EXT_8BITMIME,
	    // RFC 3030 section 3: such a message can only be sent by BDAT.
	    [SMTP_BODY_BINARYMIME] = SMTP_EXT_BINARYMIME | SMTP_EXT_CHUNKING,
	};
	letter->body = letter->mail.envelope->body;
	letter->plan = (struct relay_convert_plan){0};
	if (!relay_client_offers(client, needs[letter->body]))
		make_7bit(client);
}

// RFC 1870 section 6.1: a message over the server's limit need not be sent.
static void decide_size(struct relay_client *client)
{
	char text[TEXT_MAX];
	const struct relay_client_mail *mail = &client->letter.mail;
	if (client->can.size == 0 || mail->size <= client->can.size)
		return;
	snprintf(text, sizeof(text),
	    "the message has %llu bytes, the server accepts %llu",
	    (unsigned long long)mail->size,
	    (unsigned long long)client->can.size);
	fail_all(client, ENHANCED(5, 3, 4), text);
}

// RFC 2852 section 4.1: a message that must arrive in time or be returned is
// sent only to servers with DELIVERBY.
static void decide_by(struct relay_client *client)
{
	if (client->letter.mail.envelope->by == SMTP_BY_RETURN &&
	    !relay_client_offers(client, SMTP_EXT_DELIVERBY))
		fail_all(client, ENHANCED(5, 3, 3),
		    "the message has to be delivered in time, and the server "
		    "does not offer DELIVERBY");
}

// Decides what the message in `mail` needs of this server. Recipients to whom
// it cannot be sent get their results.
static void open_letter(struct relay_client *client)
{
	struct relay_letter *letter = &client->letter;
	size_t count = letter->mail.count;
	letter->kept = client->letters > 0 || client->step == RELAY_STEP_IDLE;
	letter->answered = false;
	letter->addressees = arena_zalloc(
	    &letter->arena, (count + 1) * sizeof(*letter->addressees));
	letter->results = arena_zalloc(
	    &letter->arena, (count + 1) * sizeof(*letter->results));
	client->letters++;
	read_addresses(client);
	decide_utf8(client);
	if (has_open(&client->letter))
		decide_body(client);
	decide_size(client);
	decide_by(client);
}

// ---- The next message ------------------------------------------------------

// RFC 9422 section 3.1: MAILMAX.
static bool is_used_up(const struct relay_client *client)
{
	return client->can.mail_max > 0 &&
	       client->messages >= client->can.mail_max;
}

enum net_next relay_client_next(struct relay_client *client, struct buf *out)
{
	relay_client_hurry_up(client, 0);
	client->ready = true;
	client->use = RELAY_CLIENT_READY;
	while (!is_used_up(client) &&
	       client->letters < client->config.messages_max) {
		switch (client->config.ops->next(
		    client->config.owner, &client->letter.mail)) {
		case RELAY_CLIENT_QUIT: return relay_client_quit(client, out);
		case RELAY_CLIENT_WAIT:
			// The idle time counts from the moment when the session
			// had nothing to do.
			if (client->step != RELAY_STEP_IDLE)
				relay_client_enter(client, RELAY_STEP_IDLE);
			return NET_READ;
		case RELAY_CLIENT_MAIL: break;
		}
		open_letter(client);
		if (has_open(&client->letter))
			return relay_client_say_mail(client, out);
		close_letter(client, ENHANCED_NONE, VIEW(""));
	}
	return relay_client_quit(client, out);
}

enum net_next relay_client_proceed(struct relay_client *client, struct buf *out)
{
	if (!has_open(&client->letter)) {
		close_letter(client, ENHANCED_NONE, VIEW(""));
		return relay_client_next(client, out);
	}
	if (!is_used_up(client))
		return relay_client_say_mail(client, out);
	close_letter(client, ENHANCED(4, 5, 3),
	    VIEW("the server accepts no more messages over one connection"));
	return relay_client_quit(client, out);
}
