// SPDX-License-Identifier: Apache-2.0
// What the service says about DNS: a domain's records as they should be and as
// they are, and the hops that a mail would go to. The test has its own DNS
// server.
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "admin/control.h"
#include "base/test.h"
#include "dns/test_server.h"

struct bed {
	struct control_host host;
	struct dns_test_server *server;
	struct delivery_office office;
	struct link link;
	pthread_t thread;
	int fd;
	struct arena arena;
};

static void *serve(void *context)
{
	struct bed *bed = context;
	control_serve(&bed->host, NULL, bed->fd);
	return NULL;
}

static void set_up_rooms(struct bed *bed)
{
	struct dkim_key key;
	struct route_domain domain = {.name = VIEW("ours.test")};
	bed->host.version = "test";
	bed->host.engine = engine_memory_new();
	bed->host.route = route_new(bed->host.engine, NULL, NULL);
	bed->host.dkim = dkim_keys_new(bed->host.engine, NULL);
	bed->host.server_name = "mail.ours.test";
	// POP3 with STARTTLS is not served, and submission on another port.
	bed->host.services = (struct mail_services){{
	    [SERVICE_IMAPS] = 993,
	    [SERVICE_IMAP] = 143,
	    [SERVICE_POP3S] = 995,
	    [SERVICE_SUBMISSIONS] = 465,
	    [SERVICE_SUBMISSION] = 1587,
	    [SERVICE_AUTODISCOVER] = 443,
	}};
	assert_int_equal(
	    route_domain_add(bed->host.route, &domain, NULL), RC_OK);
	assert_int_equal(
	    dkim_key_create(bed->host.dkim, VIEW("ours.test"), VIEW("s"),
		DKIM_RSA_SHA256, 1024, NULL, &bed->arena, &key),
	    RC_OK);
}

static void set_up_dns(
    struct bed *bed, const struct dns_test_row *rows, size_t count)
{
	struct fault fault;
	bed->server = dns_test_server_new(rows, count);
	struct dns_settings settings = {
	    .servers = {dns_test_server_address(bed->server)},
	    .server_count = 1,
	};
	assert_int_equal(dns_new(&settings, &fault, &bed->host.dns), RC_OK);
}

static void start(struct bed *bed)
{
	int pair[2];
	json_t *greeting;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	bed->fd = pair[1];
	link_init(&bed->link, pair[0]);
	assert_int_equal(pthread_create(&bed->thread, NULL, serve, bed), 0);
	assert_int_equal(link_receive(&bed->link, &greeting), RC_OK);
	json_decref(greeting);
}

static void stop(struct bed *bed)
{
	link_done(&bed->link);
	pthread_join(bed->thread, NULL);
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	arena_init(&bed->arena);
	set_up_rooms(bed);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	relay_free(&bed->host.relay);
	if (bed->host.dns)
		dns_free(&bed->host.dns);
	if (bed->server)
		dns_test_server_free(&bed->server);
	dkim_keys_free(&bed->host.dkim);
	route_free(&bed->host.route);
	engine_close(&bed->host.engine);
	arena_done(&bed->arena);
	free(bed);
	return 0;
}

// Asks, and puts the result into `out`: for each record the beginning of its
// line and the state with what was found, for each line the text.
static json_t *ask(struct bed *bed, json_t *request, struct buf *out)
{
	json_t *message;
	assert_int_equal(link_send(&bed->link, request, VIEW("")), RC_OK);
	for (;;) {
		assert_int_equal(link_receive(&bed->link, &message), RC_OK);
		if (link_member(message, "result").len > 0)
			return message;
		struct view line = link_member(message, "line");
		if (view_eq(link_member(message, "note"), VIEW("line")))
			line = link_member(message, "text");
		buf_add(out, line);
		struct view state = link_member(message, "state");
		if (state.len > 0)
			buf_printf(out, " | %.*s | %.*s", VIEW_FMT(state),
			    VIEW_FMT(link_member(message, "found")));
		buf_add_char(out, '\n');
		json_decref(message);
	}
}

static void must_have(const struct buf *out, const char *text)
{
	if (view_find(buf_view(out), view_of_string(text)) == SIZE_MAX)
		fail_msg("no \"%s\" in:\n%.*s", text, VIEW_FMT(buf_view(out)));
}

// How many of the records are wrong.
static long long check(struct bed *bed, bool lookup, struct buf *out)
{
	buf_init(out, 1 << 20);
	start(bed);
	json_t *answer = ask(bed,
	    json_pack("{s:s, s:s, s:b}", "do", "domain.check", "domain",
		"Ours.Test", "lookup", lookup),
	    out);
	stop(bed);
	assert_view_equal(link_member(answer, "result"), VIEW("RC_OK"));
	long long wrong =
	    (long long)json_integer_value(json_object_get(answer, "wrong"));
	json_decref(answer);
	return wrong;
}

// ---- A domain's records ----------------------------------------------------

static const char *key_text(struct bed *bed)
{
	struct dkim_key key;
	assert_int_equal(dkim_key_next(bed->host.dkim, VIEW(""), VIEW(""),
			     &bed->arena, &key),
	    RC_OK);
	return arena_string(&bed->arena, key.dns_text);
}

static void a_domain_with_all_records_is_right(void **state)
{
	struct bed *bed = *state;
	struct buf out;
	const struct dns_test_row rows[] = {
	    {"ours.test", DNS_MX, "5 other.test", DNS_TEST_ANSWER},
	    {"ours.test", DNS_MX, "10 MAIL.ours.test", DNS_TEST_ANSWER},
	    {"ours.test", DNS_TXT, "v=spf1 a:x.test +MX ~all", DNS_TEST_ANSWER},
	    {"ours.test", DNS_TXT, "something else", DNS_TEST_ANSWER},
	    {"mail.ours.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER},
	    {"mail.ours.test", DNS_AAAA, "2001:db8::1", DNS_TEST_ANSWER},
	    {"1.2.0.192.in-addr.arpa", DNS_PTR, "mail.ours.test",
		DNS_TEST_ANSWER},
	    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	     ".ip6.arpa",
		DNS_PTR, "mail.ours.test", DNS_TEST_ANSWER},
	    {"s._domainkey.ours.test", DNS_TXT, key_text(bed), DNS_TEST_ANSWER},
	    {"_dmarc.ours.test", DNS_TXT, "v=DMARC1; p=reject",
		DNS_TEST_ANSWER},
	    {"_imaps._tcp.ours.test", DNS_SRV, "0 1 993 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"_imap._tcp.ours.test", DNS_SRV, "0 1 143 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"_pop3s._tcp.ours.test", DNS_SRV, "0 1 995 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"_submissions._tcp.ours.test", DNS_SRV, "0 1 465 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"_submission._tcp.ours.test", DNS_SRV, "0 1 1587 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"_autodiscover._tcp.ours.test", DNS_SRV, "0 1 443 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"autoconfig.ours.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER},
	    {"autoconfig.ours.test", DNS_AAAA, "2001:db8::1", DNS_TEST_ANSWER},
	    {"autodiscover.ours.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER},
	};
	set_up_dns(bed, rows, ARRAY_LEN(rows));
	long long wrong = check(bed, true, &out);
	if (wrong != 0)
		fail_msg("%.*s", VIEW_FMT(buf_view(&out)));
	must_have(&out, "ours.test. IN MX 10 mail.ours.test. | ok | "
			"other.test, mail.ours.test\n");
	must_have(&out, "public addresses | ok | 192.0.2.1, 2001:db8::1\n");
	must_have(&out, "; 1.2.0.192.in-addr.arpa. IN PTR mail.ours.test. | "
			"ok | mail.ours.test\n");
	must_have(&out, "_submission._tcp.ours.test. IN SRV 0 1 1587 "
			"mail.ours.test. | ok | mail.ours.test port 1587\n");
	must_have(&out, "autoconfig.ours.test. IN CNAME mail.ours.test. | ok | "
			"192.0.2.1, 2001:db8::1\n");
	must_have(&out, "autodiscover.ours.test. IN CNAME mail.ours.test. | ok "
			"| 192.0.2.1\n");
	// This record may be missing.
	must_have(&out, "_pop3._tcp.ours.test. IN SRV 0 0 0 . | ok | \n");
	buf_done(&out);
}

static void what_is_wrong_is_told(void **state)
{
	static const struct dns_test_row rows[] = {
	    {"ours.test", DNS_MX, "10 other.test", DNS_TEST_ANSWER},
	    {"ours.test", DNS_TXT, "v=spf1 ip4:192.0.2.10 -all",
		DNS_TEST_ANSWER},
	    {"mail.ours.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER},
	    {"1.2.0.192.in-addr.arpa", DNS_PTR, "host1.test", DNS_TEST_ANSWER},
	    {"s._domainkey.ours.test", DNS_TXT, "v=DKIM1; p=AAAA\033[2J",
		DNS_TEST_ANSWER},
	    {"_dmarc.ours.test", DNS_TXT, "v=DMARC1; p=none", DNS_TEST_ANSWER},
	    {"_dmarc.ours.test", DNS_TXT, "v=DMARC1; p=reject",
		DNS_TEST_ANSWER},
	    {"_imaps._tcp.ours.test", DNS_SRV, "0 1 994 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"_imap._tcp.ours.test", DNS_SRV, "", DNS_TEST_SERVFAIL},
	    {"autoconfig.ours.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER},
	    {"autoconfig.ours.test", DNS_AAAA, "2001:db8::9", DNS_TEST_ANSWER},
	    {"autodiscover.ours.test", DNS_A, "192.0.2.9", DNS_TEST_ANSWER},
	    {"autodiscover.ours.test", DNS_AAAA, "", DNS_TEST_SERVFAIL},
	};
	struct bed *bed = *state;
	struct buf out;
	set_up_dns(bed, rows, ARRAY_LEN(rows));
	long long wrong = check(bed, true, &out);
	must_have(&out, "IN MX 10 mail.ours.test. | differs | other.test\n");
	must_have(&out, "public addresses | ok | 192.0.2.1\n");
	must_have(&out, "IN PTR mail.ours.test. | differs | host1.test\n");
	must_have(&out, "\"v=spf1 mx -all\" | differs | "
			"v=spf1 ip4:192.0.2.10 -all\n");
	must_have(&out, " | differs | v=DKIM1; p=AAAA?[2J\n");
	// Two policies, in any order, count as none.
	must_have(&out, " | differs | v=DMARC1; p=");
	must_have(&out, "IN SRV 0 1 993 mail.ours.test. | differs | "
			"mail.ours.test port 994\n");
	must_have(&out, "IN SRV 0 1 143 mail.ours.test. | unknown | ");
	must_have(&out, "_pop3s._tcp.ours.test. IN SRV 0 1 995 "
			"mail.ours.test. | missing | \n");
	must_have(&out, "autoconfig.ours.test. IN CNAME mail.ours.test. | "
			"differs | 192.0.2.1, 2001:db8::9\n");
	must_have(&out, "autodiscover.ours.test. IN CNAME mail.ours.test. | "
			"unknown | 192.0.2.9, ");
	must_have(&out, "_autodiscover._tcp.ours.test. IN SRV 0 1 443 "
			"mail.ours.test. | missing | \n");
	assert_int_equal(wrong, 13);
	buf_done(&out);
}

static void what_is_not_served_leads_nowhere(void **state)
{
	static const struct dns_test_row rows[] = {
	    {"_imaps._tcp.ours.test", DNS_SRV, "0 0 0 ", DNS_TEST_ANSWER},
	    {"_imap._tcp.ours.test", DNS_SRV, "0 1 143 mail.ours.test",
		DNS_TEST_ANSWER},
	    {"_pop3s._tcp.ours.test", DNS_SRV, "0 1 995 pop.other.test",
		DNS_TEST_ANSWER},
	    {"_pop3._tcp.ours.test", DNS_SRV, "", DNS_TEST_SERVFAIL},
	    {"_submissions._tcp.ours.test", DNS_SRV, "0 0 0 ", DNS_TEST_ANSWER},
	};
	struct bed *bed = *state;
	struct buf out;
	set_up_dns(bed, rows, ARRAY_LEN(rows));
	bed->host.services =
	    (struct mail_services){{[SERVICE_SUBMISSIONS] = 465}};
	check(bed, true, &out);
	must_have(
	    &out, "_imaps._tcp.ours.test. IN SRV 0 0 0 . | ok | none (.)\n");
	must_have(&out, "_imap._tcp.ours.test. IN SRV 0 0 0 . | differs | "
			"mail.ours.test port 143\n");
	must_have(&out, "; _pop3s._tcp.ours.test. IN SRV is as you want it | "
			"ok | pop.other.test port 995\n");
	must_have(&out, "_pop3._tcp.ours.test. IN SRV 0 0 0 . | unknown | ");
	must_have(&out, "_submissions._tcp.ours.test. IN SRV 0 1 465 "
			"mail.ours.test. | differs | none (.)\n");
	must_have(&out, "_submission._tcp.ours.test. IN SRV 0 0 0 . | ok | \n");
	must_have(
	    &out, "_autodiscover._tcp.ours.test. IN SRV 0 0 0 . | ok | \n");
	// Nobody answers there.
	assert_int_equal(
	    view_find(buf_view(&out), VIEW("autoconfig")), SIZE_MAX);
	buf_done(&out);
}

static void nothing_is_looked_up_where_it_is_not_wanted(void **state)
{
	static const struct dns_test_row rows[] = {
	    {"x.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER}};
	struct bed *bed = *state;
	struct buf out;
	set_up_dns(bed, rows, 1);
	assert_int_equal(check(bed, false, &out), 0);
	assert_int_equal(dns_test_server_asked(bed->server), 0);
	must_have(&out, "s._domainkey.ours.test. IN TXT \"v=DKIM1; k=rsa; p=");
	assert_int_equal(view_find(buf_view(&out), VIEW(" | ")), SIZE_MAX);
	buf_done(&out);
}

static void without_dns_and_keys(void **state)
{
	struct bed *bed = *state;
	struct buf out;
	assert_int_equal(
	    dkim_key_remove(bed->host.dkim, VIEW("ours.test"), VIEW("s"), NULL),
	    RC_OK);
	check(bed, false, &out);
	must_have(&out, "; there is none: roost dkim new ours.test\n");
	start(bed);
	json_t *answer = ask(bed,
	    json_pack("{s:s, s:s, s:b}", "do", "domain.check", "domain",
		"ours.test", "lookup", true),
	    &out);
	assert_view_equal(
	    link_member(answer, "result"), VIEW("RC_UNSUPPORTED"));
	json_decref(answer);
	stop(bed);
	buf_done(&out);
}

// ---- The next hops ---------------------------------------------------------

// A relay that does not send.
static void set_up_relay(struct bed *bed, struct view smart_host)
{
	struct fault fault;
	struct relay_settings settings = {
	    .dns = bed->host.dns,
	    .office = &bed->office,
	    .helo_name = view_of_string(bed->host.server_name),
	    .smart_host.host = smart_host,
	    .no_remote = smart_host.len > 0,
	    // Whichever addresses this machine has.
	    .any_address_allowed = true,
	};
	bed->office.route = bed->host.route;
	assert_int_equal(relay_new(&settings, &fault, &bed->host.relay), RC_OK);
	assert_int_equal(relay_start(bed->host.relay, &fault), RC_INVALID);
}

static void expect_way(
    struct bed *bed, const char *address, const char *want, const char *hops)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	start(bed);
	json_t *answer = ask(bed,
	    json_pack("{s:s, s:s}", "do", "route", "address", address), &out);
	stop(bed);
	must_have(&out, want);
	if (!view_eq(link_member(answer, "hops"), view_of_string(hops)))
		fail_msg("%s: hops is \"%.*s\"", address,
		    VIEW_FMT(link_member(answer, "hops")));
	json_decref(answer);
	buf_done(&out);
}

static void hops_of_others_are_told(void **state)
{
	static const struct dns_test_row rows[] = {
	    {"two.test", DNS_MX, "20 b.two.test", DNS_TEST_ANSWER},
	    {"two.test", DNS_MX, "10 a.two.test", DNS_TEST_ANSWER},
	    {"a.two.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER},
	    {"a.two.test", DNS_AAAA, "2001:db8::1", DNS_TEST_ANSWER},
	    {"null.test", DNS_MX, "0 ", DNS_TEST_ANSWER},
	    {"back.test", DNS_MX, "10 mail.ours.test", DNS_TEST_ANSWER},
	    {"plain.test", DNS_A, "192.0.2.2", DNS_TEST_ANSWER},
	    {"empty.test", DNS_TXT, "x", DNS_TEST_ANSWER},
	    {"broken.test", DNS_MX, "", DNS_TEST_SERVFAIL},
	};
	static const struct {
		const char *address, *want, *hops;
	} table[] = {
	    {"x@two.test",
		"x@two.test is for another server\n"
		"two.test:\n"
		"1. a.two.test (preference 10) at 2001:db8::1 port "
		"25\n"
		"2. a.two.test (preference 10) at 192.0.2.1 port "
		"25\n"
		"TLS when offered\n",
		"ok"},
	    {"x@null.test", "nowhere: null.test accepts no mail", "nowhere"},
	    {"x@plain.test", "1. plain.test (preference 0) at 192.0.2.2", "ok"},
	    {"x@back.test", "mail for back.test would come back", "nowhere"},
	    {"x@empty.test", "nowhere: empty.test has no mail server\n",
		"nowhere"},
	    {"x@none.test", "nowhere: the domain none.test does not exist\n",
		"nowhere"},
	    {"x@broken.test", "not now: DNS did not answer for broken.test\n",
		"later"},
	    {"x@[192.0.2.9]", "at 192.0.2.9 port 25\n", "ok"},
	    {"x@ours.test", "nobody is called x at ours.test\n", "ok"},
	};
	struct bed *bed = *state;
	set_up_dns(bed, rows, ARRAY_LEN(rows));
	set_up_relay(bed, VIEW(""));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		expect_way(bed, table[i].address, table[i].want, table[i].hops);
	// An alias has several targets: some of them get the mail, or none.
	struct view targets[] = {VIEW("x@two.test"), VIEW("x@none.test"),
	    VIEW("x@broken.test"), VIEW("y@null.test")};
	struct route_alias alias = {VIEW("all@ours.test"), targets, 4};
	assert_int_equal(route_alias_set(bed->host.route, &alias, NULL), RC_OK);
	expect_way(bed, "all@ours.test", "nowhere: ", "some");
	alias = (struct route_alias){VIEW("all@ours.test"), targets + 2, 2};
	assert_int_equal(route_alias_set(bed->host.route, &alias, NULL), RC_OK);
	expect_way(bed, "all@ours.test", "not now: ", "some");
	targets[2] = VIEW("x@none.test");
	assert_int_equal(route_alias_set(bed->host.route, &alias, NULL), RC_OK);
	expect_way(bed, "all@ours.test", "nowhere: ", "nowhere");
	relay_free(&bed->host.relay);
	set_up_relay(bed, VIEW("a.two.test:465"));
	expect_way(bed, "x@null.test",
	    "mail for other domains is not sent (relay = no): it waits in the "
	    "queue\n"
	    "all mail for other domains goes to a.two.test\n"
	    "1. a.two.test at 2001:db8::1 port 465\n",
	    "ok");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_domain_with_all_records_is_right),
	    TEST(what_is_wrong_is_told),
	    TEST(what_is_not_served_leads_nowhere),
	    TEST(nothing_is_looked_up_where_it_is_not_wanted),
	    TEST(without_dns_and_keys),
	    TEST(hops_of_others_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
