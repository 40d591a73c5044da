// SPDX-License-Identifier: Apache-2.0
#include "smtp/harvest.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tally.h"
#include "smtp/impl.h"
#include "wire/smtp_path.h"

#define NETWORKS 16384 // that are remembered at a time
#define STEP_MS  250u  // by which each further answer is later

struct smtp_harvest {
	uint32_t slow;
	uint32_t max;
	struct tally *networks;
};

struct smtp_harvest *smtp_harvest_new(uint32_t slow, uint32_t max)
{
	struct smtp_harvest *harvest = mem_zalloc(sizeof(*harvest));
	harvest->slow = slow;
	harvest->max = max;
	harvest->networks = tally_new(NETWORKS, max);
	return harvest;
}

void smtp_harvest_free(struct smtp_harvest **harvest)
{
	struct smtp_harvest *old = *harvest;
	if (!old)
		return;
	*harvest = NULL;
	tally_free(&old->networks);
	free(old);
}

// The network of an address: its first bytes. False: it is this machine, or no
// address.
static bool network_of(struct view peer, char key[7], struct view *ret_network)
{
	static const uint8_t loopback[16] = {[15] = 1};
	struct smtp_literal literal;
	char text[64];
	// The interface of a link-local address follows after '%'.
	peer = view_slice(peer, 0, view_find_char(peer, '%'));
	bool v6 = view_find_char(peer, ':') != SIZE_MAX;
	int len = snprintf(
	    text, sizeof(text), "[%s%.*s]", v6 ? "IPv6:" : "", VIEW_FMT(peer));
	if (len < 0 || (size_t)len >= sizeof(text) ||
	    smtp_literal_parse(view_of(text, (size_t)len), &literal) != RC_OK)
		return false;
	if (literal.len == 4 ? literal.address[0] == 127
			     : memcmp(literal.address, loopback, 16) == 0)
		return false;
	size_t bytes = literal.len == 4 ? 3 : 6;
	key[0] = (char)literal.len;
	memcpy(key + 1, literal.address, bytes);
	*ret_network = view_of(key, 1 + bytes);
	return true;
}

bool smtp_harvest_is_over(
    struct smtp_harvest *harvest, struct view peer, uint64_t now)
{
	char key[7];
	struct view network;
	return harvest && network_of(peer, key, &network) &&
	       tally_count(harvest->networks, network, now) > harvest->max;
}

uint32_t smtp_harvest_add(
    struct smtp_harvest *harvest, struct view peer, uint64_t now)
{
	char key[7];
	struct view network;
	if (!harvest || !network_of(peer, key, &network))
		return 0;
	uint32_t count = tally_add(harvest->networks, network, now);
	if (count < harvest->slow)
		return 0;
	uint64_t late = (uint64_t)(count - harvest->slow + 1) * STEP_MS;
	return late < SMTP_PAUSE_MAX_MS ? (uint32_t)late : SMTP_PAUSE_MAX_MS;
}

void smtp_harvest_forgive(
    struct smtp_harvest *harvest, struct view peer, uint64_t now)
{
	char key[7];
	struct view network;
	if (harvest && network_of(peer, key, &network))
		tally_forgive(harvest->networks, network, now);
}
