// SPDX-License-Identifier: Apache-2.0
// Handlers that wait, in both versions: for news, for their time, for too long.
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "http/rig.h"
#include "http/rig_frames.h"
#include "http/rig_routes.h"

static struct rig_users users; // made once, which takes long

struct player {
	struct http_rig rig;
	struct rig_client client;
	bool h2;
	uint32_t stream; // of the next request
};

static void player_init(struct player *player, bool h2)
{
	*player = (struct player){.h2 = h2, .stream = 1};
	http_rig_init(&player->rig, rig_routes, rig_route_count, &users);
	player->rig.server.limits.handler_seconds = 1;
	http_rig_connect(&player->rig, h2 ? "h2" : "http/1.1", &player->client);
}

static void player_done(struct player *player)
{
	rig_disconnect(&player->client);
	assert_int_equal(rig_running, 0);
	http_rig_done(&player->rig);
}

static void ask(struct player *player, const char *path)
{
	struct buf text;
	char line[200];
	buf_init(&text, 1000);
	if (player->h2) {
		if (player->stream == 1)
			rig_frames_hello(&text);
		snprintf(line, sizeof(line),
		    "H%u. :method=GET :scheme=https :authority=localhost "
		    ":path=%s",
		    player->stream, path);
		rig_frames_add(&text, line);
		player->stream += 2;
	} else {
		buf_printf(
		    &text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	}
	rig_say(&player->client, buf_view(&text));
	buf_done(&text);
}

// How often the server has said this.
static unsigned count(const struct player *player, struct view what)
{
	struct view rest = buf_view(&player->client.out);
	unsigned found = 0;
	size_t at;
	while ((at = view_find(rest, what)) != SIZE_MAX) {
		rest = view_from(rest, at + what.len);
		found++;
	}
	return found;
}

// Lets the time pass until the server has said it so often.
static void wait_until(struct player *player, struct view what, unsigned times)
{
	uint64_t end_ms = clock_monotonic_ms() + 120000;
	while (count(player, what) < times) {
		assert_true(clock_monotonic_ms() < end_ms);
		usleep(1000);
		rig_tick(&player->client);
	}
}

static void assert_frames(const struct player *player, const char *answers)
{
	struct buf out;
	buf_init(&out, 1000);
	rig_frames_describe(buf_view(&player->client.out), &out);
	assert_view_equal(buf_view(&out), view_of_string(answers));
	buf_done(&out);
}

// A handler that is never woken is answered for, and the connection goes on.
static void test_a_wait_ends(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		struct player player;
		player_init(&player, h2);
		uint64_t begin_ms = clock_monotonic_ms();
		ask(&player, "/wait");
		wait_until(&player, VIEW("503 Service Unavailable\n"), 1);
		assert_true(clock_monotonic_ms() - begin_ms >= 1000);
		assert_int_equal(rig_running, 0);
		ask(&player, "/hello");
		wait_until(&player, VIEW("hello"), 1);
		if (h2)
			assert_frames(&player, "1:503=24. 3:200=5.");
		player_done(&player);
	}
}

// The same of an answer that was begun: with HTTP/2 only its stream ends.
static void test_a_stream_that_waits_too_long_is_cut(void **state)
{
	(void)state;
	struct player player;
	player_init(&player, false);
	ask(&player, "/events");
	uint64_t end_ms = clock_monotonic_ms() + 120000;
	while (player.client.next != NET_CLOSE) {
		assert_true(clock_monotonic_ms() < end_ms);
		usleep(1000);
		rig_tick(&player.client);
	}
	assert_int_equal(count(&player, VIEW("0\r\n\r\n")), 0);
	player_done(&player);

	player_init(&player, true);
	ask(&player, "/events");
	ask(&player, "/events?ping=20");
	wait_until(&player, VIEW("ping\n"), 60);
	ask(&player, "/hello");
	wait_until(&player, VIEW("hello"), 3);
	struct buf out;
	buf_init(&out, 1000);
	rig_frames_describe(buf_view(&player.client.out), &out);
	assert_true(
	    view_starts_with(buf_view(&out), VIEW("1:200=6 R1=2 3:200=")));
	assert_true(view_ends_with(buf_view(&out), VIEW(" 5:200=5.")));
	buf_done(&out);
	assert_int_equal(rig_running, 1);
	player_done(&player);
}

// What a handler does now and then keeps its stream, for longer than one wait
// may last. News come at once.
static void test_a_stream_lives_by_what_it_says(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		struct player player;
		player_init(&player, h2);
		uint64_t begin_ms = clock_monotonic_ms();
		ask(&player, "/events?ping=100");
		assert_int_equal(count(&player, VIEW("hello\n")), 1);
		wait_until(&player, VIEW("ping\n"), 15);
		assert_true(clock_monotonic_ms() - begin_ms >= 1500);
		assert_int_equal(count(&player, VIEW("news\n")), 0);
		rig_news_arrive();
		rig_wake(&player.client);
		assert_int_equal(count(&player, VIEW("news\n")), 1);
		assert_int_equal(rig_running, 1);
		player_done(&player);
	}
}

// Between two events a stream holds little, however many there were. (nghttp2
// holds 25 KB for each connection.)
static void test_a_stream_that_waits_holds_little(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		struct player player;
		player_init(&player, h2);
		player.rig.server.limits.handler_seconds = 1000;
		ask(&player, "/events");
		for (int i = 0; i < 1000; i++) {
			rig_news_arrive();
			rig_wake(&player.client);
		}
		assert_int_equal(count(&player, VIEW("news\n")), 1000);
		size_t held = player.client.ops->memory(player.client.session);
		assert_in_range(held, 1, h2 ? 36000 : 5000);
		player_done(&player);
	}
}

static int make_users(void **state)
{
	(void)state;
	rig_users_init(&users);
	return 0;
}

static int drop_users(void **state)
{
	(void)state;
	rig_users_done(&users);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_wait_ends),
	    cmocka_unit_test(test_a_stream_that_waits_too_long_is_cut),
	    cmocka_unit_test(test_a_stream_lives_by_what_it_says),
	    cmocka_unit_test(test_a_stream_that_waits_holds_little),
	};
	return cmocka_run_group_tests(tests, make_users, drop_users);
}
