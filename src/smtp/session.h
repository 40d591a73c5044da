// SPDX-License-Identifier: Apache-2.0
// SMTP (RFC 5321), submission (RFC 6409, RFC 8314) and LMTP (RFC 2033) as a
// protocol session: bytes in, bytes out. There is one implementation; the role
// decides what is offered and required. The server, tests and fuzzers use this
// header.
#ifndef ROOST_SMTP_SESSION_H
#define ROOST_SMTP_SESSION_H

#include "delivery/delivery.h"
#include "session/session.h"

enum smtp_role {
	SMTP_ROLE_MX,         // 25: mail from other servers for our users
	SMTP_ROLE_SUBMISSION, // 587, 465: mail from our users
	SMTP_ROLE_LMTP,       // 24 or a Unix socket: a server that we trust
};

// Zero means the default, in brackets. The delivery limits the size of a
// message.
struct smtp_limits {
	uint32_t recipients; // of a message [1000]
	uint32_t errors; // 5xx answers since the last message; then the server
			 // hangs up [10]
	uint32_t errors_slow;     // from this one on refusals come late [3]
	uint32_t slow_ms;         // first delay; it doubles, up to 8 s [500]
	uint32_t commands;        // without a message between them [100]
	uint32_t messages;        // of a connection [1000]
	uint32_t login_failures;  // of a connection [3]
	uint32_t command_seconds; // between commands [300]
	uint32_t data_seconds;    // without a byte of the message [180]
	uint32_t wait_seconds;    // while a command waits [240]
	uint32_t session_seconds; // without a finished message [3600]
	uint32_t greeting_ms;     // before the greeting; a client that speaks
				  // earlier is cut off [none]
};

struct smtp_server {
	struct session_server base; // its name is also in the answer to EHLO
	const struct delivery_office *office;
	enum smtp_role role;
	bool normalize; // bare CR and LF become CRLF; otherwise 550
	bool lenient;   // users may write addresses without brackets …
	struct smtp_harvest *harvest; // harvest.h; NULL: not looked for
	struct smtp_limits limits;
};

struct smtp_session;

// Makes a session for one connection. The connection owns it, calls it through
// smtp_session_ops and frees it with their free(). `peer` is copied; `server`,
// and all that it points to, must outlive the session.
struct smtp_session *smtp_session_new(const struct smtp_server *server,
    const struct net_peer *peer, struct net_waker waker);
extern const struct net_session_ops smtp_session_ops;

#endif
