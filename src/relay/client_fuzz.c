// SPDX-License-Identifier: Apache-2.0
// Runs whole dialogues with anything that a server may say. The first bytes
// choose how the session is set up and how the rest is cut into pieces. A line
// of one byte 0x01 to 0x05 is an event of the network. Invariants: what the
// client says does not depend on the pieces; every letter that the client was
// given is settled or given back, each recipient once; the data of a message
// has no end but its own.
#include <stdio.h>
#include <stdlib.h>

#include "relay/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TO(text)                                                               \
	{                                                                      \
		.address = {(text), sizeof(text) - 1 }                         \
	}

static const struct rig_letter two = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test"), TO("b@mx.test")},
    .content = "Subject: x\r\n\r\n.\n.\r.\r\nHello.\r\n..",
};
static const struct rig_letter large = {
    .sender = "",
    .recipients = {TO("a@mx.test")},
    .content = "0123456789\r\n",
    .repeat = 30000,
};
static const struct rig_letter odd = {
    .sender = "\xc3\xa9@here.test",
    .recipients = {{.address = {"\xc3\xa9@b\xc3\xbc.test", 11},
		       .original = {"utf-8;\xc3\xa9@x.test", 15},
		       .notify = SMTP_NOTIFY_SUCCESS},
	TO("not an address")},
    .content = "Subject: \xc3\xa9\r\n\r\n\xff\r\n",
    .envelope = {.smtputf8 = true,
	.body = SMTP_BODY_8BITMIME,
	.envid = {"e", 1},
	.ret = SMTP_RET_FULL},
};
static const struct rig_letter binary = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "Subject: x\r\n\r\na\nb\rc",
    .envelope = {.body = SMTP_BODY_BINARYMIME},
};

static const struct rig_letter eight = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "Content-Type: multipart/mixed; boundary=b\r\n"
	       "Content-Transfer-Encoding: 8bit\r\n\r\n"
	       "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xff = \r\n"
	       "--b\r\nContent-Transfer-Encoding: binary\r\n\r\n\xff\n"
	       "--b--\r\n",
    .envelope = {.body = SMTP_BODY_8BITMIME},
};

static void fail(const char *why, struct view a, struct view b)
{
	fprintf(stderr, "%s\n--- one:\n%.*s\n--- two:\n%.*s\n", why,
	    VIEW_FMT(a), VIEW_FMT(b));
	abort();
}

static void event(struct rig *rig, char what)
{
	switch (what) {
	case 1: rig_handshake(rig, true); break;
	case 2: rig_handshake(rig, false); break;
	case 3: rig_time_out(rig); break;
	case 4: rig_wake(rig); break;
	case 5: rig_shut_down(rig); break;
	default: break;
	}
}

// Checks that there is one event for each recipient of each letter, and one at
// the end.
static void check_events(const struct rig *rig)
{
	struct view events = buf_view(&rig->events), line;
	size_t lines = 0, backs = 0, expected = 0;
	for (size_t i = 0; i < rig->letter; i++) {
		const struct rig_letter *letter = rig->options.letters[i];
		for (size_t n = 0; letter->recipients[n].address.len; n++)
			expected++;
	}
	while (view_split(&events, '\n', &line)) {
		lines++;
		backs += view_eq(line, VIEW("back"));
		for (size_t i = 0; i < line.len; i++)
			if ((unsigned char)line.ptr[i] < 0x20)
				fail("a control character came through", line,
				    events);
	}
	if (backs > 1 || (backs == 0 && lines != expected + 1) ||
	    (backs == 1 && lines > expected + 1))
		fail("a recipient without a result, or with two",
		    buf_view(&rig->events), VIEW(""));
}

// Checks that the client sends a line with a lone dot only at the end of the
// data, and no bare line end, except with BINARYMIME.
static void check_output(const struct rig *rig, bool is_binary)
{
	struct view out = buf_view(&rig->out);
	for (size_t i = 0; !is_binary && i < out.len; i++) {
		if (out.ptr[i] == '\n' && (i == 0 || out.ptr[i - 1] != '\r'))
			fail("a bare line feed", out, VIEW(""));
		if (out.ptr[i] == '\r' && i + 1 < out.len &&
		    out.ptr[i + 1] != '\n')
			fail("a bare carriage return", out, VIEW(""));
	}
}

static void run(
    const uint8_t *setup, struct view input, size_t piece, struct buf *ret_out)
{
	static const struct rig_letter *const letters[][5] = {
	    {&two, &two, &two, NULL},
	    {&large, &two, NULL},
	    {&odd, &two, NULL},
	    {&binary, &binary, NULL},
	    {&eight, &binary, NULL},
	};
	struct rig rig;
	struct rig_options options = {
	    .tls = (enum relay_tls)(setup[0] % 4),
	    .implicit_tls = setup[0] & 4,
	    .unverified = setup[0] & 8,
	    .user = setup[0] & 16 ? "user" : NULL,
	    .password = "secret",
	    .wait = setup[0] & 32,
	    .recipients_max = setup[0] & 64 ? 1 : 0,
	    .letters = letters[setup[1] % ARRAY_LEN(letters)],
	};
	struct view line;
	rig_init(&rig, &options, piece);
	while (view_split(&input, '\n', &line)) {
		if (line.len == 1 && line.ptr[0] >= 1 && line.ptr[0] <= 5) {
			event(&rig, line.ptr[0]);
			continue;
		}
		rig_say(&rig, line);
		rig_say(&rig, VIEW("\r\n"));
	}
	rig_end(&rig, NET_END_LOST, "connection lost");
	check_events(&rig);
	check_output(&rig, setup[1] % ARRAY_LEN(letters) >= 3);
	buf_add(ret_out, buf_view(&rig.out));
	buf_add(ret_out, buf_view(&rig.events));
	rig_done(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;
	if (size < 3)
		return 0;
	struct view input = view_of(data + 3, size - 3);
	buf_init(&whole, (size_t)64 << 20);
	buf_init(&pieces, (size_t)64 << 20);
	run(data, input, 0, &whole);
	run(data, input, data[2] % 17u + 1, &pieces);
	if (!view_eq(buf_view(&whole), buf_view(&pieces)))
		fail("the pieces make a difference", buf_view(&whole),
		    buf_view(&pieces));
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
