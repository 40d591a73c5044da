// SPDX-License-Identifier: Apache-2.0
// The message that a session has at hand: what it needs of the server, and what
// became of each of its recipients. Its state is written in letter.c alone:
// the others tell what has happened, and ask.
#ifndef ROOST_RELAY_LETTER_H
#define ROOST_RELAY_LETTER_H

#include "relay/convert.h"
#include "wire/smtp_command.h"
#include "wire/smtp_reply.h"

struct client;

enum fate {
	FATE_OPEN,     // not tried yet in this session
	FATE_NAMED,    // RCPT is said in this transaction
	FATE_ACCEPTED, // and was answered with 2xx
	FATE_DONE,     // its result is written
};

struct addressee {
	struct smtp_mailbox mailbox;
	enum fate fate;
};

struct letter {
	struct client_mail mail;
	bool kept;          // the connection was, before it came
	bool answered;      // something has been said about it
	struct arena arena; // all below
	struct smtp_mailbox sender;
	struct addressee *addressees;
	struct queue_result *results; // NULL: there is no message at hand
	bool utf8;                    // goes with SMTPUTF8
	enum smtp_body body;
	struct convert_plan plan; // when it has to be made 7-bit
};

// Decides what the message in `mail` needs of this server; recipients for whom
// it cannot be sent get their results.
void letter_open(struct client *client);
bool letter_is_held(const struct letter *letter);
bool letter_has_open(const struct letter *letter);
// Bytes, as it will be sent; at most, when it is converted.
uint64_t letter_size(const struct letter *letter);
// ---- What has happened -----------------------------------------------------

void letter_name(struct letter *letter, size_t n);   // RCPT is said
void letter_accept(struct letter *letter, size_t n); // 2xx
void letter_reopen(struct letter *letter, size_t n); // in another transaction
void letter_note_answer(struct letter *letter); // the server spoke about it
// A recipient's result.
void letter_result(struct client *client, size_t n, enum queue_outcome outcome,
    struct enhanced_status status, struct view text);
// Results for all recipients with this fate.
void letter_results(struct client *client, enum fate fate,
    enum queue_outcome outcome, struct enhanced_status status,
    struct view text);
// A reply, clean, as long as the letter lives.
struct view letter_text(struct client *client, const struct smtp_reply *reply);

// ---- Its end ---------------------------------------------------------------

// Hands all results to the owner; what has none yet is LATER.
void letter_close(
    struct client *client, struct enhanced_status status, struct view text);
// The connection is gone: as letter_close(). But one that was kept may have
// been closed by the other side long ago: that says nothing about a message
// that nothing was answered to, and it goes back untried.
void letter_break(
    struct client *client, struct enhanced_status status, struct view text);
// We stop: it goes back untried unless some recipients have results.
void letter_stop(struct client *client);

#endif
