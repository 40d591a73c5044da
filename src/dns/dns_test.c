// SPDX-License-Identifier: Apache-2.0
// Tests look-ups with a DNS server of their own on loopback.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/test_server.h"

#define LONG_TEXT                                                              \
	"0123456789012345678901234567890123456789012345678901234567890123456"  \
	"7890123456789012345678901234567890123456789012345678901234567890123"  \
	"4567890123456789012345678901234567890123456789012345678901234567890"  \
	"123456789012345678901234567890123456789012345678901234567890"

static const struct dns_test_row zone[] = {
    {"two.test", DNS_MX, "20 b.two.test", DNS_TEST_ANSWER},
    {"two.test", DNS_MX, "10 A.two.test", DNS_TEST_ANSWER},
    {"a.two.test", DNS_A, "192.0.2.1", DNS_TEST_ANSWER},
    {"a.two.test", DNS_A, "192.0.2.2", DNS_TEST_ANSWER},
    {"a.two.test", DNS_AAAA, "2001:db8::1", DNS_TEST_ANSWER},
    {"null.test", DNS_MX, "0 ", DNS_TEST_ANSWER},
    {"text.test", DNS_TXT, LONG_TEXT, DNS_TEST_ANSWER},
    {"_s._tcp.test", DNS_SRV, "1 2 25 host.test", DNS_TEST_ANSWER},
    {"servfail.test", DNS_MX, "", DNS_TEST_SERVFAIL},
    {"refused.test", DNS_MX, "", DNS_TEST_REFUSED},
    {"silent.test", DNS_MX, "", DNS_TEST_SILENT},
    {"large.test", DNS_MX, "10 mx.large.test", DNS_TEST_TRUNCATED},
};

// Rows that the test server cannot write in the form of a zone.
static const struct dns_test_row odd_zone[] = {
    {"half.test", DNS_MX,
	"000a036120620474657374"
	"00",
	DNS_TEST_RAW},
    {"half.test", DNS_MX,
	"000b046d61696c0474657374"
	"00",
	DNS_TEST_RAW},
    {"broken.test", DNS_MX,
	"000a036120620474657374"
	"00",
	DNS_TEST_RAW},
};

static struct dns *make(
    const struct dns_test_server *server, uint32_t timeout_ms)
{
	struct dns *dns = NULL;
	struct fault fault;
	struct dns_settings settings = {
	    .servers = {dns_test_server_address(server)},
	    .server_count = 1,
	    .timeout_ms = timeout_ms,
	};
	if (dns_new(&settings, &fault, &dns) != RC_OK)
		fail_msg("%s", fault.text);
	return dns;
}

static void print(const struct dns_answer *answer, char *text, size_t size)
{
	static const char *const names[] = {
	    "found", "no data", "no name", "failed"};
	int len = snprintf(text, size, "%s", names[answer->status]);
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];
		len += snprintf(text + len, size - (size_t)len,
		    " %u/%u/%u/%.*s", record->preference, record->weight,
		    record->port, VIEW_FMT(record->value));
	}
}

static void expect(
    struct dns *dns, const char *name, enum dns_type type, const char *expected)
{
	struct dns_answer answer;
	struct arena arena;
	char text[1000];
	arena_init(&arena);
	dns_lookup_wait(dns, &arena, view_of_string(name), type, &answer);
	print(&answer, text, sizeof(text));
	if (strcmp(text, expected) != 0)
		fail_msg("%s: %s (%s), expected %s", name, text,
		    answer.reason ? answer.reason : "-", expected);
	assert_int_equal(answer.status == DNS_FAILED, answer.reason != NULL);
	arena_done(&arena);
}

static void answers_are_as_the_server_has_them(void **state)
{
	(void)state;
	struct dns_test_server *server =
	    dns_test_server_new(zone, ARRAY_LEN(zone));
	struct dns *dns = make(server, 10000);
	expect(dns, "two.test", DNS_MX,
	    "found 10/0/0/a.two.test 20/0/0/b.two.test");
	expect(dns, "two.test", DNS_A, "no data");
	expect(dns, "a.two.test", DNS_AAAA, "found 0/0/0/2001:db8::1");
	expect(dns, "null.test", DNS_MX, "found 0/0/0/");
	expect(dns, "text.test", DNS_TXT, "found 0/0/0/" LONG_TEXT);
	expect(dns, "_s._tcp.test", DNS_SRV, "found 1/2/25/host.test");
	expect(dns, "none.test", DNS_MX, "no name");
	expect(dns, "large.test", DNS_MX, "found 10/0/0/mx.large.test");
	expect(dns, "", DNS_MX, "no name");
	dns_free(&dns);
	assert_null(dns);
	dns_test_server_free(&server);
}

static void a_record_that_is_no_host_is_left_out(void **state)
{
	(void)state;
	struct dns_test_server *server =
	    dns_test_server_new(odd_zone, ARRAY_LEN(odd_zone));
	struct dns *dns = make(server, 10000);
	expect(dns, "half.test", DNS_MX, "found 11/0/0/mail.test");
	expect(dns, "broken.test", DNS_MX, "failed");
	dns_free(&dns);
	dns_test_server_free(&server);
}

static void failures_are_told_from_absence(void **state)
{
	(void)state;
	struct dns_test_server *server =
	    dns_test_server_new(zone, ARRAY_LEN(zone));
	struct dns *dns = make(server, 1000);
	expect(dns, "servfail.test", DNS_MX, "failed");
	expect(dns, "refused.test", DNS_MX, "failed");
	expect(dns, "silent.test", DNS_MX, "failed");
	dns_free(&dns);
	dns_test_server_free(&server);
}

static void count_failed(void *context, const struct dns_answer *answer)
{
	if (answer->status == DNS_FAILED)
		atomic_fetch_add((atomic_uint *)context, 1);
}

static void freeing_answers_what_is_under_way(void **state)
{
	(void)state;
	struct dns_test_server *server =
	    dns_test_server_new(zone, ARRAY_LEN(zone));
	struct dns *dns = make(server, 60000);
	atomic_uint failed = 0;
	// More look-ups than libunbound has at a time.
	for (int i = 0; i < 500; i++)
		dns_lookup(
		    dns, VIEW("silent.test"), DNS_MX, count_failed, &failed);
	dns_free(&dns);
	assert_int_equal(failed, 500);
	dns_test_server_free(&server);
}

static void count_found(void *context, const struct dns_answer *answer)
{
	assert_int_equal(answer->status, DNS_FOUND);
	atomic_fetch_add((atomic_uint *)context, 1);
}

static void many_at_once_are_all_answered(void **state)
{
	(void)state;
	struct dns_test_server *server =
	    dns_test_server_new(zone, ARRAY_LEN(zone));
	struct dns *dns = make(server, 30000);
	atomic_uint found = 0;
	for (int i = 0; i < 1000; i++)
		dns_lookup(dns, VIEW("two.test"), DNS_MX, count_found, &found);
	// This one waits behind all of them.
	expect(dns, "two.test", DNS_MX,
	    "found 10/0/0/a.two.test 20/0/0/b.two.test");
	while (atomic_load(&found) < 1000)
		usleep(1000);
	dns_free(&dns);
	dns_test_server_free(&server);
}

static void count_any(void *context, const struct dns_answer *answer)
{
	(void)answer;
	atomic_fetch_add((atomic_uint *)context, 1);
}

static void names_without_an_answer_hold_up_no_other(void **state)
{
	(void)state;
	enum { SILENT = 300 };
	static char names[SILENT][16];
	static struct dns_test_row rows[SILENT + 1];
	for (size_t i = 0; i < SILENT; i++) {
		snprintf(names[i], sizeof(names[i]), "s%zu.test", i);
		rows[i] = (struct dns_test_row){
		    names[i], DNS_MX, "", DNS_TEST_SILENT};
	}
	rows[SILENT] = zone[0];
	struct dns_test_server *server =
	    dns_test_server_new(rows, ARRAY_LEN(rows));
	struct dns *dns = make(server, 20000);
	atomic_uint answered = 0;
	for (size_t i = 0; i < SILENT; i++)
		dns_lookup(dns, view_of_string(names[i]), DNS_MX, count_any,
		    &answered);
	expect(dns, "two.test", DNS_MX, "found 20/0/0/b.two.test");
	assert_int_equal(answered, 0);
	dns_free(&dns);
	assert_int_equal(answered, SILENT);
	dns_test_server_free(&server);
}

// A stranger brings more names without an answer than can be asked for at a
// time.
static void strangers_names_hold_up_no_users_name(void **state)
{
	(void)state;
	enum { SILENT = 10000 };
	static char names[SILENT][16];
	static struct dns_test_row rows[SILENT + 1];
	for (size_t i = 0; i < SILENT; i++) {
		snprintf(names[i], sizeof(names[i]), "s%zu.test", i);
		rows[i] = (struct dns_test_row){
		    names[i], DNS_MX, "", DNS_TEST_SILENT};
	}
	rows[SILENT] = zone[0];
	struct dns_test_server *server =
	    dns_test_server_new(rows, ARRAY_LEN(rows));
	struct dns *dns = make(server, 60000);
	atomic_uint answered = 0;
	for (size_t i = 0; i < SILENT; i++)
		dns_lookup_bulk(dns, view_of_string(names[i]), DNS_MX,
		    count_any, &answered);
	expect(dns, "two.test", DNS_MX, "found 20/0/0/b.two.test");
	assert_true(atomic_load(&answered) < SILENT);
	dns_free(&dns);
	assert_int_equal(answered, SILENT);
	dns_test_server_free(&server);
}

// Other look-ups of strangers get their turn before the time of all that are
// silent is over.
static void silent_names_make_room_for_others(void **state)
{
	(void)state;
	enum { SILENT = 500 };
	static char names[SILENT][16];
	static struct dns_test_row rows[SILENT + 1];
	for (size_t i = 0; i < SILENT; i++) {
		snprintf(names[i], sizeof(names[i]), "s%zu.test", i);
		rows[i] = (struct dns_test_row){
		    names[i], DNS_MX, "", DNS_TEST_SILENT};
	}
	rows[SILENT] = zone[0];
	struct dns_test_server *server =
	    dns_test_server_new(rows, ARRAY_LEN(rows));
	struct dns *dns = make(server, 300000);
	atomic_uint answered = 0, found = 0;
	for (size_t i = 0; i < SILENT; i++)
		dns_lookup_bulk(dns, view_of_string(names[i]), DNS_MX,
		    count_any, &answered);
	dns_lookup_bulk(dns, VIEW("two.test"), DNS_MX, count_found, &found);
	for (int i = 0; i < 120000 && atomic_load(&found) == 0; i++)
		usleep(1000);
	assert_int_equal(found, 1);
	dns_free(&dns);
	dns_test_server_free(&server);
}

static enum rc try_settings(const struct dns_settings *settings)
{
	struct dns *dns = NULL;
	struct fault fault = {.rc = RC_OK};
	enum rc rc = dns_new(settings, &fault, &dns);
	assert_int_equal(rc, fault.rc);
	dns_free(&dns);
	return rc;
}

static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void mistakes_in_settings_are_found_at_once(void **state)
{
	(void)state;
	char good[] = "/tmp/roost-anchor-XXXXXX";
	char bad[] = "/tmp/roost-anchor-XXXXXX";
	write_file(good,
	    "; a comment\n\n"
	    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC6834"
	    "57104237C7F8EC8D ;{id = 20326}\n");
	write_file(bad, "this is no anchor\n");
	struct dns_settings settings = {
	    .servers = {"127.0.0.1"}, .server_count = 1};
	settings.trust_anchor = good;
	assert_int_equal(try_settings(&settings), RC_OK);
	settings.trust_anchor = bad;
	assert_int_not_equal(try_settings(&settings), RC_OK);
	settings.trust_anchor = "/nonexistent/anchor";
	assert_int_equal(try_settings(&settings), RC_IO);
	settings.trust_anchor = NULL;
	settings.servers[0] = "dns.example.org";
	assert_int_equal(try_settings(&settings), RC_INVALID);
	unlink(good);
	unlink(bad);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_are_as_the_server_has_them),
	    cmocka_unit_test(a_record_that_is_no_host_is_left_out),
	    cmocka_unit_test(failures_are_told_from_absence),
	    cmocka_unit_test(freeing_answers_what_is_under_way),
	    cmocka_unit_test(many_at_once_are_all_answered),
	    cmocka_unit_test(names_without_an_answer_hold_up_no_other),
	    cmocka_unit_test(strangers_names_hold_up_no_users_name),
	    cmocka_unit_test(silent_names_make_room_for_others),
	    cmocka_unit_test(mistakes_in_settings_are_found_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
