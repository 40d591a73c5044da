// SPDX-License-Identifier: Apache-2.0
// The inside of the client session. A dialogue is a sequence of steps. In each
// step the client waits for one reply. steps.c has the table of the steps.
#ifndef ROOST_RELAY_CLIENT_IMPL_H
#define ROOST_RELAY_CLIENT_IMPL_H

#include "relay/client.h"
#include "relay/letter.h"
#include "wire/smtp_command.h"
#include "wire/smtp_data.h"
#include "wire/smtp_reply.h"

// What the client waits for.
enum relay_step {
	RELAY_STEP_GREETING,
	RELAY_STEP_EHLO,
	RELAY_STEP_HELO,
	RELAY_STEP_STARTTLS,
	RELAY_STEP_HANDSHAKE, // the TLS handshake, not a reply
	RELAY_STEP_AUTH,
	RELAY_STEP_AUTH_USER,     // LOGIN
	RELAY_STEP_AUTH_PASSWORD, // LOGIN
	RELAY_STEP_IDLE,          // a message from the owner
	RELAY_STEP_MAIL,
	RELAY_STEP_RCPT,
	RELAY_STEP_DATA,
	RELAY_STEP_CHUNK, // the reply to a BDAT
	RELAY_STEP_END,   // the reply to the end of the data
	RELAY_STEP_RSET,
	RELAY_STEP_QUIT,
	RELAY_STEP_OVER, // the connection is not used any more
	RELAY_STEP_COUNT,
};

// One transaction: MAIL and what follows it.
struct relay_transaction {
	size_t *members; // numbers of its recipients; in the letter's arena
	size_t count;
	size_t answered; // how many RCPTs are answered
	size_t accepted;
	bool mail_ok;
	bool data_said; // pipelined: DATA was sent together with the RCPTs
	bool chunked;   // the data is sent by BDAT
	// The state of the data.
	uint64_t offset;                  // bytes read of the message
	struct relay_convert_place place; // position in the letter's plan
	bool all_said;                    // everything is sent, also the end
	bool failed;                      // the server refused a chunk
	unsigned chunks_open;
	struct smtp_data_encoder encoder;
};

struct relay_client {
	struct relay_client_config
	    config; // its strings are copied into members below
	char *helo;
	char *host;
	char *user;
	char *password;

	enum relay_step step;
	uint64_t since_ms; // when the step began
	uint64_t end_ms;   // when all steps of this part have to be done; 0:
			   // there is no such limit
	struct smtp_reply_parser parser;
	struct smtp_capabilities can;
	struct relay_client_tls tls;
	bool tls_refused;
	bool ready;              // the session was ready for mail at least once
	uint32_t letters;        // messages that the owner gave
	uint32_t messages;       // MAIL commands sent
	uint32_t recipients_max; // lowered when the server refuses more
	struct relay_letter letter;
	struct relay_transaction transaction;
	struct buf piece; // a piece of the message
	struct buf chunk; // the same piece, encoded
	struct buf scratch;

	enum relay_client_use use;
	struct enhanced_status status;
	struct buf text;
	bool slow; // the server did not answer, or did not read, in time
	bool ended;
};

// Whether the server has offered all of these extensions (bits of enum
// smtp_extension).
static inline bool relay_client_offers(
    const struct relay_client *client, unsigned extensions)
{
	return (client->can.extensions & extensions) == extensions;
}

// ---- steps.c ---------------------------------------------------------------

struct relay_step_row {
	const char *name; // "the reply to MAIL"
	uint32_t seconds; // RFC 5321 section 4.5.3.2
	enum net_next (*reply)(struct relay_client *client,
	    const struct smtp_reply *reply, struct buf *out);
};
const struct relay_step_row *relay_step_row(enum relay_step step);

void relay_client_enter(struct relay_client *client, enum relay_step step);
uint32_t relay_client_seconds_left(const struct relay_client *client);
// From now on all steps together have to be done within this time. 0: there is
// no such limit.
void relay_client_hurry_up(struct relay_client *client, uint64_t seconds);

// Ends the connection. Recipients of the letter that have no result yet are
// LATER, with this status and text. Returns NET_CLOSE.
enum net_next relay_client_break(struct relay_client *client,
    struct enhanced_status status, const char *format, ...) PRINTF_LIKE(3, 4);
// Does the same with the status and text of a reply.
enum net_next relay_client_break_reply(
    struct relay_client *client, const struct smtp_reply *reply);
// The server will not accept mail (5xx). Says QUIT.
enum net_next relay_client_refuse(struct relay_client *client,
    const struct smtp_reply *reply, enum relay_client_use use, struct buf *out);
enum net_next relay_client_give_up(struct relay_client *client,
    struct enhanced_status status, struct buf *out, const char *format, ...)
    PRINTF_LIKE(4, 5);
enum net_next relay_client_quit(struct relay_client *client, struct buf *out);

static inline unsigned relay_reply_class(const struct smtp_reply *reply)
{
	return reply->code / 100;
}
// The status in the reply, or X.0.0 with the reply's class.
struct enhanced_status relay_reply_status(const struct smtp_reply *reply);

// ---- hello.c, auth.c -------------------------------------------------------

enum net_next relay_client_on_greeting(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_ehlo(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_helo(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_starttls(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_say_ehlo(
    struct relay_client *client, struct buf *out);

enum net_next relay_client_say_auth(
    struct relay_client *client, struct buf *out);
enum net_next relay_client_on_auth(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_auth_user(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_auth_password(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);

// ---- letter.c --------------------------------------------------------------

// The session is ready for mail: begins the owner's next message, or waits, or
// says QUIT.
enum net_next relay_client_next(struct relay_client *client, struct buf *out);
// ---- transaction.c, content.c ----------------------------------------------

// Begins a transaction with the recipients that are open. There must be one.
enum net_next relay_client_say_mail(
    struct relay_client *client, struct buf *out);
enum net_next relay_client_on_mail(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_rcpt(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_data(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_rset(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_say_rset(
    struct relay_client *client, struct buf *out);
// The transaction is over: begins the next one, or the next message.
enum net_next relay_client_proceed(
    struct relay_client *client, struct buf *out);
// Makes the reply the result of all recipients that were accepted.
void relay_client_apply_reply(
    struct relay_client *client, const struct smtp_reply *reply);

enum net_next relay_client_begin_data(
    struct relay_client *client, struct buf *out);
enum net_next relay_client_more_data(
    struct relay_client *client, struct buf *out);
enum net_next relay_client_on_chunk(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);
enum net_next relay_client_on_end(struct relay_client *client,
    const struct smtp_reply *reply, struct buf *out);

#endif
