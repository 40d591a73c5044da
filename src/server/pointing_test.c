// SPDX-License-Identifier: Apache-2.0
// Which names lead to this machine, with a DNS server of the test's own.
#include "server/pointing.h"

#include "base/test.h"
#include "dns/dns.h"
#include "dns/test_server.h"

// The machine is known by an address that it does not have, as behind NAT.
static const struct dns_test_row zone[] = {
    {"mail.test", DNS_A, "192.0.2.5", DNS_TEST_ANSWER},
    {"mail.test", DNS_AAAA, "2001:db8::5", DNS_TEST_ANSWER},
    {"loop.test", DNS_A, "127.0.0.1", DNS_TEST_ANSWER},
    {"same.test", DNS_A, "192.0.2.5", DNS_TEST_ANSWER},
    {"same.test", DNS_AAAA, "2001:db8:0::5", DNS_TEST_ANSWER},
    {"other.test", DNS_A, "192.0.2.6", DNS_TEST_ANSWER},
    {"half.test", DNS_A, "192.0.2.5", DNS_TEST_ANSWER},
    {"half.test", DNS_AAAA, "2001:db8::6", DNS_TEST_ANSWER},
    {"empty.test", DNS_TXT, "nothing", DNS_TEST_ANSWER},
    {"broken.test", DNS_A, "", DNS_TEST_SERVFAIL},
};

static const struct {
	const char *name;
	const char *says; // a part of it; NULL: it leads here
	bool absent;
} table[] = {
    {"mail.test", NULL, false}, // first: its addresses are those of the others
    {"loop.test", NULL, false},
    {"same.test", NULL, false},
    {"other.test", "192.0.2.6, which is not this machine", false},
    // An authority may take either address.
    {"half.test", "2001:db8::6", false},
    {"empty.test", "no address in DNS", true},
    {"nobody.test", "no address in DNS", true},
    {"broken.test", "DNS does not answer", false},
    {"localhost", "no authority", false},
    {"192.0.2.5", "no authority", false},
};

struct bed {
	struct dns_test_server *server;
	struct dns *dns;
	struct pointing *pointing;
	atomic_bool stopping;
};

static int set_up(void **state)
{
	static struct bed bed;
	struct fault fault;
	memset(&bed, 0, sizeof(bed));
	bed.server = dns_test_server_new(zone, ARRAY_LEN(zone));
	struct dns_settings settings = {
	    .servers = {dns_test_server_address(bed.server)},
	    .server_count = 1,
	    .timeout_ms = 10000,
	};
	if (dns_new(&settings, &fault, &bed.dns) != RC_OK)
		return -1;
	bed.pointing = pointing_new("mail.test", &bed.stopping, NULL);
	pointing_set_dns(bed.pointing, bed.dns);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	pointing_free(&bed->pointing);
	dns_free(&bed->dns);
	dns_test_server_free(&bed->server);
	return 0;
}

static void names_that_lead_here_are_told_from_others(void **state)
{
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *says =
		    pointing_check(bed->pointing, table[i].name, 1000);
		if (!says != !table[i].says ||
		    (says && !strstr(says, table[i].says)))
			fail_msg("%s: %s", table[i].name,
			    says ? says : "it leads here");
		assert_int_equal(
		    pointing_is_absent(bed->pointing, table[i].name),
		    table[i].absent);
	}
}

// An answer that does not come says nothing about a name that was known.
static void what_was_known_stays_when_dns_is_away(void **state)
{
	struct bed *bed = *state;
	assert_null(pointing_check(bed->pointing, "mail.test", 1000));
	assert_non_null(pointing_check(bed->pointing, "other.test", 1000));
	pointing_set_dns(bed->pointing, NULL);
	pointing_forget(bed->pointing);
	assert_null(pointing_check(bed->pointing, "mail.test", 1001));
	assert_non_null(strstr(
	    pointing_check(bed->pointing, "other.test", 1001), "192.0.2.6"));
	assert_non_null(strstr(pointing_check(bed->pointing, "same.test", 1001),
	    "DNS does not answer"));
}

static void verdicts_are_kept_for_a_while(void **state)
{
	struct bed *bed = *state;
	assert_non_null(pointing_check(bed->pointing, "other.test", 1000));
	unsigned asked = dns_test_server_asked(bed->server);
	for (int64_t now = 1000; now < 1300; now++)
		assert_non_null(
		    pointing_check(bed->pointing, "other.test", now));
	assert_int_equal(dns_test_server_asked(bed->server), asked);
}

static void addresses_are_given_as_libcurl_takes_them(void **state)
{
	struct bed *bed = *state;
	struct buf out;
	const char *why;
	buf_init(&out, 1000);
	assert_true(pointing_resolve(bed->pointing, "mail.test", &out, &why));
	assert_view_equal(buf_view(&out), VIEW("192.0.2.5,[2001:db8::5]"));
	buf_reset(&out);
	assert_false(
	    pointing_resolve(bed->pointing, "nobody.test", &out, &why));
	assert_string_equal(why, "it has no address in DNS");
	buf_done(&out);
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_BED(names_that_lead_here_are_told_from_others),
	    IN_BED(what_was_known_stays_when_dns_is_away),
	    IN_BED(verdicts_are_kept_for_a_while),
	    IN_BED(addresses_are_given_as_libcurl_takes_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
