// SPDX-License-Identifier: Apache-2.0
#include "relay/place.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define FORGET_MS     3600000 // an address that nobody has asked for
#define HELLO_FACTOR  2       // `hello` is this times the greeting
#define LETTER_FACTOR 10      // `letter`, too
#define DOUBLINGS_MAX 16

// ---- All places ------------------------------------------------------------

void relay_places_init(
    struct relay_places *places, const struct relay_place_limits *limits)
{
	*places = (struct relay_places){.limits = *limits};
	map_init(&places->places);
	map_init(&places->networks);
}

void relay_places_done(struct relay_places *places)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&places->places, &position, &key, &value))
		free(value);
	position = 0;
	while (map_next(&places->networks, &position, &key, &value))
		free(value);
	map_done(&places->places);
	map_done(&places->networks);
}

static struct view key_of(const struct ip_address *address)
{
	return view_of((const char *)address->bytes, sizeof(address->bytes));
}

// Removes unused places that nobody has asked for since `before`. A map must
// not change during a walk, so they are collected first.
static void forget(struct relay_places *places, uint64_t before, uint64_t now)
{
	size_t position = 0, count = 0;
	struct view key;
	void *value;
	struct relay_place **old =
	    mem_alloc((places->places.count + 1) * sizeof(*old));
	while (map_next(&places->places, &position, &key, &value)) {
		struct relay_place *place = value;
		if (place->count.links == 0 && place->used_ms <= before &&
		    place->dead_until <= now)
			old[count++] = place;
	}
	for (size_t i = 0; i < count; i++) {
		map_remove(&places->places, key_of(&old[i]->address));
		free(old[i]);
	}
	free(old);
}

void relay_places_sweep(struct relay_places *places, uint64_t now)
{
	forget(places, now > FORGET_MS ? now - FORGET_MS : 0, now);
}

void relay_places_revive(struct relay_places *places)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&places->places, &position, &key, &value))
		((struct relay_place *)value)->dead_until = 0;
}

// When the table is full, all that is unused is forgotten: first what is not
// dead, then everything.
static void make_room(struct relay_places *places, uint64_t now)
{
	if (places->places.count >= RELAY_PLACES_MAX)
		forget(places, now, now);
	if (places->places.count >= RELAY_PLACES_MAX)
		forget(places, now, UINT64_MAX);
}

struct relay_place *relay_place_get(
    struct relay_places *places, const char *text, uint64_t now)
{
	struct ip_address address;
	if (ip_address_parse(text, &address) != RC_OK)
		return NULL;
	struct relay_place *place = map_get(&places->places, key_of(&address));
	if (!place) {
		make_room(places, now);
		place = mem_zalloc(sizeof(*place));
		place->places = places;
		place->address = address;
		// The first connection finds out whether anybody answers.
		relay_window_init(&place->window, places->limits.address);
		relay_window_dead(&place->window);
		map_put(&places->places, key_of(&address), place);
	}
	place->used_ms = now;
	return place;
}

// ---- Room ------------------------------------------------------------------

static bool has_room(const struct relay_count *count, unsigned max, bool users)
{
	return count->links < max && (users || count->others < max - max / 4);
}

static struct relay_place_network *network_of(const struct relay_place *place)
{
	return map_get(
	    &place->places->networks, ip_address_network(&place->address));
}

enum relay_room relay_place_room(
    const struct relay_place *place, bool users, uint64_t now)
{
	const struct relay_places *places = place->places;
	const struct relay_place_network *network = network_of(place);
	if (place->dead_until > now)
		return RELAY_ROOM_DEAD;
	bool room = has_room(&place->count, place->window.size, users) &&
		    has_room(&places->count, places->limits.all, users) &&
		    (!network || has_room(&network->count,
				     places->limits.network, users));
	return room ? RELAY_ROOM_FREE : RELAY_ROOM_FULL;
}

bool relay_place_blocks(
    const struct relay_place *place, const struct relay_place *full)
{
	const struct relay_places *places = full->places;
	return place->network == network_of(full) ||
	       !has_room(&places->count, places->limits.all, true);
}

static void count(struct relay_place *place, int links, int others)
{
	struct relay_count *counts[] = {
	    &place->count, &place->network->count, &place->places->count};
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		counts[i]->links += (unsigned)links;
		counts[i]->others += (unsigned)others;
	}
}

void relay_place_enter(struct relay_place *place, bool users)
{
	struct relay_places *places = place->places;
	struct relay_place_network *network = network_of(place);
	if (!network) {
		network = mem_zalloc(sizeof(*network));
		map_put(&places->networks, ip_address_network(&place->address),
		    network);
	}
	place->network = network;
	count(place, 1, !users);
}

void relay_place_leave(struct relay_place *place, bool users, bool greeted)
{
	struct relay_place_network *network = place->network;
	count(place, -1, users ? 0 : -1);
	place->greeted -= greeted;
	if (place->count.links == 0)
		place->network = NULL;
	if (network->count.links > 0)
		return;
	map_remove(
	    &place->places->networks, ip_address_network(&place->address));
	free(network);
}

bool relay_place_turn(struct relay_place *place, bool users)
{
	const struct relay_places *places = place->places;
	if (!users) {
		// The connection itself is counted already.
		unsigned all = places->limits.all;
		unsigned network = places->limits.network;
		unsigned own = place->window.size;
		if (places->count.others >= all - all / 4 ||
		    place->network->count.others >= network - network / 4 ||
		    place->count.others >= own - own / 4)
			return false;
	}
	count(place, 0, users ? -1 : 1);
	return true;
}

// ---- Health ----------------------------------------------------------------

void relay_place_greeted(struct relay_place *place)
{
	place->greeted++;
	relay_window_answered(&place->window, place->count.links);
}

void relay_place_answered(struct relay_place *place)
{
	place->proven = true;
	place->failures = 0;
	place->dead_until = 0;
	relay_window_answered(&place->window, place->count.links);
}

static uint32_t doubled(uint32_t seconds, unsigned times, uint32_t max)
{
	for (unsigned i = 0; i < times && seconds < max; i++)
		seconds *= 2;
	return seconds < max ? seconds : max;
}

static uint32_t die(struct relay_place *place, uint64_t now,
    struct enhanced_status status, const char *text)
{
	const struct relay_place_limits *limits = &place->places->limits;
	uint32_t seconds = doubled(limits->down_first_seconds,
	    place->failures - 1, limits->down_last_seconds);
	relay_window_dead(&place->window);
	place->dead_until = now + 1000ull * seconds;
	place->status = status;
	snprintf(place->text, sizeof(place->text), "%s", text);
	return seconds;
}

uint32_t relay_place_failed(struct relay_place *place, uint64_t now,
    struct enhanced_status status, const char *text)
{
	if (place->greeted > 0) {
		// It has enough connections.
		relay_window_refused(&place->window, place->greeted);
		return 0;
	}
	place->proven = false;
	if (place->failures < DOUBLINGS_MAX)
		place->failures++;
	return die(place, now, status, text);
}

uint32_t relay_place_stalled(struct relay_place *place, uint64_t now,
    struct enhanced_status status, const char *text)
{
	unsigned others = place->greeted > 1 ? place->greeted - 1 : 1;
	place->proven = false;
	relay_window_refused(&place->window, others);
	if (place->failures < DOUBLINGS_MAX)
		place->failures++;
	return place->failures > 1 ? die(place, now, status, text) : 0;
}

struct relay_patience relay_place_patience(const struct relay_place *place)
{
	uint32_t greeting = doubled(place->places->limits.first_seconds,
	    place->failures, RELAY_GREETING_SECONDS);
	if (place->proven)
		return (struct relay_patience){
		    .greeting = RELAY_GREETING_SECONDS};
	return (struct relay_patience){
	    .greeting = greeting,
	    .hello = HELLO_FACTOR * greeting,
	    .letter = LETTER_FACTOR * greeting,
	};
}
