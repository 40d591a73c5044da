// SPDX-License-Identifier: Apache-2.0
// Without getifaddrs(3), which takes a netlink socket: the systemd unit does
// not allow these.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/connect.h"

#define IPV4_MAX 1024 // further addresses are left out

struct finder {
	void (*each)(void *context, const char *address);
	void *context;
};

static void tell(const struct finder *finder, int family, const void *address)
{
	char text[INET6_ADDRSTRLEN];
	if (inet_ntop(family, address, text, sizeof(text)))
		finder->each(finder->context, text);
}

// netdevice(7): SIOCGIFCONF gives the IPv4 addresses of all interfaces.
static void find_ipv4(const struct finder *finder)
{
	struct ifreq *all = mem_zalloc(IPV4_MAX * sizeof(*all));
	struct ifconf list = {
	    .ifc_len = (int)(IPV4_MAX * sizeof(*all)), .ifc_req = all};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known = fd >= 0 && ioctl(fd, SIOCGIFCONF, &list) == 0;
	size_t count = known ? (size_t)list.ifc_len / sizeof(*all) : 0;
	for (size_t i = 0; i < count; i++) {
		struct sockaddr_in at;
		memcpy(&at, &all[i].ifr_addr, sizeof(at));
		if (at.sin_family == AF_INET)
			tell(finder, AF_INET, &at.sin_addr);
	}
	if (fd >= 0)
		close(fd);
	free(all);
}

static bool parse_hex(const char *text, struct in6_addr *ret_address)
{
	for (size_t i = 0; i < sizeof(ret_address->s6_addr); i++) {
		unsigned byte;
		// Two digits cannot overflow. NOLINTNEXTLINE(cert-err34-c)
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		ret_address->s6_addr[i] = (uint8_t)byte;
	}
	return true;
}

// proc(5), /proc/net/if_inet6: a line for each IPv6 address begins with its 32
// hexadecimal digits. A machine without IPv6 has no such file.
static void find_ipv6(const struct finder *finder)
{
	char line[256];
	struct in6_addr address;
	FILE *file = fopen("/proc/self/net/if_inet6", "re");
	while (file && fgets(line, sizeof(line), file))
		if (parse_hex(line, &address))
			tell(finder, AF_INET6, &address);
	if (file)
		fclose(file);
}

void net_own_addresses(
    void (*each)(void *context, const char *address), void *context)
{
	struct finder finder = {each, context};
	find_ipv4(&finder);
	find_ipv6(&finder);
}
