// SPDX-License-Identifier: Apache-2.0
// The places from which users have logged in: addresses, and the networks that
// they are in. From such a place a user is never locked out (guard.h). A user
// has at most AUTH_PLACES_MAX places; one that was not used for the longest
// time is forgotten first. They are kept in the engine, in a partition of their
// own, and survive a restart. A log-in does not wait for that: the room's
// thread writes what is new. Thread-safe.
#ifndef ROOST_AUTH_PLACES_H
#define ROOST_AUTH_PLACES_H

#include "auth/directory.h"

#define AUTH_PLACES_PARTITION 5 // of the engine
#define AUTH_PLACES_PREFIX    "place/"
#define AUTH_PLACES_MAX       32
// How many places of one network are kept.
#define AUTH_PLACES_NETWORK_MAX 4
// A log-in is written down again after so many seconds.
#define AUTH_PLACES_FRESH_SECONDS 600
#define AUTH_PLACE_ADDRESS_MAX    63
#define AUTH_PLACE_PROTOCOL_MAX   15

struct auth_place {
	char address[AUTH_PLACE_ADDRESS_MAX + 1];
	char protocol[AUTH_PLACE_PROTOCOL_MAX + 1]; // of the last log-in
	bool tls;                                   // of the last log-in
	int64_t first; // the first log-in, wall-clock seconds
	int64_t last;  // the last one, at most AUTH_PLACES_FRESH_SECONDS late
};

// A user's places, the one that was used last first.
struct auth_place_list {
	size_t count;
	struct auth_place places[AUTH_PLACES_MAX];
};

enum auth_known {
	AUTH_KNOWN_NOT,
	AUTH_KNOWN_NETWORK, // another address of the same network
	AUTH_KNOWN_ADDRESS,
};

struct auth_places;

struct auth_places *auth_places_new(struct engine *engine);
void auth_places_free(struct auth_places **places);

// Whether the user (a prepared name, of somebody or of nobody) has logged in
// from this address. `ret_fresh`: so lately that it need not be noted again. If
// the places cannot be read, none is known. Costs the same for every name.
enum auth_known auth_places_find(struct auth_places *places, struct view user,
    struct view address, int64_t now, bool *ret_fresh);
// Remembers a log-in until auth_places_write(). True: something is to be
// written; the caller should see to it soon.
bool auth_places_note(struct auth_places *places, struct view user,
    const struct auth_place *place);
// Writes what was noted.
MUST_CHECK enum rc auth_places_write(
    struct auth_places *places, struct fault *fault);

// Reads a user's places, after writing what was noted.
MUST_CHECK enum rc auth_places_list(struct auth_places *places,
    struct view user, struct fault *fault, struct auth_place_list *ret_list);
// Forgets all places of a user.
MUST_CHECK enum rc auth_places_forget(
    struct auth_places *places, struct view user, struct fault *fault);

// Calls `problem` for each record that is damaged.
MUST_CHECK enum rc auth_places_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

// The stored form, for this room and its tests.
void auth_place_list_encode(
    const struct auth_place_list *list, struct buf *ret_bytes);
MUST_CHECK enum rc auth_place_list_decode(
    struct view bytes, struct auth_place_list *ret_list);
// Puts the log-in into the list, and drops what the list has no room for.
void auth_place_list_add(
    struct auth_place_list *list, const struct auth_place *place);

#endif
