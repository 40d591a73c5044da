// SPDX-License-Identifier: Apache-2.0
// Tests the window with a table of events, and against servers with a fixed
// number of connections.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "relay/window.h"

// 'a': a message is answered while all links are in use; 'i': the same while
// one link is in use; 'r': a further link finds no server; 'd': the site is
// dead.
static void it_moves_both_ways(void **state)
{
	(void)state;
	static const struct {
		unsigned max;
		const char *events;
		unsigned size;
	} table[] = {
	    {4, "", 4},
	    {4, "aaaaaaaa", 4}, // never wider than the settings allow
	    {4, "r", 3},
	    {4, "rrr", 1},
	    {4, "rrrr", 1}, // never below one
	    {4, "rrra", 2},
	    {4, "rrraa", 2}, // from 2 to 3 takes two messages …
	    {4, "rrraaa", 3},
	    {4, "rrraaaaa", 3}, // … from 3 to 4 three
	    {4, "rrraaaaaa", 4},
	    {4, "riiiiii", 3},  // links that are not in use show nothing
	    {4, "rrrar", 1},    // the growth is taken back …
	    {4, "rrrara", 1},   // … so the next one takes twice as many
	    {4, "rrraraa", 2},  //
	    {4, "rrraraar", 1}, // taken back again: four times as many
	    {4, "rrraraaraaa", 1},
	    {4, "rrraraaraaaa", 2},
	    // The growth lasted, so the next one needs fewer messages again: 2
	    // × 4, 3 × 2.
	    {4,
		"rrraraaraaaa"
		"aaaaaaaa"
		"aaaaa",
		3},
	    {4,
		"rrraraaraaaa"
		"aaaaaaaa"
		"aaaaaa",
		4},
	    {4, "d", 1},
	    {4, "daaa", 3},
	    {1, "rad", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct relay_window window;
		relay_window_init(&window, table[i].max);
		for (const char *event = table[i].events; *event; event++) {
			if (*event == 'a')
				relay_window_answered(&window, window.size);
			else if (*event == 'i')
				relay_window_answered(&window, 1);
			else if (*event == 'r' && window.size > 1)
				relay_window_refused(&window, window.size - 1);
			else if (*event == 'd')
				relay_window_dead(&window);
		}
		if (window.size != table[i].size)
			fail_msg("%s: %u, not %u", table[i].events, window.size,
			    table[i].size);
	}
}

// A server with a fixed number of connections is tried with one more ever more
// rarely: of 10,000 messages, it refuses a handful of connections.
static void a_steady_server_is_not_pestered(void **state)
{
	(void)state;
	for (unsigned room = 1; room < 10; room++) {
		struct relay_window window;
		unsigned turned_away = 0;
		relay_window_init(&window, 10);
		for (int message = 0; message < 10000; message++) {
			while (window.size > room) {
				relay_window_refused(&window, window.size - 1);
				turned_away++;
			}
			relay_window_answered(&window, window.size);
			assert_in_range(window.size, 1, room + 1);
		}
		assert_in_range(turned_away, 1,
		    10 + RELAY_CAUTION_MAX +
			(10000 / room >> RELAY_CAUTION_MAX));
		// And when there is room for all connections, the window soon
		// grows to use it.
		for (int message = 0; message < 10000; message++)
			relay_window_answered(&window, window.size);
		assert_int_equal(window.size, 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_moves_both_ways),
	    cmocka_unit_test(a_steady_server_is_not_pestered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
