// SPDX-License-Identifier: Apache-2.0
#include "auth/address.h"

#include <arpa/inet.h>
#include <string.h>

// The address as four or sixteen bytes; an IPv4 address mapped into IPv6 as
// four. 0: it is not an address.
static size_t parse_address(struct view address, unsigned char ret_bytes[16])
{
	char text[INET6_ADDRSTRLEN + 1];
	// The interface of a link-local address follows after '%'.
	address = view_slice(address, 0, view_find_char(address, '%'));
	if (address.len == 0 || address.len >= sizeof(text))
		return 0;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, ret_bytes) == 1)
		return 4;
	if (inet_pton(AF_INET6, text, ret_bytes) != 1)
		return 0;
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (memcmp(ret_bytes, mapped, sizeof(mapped)) != 0)
		return 16;
	memmove(ret_bytes, ret_bytes + 12, 4);
	return 4;
}

// The first `v4` bytes of an IPv4 address or `v6` bytes of an IPv6 address.
static size_t prefix_key(
    struct view address, size_t v4, size_t v6, char ret_key[64])
{
	unsigned char bytes[16];
	size_t len = parse_address(address, bytes);
	if (len == 0) {
		len = address.len < 64 ? address.len : 64;
		if (len)
			memcpy(ret_key, address.ptr, len);
		return len;
	}
	len = len == 4 ? v4 : v6;
	memcpy(ret_key, bytes, len);
	return len;
}

size_t auth_address_key(struct view address, char ret_key[64])
{
	return prefix_key(address, 4, 8, ret_key);
}

size_t auth_network_key(struct view address, char ret_key[64])
{
	return prefix_key(address, 3, 6, ret_key);
}

bool auth_address_is_same(struct view a, struct view b)
{
	char key_a[64], key_b[64];
	size_t len = auth_address_key(a, key_a);
	return len == auth_address_key(b, key_b) &&
	       memcmp(key_a, key_b, len) == 0;
}

bool auth_address_is_near(struct view a, struct view b)
{
	char key_a[64], key_b[64];
	size_t len = auth_network_key(a, key_a);
	return len == auth_network_key(b, key_b) &&
	       memcmp(key_a, key_b, len) == 0;
}

bool auth_address_is_shared(struct view address)
{
	unsigned char bytes[16];
	return parse_address(address, bytes) == 0 ||
	       auth_address_is_loopback(address);
}

bool auth_address_is_loopback(struct view address)
{
	unsigned char bytes[16];
	size_t len = parse_address(address, bytes);
	static const unsigned char loopback[16] = {[15] = 1};
	return (len == 4 && bytes[0] == 127) ||
	       (len == 16 && memcmp(bytes, loopback, 16) == 0);
}
