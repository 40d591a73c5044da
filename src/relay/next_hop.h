// SPDX-License-Identifier: Apache-2.0
// Finds the servers that accept a domain's mail (RFC 5321 section 5.1): the
// smart host, or what MX, A and AAAA records say, in the order in which they
// are tried.
#ifndef ROOST_RELAY_NEXT_HOP_H
#define ROOST_RELAY_NEXT_HOP_H

#include "base/arena.h"
#include "dns/dns.h"
#include "net/networks.h"
#include "relay/tls_policy.h"
#include "wire/enhanced_status.h"
#include "wire/ip_address.h"

#define RELAY_NEXT_HOP_HOSTS_MAX     10 // hosts with the best preferences
#define RELAY_NEXT_HOP_ADDRESSES_MAX 8  // addresses of one host, of each family

enum relay_next_hop_found {
	RELAY_NEXT_HOP_FOUND,
	RELAY_NEXT_HOP_LATER,  // DNS did not answer
	RELAY_NEXT_HOP_FAILED, // no server accepts mail for the domain
};

struct relay_next_hop {
	const char *host;    // the name that the certificate must have
	const char *address; // numeric
	uint16_t port;
	uint16_t preference;
};

struct relay_next_hops {
	struct arena arena; // for all members below
	unsigned users;     // counted by the caller
	enum relay_next_hop_found found;
	struct enhanced_status status; // when no hops were found
	const char *text;              // the reason; may be told to the sender
	bool forbidden; // there are addresses, but none that may be used
	// The name of the site. Domains with the same name have the same
	// servers.
	struct view site;
	struct relay_next_hop *hops; // in the order in which they are tried
	size_t count;
	bool implicit_tls;
	enum relay_tls tls;
};
void relay_next_hops_free(struct relay_next_hops **hops);

// What a search needs besides the domain. Must outlive the search.
struct relay_next_hop_rules {
	struct dns *dns;
	const char *own_name; // a host of this name is this server and no hop
	const char *const *own_addresses; // the same for these addresses
	size_t own_address_count;
	// Networks that may be used though they are not the Internet.
	struct net_networks networks;
	bool any_address_allowed; // no address is checked, not even for loops
	bool no_ipv4;
	bool no_ipv6;
	uint16_t port;
	enum relay_tls tls;
	const char *smart_host; // a name or an address; NULL: none
	uint16_t smart_port;
	bool smart_implicit_tls;
	enum relay_tls smart_tls;
};

// With `for_strangers` no user waits for the result: see dns_lookup_bulk().
// `done` is called once, perhaps before this function returns, perhaps on DNS's
// thread. It owns the hops.
void relay_next_hop_find(const struct relay_next_hop_rules *rules,
    struct view domain, bool for_strangers,
    void (*done)(void *context, struct relay_next_hops *hops), void *context);

#endif
