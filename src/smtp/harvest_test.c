// SPDX-License-Identifier: Apache-2.0
// Strangers who guess the names of mailboxes are remembered by their network.
#include "smtp/harvest.h"

#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "smtp/impl.h"
#include "smtp/rig.h"

#define HOUR_MS 3600000u

// Two addresses: whether what the first does counts for the second.
static void a_network_is_a_24_or_a_48(void **state)
{
	(void)state;
	static const struct {
		const char *first;
		const char *second;
		bool same;
	} table[] = {
	    {"192.0.2.1", "192.0.2.254", true},
	    {"192.0.2.1", "::ffff:192.0.2.254", true},
	    {"192.0.2.1", "192.0.3.1", false},
	    {"2001:db8:1::1", "2001:db8:1:ffff::2", true},
	    {"2001:db8:1::1", "2001:db8:2::1", false},
	    {"fe80::1%eth0", "fe80::2%eth1", true},
	    {"127.0.0.1", "127.0.0.1", false}, // never counted
	    {"::1", "::1", false},
	    {"::ffff:127.0.0.2", "::ffff:127.0.0.2", false},
	    {"unix", "unix", false},
	    {"", "", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct smtp_harvest *harvest = smtp_harvest_new(2, 3);
		for (int n = 0; n < 10; n++)
			(void)smtp_harvest_add(
			    harvest, view_of_string(table[i].first), 1000);
		bool over = smtp_harvest_is_over(
		    harvest, view_of_string(table[i].second), 1000);
		if (over != table[i].same)
			fail_msg("row %zu", i);
		smtp_harvest_free(&harvest);
	}
}

static void answers_get_later_and_guesses_are_forgotten(void **state)
{
	(void)state;
	struct view peer = VIEW("192.0.2.1");
	struct smtp_harvest *harvest = smtp_harvest_new(3, 100);
	assert_int_equal(smtp_harvest_add(harvest, peer, 1000), 0);
	assert_int_equal(smtp_harvest_add(harvest, peer, 1000), 0);
	assert_int_equal(smtp_harvest_add(harvest, peer, 1000), 250);
	assert_int_equal(smtp_harvest_add(harvest, peer, 1000), 500);
	for (int i = 4; i < 100; i++)
		assert_in_range(smtp_harvest_add(harvest, peer, 1000), 500,
		    SMTP_PAUSE_MAX_MS);
	assert_false(smtp_harvest_is_over(harvest, peer, 1000));
	assert_int_equal(
	    smtp_harvest_add(harvest, peer, 1000), SMTP_PAUSE_MAX_MS);
	assert_true(smtp_harvest_is_over(harvest, peer, 1000));
	// A message that is accepted makes up for one.
	smtp_harvest_forgive(harvest, peer, 1000);
	assert_false(smtp_harvest_is_over(harvest, peer, 1000));
	assert_int_equal(smtp_harvest_add(harvest, peer, 1000 + HOUR_MS), 0);
	smtp_harvest_free(&harvest);
	// Without one nothing is counted.
	assert_int_equal(smtp_harvest_add(NULL, peer, 1000), 0);
	assert_false(smtp_harvest_is_over(NULL, peer, 1000));
	smtp_harvest_forgive(NULL, peer, 1000);
}

// Opens a connection and names `unknown` recipients that do not exist, of which
// `late` are answered late. Returns the last line that the server said.
static const char *guess(
    struct rig *rig, const char *hello, int unknown, size_t late)
{
	static const char *const lines[] = {"421 Too many unknown recipients",
	    "421 4.7.0 Too many unknown recipients", "550 5.1.1 ", "250 "};
	struct rig_client client;
	rig_connect(rig, VIEW(""), &client);
	if (client.next == NET_READ)
		rig_say(&client, view_of_string(hello));
	if (client.next == NET_READ)
		rig_say(&client, VIEW("MAIL FROM:<>\r\n"));
	client.pauses = 0;
	for (int i = 0; i < unknown && client.next == NET_READ; i++)
		rig_say(&client, VIEW("RCPT TO:<nobody@example.org>\r\n"));
	assert_int_equal(client.pauses, late);
	struct view said = buf_view(&client.out);
	const char *last = "";
	size_t at = 0;
	for (size_t i = 0; i + 2 < said.len; i++)
		if (said.ptr[i] == '\n')
			at = i + 1;
	for (size_t i = 0; i < ARRAY_LEN(lines) && !last[0]; i++)
		if (view_starts_with(
			view_from(said, at), view_of_string(lines[i])))
			last = lines[i];
	rig_disconnect(&client);
	return last;
}

static void a_network_that_guesses_is_sent_away(void **state)
{
	(void)state;
	struct rig rig;
	rig_init(&rig, &(struct rig_options){0});
	rig.server.harvest = smtp_harvest_new(3, 10);
	// Over several connections, from several addresses.
	assert_string_equal(guess(&rig, "EHLO x\r\n", 6, 4), "550 5.1.1 ");
	rig.peer = "192.0.2.77";
	assert_string_equal(guess(&rig, "EHLO x\r\n", 4, 4), "550 5.1.1 ");
	assert_string_equal(guess(&rig, "EHLO x\r\n", 4, 1),
	    "421 4.7.0 Too many unknown recipients");
	assert_string_equal(
	    guess(&rig, "EHLO x\r\n", 0, 0), "421 Too many unknown recipients");
	// Other networks are welcome, and so is this machine.
	rig.peer = "198.51.100.1";
	assert_string_equal(guess(&rig, "EHLO x\r\n", 1, 0), "550 5.1.1 ");
	rig.peer = "127.0.0.1";
	assert_string_equal(guess(&rig, "EHLO x\r\n", 50, 0), "550 5.1.1 ");
	// A server that we trust has lists with old names.
	rig.peer = "192.0.2.1";
	rig.server.role = SMTP_ROLE_LMTP;
	assert_string_equal(guess(&rig, "LHLO x\r\n", 50, 0), "550 5.1.1 ");
	smtp_harvest_free(&rig.server.harvest);
	rig_done(&rig);
}

static void users_are_never_counted(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig,
	    &(struct rig_options){.role = SMTP_ROLE_SUBMISSION, .tls = true});
	rig.server.harvest = smtp_harvest_new(3, 10);
	rig_connect(&rig, VIEW(""), &client);
	rig_say(&client, VIEW("EHLO x\r\n"));
	rig_say(&client, VIEW("AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\n"));
	rig_say(&client, VIEW("MAIL FROM:<demo@example.org>\r\n"));
	for (int i = 0; i < 50; i++)
		rig_say(&client, VIEW("RCPT TO:<nobody@example.org>\r\n"));
	assert_int_equal(client.next, NET_READ);
	assert_false(smtp_harvest_is_over(rig.server.harvest,
	    view_of_string(rig.peer), clock_monotonic_ms()));
	rig_disconnect(&client);
	smtp_harvest_free(&rig.server.harvest);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_network_is_a_24_or_a_48),
	    cmocka_unit_test(answers_get_later_and_guesses_are_forgotten),
	    cmocka_unit_test(a_network_that_guesses_is_sent_away),
	    cmocka_unit_test(users_are_never_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
