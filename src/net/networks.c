// SPDX-License-Identifier: Apache-2.0
#include "net/networks.h"

#include "net/address.h"

#define IPV4_BITS 96 // an IPv4 address begins after these bits

// Parses "address" or "address/bits".
static bool parse_one(struct view text, struct net_network *ret_network)
{
	char name[64] = "";
	struct sockaddr_storage at;
	socklen_t len;
	struct view bits = text, address;
	uint32_t count;
	bool has_bits = memchr(text.ptr, '/', text.len) != NULL;
	if (!view_split(&bits, '/', &address) || address.len >= sizeof(name))
		return false;
	memcpy(name, address.ptr, address.len);
	if (!address_parse(name, 0, &at, &len))
		return false;
	uint32_t most = at.ss_family == AF_INET ? 32 : 128;
	if (!has_bits)
		count = most;
	else if (!view_to_u32(bits, &count) || count > most)
		return false;
	struct address parsed = address_of(&at);
	memcpy(ret_network->bytes, parsed.bytes, sizeof(ret_network->bytes));
	ret_network->bits =
	    (uint8_t)(at.ss_family == AF_INET ? IPV4_BITS + count : count);
	return true;
}

enum rc net_networks_parse(
    struct view text, struct net_networks *ret_networks, struct fault *fault)
{
	struct net_networks networks = {0};
	struct view one;
	while (view_split(&text, ' ', &one)) {
		if (one.len == 0)
			continue;
		if (networks.count == NET_NETWORKS_MAX)
			return fault_set(fault, RC_LIMIT,
			    "there are more than %d networks",
			    NET_NETWORKS_MAX);
		if (!parse_one(one, &networks.items[networks.count]))
			return fault_set(fault, RC_INVALID,
			    "\"%.*s\" is not an address or \"address/bits\"",
			    VIEW_FMT(view_slice(one, 0, 80)));
		networks.count++;
	}
	*ret_networks = networks;
	return RC_OK;
}

static bool has(
    const struct net_network *network, const unsigned char address[16])
{
	size_t whole = network->bits / 8;
	unsigned rest = network->bits % 8;
	if (memcmp(network->bytes, address, whole) != 0)
		return false;
	unsigned mask = 0xffu << (8 - rest) & 0xffu;
	return rest == 0 ||
	       ((network->bytes[whole] ^ address[whole]) & mask) == 0;
}

bool net_networks_have(
    const struct net_networks *networks, const unsigned char address[16])
{
	for (size_t i = 0; i < networks->count; i++)
		if (has(&networks->items[i], address))
			return true;
	return false;
}
