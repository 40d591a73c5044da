// SPDX-License-Identifier: Apache-2.0
// Whole sessions of both versions. The first byte says which, whether the rest
// is what comes on a WebSocket, and how it is cut into pieces. Invariants: each
// handler that begins ends; the session holds little; HTTP/1.1 answers the same
// in whatever pieces its input comes, and so does a WebSocket.
#include "http/rig.h"
#include "http/rig_frames.h"
#include "http/rig_routes.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig_users users; // made once for the process, which takes long

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rig_users_init(&users);
	return 0;
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

struct shape {
	bool h2;
	bool hello;     // HTTP/2: its preface is sent before
	bool websocket; // and a WebSocket is opened
};

static void begin(const struct shape *shape, struct buf *out)
{
	if (shape->h2 && (shape->hello || shape->websocket))
		rig_frames_hello(out);
	if (shape->h2 && shape->websocket)
		rig_frames_add(out,
		    "W0 1000000000\nS 4=1000000000\n"
		    "H1 :method=CONNECT :protocol=websocket :scheme=https "
		    ":authority=localhost :path=/socket "
		    "sec-websocket-version=13");
	else if (shape->websocket)
		buf_add_literal(out,
		    "GET /socket HTTP/1.1\r\nHost: localhost\r\n"
		    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		    "Sec-WebSocket-Version: 13\r\n"
		    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
}

static void say(struct rig_client *client, const struct shape *shape,
    struct view input, size_t piece)
{
	struct buf frames;
	client->piece = piece;
	if (!shape->h2 || !shape->websocket) {
		rig_say(client, input);
		return;
	}
	buf_init(&frames, (size_t)64 << 20);
	rig_frames_data(&frames, 1, input, piece > 0 ? piece : 16384);
	rig_say(client, buf_view(&frames));
	buf_done(&frames);
}

// A session in which nothing more can happen but input.
static void run(
    const struct shape *shape, struct view input, size_t piece, struct buf *out)
{
	struct http_rig rig;
	struct rig_client client;
	struct buf preface;
	http_rig_init(&rig, rig_routes, rig_route_count, &users);
	http_rig_connect(&rig, shape->h2 ? "h2" : "http/1.1", &client);
	buf_init(&preface, 1000);
	begin(shape, &preface);
	rig_say(&client, buf_view(&preface));
	buf_done(&preface);
	say(&client, shape, input, piece);
	rig_news_arrive();
	rig_wake(&client);
	must(client.ops->memory(client.session) < (size_t)4 << 20,
	    "it holds much");
	must(client.longest < NET_OUTPUT_HIGH + 40000, "it says much at once");
	(void)client.ops->timeout(client.session);
	(void)client.ops->end_ms(client.session);
	if (client.next == NET_READ || client.next == NET_WAIT)
		client.ops->timed_out(client.session, &client.out);
	if (shape->h2 && shape->websocket)
		rig_frames_body(buf_view(&client.out), 1, out);
	else
		buf_add(out, buf_view(&client.out));
	rig_disconnect(&client);
	must(rig_running == 0, "a handler has not ended");
	http_rig_done(&rig);
}

static void check_frames(struct view sent)
{
	struct buf text;
	buf_init(&text, (size_t)1 << 20);
	rig_frames_describe(sent, &text); // aborts if they are not whole
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct shape shape = {.h2 = data[0] & 1,
	    .hello = data[0] & 2,
	    .websocket = data[0] & 0x80};
	size_t piece = (size_t)(data[0] >> 2) % 23 + 1;
	struct view input = view_of(data + 1, size - 1);
	struct buf whole, pieces;
	buf_init(&whole, (size_t)256 << 20);
	buf_init(&pieces, (size_t)256 << 20);
	run(&shape, input, 0, &whole);
	run(&shape, input, piece, &pieces);
	// With "Expect", an answer says 100 if the body is not there yet; and
	// chunks are as long as what is there to be sent.
	bool depends = view_find(input, VIEW("100-")) != SIZE_MAX ||
		       view_find(input, VIEW("/count")) != SIZE_MAX ||
		       view_find(input, VIEW("/wait")) != SIZE_MAX ||
		       view_find(input, VIEW("/events")) != SIZE_MAX;
	if (shape.h2 && !shape.websocket) {
		check_frames(buf_view(&whole));
		check_frames(buf_view(&pieces));
	} else if (!depends || shape.websocket) {
		must(view_eq(buf_view(&whole), buf_view(&pieces)),
		    "the pieces make a difference");
	}
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
