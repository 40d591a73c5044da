// SPDX-License-Identifier: Apache-2.0
// Counts the connections, by client, and knows how many are allowed. Used
// inside this room only. The server's lock protects it.
//
// Each accepted connection has a place of one kind. Strangers (other servers,
// and users who have not logged in yet) have only so many places, and they
// share them: so they cannot take the places of users who are logged in, and
// one stranger cannot take those of the others.
#ifndef ROOST_NET_ADMISSION_H
#define ROOST_NET_ADMISSION_H

#include "base/map.h"
#include "net/address.h"
#include "net/networks.h"
#include "net/server.h"

enum admission_place {
	ADMISSION_SERVER,   // a stranger at a door for other servers
	ADMISSION_STRANGER, // a stranger at a door for users
	ADMISSION_VISITOR,  // a stranger at a door of the web
	ADMISSION_STRANGE_PLACES,
	ADMISSION_USER = ADMISSION_STRANGE_PLACES, // logged in
	ADMISSION_TRUSTED, // at a door for trusted programs
	ADMISSION_PLACES,
};

// Why a connection is refused.
enum admission_refusal {
	ADMISSION_ALLOWED,
	ADMISSION_FULL,           // max_connections
	ADMISSION_FULL_LISTENER,  // the listener's limit
	ADMISSION_FULL_STRANGERS, // max_strangers
	ADMISSION_ADDRESS,        // max_per_address
	ADMISSION_NETWORK,        // max_per_network, or less if places are rare
	ADMISSION_MEMORY,         // the memory budget
	ADMISSION_REFUSALS,
};

struct admission {
	uint32_t max_connections;
	// Of each strange place.
	uint32_t max_strange[ADMISSION_STRANGE_PLACES];
	uint32_t max_per_address; // 0: no limit
	uint32_t max_per_network; // 0: no limit
	uint32_t max_outgoing;
	uint32_t open;     // accepted connections
	uint32_t outgoing; // being made or open
	uint32_t taken[ADMISSION_PLACES];
	struct net_networks unlimited;
	// For each strange place, maps address_site() and address_network() to
	// their counts, stored as pointers. Sites and networks differ in
	// length, so they do not collide.
	struct map sites[ADMISSION_STRANGE_PLACES];
};

void admission_init(
    struct admission *admission, const struct net_server_config *config);
void admission_done(struct admission *admission);

// The place of a connection at this door.
enum admission_place admission_place(enum net_door door, bool known);

// Counts one more accepted connection. If a limit is reached, counts nothing.
MUST_CHECK enum admission_refusal admission_admit(struct admission *admission,
    enum admission_place place, const struct address *peer);
void admission_dismiss(struct admission *admission, enum admission_place place,
    const struct address *peer);
// The connection's place has changed, because somebody logged in or out. No
// limit is checked.
void admission_move(struct admission *admission, enum admission_place from,
    enum admission_place to, const struct address *peer);

// For the log.
const char *admission_reason(enum admission_refusal refusal);

#endif
