// SPDX-License-Identifier: Apache-2.0
// WebSockets by tables: what a client sends, and what it is answered
// (rig_websocket.h), with both versions of HTTP and in whatever pieces it
// comes.
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "http/rig.h"
#include "http/rig_frames.h"
#include "http/rig_routes.h"
#include "http/rig_websocket.h"

static struct rig_users users; // made once, which takes long

// ---- The beginning ---------------------------------------------------------

#define GET(path)   "GET " path " HTTP/1.1\r\nHost: localhost\r\n"
#define VERSION     "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define ASK(path)   GET(path) UPGRADE VERSION KEY
#define PROTOCOL(x) "Sec-WebSocket-Protocol: " x "\r\n"
#define ORIGIN(x)   "Origin: " x "\r\n"

struct opening {
	const char *request; // without the empty line
	const char *answer;  // its beginning
	const char *has;     // what is in it, too; or NULL
};

static const struct opening openings[] = {
    // The example of section 1.3.
    {ASK("/socket"), "HTTP/1.1 101 Switching Protocols\r\n",
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"},
    {ASK("/socket"), "HTTP/1.1 101", "\r\nConnection: Upgrade\r\n"},
    {ASK("/socket"), "HTTP/1.1 101", "\r\nUpgrade: websocket\r\n"},
    {GET("/socket") "Upgrade: h2c, WebSocket\r\n"
		    "Connection: keep-alive, upgrade\r\n" VERSION KEY,
	"HTTP/1.1 101", NULL},
    // Not asked for as it should be.
    {GET("/socket"), "HTTP/1.1 426", "\r\nUpgrade: websocket\r\n"},
    {GET("/socket") "Upgrade: websocket\r\n" VERSION KEY, "HTTP/1.1 426", NULL},
    {GET("/socket") "Connection: upgrade\r\n" VERSION KEY, "HTTP/1.1 426",
	NULL},
    {GET("/socket") UPGRADE KEY, "HTTP/1.1 426",
	"\r\nSec-WebSocket-Version: 13\r\n"},
    {GET("/socket") UPGRADE KEY "Sec-WebSocket-Version: 8\r\n", "HTTP/1.1 426",
	"\r\nSec-WebSocket-Version: 13\r\n"},
    {"GET /socket HTTP/1.0\r\nHost: localhost\r\n" UPGRADE VERSION KEY,
	"HTTP/1.1 426", NULL},
    {"HEAD /socket HTTP/1.1\r\nHost: localhost\r\n" UPGRADE VERSION KEY,
	"HTTP/1.1 426", NULL},
    {"POST /socket HTTP/1.1\r\nHost: localhost\r\n" UPGRADE VERSION KEY,
	"HTTP/1.1 405", NULL},
    {GET("/socket") UPGRADE VERSION, "HTTP/1.1 400", NULL},
    {GET("/socket") UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n",
	"HTTP/1.1 400", NULL},
    {GET("/socket") UPGRADE VERSION "Sec-WebSocket-Key: what else?\r\n",
	"HTTP/1.1 400", NULL},
    {ASK("/socket") "Content-Length: 5\r\n", "HTTP/1.1 413", NULL},
    // What is no WebSocket does not become one.
    {ASK("/hello"), "HTTP/1.1 200", "\r\n\r\nhello"},
    // The handler refuses.
    {ASK("/socket?x"), "HTTP/1.1 401", NULL},
    // Subprotocols: ours is the order.
    {ASK("/socket") PROTOCOL("best"), "HTTP/1.1 101", NULL},
    {ASK("/chat"), "HTTP/1.1 400", NULL},
    {ASK("/chat") PROTOCOL("bes, x"), "HTTP/1.1 400", NULL},
    {ASK("/chat") PROTOCOL("good"), "HTTP/1.1 101",
	"\r\nSec-WebSocket-Protocol: good\r\n"},
    {ASK("/chat") PROTOCOL("x, good") PROTOCOL("best"), "HTTP/1.1 101",
	"\r\nSec-WebSocket-Protocol: best\r\n"},
    // Whose pages may connect.
    {ASK("/socket") ORIGIN("https://localhost"), "HTTP/1.1 101", NULL},
    {ASK("/socket") ORIGIN("https://localhost:443"), "HTTP/1.1 403", NULL},
    {ASK("/socket") ORIGIN("http://localhost"), "HTTP/1.1 403", NULL},
    {ASK("/socket") ORIGIN("https://localhost.evil.example"), "HTTP/1.1 403",
	NULL},
    {ASK("/socket") ORIGIN("null"), "HTTP/1.1 403", NULL},
    {ASK("/socket") ORIGIN("https://friend.example"), "HTTP/1.1 403", NULL},
    {ASK("/chat") PROTOCOL("best") ORIGIN("https://friend.example"),
	"HTTP/1.1 101", NULL},
    {"GET /socket HTTP/1.1\r\nHost: localhost:8443\r\n" UPGRADE VERSION KEY
	    ORIGIN("https://localhost:8443"),
	"HTTP/1.1 101", NULL},
    {"GET /socket HTTP/1.1\r\nHost: localhost:8443\r\n" UPGRADE VERSION KEY
	    ORIGIN("https://localhost"),
	"HTTP/1.1 403", NULL},
};

static void test_openings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
		const struct opening *row = &openings[i];
		struct http_rig rig;
		struct rig_client client;
		http_rig_init(&rig, rig_routes, rig_route_count, &users);
		http_rig_connect(&rig, "http/1.1", &client);
		rig_say(&client, view_of_string(row->request));
		rig_say(&client, VIEW("\r\n"));
		struct view said = buf_view(&client.out);
		if (!view_starts_with(said, view_of_string(row->answer)) ||
		    (row->has &&
			view_find(said, view_of_string(row->has)) == SIZE_MAX))
			fail_msg("row %zu: %.*s", i, VIEW_FMT(said));
		bool open = view_starts_with(said, VIEW("HTTP/1.1 101"));
		assert_int_equal(rig_running, open);
		assert_true(!open || view_ends_with(said, VIEW("\r\n\r\n")));
		rig_disconnect(&client);
		assert_int_equal(rig_running, 0);
		http_rig_done(&rig);
	}
}

#define CONNECT(path)                                                          \
	":method=CONNECT :protocol=websocket :scheme=https "                   \
	":authority=localhost :path=" path " sec-websocket-version=13"

// RFC 8441 section 5.
static const struct {
	const char *frames;
	const char *answers;
} extended[] = {
    {"H1 " CONNECT("/socket"), "1:200"},
    {"H1 " CONNECT("/socket") "\nH3. :method=GET :scheme=https "
			      ":authority=localhost :path=/hello",
	"1:200 3:200=5."},
    {"H1 " CONNECT("/chat") " sec-websocket-protocol=x,~good", "1:200"},
    {"H1 " CONNECT("/chat"), "1:400=16."},
    {"H1 " CONNECT("/socket") " origin=https://evil.example", "1:403=14."},
    {"H1 " CONNECT("/hello"), "1:405=23."},
    {"H1 " CONNECT("/nix"), "1:404=14."},
    {"H1 :method=CONNECT :protocol=other :scheme=https :authority=localhost "
     ":path=/socket",
	"1:501=20."},
    {"H1 :method=CONNECT :protocol=websocket :scheme=https "
     ":authority=localhost :path=/socket",
	"1:400=16."},
    {"H1. :method=GET :scheme=https :authority=localhost :path=/socket",
	"1:400=16."},
    {"H1. :method=GET :protocol=websocket :scheme=https :authority=localhost "
     ":path=/socket",
	"R1=1"},
    // A client that ends its side, or is no more interested.
    {"H1 " CONNECT("/socket") "\nD1.", "1:200=0."},
    {"H1. " CONNECT("/socket"), "1:200=0."},
    {"H1 " CONNECT("/socket") "\nR1 8", ""},
};

static void test_openings_with_http2(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(extended); i++) {
		struct http_rig rig;
		struct rig_client client;
		struct buf text, out;
		http_rig_init(&rig, rig_routes, rig_route_count, &users);
		http_rig_connect(&rig, "h2", &client);
		buf_init(&text, 10000);
		buf_init(&out, 10000);
		rig_frames_hello(&text);
		rig_frames_add(&text, extended[i].frames);
		rig_say(&client, buf_view(&text));
		rig_frames_describe(buf_view(&client.out), &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(extended[i].answers));
		assert_int_equal(client.next, NET_READ);
		buf_done(&text);
		buf_done(&out);
		rig_disconnect(&client);
		assert_int_equal(rig_running, 0);
		http_rig_done(&rig);
	}
}

// ---- A connection ----------------------------------------------------------

struct player {
	struct http_rig rig;
	struct rig_client client;
	bool h2;
	size_t piece; // HTTP/2: bytes of a frame
	size_t head;  // HTTP/1.1: bytes of the answer's head
};

static void say(struct player *player, struct view bytes)
{
	struct buf text;
	if (!player->h2) {
		rig_say(&player->client, bytes);
		return;
	}
	buf_init(&text, (size_t)64 << 20);
	rig_frames_data(&text, 1, bytes, player->piece);
	rig_say(&player->client, buf_view(&text));
	buf_done(&text);
}

static void player_init(struct player *player, bool h2, size_t piece)
{
	struct buf text;
	*player = (struct player){.h2 = h2, .piece = piece > 0 ? piece : 16384};
	http_rig_init(&player->rig, rig_routes, rig_route_count, &users);
	player->rig.server.limits.ping_seconds = 1;
	player->rig.server.limits.send_seconds = 1;
	http_rig_connect(&player->rig, h2 ? "h2" : "http/1.1", &player->client);
	buf_init(&text, 1000);
	if (h2) {
		rig_frames_hello(&text);
		rig_frames_add(&text,
		    "W0 1000000000\nS 4=1000000000\nH1 " CONNECT("/socket"));
	} else {
		player->client.piece = piece;
		buf_add_literal(&text, ASK("/socket") "\r\n");
	}
	rig_say(&player->client, buf_view(&text));
	player->head = player->client.out.len;
	buf_done(&text);
}

static void player_done(struct player *player)
{
	rig_disconnect(&player->client);
	assert_int_equal(rig_running, 0);
	http_rig_done(&player->rig);
}

// Whether the server has ended the WebSocket.
static bool is_over(const struct player *player)
{
	struct buf out;
	if (!player->h2)
		return player->client.next == NET_CLOSE;
	buf_init(&out, 10000);
	rig_frames_describe(buf_view(&player->client.out), &out);
	bool over = view_find_char(buf_view(&out), '.') != SIZE_MAX ||
		    view_find_char(buf_view(&out), 'R') != SIZE_MAX;
	buf_done(&out);
	return over;
}

static void describe(const struct player *player, struct buf *out)
{
	struct buf sent;
	buf_init(&sent, (size_t)64 << 20);
	if (player->h2)
		rig_frames_body(buf_view(&player->client.out), 1, &sent);
	else
		buf_add(&sent,
		    view_from(buf_view(&player->client.out), player->head));
	rig_websocket_describe(buf_view(&sent), out);
	if (is_over(player))
		buf_add_literal(out, " end");
	buf_done(&sent);
}

// ---- Frames ----------------------------------------------------------------

struct row {
	const char *frames;
	const char *answers;
};

static const struct row rows[] = {
    // Section 5.7.
    {"T. Hello", "T. Hello"},
    {"H 818537fa213d7f9f4d5158", "T. Hello"},
    {"T Hel\nC. lo", "T. Hello"},
    {"P. Hello", "O. Hello"},
    {"B.x 256", "B.x 256"},
    {"B.x 65536", "B.x 65536"},
    // Lengths around those at which their form changes.
    {"T.", "T."},
    {"T.x 125", "T.x 125"},
    {"T.x 126", "T.x 126"},
    {"T.x 65535", "T.x 65535"},
    {"T.x 400000", "T.x 400000"},
    // Fragments (section 5.4), and control frames between them (section 5.5).
    {"T a\nC b\nC c\nC. d", "T. abcd"},
    {"T\nC\nC.", "T."},
    {"T Hel\nP. here?\nC. lo", "O. here?|T. Hello"},
    {"T Hel\nO. I am here\nC. lo\nT. more", "T. Hello|T. more"},
    {"T a\nC. b\nB. c\nT. d", "T. ab|B. c|T. d"},
    {"Tx 200000\nCx 100000\nC.x 100000", "T.x 400000"},
    {"T Hel\nX. 1000", "X. 1000 end"},
    // Frames that may not stand there.
    {"C. x", "X. 1002 no such frame here end"},
    {"T a\nT. b", "X. 1002 no such frame here end"},
    {"T a\nB. b", "X. 1002 no such frame here end"},
    {"T. a\nC. b", "T. a|X. 1002 no such frame here end"},
    {"T.! Hello", "X. 1002 no such frame here end"},
    {"P.!", "X. 1002 no such frame here end"},
    {"T.r Hello", "X. 1002 no such frame here end"},
    {"3. x", "X. 1002 no such frame here end"},
    {"b. x", "X. 1002 no such frame here end"},
    {"f. x", "X. 1002 no such frame here end"},
    {"P x", "X. 1002 not a frame end"},
    {"P.x 126", "X. 1002 not a frame end"},
    {"X.x 126", "X. 1002 not a frame end"},
    {"P.x 125", "O.x 125"},
    // A length that is not written in the shortest way, or is negative.
    {"H 81fe00050000000048656c6c6f", "X. 1002 not a frame end"},
    {"H 81ff00000000000000050000000048656c6c6f", "X. 1002 not a frame end"},
    {"H 81ff800000000000000000000000", "X. 1002 not a frame end"},
    // Too long: it is not even read.
    {"H 82ff7fffffffffffffff0000000000", "X. 1009 message too long end"},
    {"T.x 400001\nT. more", "X. 1009 message too long end"},
    {"T.x 400000\nTx 400000\nC.x 1", "T.x 400000|X. 1009 message too long end"},
    {"Tx 300000\nC.x 100001", "X. 1009 message too long end"},
    // Text is UTF-8 (section 8.1); a character may be cut into two frames.
    {"T. h\xc3\xa4", "T. h\xc3\xa4"},
    {"T h\xc3\nC. \xa4", "T. h\xc3\xa4"},
    {"T. h\xc3", "X. 1007 not UTF-8 end"},
    {"T. \xed\xa0\x80", "X. 1007 not UTF-8 end"},
    {"T. \xc0\x80", "X. 1007 not UTF-8 end"},
    {"T. \xf4\x90\x80\x80", "X. 1007 not UTF-8 end"},
    {"B. \xc0\x80", "B. \xc0\x80"},
    // Closing (section 5.5.1).
    {"X.", "X. end"},
    {"X. 1000", "X. 1000 end"},
    {"X. 1000 bye\nT. more", "X. 1000 end"},
    {"X. 1001", "X. 1001 end"},
    {"X. 3000", "X. 3000 end"},
    {"X. 4999", "X. 4999 end"},
    {"X. 999", "X. 1002 no such code end"},
    {"X. 1004", "X. 1002 no such code end"},
    {"X. 1005", "X. 1002 no such code end"},
    {"X. 1006", "X. 1002 no such code end"},
    {"X. 1015", "X. 1002 no such code end"},
    {"X. 2999", "X. 1002 no such code end"},
    {"X. 5000", "X. 1002 no such code end"},
    {"X.x 1", "X. 1002 no such code end"},
    {"X. 1000 \xff", "X. 1007 not UTF-8 end"},
    // The handler closes, and waits for the client.
    {"T. close", "X. 4000 as you say"},
    {"T. close\nT. more\nP. x\nX. 4000", "X. 4000 as you say end"},
    {"T. done\nX. 1000", "X. 1000 end"},
    {"T. cut\nT. more", " end"},
    // A handler that is busy gets its messages one after the other.
    {"T. many\nT. a\nT. many\nP. b\nX. 1000",
	"T. one of many|T. one of many|T. one of many|T. a|"
	"T. one of many|T. one of many|T. one of many|O. b|X. 1000 end"},
    {"T. long\nT. a\nT. long\nT. b", "B.x 300000|T. a|B.x 300000|T. b"},
};

static void play(size_t i, bool h2, size_t piece)
{
	struct player player;
	struct buf text, out;
	player_init(&player, h2, piece);
	buf_init(&text, (size_t)16 << 20);
	rig_websocket_add(&text, rows[i].frames);
	say(&player, buf_view(&text));
	buf_init(&out, 10000);
	describe(&player, &out);
	if (!view_eq(buf_view(&out), view_of_string(rows[i].answers)))
		fail_msg("row %zu, HTTP/%d, pieces of %zu: \"%.*s\", not "
			 "\"%s\"",
		    i, h2 ? 2 : 1, piece, VIEW_FMT(buf_view(&out)),
		    rows[i].answers);
	size_t held = player.client.ops->memory(player.client.session);
	assert_in_range(held, 1, h2 ? 50000 : 10000);
	buf_done(&text);
	buf_done(&out);
	player_done(&player);
}

static void test_frames(void **state)
{
	(void)state;
	static const size_t pieces[] = {0, 1, 2, 7, 50, 5000};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t j = 0; j < ARRAY_LEN(pieces); j++)
			for (int h2 = 0; h2 < 2; h2++)
				if (!strstr(rows[i].frames, "00000") ||
				    pieces[j] % 1000 == 0)
					play(i, h2, pieces[j]);
}

// ---- Time, and the end -----------------------------------------------------

// Lets the time pass until what was said ends like this.
static void wait_until(struct player *player, const char *wanted)
{
	uint64_t end_ms = clock_monotonic_ms() + 120000;
	for (;;) {
		struct buf out;
		buf_init(&out, 10000);
		describe(player, &out);
		bool good = view_eq(buf_view(&out), view_of_string(wanted));
		if (!good && clock_monotonic_ms() > end_ms)
			fail_msg("\"%.*s\", not \"%s\"",
			    VIEW_FMT(buf_view(&out)), wanted);
		buf_done(&out);
		if (good)
			return;
		usleep(1000);
		rig_tick(&player->client);
	}
}

static void say_frames(struct player *player, const char *frames)
{
	struct buf text;
	buf_init(&text, 10000);
	rig_websocket_add(&text, frames);
	say(player, buf_view(&text));
	buf_done(&text);
}

// A silent client is asked, and goes on when it answers; otherwise it is cut
// off.
static void test_silent_clients_are_pinged(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		struct player player;
		player_init(&player, h2, 0);
		wait_until(&player, "P.");
		say_frames(&player, "O.");
		wait_until(&player, "P.|P.");
		say_frames(&player, "T. a");
		wait_until(&player, "P.|P.|T. a|P.");
		wait_until(&player, "P.|P.|T. a|P. end");
		player_done(&player);
	}
}

// Messages to a client do not show that it is there.
static void test_news_do_not_replace_pings(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		struct player player;
		player_init(&player, h2, 0);
		uint64_t end_ms = clock_monotonic_ms() + 120000;
		while (!is_over(&player)) {
			assert_true(clock_monotonic_ms() < end_ms);
			usleep(20000);
			rig_news_arrive();
			rig_tick(&player.client);
		}
		player_done(&player);
	}
}

// A client that does not answer a close has its time, whatever it says.
static void test_a_close_has_its_time(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		struct player player;
		player_init(&player, h2, 0);
		say_frames(&player, "T. done");
		assert_int_equal(rig_running, 0);
		say_frames(&player, "T. a\nP. b");
		wait_until(&player, "X. 1000 end");
		player_done(&player);
	}
}

static void test_news_arrive(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		struct player player;
		player_init(&player, h2, 0);
		for (int i = 0; i < 2; i++) {
			rig_news_arrive();
			rig_wake(&player.client);
		}
		wait_until(&player, "T. news|T. news");
		player_done(&player);
	}
}

// The server stops, or the user is shut out.
static void test_the_end_is_told(void **state)
{
	(void)state;
	struct player player;
	player_init(&player, false, 0);
	say_frames(&player, "T. a");
	player.client.ops->shut_down(player.client.session, &player.client.out);
	player.client.next = NET_CLOSE;
	wait_until(&player, "T. a|X. 1001 end");
	player_done(&player);
}

// With HTTP/2 a client that does not read its WebSocket makes the server hold
// little: what it sends stays with it.
static void test_a_client_that_does_not_read_is_held_back(void **state)
{
	(void)state;
	struct player player;
	struct buf text, out;
	player_init(&player, true, 0);
	buf_init(&text, (size_t)4 << 20);
	buf_init(&out, 1000);
	rig_frames_add(&text, "S 4=0"); // from now on it takes nothing
	rig_say(&player.client, buf_view(&text));
	buf_reset(&text);
	for (size_t i = 0; i < 400; i++)
		rig_websocket_add(&text, "P.x 90");
	// The answers to the first wait. The second are not read to their end,
	// so for the third there is no room in the server's window.
	for (int i = 0; i < 3; i++) {
		rig_frames_describe(buf_view(&player.client.out), &out);
		assert_view_equal(buf_view(&out), VIEW("1:200"));
		buf_reset(&out);
		say(&player, buf_view(&text));
		size_t held = player.client.ops->memory(player.client.session);
		assert_in_range(held, 1, 300000);
	}
	rig_frames_describe(buf_view(&player.client.out), &out);
	assert_view_equal(buf_view(&out), VIEW("1:200 R1=3"));
	buf_done(&text);
	buf_done(&out);
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
	    cmocka_unit_test(test_openings),
	    cmocka_unit_test(test_openings_with_http2),
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_silent_clients_are_pinged),
	    cmocka_unit_test(test_news_do_not_replace_pings),
	    cmocka_unit_test(test_a_close_has_its_time),
	    cmocka_unit_test(test_news_arrive),
	    cmocka_unit_test(test_the_end_is_told),
	    cmocka_unit_test(test_a_client_that_does_not_read_is_held_back),
	};
	return cmocka_run_group_tests(tests, make_users, drop_users);
}
