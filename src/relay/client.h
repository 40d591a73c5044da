// SPDX-License-Identifier: Apache-2.0
// One connection to a mail server, as its client (RFC 5321, ESMTP): a session
// of the network (net/session.h), which knows no socket, no queue and no DNS.
// It asks its owner for messages, one after the other, and tells it what became
// of each recipient.
//
// Messages stream: of one, a piece of RELAY_CLIENT_PIECE bytes is in memory.
#ifndef ROOST_RELAY_CLIENT_H
#define ROOST_RELAY_CLIENT_H

#include "base/log.h"
#include "net/session.h"
#include "queue/queue.h"
#include "relay/tls_policy.h"

#define RELAY_CLIENT_PIECE         ((size_t)64 * 1024)
#define RELAY_CLIENT_REPLY_MAX     500 // bytes of a reply in results and logs
#define RELAY_CLIENT_MESSAGES_MAX  100 // over one connection
#define RELAY_CLIENT_RECIPIENTS    100 // RFC 5321 section 4.5.3.1.8
#define RELAY_CLIENT_IDLE_SECONDS  5
#define RELAY_CLIENT_WINDOW_CHUNKS 16 // BDATs that no reply has come for

struct relay_client;
struct clock;     // base/clock.h
struct dkim_keys; // dkim/dkim.h

// A message and the recipients that it is for. Valid until done() or back().
struct relay_client_mail {
	void *context; // the owner's
	const struct queue_envelope *envelope;
	uint64_t size; // bytes
	size_t count;  // recipients
	const struct queue_recipient *(*recipient)(void *context, size_t n);
	// Adds bytes offset .. offset+len of the message.
	enum rc (*read)(
	    void *context, uint64_t offset, size_t len, struct buf *ret_bytes);
};

// TLS as it is; `version` is "" without.
struct relay_client_tls {
	char version[16];
	char cipher[64];
	bool verified;
	char unverified[NET_VERIFY_MAX]; // why not
};

enum relay_client_order {
	RELAY_CLIENT_MAIL, // `ret_mail` has been written
	RELAY_CLIENT_WAIT, // none now; wake the session when there is one
	RELAY_CLIENT_QUIT,
};

// How the session was of use.
enum relay_client_use {
	RELAY_CLIENT_READY,   // it came to be ready for mail
	RELAY_CLIENT_LATER,   // it did not; the server may be well another time
	RELAY_CLIENT_REFUSED, // nor will it: a 5xx before any message
	RELAY_CLIENT_TLS_BROKE, // there was no handshake to be had
	RELAY_CLIENT_STOPPED,   // we stop
};

struct relay_client_report {
	enum relay_client_use use;
	struct enhanced_status status; // of LATER, REFUSED, TLS_BROKE
	struct view text;              // clean; the reply, or what happened
};

// What the owner is asked and told, from within the session's calls.
struct relay_client_owner {
	enum relay_client_order (*next)(
	    void *owner, struct relay_client_mail *ret_mail);
	// One result for each recipient; valid during the call.
	void (*done)(void *owner, const struct relay_client_mail *mail,
	    const struct queue_result *results,
	    const struct relay_client_tls *tls);
	// Not a word was answered about it: it goes back untried.
	void (*back)(void *owner, const struct relay_client_mail *mail);
	// The last call, when the connection is gone: the session is freed
	// next.
	void (*ended)(void *owner, const struct relay_client_report *report);
};

// Zero means the default. All is copied but `ops` and what is behind pointers
// to `owner`, `log`, `dkim` and `clock`.
struct relay_client_config {
	const struct relay_client_owner *ops;
	void *owner;
	struct log *log;    // may be NULL
	const char *helo;   // EHLO's argument
	const char *host;   // the server, for results
	enum relay_tls tls; // DEFAULT is NONE; implicit TLS shows by itself
	const char *user;   // NULL: no AUTH
	const char *password;
	uint32_t messages_max;   // [RELAY_CLIENT_MESSAGES_MAX]
	uint32_t recipients_max; // of a transaction [RELAY_CLIENT_RECIPIENTS]
	uint32_t idle_seconds;   // [RELAY_CLIENT_IDLE_SECONDS]
	uint32_t hurry;          // timeouts are divided by it [1]
	// To sign users' messages anew that are made 7-bit; NULL: they go
	// without signatures then.
	struct dkim_keys *dkim;
	const struct clock *clock; // NULL: the machine's
};

extern const struct net_session_ops relay_client_session_ops;

// The session that relay_client_session_ops are for; freed by their free().
struct relay_client *relay_client_new(const struct relay_client_config *config);

#endif
