// SPDX-License-Identifier: Apache-2.0
// What kind of address another domain's records lead to. Anybody can write any
// address into DNS, so whoever connects to what a stranger's domain names must
// not follow it into networks that are not the Internet. No side effects.
#ifndef ROOST_WIRE_IP_ADDRESS_H
#define ROOST_WIRE_IP_ADDRESS_H

#include "base/rc.h"
#include "base/view.h"

// An IPv6 address. An IPv4 address is ::ffff:a.b.c.d, in whatever form of IPv6
// it was written.
struct ip_address {
	unsigned char bytes[16];
};

// Parses a numeric address. An IPv6 address that stands for an IPv4 address
// becomes that one: IPv4-mapped and IPv4-compatible (RFC 4291 section 2.5.5),
// NAT64 (64:ff9b::/96, RFC 6052), 6to4 (2002::/16, RFC 3056), Teredo
// (2001::/32, RFC 4380: the client behind it). RC_SYNTAX: it is not an address.
MUST_CHECK enum rc ip_address_parse(
    const char *text, struct ip_address *ret_address);
bool ip_address_eq(const struct ip_address *a, const struct ip_address *b);
// The part that one network shares: the /24 of an IPv4 address, the /48 of an
// IPv6 address, which is what a site gets (RFC 6177). A view of the address.
struct view ip_address_network(const struct ip_address *address);

enum ip_address_kind {
	IP_ADDRESS_PUBLIC,
	IP_ADDRESS_HERE,     // a connection to it would come to this machine:
			     // loopback, unspecified
	IP_ADDRESS_PRIVATE,  // of a network that is not the Internet
	IP_ADDRESS_UNUSABLE, // no single host has it: multicast, broadcast,
			     // reserved
};
enum ip_address_kind ip_address_kind(const struct ip_address *address);

#endif
