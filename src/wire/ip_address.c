// SPDX-License-Identifier: Apache-2.0
#include "wire/ip_address.h"

#include <stdio.h>
#include <string.h>

#include "wire/smtp_path.h"

#define V4_AT   12 // where the IPv4 address is
#define V4_BITS 96

static const unsigned char mapped[V4_AT] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct range {
	const char *first;
	unsigned char bits;
	unsigned char kind; // enum ip_address_kind
};

// From IANA's registries of special-purpose addresses (RFC 6890). The networks
// of documentation are not in it: nobody routes them, so a connection to them
// reaches nobody.
static const struct range ranges[] = {
    {"0.0.0.0", 8, IP_ADDRESS_HERE},         // RFC 791 section 3.2
    {"127.0.0.0", 8, IP_ADDRESS_HERE},       // RFC 1122 section 3.2.1.3
    {"10.0.0.0", 8, IP_ADDRESS_PRIVATE},     // RFC 1918
    {"172.16.0.0", 12, IP_ADDRESS_PRIVATE},  // RFC 1918
    {"192.168.0.0", 16, IP_ADDRESS_PRIVATE}, // RFC 1918
    {"100.64.0.0", 10, IP_ADDRESS_PRIVATE},  // RFC 6598: carriers' NAT
    {"169.254.0.0", 16, IP_ADDRESS_PRIVATE}, // RFC 3927: link-local
    {"192.0.0.0", 24, IP_ADDRESS_PRIVATE},   // RFC 6890
    {"198.18.0.0", 15, IP_ADDRESS_PRIVATE},  // RFC 2544: benchmarks
    {"224.0.0.0", 4, IP_ADDRESS_UNUSABLE},   // RFC 1112: multicast
    {"240.0.0.0", 4, IP_ADDRESS_UNUSABLE},   // RFC 1112: reserved
    {"::", 127, IP_ADDRESS_HERE},            // RFC 4291: :: and ::1
    {"fc00::", 7, IP_ADDRESS_PRIVATE},       // RFC 4193
    {"fe80::", 10, IP_ADDRESS_PRIVATE},      // RFC 4291: link-local
    {"fec0::", 10, IP_ADDRESS_PRIVATE},      // RFC 3879: site-local
    {"64:ff9b:1::", 48, IP_ADDRESS_PRIVATE}, // RFC 8215: local NAT64
    {"100::", 64, IP_ADDRESS_UNUSABLE},      // RFC 6666: discard
    {"ff00::", 8, IP_ADDRESS_UNUSABLE},      // RFC 4291: multicast
};

static bool is_v4(const struct ip_address *address)
{
	return memcmp(address->bytes, mapped, V4_AT) == 0;
}

static void set_v4(struct ip_address *address, const unsigned char *v4)
{
	unsigned char copy[4];
	memcpy(copy, v4, sizeof(copy));
	memcpy(address->bytes, mapped, V4_AT);
	memcpy(address->bytes + V4_AT, copy, sizeof(copy));
}

static bool has_prefix(const struct ip_address *address,
    const unsigned char *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff00u >> rest);
	return memcmp(address->bytes, prefix, whole) == 0 &&
	       (rest == 0 ||
		   ((address->bytes[whole] ^ prefix[whole]) & mask) == 0);
}

static void unwrap(struct ip_address *address)
{
	static const unsigned char zero[V4_AT] = {0};
	static const unsigned char nat64[V4_AT] = {0, 0x64, 0xff, 0x9b};
	static const unsigned char six_to_four[] = {0x20, 0x02};
	static const unsigned char teredo[] = {0x20, 0x01, 0, 0};
	const unsigned char *bytes = address->bytes;
	if (has_prefix(address, nat64, V4_BITS)) {
		set_v4(address, bytes + V4_AT);
	} else if (has_prefix(address, six_to_four, 16)) {
		set_v4(address, bytes + 2);
	} else if (has_prefix(address, teredo, 32)) {
		unsigned char v4[4];
		for (size_t i = 0; i < sizeof(v4); i++)
			v4[i] = bytes[V4_AT + i] ^ 0xff;
		set_v4(address, v4);
	} else if (has_prefix(address, zero, V4_BITS) &&
		   (bytes[12] | bytes[13] | bytes[14]) != 0) {
		set_v4(address, bytes + V4_AT); // but not :: and ::1
	}
}

// Parses an address as it is written, and leaves it as it is.
static enum rc parse(const char *text, struct ip_address *ret_address)
{
	char brackets[80];
	struct smtp_literal literal;
	int len = snprintf(brackets, sizeof(brackets), "[%s%s]",
	    strchr(text, ':') ? "IPv6:" : "", text);
	if (len < 0 || (size_t)len >= sizeof(brackets) ||
	    smtp_literal_parse(view_of(brackets, (size_t)len), &literal) !=
		RC_OK)
		return RC_SYNTAX;
	if (literal.len == 4)
		set_v4(ret_address, literal.address);
	else
		memcpy(ret_address->bytes, literal.address,
		    sizeof(ret_address->bytes));
	return RC_OK;
}

enum rc ip_address_parse(const char *text, struct ip_address *ret_address)
{
	struct ip_address address;
	enum rc rc = parse(text, &address);
	if (rc != RC_OK)
		return rc;
	unwrap(&address);
	*ret_address = address;
	return RC_OK;
}

bool ip_address_eq(const struct ip_address *a, const struct ip_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct view ip_address_network(const struct ip_address *address)
{
	return view_of((const char *)address->bytes, is_v4(address) ? 15 : 6);
}

enum ip_address_kind ip_address_kind(const struct ip_address *address)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		struct ip_address first;
		if (parse(ranges[i].first, &first) != RC_OK)
			continue; // address_test.c has an address of each
		unsigned bits = ranges[i].bits + (is_v4(&first) ? V4_BITS : 0u);
		if (has_prefix(address, first.bytes, bits))
			return (enum ip_address_kind)ranges[i].kind;
	}
	return IP_ADDRESS_PUBLIC;
}
