// SPDX-License-Identifier: Apache-2.0
// Client addresses, as texts without a port: what counts as the same address,
// and as the same network.
#ifndef ROOST_AUTH_ADDRESS_H
#define ROOST_AUTH_ADDRESS_H

#include "base/view.h"

// Writes the key under which an address is counted: an IPv4 address, or the /64
// of an IPv6 address, as a site gets at least a /64. Other text is its own key.
// At most 64 bytes are written; returns the length.
size_t auth_address_key(struct view address, char ret_key[64]);
// The same for its network: the /24 of an IPv4 address, the /48 of an IPv6
// address.
size_t auth_network_key(struct view address, char ret_key[64]);
bool auth_address_is_same(struct view a, struct view b); // the same key
bool auth_address_is_near(struct view a, struct view b); // the same network
bool auth_address_is_loopback(struct view address);
// Whether many users come from this address, through a proxy or web mail:
// loopback, and what is no address at all (a Unix socket).
bool auth_address_is_shared(struct view address);

#endif
