// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a server without a network, and clients that call its
// sessions as the network does (net/session.h). Messages go to an office: a
// fake one (fake_office.c), or the real delivery over the memory engine
// (true_office.c); a test links one of them.
#ifndef ROOST_SMTP_RIG_H
#define ROOST_SMTP_RIG_H

#include "session/rig.h"
#include "smtp/session.h"

#define RIG_SIZE_MAX     100000 // bytes in a message
#define RIG_HOLD_SECONDS (30 * 86400)

struct rig_office;

struct rig {
	struct rig_base base;
	struct rig_office *office;
	struct smtp_server server;
	const char *peer;
	bool tls; // connections begin with TLS
};

struct rig_options {
	const struct rig_users *users; // NULL: it makes its own
	enum smtp_role role;
	const char *peer;   // NULL: 192.0.2.1, a stranger
	bool tls;           // implicit TLS
	bool tls_available; // STARTTLS
	bool plain;         // passwords without TLS from loopback
	bool normalize;
	bool strict; // not lenient, for users either
	// Zero switches errors and slow-down off (it stands for a million).
	struct smtp_limits limits;
};

void rig_init(struct rig *rig, const struct rig_options *options);
void rig_done(struct rig *rig);

// ---- The office ------------------------------------------------------------

struct rig_office *rig_office_new(const struct rig *rig);
void rig_office_free(struct rig_office **office);
const struct delivery_office *rig_office_view(const struct rig_office *office);
// Adds the next message that was delivered, as one line of text; false if there
// is none.
bool rig_office_next(struct rig_office *office, struct buf *out);
// Gives the answers that deliveries wait for, and wakes the sessions.
void rig_office_release(struct rig_office *office);
// The number of messages accepted so far, and of deliveries that are neither
// finished nor freed.
size_t rig_office_accepted(const struct rig_office *office);
size_t rig_office_open(const struct rig_office *office);

// Adds `text` on one line, with C escapes.
void rig_escape(struct view text, struct buf *out);

// ---- Clients ---------------------------------------------------------------

// Connects a client; it sends `early` before the greeting.
void rig_connect(struct rig *rig, struct view early, struct rig_client *client);

#endif
