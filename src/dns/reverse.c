// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include "base/buf.h"
#include "dns/dns.h"

// RFC 3596 section 2.5.
static void add_nibbles(struct buf *name, const unsigned char bytes[16])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 16; i > 0; i--) {
		buf_add_char(name, digits[bytes[i - 1] & 15]);
		buf_add_char(name, '.');
		buf_add_char(name, digits[bytes[i - 1] >> 4]);
		buf_add_char(name, '.');
	}
}

struct view dns_reverse_name(
    struct arena *arena, struct view address, const char *list)
{
	unsigned char b[16];
	const char *text = arena_string(arena, address);
	struct buf name;
	buf_init(&name, 400);
	if (inet_pton(AF_INET6, text, b) == 1) {
		add_nibbles(&name, b);
		buf_add_string(&name, list ? list : "ip6.arpa");
	} else if (inet_pton(AF_INET, text, b) == 1) { // RFC 1035 section 3.5
		buf_printf(&name, "%u.%u.%u.%u.%s", b[3], b[2], b[1], b[0],
		    list ? list : "in-addr.arpa");
	}
	struct view copy = arena_copy(arena, buf_view(&name));
	buf_done(&name);
	return copy;
}
