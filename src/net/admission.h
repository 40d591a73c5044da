// SPDX-License-Identifier: Apache-2.0
// Counts the connections, by client, and knows how many are allowed. Used
// inside this room only. The server's lock protects it.
#ifndef ROOST_NET_ADMISSION_H
#define ROOST_NET_ADMISSION_H

#include "base/map.h"
#include "net/address.h"
#include "net/server.h"

struct admission {
	uint32_t max_connections;
	uint32_t max_per_address; // 0: no limit
	uint32_t max_per_network; // 0: no limit
	uint32_t max_outgoing;
	uint32_t open;     // accepted connections
	uint32_t outgoing; // being made or open
	// Maps address_site() and address_network() to their counts, stored as
	// pointers. Sites and networks differ in length, so they do not
	// collide.
	struct map sites;
};

void admission_init(
    struct admission *admission, const struct net_server_config *config);
void admission_done(struct admission *admission);

// Counts one more accepted connection and returns NULL. If a limit is reached,
// counts nothing and returns that limit's text (static).
const char *admission_admit(
    struct admission *admission, const struct address *peer);
void admission_dismiss(struct admission *admission, const struct address *peer);

#endif
