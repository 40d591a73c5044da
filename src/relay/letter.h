// SPDX-License-Identifier: Apache-2.0
// The message that a session has at hand: what it needs of the server, and what
// became of each of its recipients. Its state is written in letter.c alone:
// the others tell what has happened, and ask.
#ifndef ROOST_RELAY_LETTER_H
#define ROOST_RELAY_LETTER_H

#include "relay/convert.h"
#include "wire/smtp_command.h"
#include "wire/smtp_reply.h"

struct relay_client;

enum relay_fate {
	RELAY_FATE_OPEN,     // not tried yet in this session
	RELAY_FATE_NAMED,    // RCPT is said in this transaction
	RELAY_FATE_ACCEPTED, // and was answered with 2xx
	RELAY_FATE_DONE,     // its result is written
};

struct relay_addressee {
	struct smtp_mailbox mailbox;
	enum relay_fate fate;
};

struct relay_letter {
	struct relay_client_mail mail;
	bool kept;          // the connection was, before it came
	bool answered;      // something has been said about it
	struct arena arena; // all below
	struct smtp_mailbox sender;
	struct relay_addressee *addressees;
	struct queue_result *results; // NULL: there is no message at hand
	bool utf8;                    // goes with SMTPUTF8
	enum smtp_body body;
	struct relay_convert_plan plan; // when it has to be made 7-bit
};

// Decides what the message in `mail` needs of this server; recipients for whom
// it cannot be sent get their results.
void relay_letter_open(struct relay_client *client);
bool relay_letter_is_held(const struct relay_letter *letter);
bool relay_letter_has_open(const struct relay_letter *letter);
// Bytes, as it will be sent; at most, when it is converted.
uint64_t relay_letter_size(const struct relay_letter *letter);
// ---- What has happened -----------------------------------------------------

void relay_letter_name(struct relay_letter *letter, size_t n);   // RCPT is said
void relay_letter_accept(struct relay_letter *letter, size_t n); // 2xx
void relay_letter_reopen(
    struct relay_letter *letter, size_t n); // in another transaction
void relay_letter_note_answer(
    struct relay_letter *letter); // the server spoke about it
// A recipient's result.
void relay_letter_result(struct relay_client *client, size_t n,
    enum queue_outcome outcome, struct enhanced_status status,
    struct view text);
// Results for all recipients with this fate.
void relay_letter_results(struct relay_client *client, enum relay_fate fate,
    enum queue_outcome outcome, struct enhanced_status status,
    struct view text);
// A reply, clean, as long as the letter lives.
struct view relay_letter_text(
    struct relay_client *client, const struct smtp_reply *reply);

// ---- Its end ---------------------------------------------------------------

// Hands all results to the owner; what has none yet is LATER.
void relay_letter_close(struct relay_client *client,
    struct enhanced_status status, struct view text);
// The connection is gone: as relay_letter_close(). But one that was kept may
// have been closed by the other side long ago: that says nothing about a
// message that nothing was answered to, and it goes back untried.
void relay_letter_break(struct relay_client *client,
    struct enhanced_status status, struct view text);
// We stop: it goes back untried unless some recipients have results.
void relay_letter_stop(struct relay_client *client);

#endif
