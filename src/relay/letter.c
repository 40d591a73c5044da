// SPDX-License-Identifier: Apache-2.0
// The message at hand: whether this server can have it, and what became of each
// of its recipients.
#include <stdio.h>

#include "relay/client_impl.h"
#include "relay/resign.h"

#define TEXT_MAX 300

// ---- Results ---------------------------------------------------------------

void letter_result(struct client *client, size_t n, enum queue_outcome outcome,
    struct enhanced_status status, struct view text)
{
	struct letter *letter = &client->letter;
	letter->addressees[n].fate = FATE_DONE;
	letter->results[n] = (struct queue_result){
	    .outcome = outcome,
	    .status = status,
	    .diagnostic = text,
	    .remote = view_of_string(client->config.host),
	};
}

void letter_results(struct client *client, enum fate fate,
    enum queue_outcome outcome, struct enhanced_status status, struct view text)
{
	struct letter *letter = &client->letter;
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate == fate)
			letter_result(client, i, outcome, status, text);
}

struct view letter_text(struct client *client, const struct smtp_reply *reply)
{
	struct buf text;
	buf_init(&text, 2 * CLIENT_REPLY_MAX);
	smtp_reply_clean_text(reply, CLIENT_REPLY_MAX, &text);
	struct view copy = arena_copy(&client->letter.arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

bool letter_is_held(const struct letter *letter)
{
	return letter->results != NULL;
}

static bool has(const struct letter *letter, enum fate fate)
{
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate == fate)
			return true;
	return false;
}

bool letter_has_open(const struct letter *letter)
{
	return has(letter, FATE_OPEN);
}

uint64_t letter_size(const struct letter *letter)
{
	return letter->plan.segments ? letter->plan.size : letter->mail.size;
}

void letter_name(struct letter *letter, size_t n)
{
	letter->addressees[n].fate = FATE_NAMED;
}

void letter_accept(struct letter *letter, size_t n)
{
	letter->addressees[n].fate = FATE_ACCEPTED;
}

void letter_reopen(struct letter *letter, size_t n)
{
	letter->addressees[n].fate = FATE_OPEN;
}

void letter_note_answer(struct letter *letter)
{
	letter->answered = true;
}

// ---- Its end ---------------------------------------------------------------

static void put_down(struct letter *letter)
{
	letter->results = NULL;
	letter->addressees = NULL;
	arena_reset(&letter->arena);
}

void letter_close(
    struct client *client, struct enhanced_status status, struct view text)
{
	struct letter *letter = &client->letter;
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate != FATE_DONE)
			letter_result(client, i, QUEUE_LATER, status, text);
	client->config.ops->done(
	    client->config.owner, &letter->mail, letter->results, &client->tls);
	put_down(letter);
}

static void give_back(struct client *client)
{
	struct letter *letter = &client->letter;
	client->config.ops->back(client->config.owner, &letter->mail);
	put_down(letter);
}

void letter_break(
    struct client *client, struct enhanced_status status, struct view text)
{
	struct letter *letter = &client->letter;
	if (!letter_is_held(letter))
		return;
	if (letter->kept && !letter->answered)
		give_back(client);
	else
		letter_close(client, status, text);
}

void letter_stop(struct client *client)
{
	if (letter_is_held(&client->letter) && !has(&client->letter, FATE_DONE))
		give_back(client);
}

// ---- What it needs ---------------------------------------------------------

static void fail_all(
    struct client *client, struct enhanced_status status, const char *text)
{
	letter_results(client, FATE_OPEN, QUEUE_FAILED, status,
	    arena_copy(&client->letter.arena, view_of_string(text)));
}

static void read_addresses(struct client *client)
{
	struct letter *letter = &client->letter;
	const struct client_mail *mail = &letter->mail;
	struct view sender = mail->envelope->sender;
	for (size_t i = 0; i < mail->count; i++) {
		const struct queue_recipient *recipient =
		    mail->recipient(mail->context, i);
		if (smtp_mailbox_parse(&letter->arena, recipient->address, NULL,
			&letter->addressees[i].mailbox) != RC_OK)
			letter_result(client, i, QUEUE_FAILED,
			    ENHANCED(5, 1, 3), VIEW("not an address"));
	}
	letter->sender = (struct smtp_mailbox){0}; // <>
	if (sender.len > 0 && smtp_mailbox_parse(&letter->arena, sender, NULL,
				  &letter->sender) != RC_OK)
		fail_all(
		    client, ENHANCED(5, 1, 7), "the sender's address is none");
}

// Without SMTPUTF8 (RFC 6531 section 3.2): addresses must be ASCII …
static void fail_utf8_addresses(struct client *client)
{
	static const char text[] =
	    "the address is not ASCII, and the server has no SMTPUTF8";
	struct letter *letter = &client->letter;
	if (smtp_mailbox_needs_utf8(&letter->sender)) {
		fail_all(client, ENHANCED(5, 6, 7), text);
		return;
	}
	for (size_t i = 0; i < letter->mail.count; i++) {
		const struct addressee *addressee = &letter->addressees[i];
		if (addressee->fate == FATE_OPEN &&
		    smtp_mailbox_needs_utf8(&addressee->mailbox))
			letter_result(client, i, QUEUE_FAILED,
			    ENHANCED(5, 6, 7), view_of_string(text));
	}
}

// Walks the header to the empty line. RC_END: it is all ASCII; RC_OK: not.
static enum rc find_utf8(struct client *client)
{
	const struct client_mail *mail = &client->letter.mail;
	size_t column = 0;
	for (uint64_t at = 0; at < mail->size;) {
		buf_reset(&client->piece);
		enum rc rc =
		    mail->read(mail->context, at, CLIENT_PIECE, &client->piece);
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

// … and so must the header be, if the message was given as such a one.
static void fail_utf8_header(struct client *client)
{
	switch (find_utf8(client)) {
	case RC_END: return;
	case RC_OK:
		fail_all(client, ENHANCED(5, 6, 9),
		    "the header is not ASCII, and the server has no SMTPUTF8");
		return;
	default:
		letter_results(client, FATE_OPEN, QUEUE_LATER,
		    ENHANCED(4, 3, 0), VIEW("the message cannot be read"));
	}
}

static void decide_utf8(struct client *client)
{
	struct letter *letter = &client->letter;
	bool needed = letter->mail.envelope->smtputf8 ||
		      smtp_mailbox_needs_utf8(&letter->sender);
	for (size_t i = 0; i < letter->mail.count; i++)
		if (letter->addressees[i].fate == FATE_OPEN)
			needed = needed || smtp_mailbox_needs_utf8(
					       &letter->addressees[i].mailbox);
	letter->utf8 = needed && client_offers(client, SMTP_EXT_SMTPUTF8);
	if (!needed || letter->utf8)
		return;
	fail_utf8_addresses(client);
	if (letter->mail.envelope->smtputf8 && letter_has_open(&client->letter))
		fail_utf8_header(client);
}

// For a server that has no other than 7-bit messages (RFC 6152 section 3).
static void make_7bit(struct client *client)
{
	struct letter *letter = &client->letter;
	letter->body = SMTP_BODY_7BIT;
	enum rc rc =
	    convert_plan_make(&letter->arena, &letter->mail, &letter->plan);
	// A user's: the signatures at its top are our own.
	if (rc == RC_OK && letter->mail.envelope->account != 0 &&
	    client->config.dkim)
		rc = resign_plan(&letter->arena, client->config.dkim,
		    client->config.clock, &letter->mail, &letter->plan);
	switch (rc) {
	case RC_OK: return;
	case RC_INVALID:
	case RC_LIMIT:
		fail_all(client, ENHANCED(5, 6, 3),
		    "the message is not 7-bit and cannot be made so, and the "
		    "server takes no other");
		return;
	default:
		letter_results(client, FATE_OPEN, QUEUE_LATER,
		    ENHANCED(4, 3, 0), VIEW("the message cannot be read"));
	}
}

static void decide_body(struct client *client)
{
	struct letter *letter = &client->letter;
	static const unsigned needs[] = {
	    [SMTP_BODY_7BIT] = 0,
	    [SMTP_BODY_8BITMIME] = SMTP_EXT_8BITMIME,
	    // RFC 3030 section 3: it can go by BDAT only.
	    [SMTP_BODY_BINARYMIME] = SMTP_EXT_BINARYMIME | SMTP_EXT_CHUNKING,
	};
	letter->body = letter->mail.envelope->body;
	letter->plan = (struct convert_plan){0};
	if (!client_offers(client, needs[letter->body]))
		make_7bit(client);
}

// RFC 1870 section 6.1: there is no need to try.
static void decide_size(struct client *client)
{
	char text[TEXT_MAX];
	const struct client_mail *mail = &client->letter.mail;
	if (client->can.size == 0 || mail->size <= client->can.size)
		return;
	snprintf(text, sizeof(text),
	    "the message has %llu bytes, the server takes %llu",
	    (unsigned long long)mail->size,
	    (unsigned long long)client->can.size);
	fail_all(client, ENHANCED(5, 3, 4), text);
}

// RFC 2852 section 4.1: a message that must be there in time or come back goes
// only to those who can do that.
static void decide_by(struct client *client)
{
	if (client->letter.mail.envelope->by == SMTP_BY_RETURN &&
	    !client_offers(client, SMTP_EXT_DELIVERBY))
		fail_all(client, ENHANCED(5, 3, 3),
		    "the message has to be delivered in time, and the server "
		    "has no DELIVERBY");
}

void letter_open(struct client *client)
{
	struct letter *letter = &client->letter;
	size_t count = letter->mail.count;
	letter->kept = client->letters > 0 || client->step == STEP_IDLE;
	letter->answered = false;
	letter->addressees = arena_zalloc(
	    &letter->arena, (count + 1) * sizeof(*letter->addressees));
	letter->results = arena_zalloc(
	    &letter->arena, (count + 1) * sizeof(*letter->results));
	client->letters++;
	read_addresses(client);
	decide_utf8(client);
	if (letter_has_open(&client->letter))
		decide_body(client);
	decide_size(client);
	decide_by(client);
}

// ---- The next one ----------------------------------------------------------

// RFC 9422 section 3.1: MAILMAX.
static bool is_used_up(const struct client *client)
{
	return client->can.mail_max > 0 &&
	       client->messages >= client->can.mail_max;
}

enum net_next client_next(struct client *client, struct buf *out)
{
	client->ready = true;
	client->use = CLIENT_READY;
	while (!is_used_up(client) &&
	       client->letters < client->config.messages_max) {
		switch (client->config.ops->next(
		    client->config.owner, &client->letter.mail)) {
		case CLIENT_QUIT: return client_quit(client, out);
		case CLIENT_WAIT:
			// Its time runs from when it had nothing to do.
			if (client->step != STEP_IDLE)
				client_enter(client, STEP_IDLE);
			return NET_READ;
		case CLIENT_MAIL: break;
		}
		letter_open(client);
		if (letter_has_open(&client->letter))
			return client_say_mail(client, out);
		letter_close(client, ENHANCED_NONE, VIEW(""));
	}
	return client_quit(client, out);
}

enum net_next client_proceed(struct client *client, struct buf *out)
{
	if (!letter_has_open(&client->letter)) {
		letter_close(client, ENHANCED_NONE, VIEW(""));
		return client_next(client, out);
	}
	if (!is_used_up(client))
		return client_say_mail(client, out);
	letter_close(client, ENHANCED(4, 5, 3),
	    VIEW("the server takes no more messages over one connection"));
	return client_quit(client, out);
}
