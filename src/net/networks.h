// SPDX-License-Identifier: Apache-2.0
// A list of networks: "192.0.2.0/24", "2001:db8::/32", or one address.
#ifndef ROOST_NET_NETWORKS_H
#define ROOST_NET_NETWORKS_H

#include "base/rc.h"
#include "base/view.h"

#define NET_NETWORKS_MAX 64

struct net_network {
	unsigned char bytes[16]; // IPv4 as ::ffff:a.b.c.d
	uint8_t bits;            // of these 128
};

struct net_networks {
	size_t count;
	struct net_network items[NET_NETWORKS_MAX];
};

// Parses networks with spaces between; an empty text is an empty list.
// RC_INVALID, RC_LIMIT: `fault` says which one is wrong, and why.
MUST_CHECK enum rc net_networks_parse(
    struct view text, struct net_networks *ret_networks, struct fault *fault);

// Whether one of them has this address (16 bytes, IPv4 as ::ffff:a.b.c.d).
bool net_networks_have(
    const struct net_networks *networks, const unsigned char address[16]);

#endif
