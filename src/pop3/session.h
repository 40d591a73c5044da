// SPDX-License-Identifier: Apache-2.0
// POP3 (RFC 1939) as a protocol session: bytes in, bytes out. What the server's
// wiring, the tests and the fuzzers use of this room; pop3.h is for the room
// itself.
#ifndef ROOST_POP3_SESSION_H
#define ROOST_POP3_SESSION_H

#include "session/session.h"
#include "store/store.h"

// How long a session may say nothing. RFC 1939 section 3 asks for 10 minutes at
// least; before a login it is shorter (README.md).
#define POP3_TIMEOUT_SECONDS (10u * 60)

// A command's line with its end: RFC 2449 section 4 says 255, user names may be
// longer than that leaves room for. An answer in a SASL exchange: RFC 5034
// section 4 asks for the mechanism's longest, and names 12,288 bytes; what the
// mechanisms here take is less (AUTH_SASL_INPUT_MAX, in base64).
#define POP3_LINE_MAX      1024u
#define POP3_SASL_LINE_MAX 12288u

// What all sessions share. Nothing of it changes while there are any, and all
// that it points to outlives them.
struct pop3_server {
	struct session_server base;
	struct store *store;
	const char *version; // for CAPA, after login; NULL: not told
};

struct pop3_session;

// A session for one connection; owned by the connection, which calls it through
// pop3_session_ops and frees it with their free(). `peer` is copied.
struct pop3_session *pop3_session_new(const struct pop3_server *server,
    const struct net_peer *peer, struct net_waker waker);
extern const struct net_session_ops pop3_session_ops;

#endif
