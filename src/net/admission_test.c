// SPDX-License-Identifier: Apache-2.0
// Who gets a place, as tables. Each step of a row is an address that comes or
// goes, and what it is told.
#include "base/test.h"
#include "net/admission.h"

static struct address address(const char *text)
{
	struct sockaddr_storage at;
	socklen_t len;
	struct address unix_socket = {.is_unix = true};
	if (strcmp(text, "unix") == 0)
		return unix_socket;
	if (!address_parse(text, 1, &at, &len))
		fail_msg("%s", text);
	return address_of(&at);
}

static struct net_networks networks(const char *text)
{
	struct net_networks networks;
	struct fault fault;
	assert_int_equal(
	    net_networks_parse(view_of_string(text), &networks, &fault), RC_OK);
	return networks;
}

// ---- Networks --------------------------------------------------------------

static void networks_have_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *networks;
		const char *address;
		bool has;
	} rows[] = {
	    {"", "127.0.0.1", false},
	    {"127.0.0.0/8 ::1", "127.255.0.9", true},
	    {"127.0.0.0/8 ::1", "128.0.0.1", false},
	    {"127.0.0.0/8 ::1", "::1", true},
	    {"127.0.0.0/8 ::1", "::2", false},
	    {"  192.0.2.7  ", "192.0.2.7", true},
	    {"192.0.2.7", "192.0.2.6", false},
	    {"192.0.2.128/25", "192.0.2.128", true},
	    {"192.0.2.128/25", "192.0.2.127", false},
	    {"192.0.2.129/25", "192.0.2.200", true}, // the host's bits
	    {"0.0.0.0/0", "203.0.113.9", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"::/0", "2001:db8::1", true},
	    {"::/0", "203.0.113.9", true}, // it is ::ffff:203.0.113.9
	    {"2001:db8::/33", "2001:db8:7fff::1", true},
	    {"2001:db8::/33", "2001:db8:8000::1", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_networks list = networks(rows[i].networks);
		struct address peer = address(rows[i].address);
		if (net_networks_have(&list, peer.bytes) != rows[i].has)
			fail_msg("%s in %s", rows[i].address, rows[i].networks);
	}
}

static void wrong_networks_are_named(void **state)
{
	(void)state;
	static const char *const rows[] = {"x", "127.0.0.1/33", "::1/129",
	    "127.0.0.1/", "/8", "127.0.0.1/-1", "127.0.0.1/8/8", "1.2.3",
	    "127.0.0.1,::1"};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_networks list;
		struct fault fault = {.text = ""};
		assert_int_equal(
		    net_networks_parse(view_of_string(rows[i]), &list, &fault),
		    RC_INVALID);
		assert_non_null(strstr(fault.text, rows[i]));
	}
	struct buf many;
	struct net_networks list;
	struct fault fault;
	buf_init(&many, 10000);
	for (int i = 0; i < NET_NETWORKS_MAX; i++)
		buf_add_literal(&many, "192.0.2.1 ");
	assert_int_equal(
	    net_networks_parse(buf_view(&many), &list, &fault), RC_OK);
	buf_add_literal(&many, "192.0.2.1");
	assert_int_equal(
	    net_networks_parse(buf_view(&many), &list, &fault), RC_LIMIT);
	buf_done(&many);
}

// ---- Admission -------------------------------------------------------------

#define SERVER   ADMISSION_SERVER
#define STRANGER ADMISSION_STRANGER

static void begin(struct admission *admission, uint32_t strangers,
    uint32_t address_max, uint32_t network_max)
{
	static struct net_networks unlimited;
	unlimited = networks("127.0.0.0/8 198.51.100.0/24");
	admission_init(
	    admission, &(struct net_server_config){.max_connections = 1000,
			   .max_strangers = strangers,
			   .max_visitors = strangers * 3 / 10,
			   .max_per_address = address_max,
			   .max_per_network = network_max,
			   .unlimited = &unlimited});
}

// Lets in as many as it can, at most `most`.
static uint32_t fill(struct admission *admission, enum admission_place place,
    const char *from, uint32_t most, enum admission_refusal *ret_refusal)
{
	struct address peer = address(from);
	for (uint32_t count = 0; count < most; count++) {
		*ret_refusal = admission_admit(admission, place, &peer);
		if (*ret_refusal != ADMISSION_ALLOWED)
			return count;
	}
	return most;
}

static void limits_by_where_a_stranger_is(void **state)
{
	(void)state;
	// One row after the other, on the same server: at most 100 strangers at
	// each kind of door, 5 for each address, 8 for each network.
	static const struct {
		enum admission_place place;
		const char *from;
		uint32_t count;
		enum admission_refusal refusal;
	} rows[] = {
	    {SERVER, "192.0.2.1", 5, ADMISSION_ADDRESS},
	    {SERVER, "192.0.2.2", 3, ADMISSION_NETWORK},
	    {SERVER, "192.0.2.3", 0, ADMISSION_NETWORK},
	    {SERVER, "192.0.3.3", 5, ADMISSION_ADDRESS},
	    // The other kind of door counts apart.
	    {STRANGER, "192.0.2.1", 5, ADMISSION_ADDRESS},
	    // IPv6: a /64 is an address, a /48 a network.
	    {SERVER, "2001:db8:1:1::1", 5, ADMISSION_ADDRESS},
	    {SERVER, "2001:db8:1:1::2", 0, ADMISSION_ADDRESS},
	    {SERVER, "2001:db8:1:2::1", 3, ADMISSION_NETWORK},
	    {SERVER, "2001:db8:1:3::1", 0, ADMISSION_NETWORK},
	    {SERVER, "2001:db8:2:3::1", 5, ADMISSION_ADDRESS},
	    // These have no limit of their own.
	    {SERVER, "127.0.0.1", 20, ADMISSION_ALLOWED},
	    {SERVER, "198.51.100.9", 20, ADMISSION_ALLOWED},
	    {SERVER, "unix", 15, ADMISSION_ALLOWED},
	    // 81 are taken, and 19 free: 2 are an eighth of those.
	    {SERVER, "203.0.113.1", 2, ADMISSION_NETWORK},
	    {SERVER, "127.0.0.1", 17, ADMISSION_FULL_STRANGERS},
	    {SERVER, "203.0.114.1", 0, ADMISSION_FULL_STRANGERS},
	    {STRANGER, "203.0.114.1", 5, ADMISSION_ADDRESS},
	    {ADMISSION_TRUSTED, "203.0.114.1", 20, ADMISSION_ALLOWED},
	    // The web has places of its own, here 30.
	    {ADMISSION_VISITOR, "203.0.114.1", 3, ADMISSION_NETWORK},
	    {ADMISSION_VISITOR, "127.0.0.1", 27, ADMISSION_FULL_STRANGERS},
	    {STRANGER, "127.0.0.1", 20, ADMISSION_ALLOWED},
	};
	struct admission admission;
	begin(&admission, 100, 5, 8);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum admission_refusal refusal = ADMISSION_ALLOWED;
		uint32_t most =
		    rows[i].refusal == ADMISSION_ALLOWED ? rows[i].count : 100;
		uint32_t count = fill(
		    &admission, rows[i].place, rows[i].from, most, &refusal);
		if (count != rows[i].count || refusal != rows[i].refusal)
			fail_msg("row %zu, %s: %u, %s", i, rows[i].from, count,
			    admission_reason(refusal));
	}
	admission_done(&admission);
}

// With the default limits: a stranger who owns many networks leaves places for
// others.
static void forty_networks_leave_places(void **state)
{
	(void)state;
	struct admission admission;
	enum admission_refusal refusal;
	begin(&admission, 5000, 100, 400);
	admission.max_connections = 20000;
	for (unsigned i = 0; i < 400; i++) {
		char text[32];
		snprintf(text, sizeof(text), "10.0.%u.%u", i / 10, i % 10);
		fill(&admission, ADMISSION_SERVER, text, 500, &refusal);
	}
	assert_true(admission.taken[ADMISSION_SERVER] > 4500);
	assert_true(fill(&admission, ADMISSION_SERVER, "192.0.2.1", 500,
			&refusal) >= 2);
	assert_int_equal(refusal, ADMISSION_NETWORK);
	admission_done(&admission);
}

// An office with 100 people, each with ten connections, behind one address:
// nobody is refused who logs in.
static void who_logs_in_does_not_count(void **state)
{
	(void)state;
	struct admission admission;
	struct address office = address("192.0.2.1");
	begin(&admission, 250, 100, 400);
	admission.max_connections = 2000;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(
		    admission_admit(&admission, ADMISSION_STRANGER, &office),
		    ADMISSION_ALLOWED);
		admission_move(
		    &admission, ADMISSION_STRANGER, ADMISSION_USER, &office);
	}
	assert_int_equal(admission.taken[ADMISSION_USER], 1000);
	// Those who log out are strangers again.
	admission_move(&admission, ADMISSION_USER, ADMISSION_STRANGER, &office);
	admission_dismiss(&admission, ADMISSION_STRANGER, &office);
	for (unsigned i = 0; i < 999; i++)
		admission_dismiss(&admission, ADMISSION_USER, &office);
	assert_int_equal(admission.open, 0);
	assert_int_equal(admission.sites[ADMISSION_STRANGER].count, 0);
	admission_done(&admission);
}

static void strangers_leave_the_places_of_users(void **state)
{
	(void)state;
	struct admission admission;
	enum admission_refusal refusal;
	begin(&admission, 250, 0, 0);
	assert_int_equal(
	    fill(&admission, ADMISSION_SERVER, "192.0.2.1", 1000, &refusal),
	    250);
	assert_int_equal(
	    fill(&admission, ADMISSION_STRANGER, "192.0.2.1", 1000, &refusal),
	    250);
	assert_int_equal(refusal, ADMISSION_FULL_STRANGERS);
	assert_int_equal(
	    fill(&admission, ADMISSION_TRUSTED, "192.0.2.1", 1000, &refusal),
	    500);
	assert_int_equal(refusal, ADMISSION_FULL);
	admission_done(&admission);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(networks_have_addresses),
	    cmocka_unit_test(wrong_networks_are_named),
	    cmocka_unit_test(limits_by_where_a_stranger_is),
	    cmocka_unit_test(forty_networks_leave_places),
	    cmocka_unit_test(who_logs_in_does_not_count),
	    cmocka_unit_test(strangers_leave_the_places_of_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
