// SPDX-License-Identifier: Apache-2.0
#include "net/admission.h"

#define DEFAULT_CONNECTIONS 20000
#define DEFAULT_OUTGOING    1000
#define CONNECTIONS_MAX     (1u << 24)

static uint32_t chosen(uint32_t value, uint32_t otherwise)
{
	uint32_t wanted = value ? value : otherwise;
	return wanted < CONNECTIONS_MAX ? wanted : CONNECTIONS_MAX;
}

void admission_init(
    struct admission *admission, const struct net_server_config *config)
{
	*admission = (struct admission){
	    .max_connections =
		chosen(config->max_connections, DEFAULT_CONNECTIONS),
	    .max_per_address = config->max_per_address,
	    .max_per_network = config->max_per_network,
	    .max_outgoing = chosen(config->max_outgoing, DEFAULT_OUTGOING),
	};
	map_init(&admission->sites);
}

void admission_done(struct admission *admission)
{
	map_done(&admission->sites);
}

static uintptr_t count_of(const struct admission *admission, struct view site)
{
	return (uintptr_t)map_get(&admission->sites, site);
}

static void set_count(
    struct admission *admission, struct view site, uintptr_t count)
{
	if (count > 0)
		map_put(&admission->sites, site, (void *)count);
	else
		map_remove(&admission->sites, site);
}

const char *admission_admit(
    struct admission *admission, const struct address *peer)
{
	struct view site = address_site(peer);
	struct view network = address_network(peer);
	bool by_site = admission->max_per_address && !peer->is_unix;
	bool by_network = admission->max_per_network && !peer->is_unix;
	if (admission->open >= admission->max_connections)
		return "too many connections";
	if (by_site && count_of(admission, site) >= admission->max_per_address)
		return "too many connections from this address";
	if (by_network &&
	    count_of(admission, network) >= admission->max_per_network)
		return "too many connections from this network";
	if (by_site)
		set_count(admission, site, count_of(admission, site) + 1);
	if (by_network)
		set_count(admission, network, count_of(admission, network) + 1);
	admission->open++;
	return NULL;
}

void admission_dismiss(struct admission *admission, const struct address *peer)
{
	struct view site = address_site(peer);
	struct view network = address_network(peer);
	admission->open--;
	if (admission->max_per_address && !peer->is_unix)
		set_count(admission, site, count_of(admission, site) - 1);
	if (admission->max_per_network && !peer->is_unix)
		set_count(admission, network, count_of(admission, network) - 1);
}
