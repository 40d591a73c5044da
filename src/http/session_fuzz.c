// SPDX-License-Identifier: Apache-2.0
// Whole sessions of both versions. The first byte says which, and how the rest
// is cut into pieces. Invariants: each handler that begins ends; the session
// holds little; HTTP/1.1 answers the same in whatever pieces its input comes.
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

// A session in which nothing more can happen but input.
static void run(
    bool h2, bool hello, struct view input, size_t piece, struct buf *out)
{
	struct http_rig rig;
	struct rig_client client;
	struct buf preface;
	http_rig_init(&rig, rig_routes, rig_route_count, &users);
	http_rig_connect(&rig, h2 ? "h2" : "http/1.1", &client);
	buf_init(&preface, 100);
	rig_frames_hello(&preface);
	if (h2 && hello)
		rig_say(&client, buf_view(&preface));
	buf_done(&preface);
	client.piece = piece;
	rig_say(&client, input);
	rig_news_arrive();
	rig_wake(&client);
	must(client.ops->memory(client.session) < (size_t)4 << 20,
	    "it holds much");
	must(client.longest < NET_OUTPUT_HIGH + 40000, "it says much at once");
	(void)client.ops->timeout(client.session);
	(void)client.ops->end_ms(client.session);
	if (client.next == NET_READ || client.next == NET_WAIT)
		client.ops->timed_out(client.session, &client.out);
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
	bool h2 = data[0] & 1, hello = data[0] & 2;
	size_t piece = (size_t)(data[0] >> 2) % 23 + 1;
	struct view input = view_of(data + 1, size - 1);
	struct buf whole, pieces;
	buf_init(&whole, (size_t)256 << 20);
	buf_init(&pieces, (size_t)256 << 20);
	run(h2, hello, input, 0, &whole);
	run(h2, hello, input, piece, &pieces);
	// With "Expect", an answer says 100 if the body is not there yet; and
	// chunks are as long as what is there to be sent.
	bool depends = view_find(input, VIEW("100-")) != SIZE_MAX ||
		       view_find(input, VIEW("/count")) != SIZE_MAX ||
		       view_find(input, VIEW("/wait")) != SIZE_MAX;
	if (h2) {
		check_frames(buf_view(&whole));
		check_frames(buf_view(&pieces));
	} else if (!depends) {
		must(view_eq(buf_view(&whole), buf_view(&pieces)),
		    "the pieces make a difference");
	}
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
