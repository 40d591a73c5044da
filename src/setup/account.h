// SPDX-License-Identifier: Apache-2.0
// Whom settings are written for. What is not an address never gets so far.
#ifndef ROOST_SETUP_ACCOUNT_H
#define ROOST_SETUP_ACCOUNT_H

#include "base/arena.h"
#include "base/buf.h"
#include "setup/services.h"

// An address that somebody gave. Nobody has asked whether there is such a user,
// and nobody may: the settings are the same for all addresses of a domain.
struct setup_address {
	struct view text;   // printed again, with the domain as it was written
	struct view domain; // A-labels, lower case
	struct view key;    // one text for all spellings
};

// RC_INVALID: it is no address, or one with an address literal, or too long.
MUST_CHECK enum rc setup_address_parse(
    struct arena *arena, struct view text, struct setup_address *ret_address);

struct setup_account {
	struct setup_address address; // `text` empty: only the domain is known
	struct view domain;           // A-labels
	// The domain is not one of ours, but that of the server's name: the
	// settings are for every domain whose mail this server takes.
	bool domain_is_host;
	struct view host; // the server's name, A-labels
	// The host is also an OAuth authorization server (src/account), at this
	// port of HTTPS; 0: it is none.
	uint16_t oauth_port;
	const struct mail_services *services;
};

// The name under which mail programs reach the server: its own, or, if that is
// not a full name, "mail" in the domain, as `roost domain check` advises. In
// `arena` or the name itself.
struct view setup_host_name(
    struct arena *arena, struct view server_name, struct view domain);

// Whether the settings have anything to offer: a way to read mail, and one to
// send.
bool setup_account_is_served(const struct mail_services *services);

#endif
