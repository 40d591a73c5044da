// SPDX-License-Identifier: Apache-2.0
// One connection to a mail server, as its client (RFC 5321, ESMTP). It is a
// session of the network (net/session.h) and knows no socket, no queue and no
// DNS. It asks its owner for messages, one after the other, and tells the owner
// what became of each recipient.
//
// A message is streamed: only a piece of RELAY_CLIENT_PIECE bytes is in memory.
#ifndef ROOST_RELAY_CLIENT_H
#define ROOST_RELAY_CLIENT_H

#include "base/log.h"
#include "net/session.h"
#include "queue/queue.h"
#include "relay/tls_policy.h"

#define RELAY_CLIENT_PIECE         ((size_t)64 * 1024)
#define RELAY_CLIENT_REPLY_MAX     500 // of a reply's text, in results and logs
#define RELAY_CLIENT_MESSAGES_MAX  100 // over one connection
#define RELAY_CLIENT_RECIPIENTS    100 // RFC 5321 section 4.5.3.1.8
#define RELAY_CLIENT_IDLE_SECONDS  5
#define RELAY_CLIENT_PACE          16384 // bytes a second, with letter_seconds
#define RELAY_CLIENT_WINDOW_CHUNKS 16 // BDAT commands sent before their replies

struct relay_client;
struct clock;     // base/clock.h
struct dkim_keys; // dkim/dkim.h

// A message and the recipients to which it is sent. Valid until done() or
// back() is called.
struct relay_client_mail {
	void *context; // for the owner
	const struct queue_envelope *envelope;
	uint64_t size; // bytes
	size_t count;  // recipients
	const struct queue_recipient *(*recipient)(void *context, size_t n);
	// Adds bytes offset .. offset+len of the message.
	enum rc (*read)(
	    void *context, uint64_t offset, size_t len, struct buf *ret_bytes);
};

// The connection's TLS; `version` is "" when there is none.
struct relay_client_tls {
	char version[16];
	char cipher[64];
	bool verified;
	char unverified[NET_VERIFY_MAX]; // why the certificate is not verified
};

enum relay_client_order {
	RELAY_CLIENT_MAIL, // a message; `ret_mail` has been written
	RELAY_CLIENT_WAIT, // no message now; the owner wakes the session when
			   // there is one
	RELAY_CLIENT_QUIT,
};

// How far the session came.
enum relay_client_use {
	RELAY_CLIENT_READY, // it was ready for mail
	RELAY_CLIENT_LATER, // not ready; the server may accept mail at another
			    // time
	RELAY_CLIENT_REFUSED,   // a 5xx before any message: the server will not
				// accept mail
	RELAY_CLIENT_TLS_BROKE, // the TLS handshake failed
	RELAY_CLIENT_STOPPED,   // the session was told to stop
};

struct relay_client_report {
	enum relay_client_use use;
	struct enhanced_status status; // of LATER, REFUSED, TLS_BROKE
	struct view text; // clean text: the reply, or what happened
	bool slow;        // the server did not answer, or did not read, in time
};

// The owner's functions. The session calls them from within its own calls.
struct relay_client_owner {
	// The server has greeted, in whatever words.
	void (*greeted)(void *owner);
	enum relay_client_order (*next)(
	    void *owner, struct relay_client_mail *ret_mail);
	// `results` has one entry for each recipient, valid during the call.
	void (*done)(void *owner, const struct relay_client_mail *mail,
	    const struct queue_result *results,
	    const struct relay_client_tls *tls);
	// The server has not replied to anything of this message. It counts as
	// not tried.
	void (*back)(void *owner, const struct relay_client_mail *mail);
	// The last call, after the connection has ended. The session is freed
	// next.
	void (*ended)(void *owner, const struct relay_client_report *report);
};

// A zero stands for the default. All members are copied, except `ops` and what
// the pointers `owner`, `log`, `dkim` and `clock` point to.
struct relay_client_config {
	const struct relay_client_owner *ops;
	void *owner;
	struct log *log;  // may be NULL
	const char *helo; // EHLO's argument
	const char *host; // the server's name, for results
	enum relay_tls
	    tls; // DEFAULT means NONE; with implicit TLS the network says so
	const char *user; // NULL: no AUTH
	const char *password;
	uint32_t messages_max;   // [RELAY_CLIENT_MESSAGES_MAX]
	uint32_t recipients_max; // of a transaction [RELAY_CLIENT_RECIPIENTS]
	uint32_t idle_seconds;   // [RELAY_CLIENT_IDLE_SECONDS]
	// How long a server that may be there only to hold our connections is
	// waited for: see struct relay_patience, in place.h. 0: no such limit.
	uint32_t greeting_seconds;
	uint32_t hello_seconds;
	uint32_t letter_seconds;
	uint32_t hurry; // timeouts are divided by this [1]
	// The keys for signing users' messages again when they are made 7-bit.
	// NULL: such messages are sent without signatures.
	struct dkim_keys *dkim;
	const struct clock *clock; // NULL: the machine's clock
};

extern const struct net_session_ops relay_client_session_ops;

// A session for relay_client_session_ops, whose free() frees it.
struct relay_client *relay_client_new(const struct relay_client_config *config);

#endif
