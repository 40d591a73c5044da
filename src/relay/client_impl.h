// SPDX-License-Identifier: Apache-2.0
// The client session from within. A dialogue is a sequence of steps, each of
// which waits for one reply; steps.c has the table of them.
#ifndef ROOST_RELAY_CLIENT_IMPL_H
#define ROOST_RELAY_CLIENT_IMPL_H

#include "relay/client.h"
#include "relay/letter.h"
#include "wire/smtp_command.h"
#include "wire/smtp_data.h"
#include "wire/smtp_reply.h"

// What is being waited for.
enum step {
	STEP_GREETING,
	STEP_EHLO,
	STEP_HELO,
	STEP_STARTTLS,
	STEP_HANDSHAKE, // no reply: TLS
	STEP_AUTH,
	STEP_AUTH_USER,     // LOGIN
	STEP_AUTH_PASSWORD, // LOGIN
	STEP_IDLE,          // a message, from the owner
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_CHUNK, // BDAT
	STEP_END,   // of the data
	STEP_RSET,
	STEP_QUIT,
	STEP_OVER, // the connection is of no more use
	STEP_COUNT,
};

// One MAIL, and what follows it.
struct transaction {
	size_t *members; // recipients, by number; in the letter's arena
	size_t count;
	size_t answered; // RCPTs
	size_t accepted;
	bool mail_ok;
	bool data_said; // pipelined: DATA went with the RCPTs
	bool chunked;   // BDAT
	// The data.
	uint64_t offset;            // bytes read
	struct convert_place place; // in the letter's plan
	bool all_said;              // the end, too
	bool failed;                // a chunk was refused
	unsigned chunks_open;
	struct smtp_data_encoder encoder;
};

struct client {
	struct client_config config; // its strings are below
	char *helo;
	char *host;
	char *user;
	char *password;

	enum step step;
	uint64_t since_ms; // it began
	struct smtp_reply_parser parser;
	struct smtp_capabilities can;
	struct client_tls tls;
	bool tls_refused;
	bool ready;              // came to be ready for mail
	uint32_t letters;        // taken from the owner
	uint32_t messages;       // MAIL commands
	uint32_t recipients_max; // as the server has shown
	struct letter letter;
	struct transaction transaction;
	struct buf piece; // bytes of the message
	struct buf chunk; // the same, encoded
	struct buf scratch;

	enum client_use use;
	struct enhanced_status status;
	struct buf text;
	bool ended;
};

// Whether the server has offered all of these (enum smtp_extension).
static inline bool client_offers(
    const struct client *client, unsigned extensions)
{
	return (client->can.extensions & extensions) == extensions;
}

// ---- steps.c ---------------------------------------------------------------

struct step_row {
	const char *name; // "the reply to MAIL"
	uint32_t seconds; // RFC 5321 section 4.5.3.2
	enum net_next (*reply)(struct client *client,
	    const struct smtp_reply *reply, struct buf *out);
};
const struct step_row *step_row(enum step step);

void client_enter(struct client *client, enum step step);
uint32_t client_seconds_left(const struct client *client);

// The connection has come to its end: what is not known of the letter's
// recipients is LATER, with this status and text. NET_CLOSE.
enum net_next client_break(struct client *client, struct enhanced_status status,
    const char *format, ...) PRINTF_LIKE(3, 4);
// The same for a reply that ends it.
enum net_next client_break_reply(
    struct client *client, const struct smtp_reply *reply);
// Not ready and never will be (5xx): says QUIT.
enum net_next client_refuse(struct client *client,
    const struct smtp_reply *reply, enum client_use use, struct buf *out);
enum net_next client_give_up(struct client *client,
    struct enhanced_status status, struct buf *out, const char *format, ...)
    PRINTF_LIKE(4, 5);
enum net_next client_quit(struct client *client, struct buf *out);

static inline unsigned reply_class(const struct smtp_reply *reply)
{
	return reply->code / 100;
}
// As the reply says, or X.0.0 of its class.
struct enhanced_status reply_status(const struct smtp_reply *reply);

// ---- hello.c, auth.c -------------------------------------------------------

enum net_next client_on_greeting(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_ehlo(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_helo(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_starttls(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_say_ehlo(struct client *client, struct buf *out);

enum net_next client_say_auth(struct client *client, struct buf *out);
enum net_next client_on_auth(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_auth_user(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_auth_password(
    struct client *client, const struct smtp_reply *reply, struct buf *out);

// ---- letter.c --------------------------------------------------------------

// Ready: the next message, or waits, or QUIT.
enum net_next client_next(struct client *client, struct buf *out);
// ---- transaction.c, content.c ----------------------------------------------

// Begins a transaction with the recipients that are open; there are some.
enum net_next client_say_mail(struct client *client, struct buf *out);
enum net_next client_on_mail(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_rcpt(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_data(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_rset(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_say_rset(struct client *client, struct buf *out);
// The transaction is over: the next, or the next message.
enum net_next client_proceed(struct client *client, struct buf *out);
// What the reply says is so for the recipients that were accepted.
void client_verdict(struct client *client, const struct smtp_reply *reply);

enum net_next client_begin_data(struct client *client, struct buf *out);
enum net_next client_more_data(struct client *client, struct buf *out);
enum net_next client_on_chunk(
    struct client *client, const struct smtp_reply *reply, struct buf *out);
enum net_next client_on_end(
    struct client *client, const struct smtp_reply *reply, struct buf *out);

#endif
