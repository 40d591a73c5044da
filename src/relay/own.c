// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "net/connect.h"
#include "relay/relay.h"

#define OWN_MAX 1024 // the machine's further addresses are ignored

static void add(void *context, const char *address)
{
	struct relay_own *own = context;
	if (own->count < OWN_MAX)
		own->addresses[own->count++] = mem_strdup(address);
}

struct relay_own *relay_own_find(void)
{
	struct relay_own *own = mem_zalloc(sizeof(*own));
	own->addresses = mem_zalloc(OWN_MAX * sizeof(*own->addresses));
	net_own_addresses(add, own);
	return own;
}

void relay_own_free(struct relay_own **own)
{
	struct relay_own *old = *own;
	*own = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < old->count; i++)
		free(old->addresses[i]);
	free(old->addresses);
	free(old);
}
