// SPDX-License-Identifier: Apache-2.0
// Parses any bytes as the data of a record of any type. Invariants: a host has
// only characters of host names, an address is text, and no value is longer
// than its type allows.
#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "dns/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

static void check_host(struct view host)
{
	if (host.len > 253)
		fail("a name that is too long");
	struct view rest = host, label;
	while (view_split(&rest, '.', &label)) {
		if (label.len == 0 || label.len > 63)
			fail("a label that cannot be");
		for (size_t i = 0; i < label.len; i++)
			if (!ascii_is_alnum(label.ptr[i]) &&
			    label.ptr[i] != '-' && label.ptr[i] != '_')
				fail("a character that hosts do not have");
	}
	if (view_ends_with(host, VIEW(".")))
		fail("a final dot");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {
	    DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA, DNS_SRV, DNS_TLSA};
	if (size < 1)
		return 0;
	enum dns_type type = types[data[0] % ARRAY_LEN(types)];
	struct view rdata = view_of(data + 1, size - 1);
	struct dns_record record;
	struct arena arena;
	arena_init(&arena);
	if (dns_rdata_parse(&arena, type, rdata, &record) == RC_OK) {
		if (type == DNS_PTR || type == DNS_MX || type == DNS_SRV)
			check_host(record.value);
		else if (type == DNS_A && rdata.len != 4)
			fail("an address that is none");
		else if (type == DNS_TXT && record.value.len >= rdata.len)
			fail("text out of nothing");
	}
	arena_done(&arena);
	return 0;
}
