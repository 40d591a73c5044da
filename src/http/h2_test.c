// SPDX-License-Identifier: Apache-2.0
// HTTP/2 sessions by tables: the frames that a client sends, and those that it
// gets (rig_frames.h), in whatever pieces they come; and its floods.
#include "base/clock.h"
#include "base/test.h"
#include "http/rig.h"
#include "http/rig_frames.h"
#include "http/rig_routes.h"

static struct rig_users users; // made once, which takes long

#define COMMON     ":scheme=https :authority=localhost "
#define GET(path)  ":method=GET " COMMON ":path=" path
#define POST(path) ":method=POST " COMMON ":path=" path

struct row {
	const char *frames;
	const char *answers; // "|" stands between those of two nghttp2s
};

// Codes (RFC 9113 section 7): 0 none, 1 protocol error, 3 flow control, 5
// stream closed, 6 frame size, 7 refused, 9 compression, 11 enhance your calm.
static const struct row rows[] = {
    {"H1. " GET("/hello"), "1:200=5."},
    {"H1. " GET("/hello") "\nH3. " GET("/nix") "\nH5. " GET("/hello"),
	"1:200=5. 3:404=14. 5:200=5."},
    {"H1. :method=HEAD " COMMON ":path=/hello", "1:200."},
    {"H1- :method=GET :scheme=https\nC1- :authority=localhost\n"
     "C1 :path=/hello\nD1.",
	"1:200=5."},
    {"H1. :method=GET :scheme=https :path=/hello host=localhost", "1:200=5."},
    {"P", "P"},
    // Bodies.
    {"H1 " POST("/echo") "\nD1 abc\nD1. de", "1:200=5."},
    {"H1. " POST("/echo"), "1:200."},
    {"H1 " POST("/echo") " content-length=3\nD1. abc", "1:200=3."},
    {"H1 " POST("/up") "\nD1 abc\nD1.", "1:200=7."},
    {"H1 " POST("/up") "\nD1 abc\nH1. trailer=x", "1:200=7."},
    {"H1 " POST("/echo") "\nH3. " GET("/hello") "\nD1. x", "1:200=1. 3:200=5."},
    {"H1 " POST("/echo") " expect=100-continue", "1:100"},
    {"H1 " POST("/echo") " expect=it", "1:417=23."},
    // An answer that needs no more of the body.
    {"H1 " POST("/echo") " content-length=101", "1:413=22."},
    {"H1 " POST("/nix"), "1:404=14."},
    {"H1 " POST("/nix") "\nD1 abc\nD1. de\nH3. " GET("/hello"),
	"1:404=14. 3:200=5."},
    // Lengths that lie (RFC 9113 section 8.1.1).
    {"H1 " POST("/echo") " content-length=4\nD1. abc", "R1=1"},
    {"H1 " POST("/echo") " content-length=2\nD1. abc", "R1=1"},
    {"H1. " POST("/echo") " content-length=2", "R1=1"},
    {"H1 " POST("/echo") " content-length=3 content-length=3\nD1. abc", "R1=1"},
    {"H1 " POST("/echo") " content-length=x\nD1. abc", "R1=1"},
    // Fields that belong to a connection (section 8.2.2).
    {"H1. " GET("/hello") " connection=close", "R1=1"},
    {"H1. " GET("/hello") " transfer-encoding=chunked", "R1=1"},
    {"H1. " GET("/hello") " keep-alive=1", "R1=1"},
    {"H1. " GET("/hello") " upgrade=x", "R1=1"},
    {"H1. " GET("/hello") " te=gzip", "R1=1"},
    {"H1. " GET("/hello") " te=trailers", "1:200=5."},
    // Names and values (section 8.2.1).
    {"H1. " GET("/hello") " Accept=x", "R1=1"},
    {"H1. " GET("/hello") " x~y=z", "R1=1"},
    {"H1. " GET("/hello") " x=a\rb", "R1=1"},
    {"H1. " GET("/hello") " =x", "R1=1"},
    // Pseudo fields (section 8.3).
    {"H1. :method=GET x=y :scheme=https :authority=localhost :path=/hello",
	"R1=1"},
    {"H1. " GET("/hello") " :path=/nix", "R1=1"},
    {"H1. " GET("/hello") " :status=200", "R1=1"},
    {"H1. " GET("/hello") " :other=1", "R1=1"},
    {"H1. :method=GET :scheme=https :authority=localhost", "R1=1"},
    {"H1. :method=GET :authority=localhost :path=/hello", "R1=1"},
    {"H1. :scheme=https :authority=localhost :path=/hello", "R1=1"},
    {"H1. :method=GET " COMMON ":path=", "R1=1"},
    {"H1. :method=GET " COMMON ":path=hello", "R1=1"},
    {"H1. " GET("/hello#x"), "1:400=16."},
    {"H1. " GET("/../hello"), "1:400=16."},
    {"H1. :method=OPTIONS " COMMON ":path=*", "1:204."},
    {"H1. :method=CONNECT :authority=localhost", "1:501=20."},
    // The host (section 8.3.1).
    {"H1. :method=GET :scheme=https :path=/hello", "R1=1"},
    {"H1. " GET("/hello") " host=evil", "1:400=16."},
    {"H1. " GET("/hello") " host=localhost", "1:200=5."},
    {"H1. :method=GET :scheme=https :authority=evil :path=/hello", "1:421=24."},
    // nghttp2 1.64 refuses the name of a user itself.
    {"H1. :method=GET :scheme=https :authority=u@localhost :path=/hello",
	"1:400=16.|R1=1"},
    // Frames in the wrong place.
    {"D1 abc", "G=1 closed"},
    {"H2. " GET("/hello"), "G=1 closed"},
    // nghttp2 takes the stream for one that was closed, and reads on.
    {"H3. " GET("/hello") "\nH1. " GET("/hello"), "3:200=5."},
    {"C1 x=y", "G=1 closed"},
    {"H1- " GET("/hello") "\nP", "G=1 closed"},
    {"H1. " GET("/wait") "\nD1 abc", "G=5 closed"},
    {"W0 0", "G=1 closed"},
    {"W0 2147483647\nW0 2147483647", "G=3 closed"},
    {"X 0000040600000000000000000000", "G=6 closed"},
    {"X 00000101050000000180", "G=9 closed"},
    {"X ffffff000000000001", "G=6 closed"},
    // An unknown type is left out (section 4.1).
    {"X 000001ff000000000078\nH1. " GET("/hello"), "1:200=5."},
    // Without room in its window the client gets no body; then all of it.
    {"S 4=0\nH1. " GET("/hello"), "1:200"},
    {"S 4=0\nH1. " GET("/hello") "\nW1 2\nW1 3", "1:200=5."},
    {"H1. " GET("/count?n=4"), "1:200=20."},
    {"H1 " POST("/cut") "\nD1. x", "R1=2"},
};

struct player {
	struct http_rig rig;
	struct rig_client client;
	struct buf text;
};

static void player_init(struct player *player)
{
	http_rig_init(&player->rig, rig_routes, rig_route_count, &users);
	buf_init(&player->text, (size_t)64 << 20);
	rig_frames_hello(&player->text);
}

static void player_say(struct player *player)
{
	if (!player->client.session)
		http_rig_connect(&player->rig, "h2", &player->client);
	rig_say(&player->client, buf_view(&player->text));
	buf_reset(&player->text);
}

static void player_describe(struct player *player, struct buf *out)
{
	rig_frames_describe(buf_view(&player->client.out), out);
	if (player->client.next == NET_CLOSE)
		buf_add_string(out, out->len > 0 ? " closed" : "closed");
}

static void player_done(struct player *player)
{
	rig_disconnect(&player->client);
	http_rig_done(&player->rig);
	buf_done(&player->text);
	assert_int_equal(rig_running, 0);
}

static bool is_one_of(struct view text, const char *answers)
{
	for (const char *end; (end = strchr(answers, '|')); answers = end + 1)
		if (view_eq(text, view_of(answers, (size_t)(end - answers))))
			return true;
	return view_eq(text, view_of_string(answers));
}

static void play(size_t i, size_t piece)
{
	struct player player = {0};
	struct buf out;
	player_init(&player);
	rig_frames_add(&player.text, rows[i].frames);
	http_rig_connect(&player.rig, "h2", &player.client);
	player.client.piece = piece;
	player_say(&player);
	buf_init(&out, 10000);
	player_describe(&player, &out);
	if (!is_one_of(buf_view(&out), rows[i].answers))
		fail_msg("row %zu, pieces of %zu: \"%.*s\", not \"%s\"", i,
		    piece, VIEW_FMT(buf_view(&out)), rows[i].answers);
	buf_done(&out);
	player_done(&player);
}

static void test_frames_and_answers(void **state)
{
	(void)state;
	static const size_t pieces[] = {0, 7, 50, 1};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		// nghttp2 counts each read of a CONTINUATION's head as one.
		bool continued = strstr(rows[i].frames, "H1-");
		size_t ways = ARRAY_LEN(pieces) - continued;
		for (size_t j = 0; j < ways; j++)
			play(i, pieces[j]);
	}
}

// ---- Floods ----------------------------------------------------------------

// Adds the lines `count` times. "%" in them stands for the next stream.
static void add_often(struct buf *text, const char *lines, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct buf one;
		char number[16];
		snprintf(number, sizeof(number), "%u", 2 * i + 1);
		buf_init(&one, 10000);
		for (const char *c = lines; *c; c++)
			if (*c == '%')
				buf_add_string(&one, number);
			else
				buf_add_char(&one, *c);
		buf_add_char(&one, '\0');
		rig_frames_add(text, one.ptr);
		buf_done(&one);
	}
}

static const struct {
	const char *name;
	const char *lines;
	unsigned count;
} floods[] = {
    {"PING", "P", 100000},
    {"SETTINGS", "S", 100000},
    {"settings that change", "S 4=100\nS 4=200", 50000},
    {"PRIORITY", "Y1", 100000},
    {"WINDOW_UPDATE", "W0 1", 100000},
    {"empty DATA", "H% " POST("/up") "\nD% \nD% \nD% \nD% \nD% ", 20000},
    // CVE-2023-44487.
    {"rapid reset", "H%. " GET("/wait") "\nR% 8", 20000},
    {"rapid reset of answers", "S 4=0\nH%. " GET("/hello") "\nR% 8", 20000},
    // CVE-2025-8671: the server is made to reset.
    {"made reset", "H% " POST("/up") "\nW% 0", 20000},
    {"lengths that lie", "H%. " POST("/echo") " content-length=5", 20000},
    {"malformed requests", "H%. " GET("/hello") " connection=x", 20000},
    {"unknown streams", "R1 8", 100000},
};

// Each flood ends its connection, before it has cost much.
static void test_floods_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(floods); i++) {
		struct player player = {0};
		player_init(&player);
		add_often(&player.text, floods[i].lines, floods[i].count);
		player_say(&player);
		if (player.client.next != NET_CLOSE)
			fail_msg("%s: it goes on", floods[i].name);
		if (player.client.out.len > 100000)
			fail_msg("%s: %zu bytes", floods[i].name,
			    player.client.out.len);
		player_done(&player);
	}
}

// CVE-2024-27316.
static void test_a_head_does_not_go_on_for_ever(void **state)
{
	(void)state;
	struct player player = {0};
	player_init(&player);
	rig_frames_add(&player.text, "H1- " GET("/hello"));
	add_often(&player.text, "C1- x=y", 100000);
	player_say(&player);
	assert_int_equal(player.client.next, NET_CLOSE);
	assert_true(player.client.ops->memory(player.client.session) < 100000);
	player_done(&player);
}

// One field of 4 KB goes into the dynamic table; then each byte repeats it.
static void test_a_small_head_that_becomes_large(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf block, out;
	player_init(&player);
	buf_init(&block, 100000);
	// RFC 7541 section 6.2.1: a name "a", a value of 4000 bytes.
	buf_add_literal(&block, "\x40\x01\x61\x7f\xa1\x1e");
	for (int i = 0; i < 4000; i++)
		buf_add_char(&block, 'x');
	for (int i = 0; i < 12000; i++)
		buf_add_char(&block, (char)0xbe);
	char head[9] = {0, (char)(block.len >> 8), (char)block.len, 1, 5};
	head[8] = 1;
	buf_add(&player.text, view_of(head, 9));
	buf_add(&player.text, buf_view(&block));
	player_say(&player);
	assert_true(player.client.ops->memory(player.client.session) < 100000);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	// The pseudo fields are not there either.
	assert_view_equal(buf_view(&out), VIEW("R1=1"));
	buf_done(&out);
	buf_done(&block);
	player_done(&player);
}

static void test_a_large_head_is_refused(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf out;
	player_init(&player);
	player.rig.server.limits.head_bytes = 1000;
	rig_frames_add(&player.text,
	    "H1. " GET(
		"/hello") " a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			  " b=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			  " c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1"
			  " n=1 o=1 p=1 q=1 r=1 s=1 t=1 u=1 v=1 w=1");
	player_say(&player);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	assert_view_equal(buf_view(&out), VIEW("1:431=36."));
	buf_done(&out);
	player_done(&player);
}

static void test_streams_have_a_limit(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf out;
	player_init(&player);
	player.rig.server.limits.streams = 3;
	add_often(&player.text, "H%. " GET("/wait"), 5);
	player_say(&player);
	assert_int_equal(rig_running, 3);
	rig_news_arrive();
	rig_wake(&player.client);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	assert_view_equal(
	    buf_view(&out), VIEW("1:200=4. 3:200=4. 5:200=4. R7=7 R9=7"));
	buf_done(&out);
	player_done(&player);
}

// A client that sends on after the answer is asked to stop.
static void test_unwanted_bodies_are_stopped(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf out;
	player_init(&player);
	rig_frames_add(&player.text, "H1 " POST("/nix"));
	add_often(&player.text,
	    "D1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xx",
	    1100);
	player_say(&player);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	assert_view_equal(buf_view(&out), VIEW("1:404=14. R1=0"));
	buf_done(&out);
	player_done(&player);
}

// Bodies that nobody takes are held up to a limit.
static void test_bodies_are_held_up_to_a_limit(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf out;
	player_init(&player);
	player.rig.server.limits.body_held = 150;
	add_often(&player.text,
	    "H% " POST("/echo") "\nD% "
				"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				"xxxxxxxxxxxxxx",
	    3);
	player_say(&player);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	assert_view_equal(buf_view(&out), VIEW("5:503=24."));
	buf_done(&out);
	player_done(&player);
}

// ---- Time ------------------------------------------------------------------

static const struct {
	const char *frames;
	uint32_t seconds; // until the end; 0: there is none
} moments[] = {
    {"", 20},
    {"P", 20},
    {"H1. " GET("/hello"), 60},
    {"H1. " GET("/hello") "\nP\nW0 1", 60},
    {"H1- " GET("/hello"), 20},
    {"H1 " POST("/echo"), 30},
    {"H1 " POST("/up") "\nD1 abc", 30},
    {"H1. " GET("/wait"), 0},
    {"H1. " GET("/events"), 0},
    {"H1. " GET("/events") "\nH3 " POST("/echo"), 30},
    {"S 4=0\nH1. " GET("/hello"), 30},
    {"H1. " GET("/count?n=1000000"), 30},
};

static void test_slow_clients_have_a_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		struct player player = {0};
		player_init(&player);
		rig_frames_add(&player.text, moments[i].frames);
		uint64_t before_ms = clock_monotonic_ms();
		player_say(&player);
		const struct rig_client *client = &player.client;
		assert_int_equal(client->ops->timeout(client->session), 0);
		uint64_t end_ms = client->ops->end_ms(client->session);
		uint64_t after_ms = clock_monotonic_ms();
		// What was taken already gives a second for each 500 bytes.
		bool taken = strstr(moments[i].frames, "count");
		uint64_t extra_ms = taken ? 65535 / 500 * 1000 : 0;
		if (moments[i].seconds == 0)
			assert_int_equal(end_ms, 0);
		else if (end_ms < before_ms + moments[i].seconds * 1000 ||
			 end_ms >
			     after_ms + moments[i].seconds * 1000 + extra_ms)
			fail_msg("row %zu: %lld", i,
			    (long long)(end_ms - before_ms));
		player_done(&player);
	}
}

static void test_a_handler_waits_for_news(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf out;
	player_init(&player);
	rig_frames_add(
	    &player.text, "H1. " GET("/wait") "\nH3. " GET("/hello"));
	player_say(&player);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	assert_view_equal(buf_view(&out), VIEW("3:200=5."));
	rig_news_arrive();
	rig_wake(&player.client);
	buf_reset(&out);
	player_describe(&player, &out);
	assert_view_equal(buf_view(&out), VIEW("1:200=4. 3:200=5."));
	buf_done(&out);
	player_done(&player);
}

// The client goes away while handlers wait.
static void test_all_handlers_end(void **state)
{
	(void)state;
	struct player player = {0};
	player_init(&player);
	add_often(&player.text, "H%. " GET("/wait"), 50);
	player_say(&player);
	assert_int_equal(rig_running, 50);
	player_done(&player);
}

static void test_a_connection_has_its_number_of_requests(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf out;
	player_init(&player);
	player.rig.server.limits.requests = 2;
	add_often(&player.text, "H%. " GET("/hello"), 4);
	player_say(&player);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	assert_view_equal(buf_view(&out), VIEW("1:200=5. 3:200=5. G=0 closed"));
	buf_done(&out);
	player_done(&player);
}

static void test_the_end_is_told(void **state)
{
	(void)state;
	struct player player = {0};
	struct buf out;
	player_init(&player);
	player_say(&player);
	player.client.ops->shut_down(player.client.session, &player.client.out);
	buf_init(&out, 1000);
	player_describe(&player, &out);
	assert_view_equal(buf_view(&out), VIEW("G=0"));
	buf_done(&out);
	player_done(&player);
}

// A client that does not read makes the server hold little.
static void test_output_is_held_back(void **state)
{
	(void)state;
	struct player player = {0};
	player_init(&player);
	rig_frames_add(&player.text, "S 4=2147483647\nW0 2147418112");
	add_often(&player.text, "H%. " GET("/count?n=1000000"), 10);
	player_say(&player);
	assert_true(player.client.longest < NET_OUTPUT_HIGH + 32768);
	assert_true(player.client.out.len > 50000000);
	player_done(&player);
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
	    cmocka_unit_test(test_frames_and_answers),
	    cmocka_unit_test(test_floods_end),
	    cmocka_unit_test(test_a_head_does_not_go_on_for_ever),
	    cmocka_unit_test(test_a_small_head_that_becomes_large),
	    cmocka_unit_test(test_a_large_head_is_refused),
	    cmocka_unit_test(test_streams_have_a_limit),
	    cmocka_unit_test(test_unwanted_bodies_are_stopped),
	    cmocka_unit_test(test_bodies_are_held_up_to_a_limit),
	    cmocka_unit_test(test_slow_clients_have_a_time),
	    cmocka_unit_test(test_a_handler_waits_for_news),
	    cmocka_unit_test(test_all_handlers_end),
	    cmocka_unit_test(test_a_connection_has_its_number_of_requests),
	    cmocka_unit_test(test_the_end_is_told),
	    cmocka_unit_test(test_output_is_held_back),
	};
	return cmocka_run_group_tests(tests, make_users, drop_users);
}
