// SPDX-License-Identifier: Apache-2.0
// IMAP (RFC 9051, RFC 3501) as a protocol session: bytes in, bytes out. What
// the server's wiring, the tests and the fuzzers use of this room; imap.h is
// for the room itself.
#ifndef ROOST_IMAP_SESSION_H
#define ROOST_IMAP_SESSION_H

#include "auth/auth.h"
#include "net/session.h"
#include "store/store.h"

// How long a session may say nothing. Before login it is short, afterwards RFC
// 9051 section 5.4 asks for 30 minutes at least; IDLE is ended by clients after
// 29 minutes (RFC 9051 section 6.3.13), so it gets some more.
#define IMAP_TIMEOUT_LOGIN_SECONDS 60u
// How long a stranger may stay, however much it says.
#define IMAP_TIMEOUT_STRANGER_SECONDS 180u
#define IMAP_TIMEOUT_SECONDS          (30u * 60)
#define IMAP_TIMEOUT_IDLE_SECONDS     (35u * 60)

// Commands that end in BAD before the server hangs up.
#define IMAP_BAD_MAX_LOGIN 3u
#define IMAP_BAD_MAX       20u
// Log-ins refused to one connection, and commands before a login, before the
// server hangs up.
#define IMAP_LOGIN_FAILURES_MAX 3u
#define IMAP_LOGIN_COMMANDS_MAX 50u
// Bytes that may wait behind a LOGIN whose password is not checked yet.
#define IMAP_PIPELINE_MAX_LOGIN ((size_t)16 * 1024)

// What all sessions share. Nothing of it changes while there are any, and all
// that it points to outlives them.
struct imap_server {
	struct store *store;
	struct auth *auth;
	struct log *log;               // may be NULL
	const struct clock *clock;     // NULL: the machine's
	const char *name;              // for ID and the greeting: "Roost"
	const char *version;           // for ID; NULL: not told
	bool tls_available;            // announce STARTTLS
	bool plain_on_loopback;        // passwords without TLS from loopback
	bool compress;                 // announce COMPRESS=DEFLATE
	const struct net_trace *trace; // may be NULL
	struct imap_recent *recent;    // who sees \Recent; NULL: nobody
};

struct imap_session;

// A session for one connection; owned by the connection, which calls it through
// imap_session_ops and frees it with their free(). `peer` is copied.
struct imap_session *imap_session_new(const struct imap_server *server,
    const struct net_peer *peer, struct net_waker waker);
extern const struct net_session_ops imap_session_ops;

// Makes a session that has not greeted yet greet with PREAUTH (RFC 9051 section
// 7.1.4), logged in as `user`: for tests and fuzzers, and for a mail program
// that starts the server itself. RC_NOT_FOUND when there is no such account.
MUST_CHECK enum rc imap_session_preauthenticate(struct imap_session *session,
    const struct auth_user *user, struct fault *fault);

#endif
