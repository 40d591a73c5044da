// SPDX-License-Identifier: Apache-2.0
// Where mail for a domain goes, depending on its zone.
#include <pthread.h>

#include "base/test.h"
#include "dns/test_server.h"
#include "relay/next_hop.h"

#define A(name, address)                                                       \
	{                                                                      \
		name, DNS_A, address, DNS_TEST_ANSWER                          \
	}
#define AAAA(name, address)                                                    \
	{                                                                      \
		name, DNS_AAAA, address, DNS_TEST_ANSWER                       \
	}
#define MX(name, host)                                                         \
	{                                                                      \
		name, DNS_MX, host, DNS_TEST_ANSWER                            \
	}

static const struct dns_test_row zone[] = {
    MX("two.test", "20 b.two.test"),
    MX("two.test", "10 a.two.test"),
    A("a.two.test", "192.0.2.1"),
    AAAA("a.two.test", "2001:db8::1"),
    A("b.two.test", "192.0.2.2"),
    // This domain has the same servers.
    MX("other.test", "1 a.two.test"),
    MX("other.test", "2 b.two.test"),
    A("plain.test", "192.0.2.3"),
    {"nothing.test", DNS_TXT, "v=spf1 -all", DNS_TEST_ANSWER},
    MX("null.test", "0 "),
    // A null MX beside others does not count (RFC 7505 section 3).
    MX("half-null.test", "0 "),
    MX("half-null.test", "10 a.two.test"),
    {"servfail.test", DNS_MX, "", DNS_TEST_SERVFAIL},
    MX("lost.test", "10 gone.test"),
    MX("half-lost.test", "10 gone.test"),
    MX("half-lost.test", "20 b.two.test"),
    MX("unsure.test", "10 silent.test"),
    {"silent.test", DNS_A, "", DNS_TEST_SERVFAIL},
    {"silent.test", DNS_AAAA, "", DNS_TEST_SERVFAIL},
    MX("half-unsure.test", "10 silent.test"),
    MX("half-unsure.test", "20 b.two.test"),
    // This server is in the list: by name, by address, by a loopback address.
    MX("backup.test", "10 a.two.test"),
    MX("backup.test", "20 ME.test"),
    MX("backup.test", "20 c.test"),
    MX("backup.test", "30 b.two.test"),
    A("me.test", "192.0.2.99"),
    A("c.test", "192.0.2.7"),
    MX("by-address.test", "10 a.two.test"),
    MX("by-address.test", "20 alias.test"),
    A("alias.test", "192.0.2.99"),
    MX("all-us.test", "10 me.test"),
    MX("trick.test", "10 local.test"),
    A("local.test", "127.0.0.1"),
    A("trick6.test", "192.0.2.4"),
    AAAA("trick6.test", "::1"),
    MX("mapped.test", "10 mapped-host.test"),
    AAAA("mapped-host.test", "::ffff:192.0.2.99"),
    MX("nat64.test", "10 nat64-host.test"),
    AAAA("nat64-host.test", "64:ff9b::127.0.0.1"),
    // Networks that are not the Internet.
    MX("inside.test", "10 inside-host.test"),
    A("inside-host.test", "10.1.2.3"),
    AAAA("inside-host.test", "fd00::1"),
    MX("metadata.test", "10 metadata-host.test"),
    A("metadata-host.test", "169.254.169.254"),
    MX("half-inside.test", "10 inside-host.test"),
    MX("half-inside.test", "20 b.two.test"),
    A("mixed.test", "10.1.2.3"),
    A("mixed.test", "192.0.2.8"),
    AAAA("6to4.test", "2002:a01:203::1"),
    AAAA("multicast.test", "ff02::1"),
};

static const char *const own[] = {"192.0.2.99", "2001:db8::99"};

static struct relay_next_hop_rules usual(struct dns *dns)
{
	return (struct relay_next_hop_rules){
	    .dns = dns,
	    .own_name = "me.test",
	    .own_addresses = own,
	    .own_address_count = ARRAY_LEN(own),
	    .port = 25,
	    .tls = RELAY_TLS_OPPORTUNISTIC,
	};
}

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t ready;
	struct relay_next_hops *hops;
};

static void found(void *context, struct relay_next_hops *hops)
{
	struct wait *wait = context;
	pthread_mutex_lock(&wait->lock);
	assert_null(wait->hops);
	wait->hops = hops;
	pthread_cond_signal(&wait->ready);
	pthread_mutex_unlock(&wait->lock);
}

static struct relay_next_hops *find(
    const struct relay_next_hop_rules *rules, const char *domain)
{
	struct wait wait = {.lock = PTHREAD_MUTEX_INITIALIZER,
	    .ready = PTHREAD_COND_INITIALIZER};
	relay_next_hop_find(rules, view_of_string(domain), false, found, &wait);
	pthread_mutex_lock(&wait.lock);
	while (!wait.hops)
		pthread_cond_wait(&wait.ready, &wait.lock);
	pthread_mutex_unlock(&wait.lock);
	return wait.hops;
}

static void print(const struct relay_next_hops *hops, struct buf *out)
{
	static const char *const names[] = {"found", "later", "failed"};
	buf_add_string(out, names[hops->found]);
	if (hops->found == RELAY_NEXT_HOP_FOUND) {
		for (size_t i = 0; i < hops->count; i++)
			buf_printf(out, " %s/%s/%u", hops->hops[i].host,
			    hops->hops[i].address, hops->hops[i].port);
	} else {
		buf_add_char(out, ' ');
		enhanced_status_print(hops->status, out);
		assert_non_null(hops->text);
	}
}

static void expect(const struct relay_next_hop_rules *rules, const char *domain,
    const char *expected)
{
	struct relay_next_hops *hops = find(rules, domain);
	struct buf text;
	buf_init(&text, 4096);
	print(hops, &text);
	if (!view_eq(buf_view(&text), view_of_string(expected)))
		fail_msg("%s: %.*s, expected %s", domain,
		    VIEW_FMT(buf_view(&text)), expected);
	buf_done(&text);
	relay_next_hops_free(&hops);
}

struct world {
	struct dns_test_server *server;
	struct dns *dns;
};

static struct world world_make(void)
{
	struct world world = {
	    .server = dns_test_server_new(zone, ARRAY_LEN(zone))};
	struct dns_settings settings = {
	    .servers = {dns_test_server_address(world.server)},
	    .server_count = 1};
	struct fault fault;
	assert_int_equal(dns_new(&settings, &fault, &world.dns), RC_OK);
	return world;
}

static void world_end(struct world *world)
{
	dns_free(&world->dns);
	dns_test_server_free(&world->server);
}

static void the_zone_says_where_mail_goes(void **state)
{
	(void)state;
	static const struct {
		const char *domain;
		const char *expected;
	} rows[] = {
	    {"two.test", "found a.two.test/2001:db8::1/25 "
			 "a.two.test/192.0.2.1/25 b.two.test/192.0.2.2/25"},
	    {"plain.test", "found plain.test/192.0.2.3/25"},
	    {"none.test", "failed 5.1.2"},
	    {"nothing.test", "failed 5.1.2"},
	    {"null.test", "failed 5.1.10"},
	    {"half-null.test", "found a.two.test/2001:db8::1/25 "
			       "a.two.test/192.0.2.1/25"},
	    {"servfail.test", "later 4.4.3"},
	    {"lost.test", "failed 5.4.4"},
	    {"half-lost.test", "found b.two.test/192.0.2.2/25"},
	    {"unsure.test", "later 4.4.3"},
	    {"half-unsure.test", "found b.two.test/192.0.2.2/25"},
	    {"backup.test", "found a.two.test/2001:db8::1/25 "
			    "a.two.test/192.0.2.1/25"},
	    {"by-address.test", "found a.two.test/2001:db8::1/25 "
				"a.two.test/192.0.2.1/25"},
	    {"all-us.test", "failed 5.4.6"},
	    {"trick.test", "failed 5.4.6"},
	    {"trick6.test", "failed 5.4.6"},
	    {"[192.0.2.5]", "found 192.0.2.5/192.0.2.5/25"},
	    {"[IPv6:2001:db8::5]", "found 2001:db8::5/2001:db8::5/25"},
	    {"[127.0.0.1]", "failed 5.4.6"},
	    {"mapped.test", "failed 5.4.6"},
	    {"nat64.test", "failed 5.4.6"},
	    {"[IPv6:::ffff:192.0.2.99]", "failed 5.4.6"},
	    {"[IPv6:::ffff:127.0.0.1]", "failed 5.4.6"},
	    {"[0.0.0.0]", "failed 5.4.6"},
	    {"inside.test", "failed 5.4.4"},
	    {"metadata.test", "failed 5.4.4"},
	    {"half-inside.test", "found b.two.test/192.0.2.2/25"},
	    {"mixed.test", "found mixed.test/192.0.2.8/25"},
	    {"6to4.test", "failed 5.4.4"},
	    {"multicast.test", "failed 5.4.4"},
	    {"[10.0.0.1]", "failed 5.4.4"},
	    {"[IPv6:fe80::1]", "failed 5.4.4"},
	    {"[IPv6:64:ff9b::10.0.0.1]", "failed 5.4.4"},
	    {"[192.0.2.99]", "failed 5.4.6"},
	    {"[IPv6:::ffff:192.0.2.99]", "failed 5.4.6"},
	    {"[IPv6:::FFFF:C000:263]", "failed 5.4.6"},
	    {"[IPv6:::ffff:127.0.0.1]", "failed 5.4.6"},
	    {"[IPv6:::ffff:192.0.2.5]", "found 192.0.2.5/192.0.2.5/25"},
	};
	struct world world = world_make();
	struct relay_next_hop_rules rules = usual(world.dns);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(&rules, rows[i].domain, rows[i].expected);
	world_end(&world);
}

static void one_family_may_be_switched_off(void **state)
{
	(void)state;
	struct world world = world_make();
	struct relay_next_hop_rules rules = usual(world.dns);
	rules.no_ipv6 = true;
	rules.port = 2525;
	expect(&rules, "two.test",
	    "found a.two.test/192.0.2.1/2525 b.two.test/192.0.2.2/2525");
	rules.no_ipv6 = false;
	rules.no_ipv4 = true;
	expect(&rules, "two.test", "found a.two.test/2001:db8::1/2525");
	expect(&rules, "plain.test", "failed 5.1.2");
	world_end(&world);
}

static void networks_may_be_allowed(void **state)
{
	(void)state;
	struct world world = world_make();
	struct relay_next_hop_rules rules = usual(world.dns);
	struct fault fault;
	assert_int_equal(net_networks_parse(VIEW("10.1.0.0/16 127.0.0.0/8"),
			     &rules.networks, &fault),
	    RC_OK);
	expect(&rules, "inside.test", "found inside-host.test/10.1.2.3/25");
	expect(&rules, "6to4.test", "found 6to4.test/2002:a01:203::1/25");
	expect(&rules, "[10.2.0.1]", "failed 5.4.4");
	// A loop is not allowed by it.
	expect(&rules, "trick.test", "failed 5.4.6");
	// What the administrator names as the smart host may be anywhere.
	rules.networks.count = 0;
	rules.smart_port = 25;
	rules.smart_host = "inside-host.test";
	rules.no_ipv6 = true;
	expect(&rules, "two.test", "found inside-host.test/10.1.2.3/25");
	world_end(&world);
}

static void a_smart_host_takes_it_all(void **state)
{
	(void)state;
	struct world world = world_make();
	struct relay_next_hop_rules rules = usual(world.dns);
	rules.smart_port = 587;
	rules.smart_host = "b.two.test";
	expect(&rules, "null.test", "found b.two.test/192.0.2.2/587");
	expect(&rules, "none.test", "found b.two.test/192.0.2.2/587");
	// An administrator who names this machine as the smart host gets it.
	rules.smart_host = "127.0.0.1";
	expect(&rules, "two.test", "found 127.0.0.1/127.0.0.1/587");
	// A smart host without an address is our mistake, so no mail is
	// returned.
	rules.smart_host = "gone.test";
	expect(&rules, "two.test", "later 4.4.4");
	rules.smart_host = "silent.test";
	expect(&rules, "two.test", "later 4.4.3");
	world_end(&world);
}

static void domains_with_the_same_servers_share_a_site(void **state)
{
	(void)state;
	struct world world = world_make();
	struct relay_next_hop_rules rules = usual(world.dns);
	struct relay_next_hops *one = find(&rules, "two.test");
	struct relay_next_hops *other = find(&rules, "other.test");
	struct relay_next_hops *less = find(&rules, "half-null.test");
	assert_view_equal(one->site, other->site);
	assert_false(view_eq(one->site, less->site));
	relay_next_hops_free(&one);
	relay_next_hops_free(&other);
	relay_next_hops_free(&less);
	world_end(&world);
}

static void equals_come_in_any_order(void **state)
{
	(void)state;
	static const struct dns_test_row rows[] = {
	    MX("d.test", "10 a.test"),
	    MX("d.test", "10 b.test"),
	    MX("d.test", "20 c.test"),
	    A("a.test", "192.0.2.1"),
	    A("b.test", "192.0.2.2"),
	    A("c.test", "192.0.2.3"),
	};
	struct dns_test_server *server =
	    dns_test_server_new(rows, ARRAY_LEN(rows));
	struct dns_settings settings = {
	    .servers = {dns_test_server_address(server)}, .server_count = 1};
	struct dns *dns = NULL;
	struct fault fault;
	assert_int_equal(dns_new(&settings, &fault, &dns), RC_OK);
	struct relay_next_hop_rules rules = usual(dns);
	unsigned first[2] = {0};
	// Both orders occur; the chance that the test misses one is 1 in 2^99.
	for (int i = 0; i < 100; i++) {
		struct relay_next_hops *hops = find(&rules, "d.test");
		assert_int_equal(hops->count, 3);
		first[hops->hops[0].host[0] - 'a']++;
		assert_string_equal(hops->hops[2].host, "c.test");
		relay_next_hops_free(&hops);
	}
	assert_true(first[0] > 0 && first[1] > 0);
	dns_free(&dns);
	dns_test_server_free(&server);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_zone_says_where_mail_goes),
	    cmocka_unit_test(one_family_may_be_switched_off),
	    cmocka_unit_test(networks_may_be_allowed),
	    cmocka_unit_test(a_smart_host_takes_it_all),
	    cmocka_unit_test(domains_with_the_same_servers_share_a_site),
	    cmocka_unit_test(equals_come_in_any_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
