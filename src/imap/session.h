// SPDX-License-Identifier: Apache-2.0
// IMAP (RFC 9051, RFC 3501) as a protocol session: bytes in, bytes out. What
// the server's wiring, the tests and the fuzzers use of this room; imap.h is
// for the room itself.
#ifndef ROOST_IMAP_SESSION_H
#define ROOST_IMAP_SESSION_H

#include "session/session.h"
#include "store/store.h"

// How long a session may say nothing once somebody has logged in: RFC 9051
// section 5.4 asks for 30 minutes at least; IDLE is ended by clients after 29
// minutes (RFC 9051 section 6.3.13), so it gets some more.
#define IMAP_TIMEOUT_SECONDS      (30u * 60)
#define IMAP_TIMEOUT_IDLE_SECONDS (35u * 60)

// What all sessions share. Nothing of it changes while there are any, and all
// that it points to outlives them.
struct imap_server {
	struct session_server base; // its name is for ID, too
	struct store *store;
	const char *version;        // for ID; NULL: not told
	bool compress;              // announce COMPRESS=DEFLATE
	struct imap_recent *recent; // who sees \Recent; NULL: nobody
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
