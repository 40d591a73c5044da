// SPDX-License-Identifier: Apache-2.0
// A peer's address in a compact form. Used inside this room only.
#ifndef ROOST_NET_ADDRESS_H
#define ROOST_NET_ADDRESS_H

#include <sys/socket.h>

#include "net/session.h"

struct address {
	unsigned char bytes[16]; // IPv4 as ::ffff:a.b.c.d
	uint16_t port;
	bool is_unix;
};

struct address address_of(const struct sockaddr_storage *from);

// Parses a numeric IPv4 or IPv6 address. Returns false for anything else.
bool address_parse(const char *text, uint16_t port,
    struct sockaddr_storage *ret_address, socklen_t *ret_len);

// Writes "192.0.2.1", "2001:db8::1" or "unix".
void address_format(const struct address *address, char *to, size_t size);

// The part of the address that one client usually cannot vary: an IPv4 address,
// or the /64 of an IPv6 address. A view of the address.
struct view address_site(const struct address *address);
// The part of the address that one network shares: the /24 of an IPv4 address,
// the /48 of an IPv6 address. A view of the address. Its length is never that
// of a site.
struct view address_network(const struct address *address);

#endif
