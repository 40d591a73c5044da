// SPDX-License-Identifier: Apache-2.0
// How many connections there are, with whom, and how many there may be. Inside
// the room only; the server's lock guards it.
#ifndef ROOST_NET_ADMISSION_H
#define ROOST_NET_ADMISSION_H

#include "base/map.h"
#include "net/address.h"
#include "net/server.h"

struct admission {
	uint32_t max_connections;
	uint32_t max_per_address; // 0: none
	uint32_t max_per_network; // 0: none
	uint32_t max_outgoing;
	uint32_t open;     // accepted
	uint32_t outgoing; // being made or open
	// address_site() and address_network(), which differ in length, to
	// their counts as pointers.
	struct map sites;
};

void admission_init(
    struct admission *admission, const struct net_server_config *config);
void admission_done(struct admission *admission);

// Counts one more accepted connection, unless there is no room for it: then
// says for which limit (static). NULL: admitted.
const char *admission_admit(
    struct admission *admission, const struct address *peer);
void admission_dismiss(struct admission *admission, const struct address *peer);

#endif
