// SPDX-License-Identifier: Apache-2.0
// Which servers take a domain's mail (RFC 5321 section 5.1): the smart host, or
// what MX, A and AAAA records say, in the order in which they are to be tried.
#ifndef ROOST_RELAY_NEXT_HOP_H
#define ROOST_RELAY_NEXT_HOP_H

#include "base/arena.h"
#include "dns/dns.h"
#include "relay/tls_policy.h"
#include "wire/enhanced_status.h"

#define RELAY_NEXT_HOP_HOSTS_MAX     10 // of the best preference
#define RELAY_NEXT_HOP_ADDRESSES_MAX 8  // of a host, of each family

enum relay_next_hop_verdict {
	RELAY_NEXT_HOP_FOUND,
	RELAY_NEXT_HOP_LATER,  // DNS did not answer
	RELAY_NEXT_HOP_FAILED, // there is nobody, now and later
};

struct relay_next_hop {
	const char *host;    // the name that a certificate has to have
	const char *address; // numeric
	uint16_t port;
	uint16_t preference;
};

struct relay_next_hops {
	struct arena arena; // all below
	unsigned users;     // the caller's to count
	enum relay_next_hop_verdict verdict;
	struct enhanced_status status; // unless found
	const char *text;              // why; may be said to the sender
	// Domains with the same one have the same servers.
	struct view site;
	struct relay_next_hop *hops; // in the order of trying
	size_t count;
	bool implicit_tls;
	enum relay_tls tls;
};
void relay_next_hops_free(struct relay_next_hops **hops);

// What the search knows beside the domain. Outlives it.
struct relay_next_hop_rules {
	struct dns *dns;
	const char *own_name;             // no hop
	const char *const *own_addresses; // no hops either
	size_t own_address_count;
	bool own_addresses_allowed;
	bool no_ipv4;
	bool no_ipv6;
	uint16_t port;
	enum relay_tls tls;
	const char *smart_host; // NULL: none; a name or an address
	uint16_t smart_port;
	bool smart_implicit_tls;
	enum relay_tls smart_tls;
};

// `done` is called once, maybe before this returns, maybe on DNS's thread; the
// hops are the callee's.
void relay_next_hop_find(const struct relay_next_hop_rules *rules,
    struct view domain,
    void (*done)(void *context, struct relay_next_hops *hops), void *context);

#endif
