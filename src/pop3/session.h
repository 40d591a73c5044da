// SPDX-License-Identifier: Apache-2.0
// POP3 (RFC 1939) as a protocol session: bytes in, bytes out. The server, the
// tests and the fuzzers use this header; impl.h is for the room itself.
#ifndef ROOST_POP3_SESSION_H
#define ROOST_POP3_SESSION_H

#include "session/session.h"
#include "store/store.h"

// How long a session may be silent. RFC 1939 section 3 asks for at least 10
// minutes; before a login it is shorter (README.md).
#define POP3_TIMEOUT_SECONDS (10u * 60)

// The longest command line with its end. RFC 2449 section 4 says 255, but user
// names may be longer than that allows. The longest answer in a SASL exchange:
// RFC 5034 section 4 asks for the longest that the mechanism has, and names
// 12,288 bytes; the mechanisms here need less (AUTH_SASL_INPUT_MAX, in base64).
#define POP3_LINE_MAX      1024u
#define POP3_SASL_LINE_MAX 12288u

// What all sessions share. It does not change while there are sessions, and all
// that it points to must outlive them.
struct pop3_server {
	struct session_server base;
	struct store *store;
	const char *version; // for CAPA after login; NULL: it is not shown
};

struct pop3_session;

// Makes a session for one connection. The connection owns it, calls it through
// pop3_session_ops and frees it with their free(). `peer` is copied.
struct pop3_session *pop3_session_new(const struct pop3_server *server,
    const struct net_peer *peer, struct net_waker waker);
extern const struct net_session_ops pop3_session_ops;

#endif
