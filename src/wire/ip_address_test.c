// SPDX-License-Identifier: Apache-2.0
// Which addresses may be followed out of DNS.
#include "wire/ip_address.h"

#include "base/test.h"

static void addresses_are_of_a_kind(void **state)
{
	(void)state;
	static const struct {
		enum ip_address_kind kind;
		const char *texts[24];
	} rows[] = {
	    {IP_ADDRESS_PUBLIC,
		{"192.0.2.1", "1.0.0.0", "9.255.255.255", "11.0.0.0",
		    "172.15.255.255", "172.32.0.0", "192.167.255.255",
		    "192.169.0.0", "100.63.255.255", "100.128.0.0",
		    "198.17.255.255", "198.20.0.0", "223.255.255.255",
		    "2001:db8::1", "2a00:1450:4010:c02::1a", "::ffff:192.0.2.1",
		    "64:ff9b::192.0.2.1", "2002:c000:201::1",
		    "2001:0:102:304::3fff:fdfe", "2001:1::1"}},
	    {IP_ADDRESS_HERE,
		{"127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3",
		    "::", "::1", "::ffff:127.0.0.1", "::ffff:0:0",
		    "::127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1",
		    "64:ff9b::", "2002:7f00:1::1", "2002::1",
		    "2001:0:102:304::80ff:fffe"}},
	    {IP_ADDRESS_PRIVATE,
		{"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255",
		    "192.168.0.1", "100.64.0.1", "169.254.169.254",
		    "198.19.1.1", "192.0.0.8", "fc00::1", "fdff::1", "fe80::1",
		    "febf::1", "fec0::1", "64:ff9b:1::1", "::ffff:10.0.0.1",
		    "::10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::1",
		    "2002:c0a8:101::1", "2001:0:102:304::f5ff:fffe"}},
	    {IP_ADDRESS_UNUSABLE,
		{"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		    "ff02::1", "ffff::1", "100::1", "::ffff:224.0.0.1",
		    "64:ff9b::255.255.255.255", "2002:e000:1::1"}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (const char *const *text = rows[i].texts; *text; text++) {
			struct ip_address address;
			if (ip_address_parse(*text, &address) != RC_OK ||
			    ip_address_kind(&address) != rows[i].kind)
				fail_msg("%s", *text);
		}
}

static void other_texts_are_no_addresses(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "1", "1.2.3", "1.2.3.4.5",
	    "1.2.3.256", "0x7f.0.0.1", "2130706433", "fe80::1%eth0",
	    ":::", "a.test", "[::1]", "1.2.3.4 "};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct ip_address address;
		assert_int_equal(
		    ip_address_parse(texts[i], &address), RC_SYNTAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_of_a_kind),
	    cmocka_unit_test(other_texts_are_no_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
