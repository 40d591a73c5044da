// SPDX-License-Identifier: Apache-2.0
// How many connections an address may have, and how long it is dead.
#include "relay/place.h"

#include "base/test.h"

static const struct relay_place_limits usual = {
    .all = 20,
    .network = 8,
    .address = 4,
    .first_seconds = 30,
    .down_first_seconds = 30,
    .down_last_seconds = 900,
};

// Begins connections as long as there is room, and returns how many.
static unsigned fill(struct relay_place *place, bool users)
{
	unsigned count = 0;
	for (; relay_place_room(place, users, 1) == RELAY_ROOM_FREE; count++)
		relay_place_enter(place, users);
	return count;
}

// The place of an address that has taken messages.
static struct relay_place *proven(
    struct relay_places *places, const char *address)
{
	struct relay_place *place = relay_place_get(places, address, 1);
	relay_window_init(&place->window, places->limits.address);
	place->proven = true;
	return place;
}

static void an_unknown_address_is_tried_once(void **state)
{
	(void)state;
	struct relay_places places;
	relay_places_init(&places, &usual);
	struct relay_place *place = relay_place_get(&places, "192.0.2.1", 1);
	// In whatever form it is written.
	assert_ptr_equal(
	    relay_place_get(&places, "::ffff:192.0.2.1", 1), place);
	assert_ptr_equal(
	    relay_place_get(&places, "64:ff9b::c000:201", 1), place);
	assert_null(relay_place_get(&places, "mx.test", 1));
	assert_int_equal(fill(place, false), 1);
	assert_int_equal(relay_place_room(place, true, 1), RELAY_ROOM_FULL);
	relay_place_greeted(place);
	assert_int_equal(fill(place, false), 1);
	for (int i = 0; i < 20; i++) {
		relay_place_answered(place);
		fill(place, true);
	}
	assert_int_equal(place->count.links, 4);
	while (place->count.links > 0)
		relay_place_leave(
		    place, place->count.others == 0, place->greeted > 0);
	assert_int_equal(places.count.links, 0);
	relay_places_done(&places);
}

static void a_quarter_is_kept_for_users(void **state)
{
	(void)state;
	static const char *const addresses[] = {"192.0.2.1", "192.0.2.2",
	    "192.0.2.3", "198.51.100.1", "198.51.100.2", "198.51.100.3",
	    "203.0.113.1", "203.0.113.2", "203.0.113.3"};
	struct relay_places places;
	unsigned others = 0, users = 0;
	relay_places_init(&places, &usual);
	// 3 of the 4 of each address, 6 of the 8 of each network, 15 of 20.
	static const unsigned expected[] = {3, 3, 0, 3, 3, 0, 3, 0, 0};
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		unsigned count = fill(proven(&places, addresses[i]), false);
		assert_int_equal(count, expected[i]);
		others += count;
	}
	assert_int_equal(others, 15);
	// 1 of each address, 2 of each network, 5 in all.
	static const unsigned kept[] = {1, 1, 0, 1, 1, 0, 1, 0, 0};
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		unsigned count = fill(proven(&places, addresses[i]), true);
		assert_int_equal(count, kept[i]);
		users += count;
	}
	assert_int_equal(users, 5);
	// A connection may not turn into one for other mail.
	struct relay_place *place = proven(&places, "192.0.2.1");
	assert_false(relay_place_turn(place, false));
	assert_true(relay_place_turn(place, true));
	assert_int_equal(places.count.others, 14);
	assert_true(relay_place_turn(place, false));
	assert_int_equal(places.count.others, 15);
	relay_places_done(&places);
}

static void networks_of_ipv6_are_48_bits(void **state)
{
	(void)state;
	struct relay_places places;
	relay_places_init(&places, &usual);
	assert_int_equal(fill(proven(&places, "2001:db8:1:1::1"), true), 4);
	assert_int_equal(fill(proven(&places, "2001:db8:1:2::1"), true), 4);
	assert_int_equal(fill(proven(&places, "2001:db8:1:ffff::1"), true), 0);
	assert_int_equal(fill(proven(&places, "2001:db8:2::1"), true), 4);
	relay_places_done(&places);
}

static uint32_t fail_at(struct relay_place *place, uint64_t now)
{
	relay_place_enter(place, false);
	relay_place_leave(place, false, false);
	return relay_place_failed(place, now, ENHANCED(4, 4, 1), "silence");
}

static void a_dead_address_is_left_alone_for_longer_and_longer(void **state)
{
	(void)state;
	static const struct {
		uint32_t dead;
		struct relay_patience next; // after it
	} rows[] = {
	    {30, {60, 120, 600}},
	    {60, {120, 240, 1200}},
	    {120, {240, 480, 2400}},
	    {240, {300, 600, 3000}},
	    {480, {300, 600, 3000}},
	    {900, {300, 600, 3000}},
	    {900, {300, 600, 3000}},
	};
	struct relay_places places;
	uint64_t now = 1000;
	relay_places_init(&places, &usual);
	struct relay_place *place = relay_place_get(&places, "192.0.2.1", now);
	struct relay_patience patience = relay_place_patience(place);
	assert_int_equal(patience.greeting, 30);
	assert_int_equal(patience.hello, 60);
	assert_int_equal(patience.letter, 300);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(fail_at(place, now), rows[i].dead);
		uint64_t end = now + 1000 * rows[i].dead;
		assert_int_equal(
		    relay_place_room(place, true, end - 1), RELAY_ROOM_DEAD);
		assert_int_equal(
		    relay_place_room(place, false, end), RELAY_ROOM_FREE);
		patience = relay_place_patience(place);
		assert_memory_equal(&patience, &rows[i].next, sizeof(patience));
		now = end;
	}
	// A server that took a message gets the times of RFC 5321.
	relay_place_enter(place, true);
	relay_place_greeted(place);
	relay_place_answered(place);
	patience = relay_place_patience(place);
	assert_int_equal(patience.greeting, 300);
	assert_int_equal(patience.hello, 0);
	assert_int_equal(patience.letter, 0);
	// While that connection is open, another failure means that the server
	// accepts no more.
	assert_int_equal(fail_at(place, now), 0);
	assert_int_equal(place->window.size, 1);
	relay_place_leave(place, true, true);
	assert_int_equal(fail_at(place, now), 30);
	relay_places_revive(&places);
	assert_int_equal(relay_place_room(place, true, now), RELAY_ROOM_FREE);
	relay_places_done(&places);
}

static void who_stalls_twice_is_dead(void **state)
{
	(void)state;
	struct relay_places places;
	relay_places_init(&places, &usual);
	struct relay_place *place = proven(&places, "192.0.2.1");
	assert_int_equal(
	    relay_place_stalled(place, 1, ENHANCED(4, 4, 2), "stalled"), 0);
	assert_int_equal(relay_place_patience(place).letter, 600);
	relay_place_answered(place);
	assert_int_equal(
	    relay_place_stalled(place, 1, ENHANCED(4, 4, 2), "stalled"), 0);
	assert_int_equal(
	    relay_place_stalled(place, 1, ENHANCED(4, 4, 2), "stalled"), 60);
	assert_int_equal(relay_place_room(place, true, 2), RELAY_ROOM_DEAD);
	relay_places_done(&places);
}

static void memory_has_a_limit(void **state)
{
	(void)state;
	struct relay_places places;
	relay_places_init(&places, &usual);
	struct relay_place *open = relay_place_get(&places, "192.0.2.1", 1);
	relay_place_enter(open, true);
	for (unsigned i = 0; i < 3 * RELAY_PLACES_MAX; i++) {
		char text[32];
		snprintf(text, sizeof(text), "2001:db8:%x::%x", i >> 8, i);
		fail_at(relay_place_get(&places, text, i), i);
		assert_true(places.places.count <= RELAY_PLACES_MAX);
		assert_true(places.networks.count <= 2);
	}
	assert_ptr_equal(relay_place_get(&places, "192.0.2.1", 1), open);
	relay_places_sweep(&places, 1000000000);
	assert_int_equal(places.places.count, 1);
	relay_place_leave(open, true, false);
	relay_places_sweep(&places, 2000000000);
	assert_int_equal(places.places.count, 0);
	relay_places_done(&places);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unknown_address_is_tried_once),
	    cmocka_unit_test(a_quarter_is_kept_for_users),
	    cmocka_unit_test(networks_of_ipv6_are_48_bits),
	    cmocka_unit_test(
		a_dead_address_is_left_alone_for_longer_and_longer),
	    cmocka_unit_test(who_stalls_twice_is_dead),
	    cmocka_unit_test(memory_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
