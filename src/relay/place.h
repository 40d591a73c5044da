// SPDX-License-Identifier: Apache-2.0
// The addresses of other servers: how many connections each may have, and which
// do not answer. Anybody can let any number of domains lead to the same
// address, so connections are counted by addresses and networks, not by names.
// No lock, no clock: the caller holds the relay's lock and says what time it is
// (in milliseconds, from any start).
//
// A quarter of all connections, of those to one network and of those to one
// address is kept for users' mail. What strangers caused (reports, and mail
// that is passed on) never takes these.
#ifndef ROOST_RELAY_PLACE_H
#define ROOST_RELAY_PLACE_H

#include "base/map.h"
#include "relay/window.h"
#include "wire/enhanced_status.h"
#include "wire/ip_address.h"

#define RELAY_PLACES_MAX       10000 // addresses that are remembered
#define RELAY_PLACE_TEXT_MAX   200   // bytes of why an address is dead
#define RELAY_GREETING_SECONDS 300   // RFC 5321 section 4.5.3.2.1

struct relay_count {
	unsigned links;  // connections
	unsigned others; // of these, for what is not users' mail
};

struct relay_place_network {
	struct relay_count count;
};

struct relay_place {
	struct relay_places *places;
	struct ip_address address;
	struct relay_place_network
	    *network; // NULL while there is no connection
	struct relay_count count;
	unsigned greeted; // connections over which the server has greeted
	struct relay_window window; // how many connections it may have
	bool proven;       // the last message that was sent there was answered
	unsigned failures; // in a row
	uint64_t dead_until;
	uint64_t used_ms;              // when it was last asked for
	struct enhanced_status status; // why it is dead
	char text[RELAY_PLACE_TEXT_MAX];
};

struct relay_place_limits {
	unsigned all;                // connections together
	unsigned network;            // to one network
	unsigned address;            // to one address
	uint32_t first_seconds;      // for the greeting of an unproven server
	uint32_t down_first_seconds; // how long an address is dead, first …
	uint32_t down_last_seconds;  // … and doubled up to this
};

struct relay_places {
	struct relay_place_limits limits;
	struct relay_count count; // all connections
	struct map places;        // by address
	struct map networks;
};

void relay_places_init(
    struct relay_places *places, const struct relay_place_limits *limits);
void relay_places_done(struct relay_places *places);
// Forgets addresses of which nothing is left to know.
void relay_places_sweep(struct relay_places *places, uint64_t now);
// All addresses may be tried again now.
void relay_places_revive(struct relay_places *places);

// The place stays valid while it has a connection, and until the next call of
// this function or of relay_places_sweep(). NULL: not a numeric address.
struct relay_place *relay_place_get(
    struct relay_places *places, const char *address, uint64_t now);

enum relay_room {
	RELAY_ROOM_FREE,
	RELAY_ROOM_FULL, // another connection has to end first
	RELAY_ROOM_DEAD, // it does not answer
};
enum relay_room relay_place_room(
    const struct relay_place *place, bool users, uint64_t now);
// Whether a place that is full needs the connection of another place to end, or
// one of its own.
bool relay_place_blocks(
    const struct relay_place *place, const struct relay_place *full);

// A connection begins, for users' mail or for other mail, and ends.
void relay_place_enter(struct relay_place *place, bool users);
void relay_place_leave(struct relay_place *place, bool users, bool greeted);
// The connection serves the other kind of mail now. Returns false, and changes
// nothing, when there is no room for it.
bool relay_place_turn(struct relay_place *place, bool users);

// The server has greeted, in whatever words.
void relay_place_greeted(struct relay_place *place);
// A message was answered, with whatever reply.
void relay_place_answered(struct relay_place *place);
// The server did not answer before it was ready for mail. The address is dead
// for a while, unless other connections to it are open. Returns for how many
// seconds; 0: it is not dead.
uint32_t relay_place_failed(struct relay_place *place, uint64_t now,
    struct enhanced_status status, const char *text);
// The server did not answer during a message. The second time in a row counts
// as a failure.
uint32_t relay_place_stalled(struct relay_place *place, uint64_t now,
    struct enhanced_status status, const char *text);

// How long to wait for a server, in seconds. RFC 5321 section 4.5.3.2 has a
// time for each step, and a server that has taken a message gets these: then
// `hello` and `letter` are 0. An address that has not taken any may be there
// only to hold our connections. It gets little time at first, and twice as much
// after each failure, up to the times of the RFC. So a server that is only slow
// is reached at a later attempt.
struct relay_patience {
	uint32_t greeting;
	uint32_t hello;  // all steps together, until it is ready for mail
	uint32_t letter; // one message, beside a time for its size
};
struct relay_patience relay_place_patience(const struct relay_place *place);

#endif
