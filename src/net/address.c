// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const unsigned char mapped[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address address_of(const struct sockaddr_storage *from)
{
	struct address address = {0};
	if (from->ss_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, from, sizeof(in));
		memcpy(address.bytes, mapped, sizeof(mapped));
		memcpy(address.bytes + 12, &in.sin_addr, 4);
		address.port = ntohs(in.sin_port);
	} else if (from->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, from, sizeof(in6));
		memcpy(address.bytes, &in6.sin6_addr, 16);
		address.port = ntohs(in6.sin6_port);
	} else {
		address.is_unix = true;
	}
	return address;
}

bool address_parse(const char *text, uint16_t port,
    struct sockaddr_storage *ret_address, socklen_t *ret_len)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_storage address = {0};
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(&address, &in, sizeof(in));
		*ret_len = sizeof(in);
	} else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		memcpy(&address, &in6, sizeof(in6));
		*ret_len = sizeof(in6);
	} else {
		return false;
	}
	*ret_address = address;
	return true;
}

static bool is_ipv4(const struct address *address)
{
	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

void address_format(const struct address *address, char *to, size_t size)
{
	const char *text = "unix";
	if (!address->is_unix && is_ipv4(address))
		text = inet_ntop(
		    AF_INET, address->bytes + 12, to, (socklen_t)size);
	else if (!address->is_unix)
		text = inet_ntop(AF_INET6, address->bytes, to, (socklen_t)size);
	if (text != to)
		snprintf(to, size, "%s", text ? text : "?");
}

struct view address_site(const struct address *address)
{
	return view_of(address->bytes, is_ipv4(address) ? 16 : 8);
}

struct view address_network(const struct address *address)
{
	return view_of(address->bytes, is_ipv4(address) ? 12 + 3 : 6);
}
