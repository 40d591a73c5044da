// SPDX-License-Identifier: Apache-2.0
#include "net/admission.h"

#define DEFAULT_CONNECTIONS 20000
#define DEFAULT_OUTGOING    1000
#define CONNECTIONS_MAX     (1u << 24)

// One network may have at most this part of the places for strangers that are
// free, at least one. So the more a stranger has taken, the less one more
// network gives him: with the default limits he needs about 60 networks to take
// all places, not 13.
#define FREE_SHARE 8

static uint32_t chosen(uint32_t value, uint32_t otherwise)
{
	uint32_t wanted = value ? value : otherwise;
	return wanted < CONNECTIONS_MAX ? wanted : CONNECTIONS_MAX;
}

void admission_init(
    struct admission *admission, const struct net_server_config *config)
{
	uint32_t max = chosen(config->max_connections, DEFAULT_CONNECTIONS);
	uint32_t strangers = chosen(config->max_strangers, max);
	*admission = (struct admission){
	    .max_connections = max,
	    .max_strange = {strangers, strangers,
		chosen(config->max_visitors, strangers)},
	    .max_per_address = config->max_per_address,
	    .max_per_network = config->max_per_network,
	    .max_outgoing = chosen(config->max_outgoing, DEFAULT_OUTGOING),
	};
	if (config->unlimited)
		admission->unlimited = *config->unlimited;
	for (size_t i = 0; i < ADMISSION_STRANGE_PLACES; i++)
		map_init(&admission->sites[i]);
}

void admission_done(struct admission *admission)
{
	for (size_t i = 0; i < ADMISSION_STRANGE_PLACES; i++)
		map_done(&admission->sites[i]);
}

enum admission_place admission_place(enum net_door door, bool known)
{
	switch (door) {
	case NET_DOOR_SERVERS: return ADMISSION_SERVER;
	case NET_DOOR_USERS: return known ? ADMISSION_USER : ADMISSION_STRANGER;
	case NET_DOOR_WEB: return known ? ADMISSION_USER : ADMISSION_VISITOR;
	case NET_DOOR_TRUSTED: break;
	}
	return ADMISSION_TRUSTED;
}

const char *admission_reason(enum admission_refusal refusal)
{
	static const char *const reasons[ADMISSION_REFUSALS] = {
	    [ADMISSION_ALLOWED] = "",
	    [ADMISSION_FULL] = "too many connections",
	    [ADMISSION_FULL_LISTENER] = "too many connections at this listener",
	    [ADMISSION_FULL_STRANGERS] =
		"too many connections that have not logged in",
	    [ADMISSION_ADDRESS] = "too many connections from this address",
	    [ADMISSION_NETWORK] = "too many connections from this network",
	    [ADMISSION_MEMORY] = "not enough memory",
	};
	return reasons[refusal];
}

// ---- Strangers, by where they come from ------------------------------------

static bool is_counted(const struct admission *admission,
    enum admission_place place, const struct address *peer)
{
	return place < ADMISSION_STRANGE_PLACES && !peer->is_unix &&
	       !net_networks_have(&admission->unlimited, peer->bytes);
}

static uint32_t count_of(const struct map *sites, struct view site)
{
	return (uint32_t)(uintptr_t)map_get(sites, site);
}

static void change(struct map *sites, struct view site, int by)
{
	uintptr_t count = (uintptr_t)map_get(sites, site) + (uintptr_t)by;
	if (count > 0)
		map_put(sites, site, (void *)count);
	else
		map_remove(sites, site);
}

static void count_sites(struct admission *admission, enum admission_place place,
    const struct address *peer, int by)
{
	if (!is_counted(admission, place, peer))
		return;
	change(&admission->sites[place], address_site(peer), by);
	change(&admission->sites[place], address_network(peer), by);
}

static bool is_over(uint32_t count, uint32_t max)
{
	return max && count >= max;
}

// How many connections one network may have now.
static uint32_t network_max(
    const struct admission *admission, enum admission_place place)
{
	uint32_t taken = admission->taken[place];
	uint32_t all = admission->max_strange[place];
	uint32_t free = all > taken ? all - taken : 0;
	uint32_t share = free / FREE_SHARE > 1 ? free / FREE_SHARE : 1;
	uint32_t max = admission->max_per_network;
	return max && max < share ? max : max ? share : 0;
}

static enum admission_refusal check_stranger(const struct admission *admission,
    enum admission_place place, const struct address *peer)
{
	const struct map *sites = &admission->sites[place];
	if (admission->taken[place] >= admission->max_strange[place])
		return ADMISSION_FULL_STRANGERS;
	if (!is_counted(admission, place, peer))
		return ADMISSION_ALLOWED;
	if (is_over(count_of(sites, address_site(peer)),
		admission->max_per_address))
		return ADMISSION_ADDRESS;
	if (is_over(count_of(sites, address_network(peer)),
		network_max(admission, place)))
		return ADMISSION_NETWORK;
	return ADMISSION_ALLOWED;
}

// ---- All ------------------------------------------------------------------

static void count(struct admission *admission, enum admission_place place,
    const struct address *peer, int by)
{
	admission->taken[place] += (uint32_t)by;
	count_sites(admission, place, peer, by);
}

enum admission_refusal admission_admit(struct admission *admission,
    enum admission_place place, const struct address *peer)
{
	enum admission_refusal refusal = ADMISSION_ALLOWED;
	if (admission->open >= admission->max_connections)
		return ADMISSION_FULL;
	if (place < ADMISSION_STRANGE_PLACES)
		refusal = check_stranger(admission, place, peer);
	if (refusal != ADMISSION_ALLOWED)
		return refusal;
	admission->open++;
	count(admission, place, peer, 1);
	return ADMISSION_ALLOWED;
}

void admission_dismiss(struct admission *admission, enum admission_place place,
    const struct address *peer)
{
	admission->open--;
	count(admission, place, peer, -1);
}

void admission_move(struct admission *admission, enum admission_place from,
    enum admission_place to, const struct address *peer)
{
	count(admission, from, peer, -1);
	count(admission, to, peer, 1);
}
