// SPDX-License-Identifier: Apache-2.0
// IMAP (RFC 9051, RFC 3501) as a protocol session: bytes in, bytes out. This
// header is for the server, the tests and the fuzzers; impl.h is for the room
// itself.
#ifndef ROOST_IMAP_SESSION_H
#define ROOST_IMAP_SESSION_H

#include "session/session.h"
#include "store/store.h"

// How long a session may be silent after login. RFC 9051 section 5.4 requires
// at least 30 minutes. Clients end IDLE after 29 minutes (RFC 9051 section
// 6.3.13), so IDLE gets a little longer.
#define IMAP_TIMEOUT_SECONDS      (30u * 60)
#define IMAP_TIMEOUT_IDLE_SECONDS (35u * 60)

// What all sessions share. It does not change while there are sessions, and all
// that it points to outlives them.
struct imap_server {
	struct session_server base; // ID also tells its name
	struct store *store;
	const char *version; // for ID; NULL: ID does not tell a version
	bool compress;       // announce COMPRESS=DEFLATE
	// Where JMAP serves the same accounts: the session resource; NULL:
	// nowhere.
	const char *jmap_url;
	struct imap_recent *recent; // who sees \Recent; NULL: nobody
};

struct imap_session;

// Makes a session for one connection. The connection owns it, calls it through
// imap_session_ops, and frees it by their free(). `peer` is copied.
struct imap_session *imap_session_new(const struct imap_server *server,
    const struct net_peer *peer, struct net_waker waker);
extern const struct net_session_ops imap_session_ops;

// Makes a session that has not greeted yet greet with PREAUTH (RFC 9051 section
// 7.1.4), logged in as `user`. This is for tests and fuzzers, and for a mail
// program that starts the server itself. RC_NOT_FOUND when there is no such
// account.
MUST_CHECK enum rc imap_session_preauthenticate(struct imap_session *session,
    const struct auth_user *user, struct fault *fault);

#endif
