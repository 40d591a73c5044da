// SPDX-License-Identifier: Apache-2.0
#include <ifaddrs.h>
#include <netdb.h>

#include "base/mem.h"
#include "relay/relay.h"

#define OWN_MAX 1024 // the machine's further addresses are ignored

static void add(struct relay_own *own, const struct sockaddr *address)
{
	char text[NI_MAXHOST];
	int family = address ? address->sa_family : 0;
	if (own->count == OWN_MAX || (family != AF_INET && family != AF_INET6))
		return;
	socklen_t len =
	    family == AF_INET ? 16 : 28; // sizes of sockaddr_in, sockaddr_in6
	if (getnameinfo(
		address, len, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
		return;
	// Removes the interface from a link-local address.
	text[strcspn(text, "%")] = '\0';
	own->addresses[own->count++] = mem_strdup(text);
}

struct relay_own *relay_own_find(void)
{
	struct relay_own *own = mem_zalloc(sizeof(*own));
	struct ifaddrs *all = NULL;
	own->addresses = mem_zalloc(OWN_MAX * sizeof(*own->addresses));
	if (getifaddrs(&all) != 0)
		return own;
	for (struct ifaddrs *one = all; one; one = one->ifa_next)
		add(own, one->ifa_addr);
	freeifaddrs(all);
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
