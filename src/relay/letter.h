// SPDX-License-Identifier: Apache-2.0
// The message that a session is sending: what it needs of the server, and what
// became of each of its recipients. Only letter.c changes this state. The other
// files tell it what happened, and ask.
#ifndef ROOST_RELAY_LETTER_H
#define ROOST_RELAY_LETTER_H

#include "relay/convert.h"
#include "wire/smtp_command.h"
#include "wire/smtp_reply.h"

struct relay_client;

enum relay_fate {
	RELAY_FATE_OPEN,     // not tried yet in this session
	RELAY_FATE_NAMED,    // its RCPT was sent in this transaction
	RELAY_FATE_ACCEPTED, // its RCPT was answered with 2xx
	RELAY_FATE_DONE,     // its result is written
};

struct relay_addressee {
	struct smtp_mailbox mailbox;
	enum relay_fate fate;
};

struct relay_letter {
	struct relay_client_mail mail;
	bool kept;     // the connection had been idle before this message
	bool answered; // the server has replied to something of this message
	struct arena arena; // for all members below
	struct smtp_mailbox sender;
	struct relay_addressee *addressees;
	struct queue_result *results; // NULL: there is no current message
	bool utf8;                    // is sent with SMTPUTF8
	enum smtp_body body;
	struct relay_convert_plan
	    plan; // for a message that has to be made 7-bit
};

// The number of bytes that will be sent; for a message that is converted, an
// upper limit.
uint64_t relay_letter_size(const struct relay_letter *letter);
// ---- What has happened -----------------------------------------------------

void relay_letter_name(struct relay_letter *letter, size_t n); // RCPT was sent
void relay_letter_accept(
    struct relay_letter *letter, size_t n); // RCPT got a 2xx
void relay_letter_reopen(struct relay_letter *letter,
    size_t n); // to be tried in another transaction
void relay_letter_note_answer(
    struct relay_letter *letter); // the server replied about this message
// Sets one recipient's result.
void relay_letter_result(struct relay_client *client, size_t n,
    enum queue_outcome outcome, struct enhanced_status status,
    struct view text);
// Sets the same result for all recipients that have this fate.
void relay_letter_results(struct relay_client *client, enum relay_fate fate,
    enum queue_outcome outcome, struct enhanced_status status,
    struct view text);
// The reply's clean text. It lives as long as the letter.
struct view relay_letter_text(
    struct relay_client *client, const struct smtp_reply *reply);

// ---- Its end ---------------------------------------------------------------

// The connection has ended: gives all results to the owner. Recipients without
// a result are LATER. There is one exception: an idle connection may have been
// closed by the server long ago. So if the connection was idle before this
// message and the server replied to nothing of it, the message goes back as not
// tried.
void relay_letter_break(struct relay_client *client,
    struct enhanced_status status, struct view text);
// The server stops: the message goes back as not tried, unless a recipient has
// a result.
void relay_letter_stop(struct relay_client *client);

#endif
