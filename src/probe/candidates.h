// SPDX-License-Identifier: Apache-2.0
// The settings that may be right, each with where it comes from; and the
// readers of the formats by which providers publish them. Both are foreign
// XML, read by wire/xml_reader.h: nothing is expanded, nothing is fetched.
#ifndef ROOST_PROBE_CANDIDATES_H
#define ROOST_PROBE_CANDIDATES_H

#include "base/arena.h"
#include "probe/dialogue.h"

#define PROBE_CANDIDATES_MAX 96
#define PROBE_XML_MAX        ((size_t)256 * 1024)

// In the order in which they are believed.
#define PROBE_SOURCE_TABLE(X)                                                  \
	X(PROBE_GIVEN, "given")                                                \
	X(PROBE_AUTOCONFIG, "autoconfig")                                      \
	X(PROBE_AUTODISCOVER, "autodiscover")                                  \
	X(PROBE_SRV, "srv")                                                    \
	X(PROBE_AUTOCONFIG_HTTP, "autoconfig-http") /* anybody on the way */   \
	X(PROBE_USUAL, "usual-port") /* of a server that was given */          \
	X(PROBE_MX, "mx")                                                      \
	X(PROBE_GUESS, "usual-name")

enum probe_source {
#define X(name, id) name,
	PROBE_SOURCE_TABLE(X)
#undef X
};
const char *probe_source_id(enum probe_source source); // static

struct probe_candidate {
	enum probe_protocol protocol;
	enum probe_security security;
	const char *host; // A-labels in lower case, or a numeric address
	uint16_t port;
	enum probe_source source;
	const char *user; // NULL: it is not said
	// That this is the provider's server was said by the user, or by
	// somebody who can speak for the domain of the address: the server's
	// name is in that domain, or it was named by a page of the domain over
	// TLS, or by a record that DNSSEC proves. Anybody on the way could have
	// named another server, with a good certificate of its own.
	bool vouched;
};

struct probe_candidates {
	struct arena *arena; // for the texts
	const char *domain;  // of the address, as A-labels; NULL: unknown
	bool vouches;        // who names the next ones speaks for the domain
	struct probe_candidate items[PROBE_CANDIDATES_MAX];
	size_t count;
};

// Adds a candidate, unless one with the same protocol, server, port and
// encryption is there already, or there are too many. One that is vouched for
// takes the place of the same one that is not. `host` may be any text: a bad
// name is left out, and so is a user's name with control characters.
void probe_candidates_add(struct probe_candidates *candidates,
    const struct probe_candidate *candidate);
// Whether this server's name is the domain, or below it.
bool probe_is_in_domain(const char *host, const char *domain);
// Adds the protocols at their usual ports that a server of this kind of name
// has ("imap" in front: IMAP only).
void probe_candidates_add_usual(struct probe_candidates *candidates,
    const char *host, enum probe_source source, bool vouched);
// The usual protocol and encryption of a port. False: it has none.
bool probe_port_usage(uint16_t port, enum probe_protocol *ret_protocol,
    enum probe_security *ret_security);

// Thunderbird's autoconfig (draft-ietf-mailmaint-autoconfig). `address` fills
// the placeholders. RC_SYNTAX: not well formed, or not this format; what was
// read before the mistake counts.
MUST_CHECK enum rc probe_read_autoconfig(struct probe_candidates *candidates,
    struct view xml, struct view address, enum probe_source source);
// Microsoft's Autodiscover (POX). `ret_redirect` is an URL, or NULL.
MUST_CHECK enum rc probe_read_autodiscover(struct probe_candidates *candidates,
    struct view xml, struct view address, const char **ret_redirect);

#endif
