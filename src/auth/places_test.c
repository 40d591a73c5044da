// SPDX-License-Identifier: Apache-2.0
// Where users logged in from: what is known, what is kept and what is dropped.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/places.h"

#define NOW 1700000000

struct fixture {
	struct engine *engine;
	struct auth_places *places;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	fixture.engine = engine_memory_new();
	fixture.places = auth_places_new(fixture.engine);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	auth_places_free(&fixture->places);
	engine_close(&fixture->engine);
	return 0;
}

static struct auth_place place_at(const char *address, int64_t when)
{
	struct auth_place place = {
	    .protocol = "imap", .tls = true, .first = when, .last = when};
	snprintf(place.address, sizeof(place.address), "%s", address);
	return place;
}

static bool note(struct fixture *fixture, const char *user, const char *address,
    int64_t when)
{
	struct auth_place place = place_at(address, when);
	return auth_places_note(fixture->places, view_of_string(user), &place);
}

static void write_down(struct fixture *fixture)
{
	assert_int_equal(auth_places_write(fixture->places, NULL), RC_OK);
}

static enum auth_known find(struct fixture *fixture, const char *user,
    const char *address, int64_t now, bool *ret_fresh)
{
	return auth_places_find(fixture->places, view_of_string(user),
	    view_of_string(address), now, ret_fresh);
}

static void place_is_known_before_and_after_it_is_written(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *user;
		const char *address;
		enum auth_known known;
	} rows[] = {
	    {"anna", "192.0.2.1", AUTH_KNOWN_ADDRESS},
	    {"anna", "::ffff:192.0.2.1", AUTH_KNOWN_ADDRESS},
	    {"anna", "192.0.2.200", AUTH_KNOWN_NETWORK},
	    {"anna", "192.0.3.1", AUTH_KNOWN_NOT},
	    {"anna", "2001:db8:1:2:3::4", AUTH_KNOWN_ADDRESS},
	    {"anna", "2001:db8:1:7::1", AUTH_KNOWN_NETWORK},
	    {"anna", "2001:db8:2::1", AUTH_KNOWN_NOT},
	    {"anna", "", AUTH_KNOWN_NOT},
	    {"bert", "192.0.2.1", AUTH_KNOWN_NOT},
	    {"ann", "192.0.2.1", AUTH_KNOWN_NOT},
	    {"", "192.0.2.1", AUTH_KNOWN_NOT},
	};
	bool fresh;
	assert_true(note(fixture, "anna", "192.0.2.1", NOW));
	assert_int_equal(find(fixture, "anna", "192.0.2.1", NOW, &fresh),
	    AUTH_KNOWN_ADDRESS);
	assert_true(fresh);
	assert_true(note(fixture, "anna", "2001:db8:1:2::1", NOW + 1));
	write_down(fixture);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (find(fixture, rows[i].user, rows[i].address, NOW, &fresh) !=
		    rows[i].known)
			fail_msg("%s %s", rows[i].user, rows[i].address);
}

static void place_that_was_not_used_lately_is_noted_again(void **state)
{
	struct fixture *fixture = *state;
	bool fresh;
	note(fixture, "anna", "192.0.2.1", NOW);
	write_down(fixture);
	find(fixture, "anna", "192.0.2.1", NOW + 599, &fresh);
	assert_true(fresh);
	find(fixture, "anna", "192.0.2.1", NOW + 600, &fresh);
	assert_false(fresh);
	find(fixture, "anna", "192.0.2.1", NOW - 5, &fresh); // the clock jumped
	assert_false(fresh);
	find(fixture, "anna", "192.0.2.2", NOW, &fresh);
	assert_false(fresh);
}

static void places_come_back_in_the_order_of_their_use(void **state)
{
	struct fixture *fixture = *state;
	struct auth_place_list list;
	note(fixture, "anna", "192.0.2.1", NOW);
	write_down(fixture);
	note(fixture, "anna", "192.0.3.1", NOW + 100);
	write_down(fixture);
	note(fixture, "anna", "192.0.2.1", NOW + 200);
	assert_int_equal(
	    auth_places_list(fixture->places, VIEW("anna"), NULL, &list),
	    RC_OK);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.places[0].address, "192.0.2.1");
	assert_true(list.places[0].first == NOW);
	assert_true(list.places[0].last == NOW + 200);
	assert_true(list.places[0].tls);
	assert_string_equal(list.places[0].protocol, "imap");
	assert_string_equal(list.places[1].address, "192.0.3.1");
	assert_int_equal(
	    auth_places_list(fixture->places, VIEW("nobody"), NULL, &list),
	    RC_OK);
	assert_int_equal(list.count, 0);
}

static void several_places_of_a_user_are_written_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct auth_place_list list;
	for (int i = 0; i < 20; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.0.%d.1", i);
		assert_true(note(fixture, "anna", address, NOW + i));
		assert_true(note(fixture, "bert", address, NOW + i));
	}
	assert_int_equal(
	    auth_places_list(fixture->places, VIEW("anna"), NULL, &list),
	    RC_OK);
	assert_int_equal(list.count, 20);
	assert_int_equal(
	    auth_places_forget(fixture->places, VIEW("anna"), NULL), RC_OK);
	assert_int_equal(
	    auth_places_list(fixture->places, VIEW("anna"), NULL, &list),
	    RC_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(
	    auth_places_list(fixture->places, VIEW("bert"), NULL, &list),
	    RC_OK);
	assert_int_equal(list.count, 20);
}

// ---- Bounds ----------------------------------------------------------------

static void list_keeps_the_newest(void **state)
{
	struct auth_place_list list = {0};
	(void)state;
	for (int i = 0; i < 100; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.0.%d.1", i);
		struct auth_place place = place_at(address, NOW + i);
		auth_place_list_add(&list, &place);
	}
	assert_int_equal(list.count, AUTH_PLACES_MAX);
	assert_string_equal(list.places[0].address, "10.0.99.1");
	assert_string_equal(list.places[31].address, "10.0.68.1");
}

// A network in which the address often changes does not push out the others.
static void network_has_a_few_places(void **state)
{
	struct auth_place_list list = {0};
	(void)state;
	struct auth_place home = place_at("192.0.2.1", NOW);
	auth_place_list_add(&list, &home);
	for (int i = 0; i < 200; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		struct auth_place place = place_at(address, NOW + i);
		auth_place_list_add(&list, &place);
	}
	assert_int_equal(list.count, 1 + AUTH_PLACES_NETWORK_MAX);
	assert_string_equal(list.places[0].address, "10.0.0.199");
	assert_string_equal(list.places[3].address, "10.0.0.196");
	assert_string_equal(list.places[4].address, "192.0.2.1");
}

static void notes_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	size_t kept = 0;
	for (int i = 0; i < 10000; i++) {
		char user[32];
		snprintf(user, sizeof(user), "user%d", i);
		kept += note(fixture, user, "192.0.2.1", NOW);
	}
	assert_int_equal(kept, 4096);
}

// ---- Damage ----------------------------------------------------------------

static void count_problem(void *context, const char *text)
{
	(void)text;
	++*(int *)context;
}

static void damaged_places_are_told_and_made_anew(void **state)
{
	struct fixture *fixture = *state;
	struct engine_batch *batch = engine_batch_new(fixture->engine);
	bool fresh;
	int problems = 0;
	engine_batch_put(batch, VIEW("place/anna"), VIEW("\x01?"));
	assert_int_equal(engine_commit(fixture->engine, AUTH_PLACES_PARTITION,
			     0, batch, NULL),
	    RC_OK);
	engine_batch_free(&batch);
	assert_int_equal(
	    auth_places_check(fixture->engine, count_problem, &problems),
	    RC_OK);
	assert_int_equal(problems, 1);
	assert_int_equal(
	    find(fixture, "anna", "192.0.2.1", NOW, &fresh), AUTH_KNOWN_NOT);
	note(fixture, "anna", "192.0.2.1", NOW);
	write_down(fixture);
	assert_int_equal(find(fixture, "anna", "192.0.2.1", NOW, &fresh),
	    AUTH_KNOWN_ADDRESS);
	assert_int_equal(
	    auth_places_check(fixture->engine, count_problem, &problems),
	    RC_OK);
	assert_int_equal(problems, 1);
}

static void another_version_of_a_list_is_refused(void **state)
{
	(void)state;
	struct auth_place_list list = {.count = 0};
	struct auth_place place = place_at("192.0.2.1", NOW);
	struct buf bytes;
	auth_place_list_add(&list, &place);
	buf_init(&bytes, 4096);
	auth_place_list_encode(&list, &bytes);
	for (int version = 0; version < 256; version++) {
		bytes.ptr[0] = (char)version;
		assert_int_equal(
		    auth_place_list_decode(buf_view(&bytes), &list),
		    version == 1 ? RC_OK : RC_CORRUPT);
		assert_int_equal(list.count, version == 1 ? 1 : 0);
	}
	buf_done(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(place_is_known_before_and_after_it_is_written),
	    TEST(place_that_was_not_used_lately_is_noted_again),
	    TEST(places_come_back_in_the_order_of_their_use),
	    TEST(several_places_of_a_user_are_written_at_once),
	    cmocka_unit_test(list_keeps_the_newest),
	    cmocka_unit_test(network_has_a_few_places),
	    cmocka_unit_test(another_version_of_a_list_is_refused),
	    TEST(notes_are_bounded),
	    TEST(damaged_places_are_told_and_made_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
