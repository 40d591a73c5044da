// SPDX-License-Identifier: Apache-2.0
// A whole session over the memory engine. The first byte says how it begins
// (before login, logged in, with mail) and how the rest is cut into pieces.
// Invariants: the output does not depend on the pieces, and is a sequence of
// well-formed responses; without QUIT nothing is deleted.
#include "pop3/rig.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig_users users; // made once for the process, which takes long

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rig_users_init(&users);
	return 0;
}

static void fail(const char *why, struct view a, struct view b)
{
	fprintf(stderr, "%s\n--- one:\n%.*s\n--- two:\n%.*s\n", why,
	    VIEW_FMT(a), VIEW_FMT(b));
	abort();
}

// The first line of a multi-line response ends with "follow", and no other line
// does.
static void check_output(struct view out)
{
	struct view rest = out, line;
	bool inside = false;
	while (view_split(&rest, '\n', &line)) {
		if (!view_ends_with(line, VIEW("\r")))
			fail("a line without CRLF", out, line);
		line.len--;
		if (inside) {
			inside = !view_eq(line, VIEW("."));
			if (inside && line.len > 0 && line.ptr[0] == '.' &&
			    (line.len == 1 || line.ptr[1] != '.'))
				fail("a dot that is not stuffed", out, line);
			continue;
		}
		if (!view_starts_with(line, VIEW("+OK ")) &&
		    !view_starts_with(line, VIEW("-ERR ")) &&
		    !view_starts_with(line, VIEW("+ ")))
			fail("not a response", out, line);
		inside = view_starts_with(line, VIEW("+OK ")) &&
			 view_ends_with(line, VIEW("follow"));
	}
	if (inside || !(out.len == 0 || view_ends_with(out, VIEW("\n"))))
		fail("a response without an end", out, rest);
}

static void put_mail(struct rig *rig)
{
	rig_put(rig, VIEW("Subject: one\r\n\r\nfirst\r\n.\r\n..x\r\n"));
	rig_put(rig, VIEW("Subject: two\n\n.\n+OK fine\n"));
	rig_put(rig, VIEW("no header and no end"));
}

static void run(struct view input, int begin, size_t piece, struct buf *out)
{
	struct rig rig;
	struct rig_client client;
	struct buf before, after;
	rig_init(&rig,
	    &(struct rig_options){.users = &users, .tls_available = true});
	if (begin == 2)
		put_mail(&rig);
	rig_connect(&rig, begin > 0, &client);
	client.piece = piece;
	buf_init(&before, 1000);
	buf_init(&after, 1000);
	rig_describe(&rig, &before);
	rig_say(&client, input);
	rig_wake(&client);
	rig_describe(&rig, &after);
	if (client.next != NET_CLOSE &&
	    !view_eq(buf_view(&before), buf_view(&after)))
		fail(
		    "changed before QUIT", buf_view(&before), buf_view(&after));
	buf_add(out, buf_view(&client.out));
	buf_add(out, buf_view(&after));
	buf_add_literal(out, "\r\n");
	check_output(buf_view(&client.out));
	buf_done(&before);
	buf_done(&after);
	rig_disconnect(&client);
	rig_done(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	int begin = data[0] % 3;
	size_t piece = (size_t)(data[0] / 3) % 17 + 1;
	struct view input = view_of(data + 1, size - 1);
	struct buf whole, pieces;
	buf_init(&whole, (size_t)64 << 20);
	buf_init(&pieces, (size_t)64 << 20);
	run(input, begin, 0, &whole);
	// The bytes after STLS depend on when they arrive, and SCRAM's nonces
	// are random. Both are for sessions before login only.
	if (begin > 0) {
		run(input, begin, piece, &pieces);
		if (!view_eq(buf_view(&whole), buf_view(&pieces)))
			fail("the pieces make a difference", buf_view(&whole),
			    buf_view(&pieces));
	}
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
