// SPDX-License-Identifier: Apache-2.0
// One connection to a mail server as a mail program would make it: IMAP, POP3
// or submission. It is a session of the network (net/session.h) and knows no
// socket. It goes from greeting to capabilities, TLS, log-in and use, tells its
// owner each step, and ends with what was found.
//
// Nothing on the server changes: INBOX is opened for reading only, and the
// message whose sender was accepted is given up.
#ifndef ROOST_PROBE_DIALOGUE_H
#define ROOST_PROBE_DIALOGUE_H

#include "net/certificate.h"
#include "net/session.h"
#include "probe/cause.h"

#define PROBE_PROTOCOL_TABLE(X)                                                \
	X(PROBE_IMAP, "imap", "IMAP")                                          \
	X(PROBE_POP3, "pop3", "POP3")                                          \
	X(PROBE_SMTP, "smtp", "SMTP")

enum probe_protocol {
#define X(name, id, shown) name,
	PROBE_PROTOCOL_TABLE(X)
#undef X
	    PROBE_PROTOCOLS
};

#define PROBE_SECURITY_TABLE(X)                                                \
	X(PROBE_TLS, "tls", "TLS")                                             \
	X(PROBE_STARTTLS, "starttls", "STARTTLS")                              \
	X(PROBE_PLAIN, "none", "none")

enum probe_security {
#define X(name, id, shown) name,
	PROBE_SECURITY_TABLE(X)
#undef X
	    PROBE_SECURITIES
};

// From the outside in.
#define PROBE_STAGE_TABLE(X)                                                   \
	X(PROBE_RESOLVE, "resolve")                                            \
	X(PROBE_CONNECT, "connect")                                            \
	X(PROBE_ENCRYPT, "tls")                                                \
	X(PROBE_GREETING, "greeting")                                          \
	X(PROBE_OFFER, "capabilities")                                         \
	X(PROBE_CERTIFICATE, "certificate")                                    \
	X(PROBE_LOGIN, "login")                                                \
	X(PROBE_USE, "use")                                                    \
	X(PROBE_DONE, "done")

enum probe_stage {
#define X(name, id) name,
	PROBE_STAGE_TABLE(X)
#undef X
};

const char *probe_protocol_id(enum probe_protocol protocol); // static
const char *probe_protocol_name(enum probe_protocol protocol);
const char *probe_security_id(enum probe_security security);
const char *probe_security_name(enum probe_security security);
const char *probe_stage_id(enum probe_stage stage);

#define PROBE_DETAIL_MAX 420

struct probe_outcome {
	enum probe_stage stage; // the last one that was reached
	enum probe_cause cause; // PROBE_OK: nothing is wrong
	char detail[PROBE_DETAIL_MAX];
	// The first fault of the certificate; PROBE_OK if it has none.
	enum probe_cause certificate_cause;
	struct net_certificate certificate;
	char tls_version[16]; // "": no TLS
	uint32_t greeting_ms;
	bool greeted;
	bool offers_login;
	bool logged_in;
};

struct probe_login {
	const char *user;
	const char *password;
	const char *sender; // for MAIL FROM; NULL: not asked
	bool insecure; // send the password also to a server that is not proven
};

struct probe_dialogue_config {
	enum probe_protocol protocol;
	enum probe_security security;
	const char *host; // copied
	uint16_t port;
	const char *helo;                // EHLO's argument; copied
	const struct probe_login *login; // copied; NULL: nobody logs in
	uint32_t greeting_seconds;
	uint32_t answer_seconds;
	uint64_t end_ms;   // net_session_ops.end_ms
	const char *nonce; // of SCRAM, for tests; NULL: a random one
	void *owner;
	// A step was taken, and was good. May be NULL.
	void (*step)(void *owner, enum probe_stage stage);
	// The last call. The session is freed next.
	void (*done)(void *owner, const struct probe_outcome *outcome);
};

extern const struct net_session_ops probe_dialogue_ops;

struct probe_dialogue;
struct probe_dialogue *probe_dialogue_new(
    const struct probe_dialogue_config *config);

// What is wrong with a certificate at the moment `now` (seconds since
// 1970-01-01 UTC): all causes, the most important first. Returns how many.
#define PROBE_CERTIFICATE_CAUSES_MAX 4
size_t probe_certificate_causes(const struct net_certificate *certificate,
    int64_t now, enum probe_cause ret_causes[PROBE_CERTIFICATE_CAUSES_MAX]);
// The words' `detail` of such a cause.
void probe_certificate_detail(const struct net_certificate *certificate,
    enum probe_cause cause, char ret_detail[PROBE_DETAIL_MAX]);

// When a connection failed before there was a session: what that means.
void probe_explain_failure(
    enum net_end end, const char *why, struct probe_outcome *ret_outcome);

#endif
