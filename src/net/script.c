// SPDX-License-Identifier: Apache-2.0
// Runs dialogues.
#include "net/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/ascii.h"

#define SAID_MAX ((size_t)64 << 20)

struct rig_client *script_client(struct script_play *play, int number)
{
	assert_in_range(number, 0, SCRIPT_CLIENTS_MAX - 1);
	struct rig_client *client = &play->clients[number];
	if (!play->connected[number]) {
		play->heard[number] =
		    play->kind->connect(play->context, client);
		client->piece = play->piece;
		play->connected[number] = true;
	}
	return client;
}

void script_expect_silence(struct script_play *play, int number)
{
	if (!play->connected[number])
		return;
	struct view out = view_from(
	    buf_view(&play->clients[number].out), play->heard[number]);
	if (out.len > 0)
		fail_msg("%s:%d (pieces of %zu): client %d was also told: "
			 "%.*s",
		    play->name, play->line, play->piece, number + 1,
		    VIEW_FMT(out));
}

void script_wake(struct script_play *play)
{
	for (int i = 0; i < SCRIPT_CLIENTS_MAX; i++) {
		if (play->connected[i])
			rig_wake(&play->clients[i]);
	}
}

void script_leave(struct script_play *play, int number)
{
	script_expect_silence(play, number);
	if (play->connected[number])
		rig_disconnect(&play->clients[number]);
	play->connected[number] = false;
}

void script_say(struct script_play *play, int number)
{
	struct rig_client *client = script_client(play, number);
	// When a client speaks, all earlier output must have been expected.
	script_expect_silence(play, number);
	rig_say(client, buf_view(&play->said));
	buf_reset(&play->said);
	script_wake(play);
}

static void hear(struct script_play *play, int number, struct view pattern)
{
	struct rig_client *client = script_client(play, number);
	struct view out =
	    view_from(buf_view(&client->out), play->heard[number]);
	size_t end = view_find(out, VIEW("\r\n"));
	struct view line = view_slice(out, 0, end);
	if (end == SIZE_MAX)
		fail_msg("%s:%d (pieces of %zu): nothing was said, expected "
			 "%.*s",
		    play->name, play->line, play->piece, VIEW_FMT(pattern));
	if (!script_line_matches(pattern, line))
		fail_msg("%s:%d (pieces of %zu): expected %.*s\n  heard %.*s",
		    play->name, play->line, play->piece, VIEW_FMT(pattern),
		    VIEW_FMT(line));
	play->heard[number] += end + 2;
}

static void expect_close(struct script_play *play, int number)
{
	script_expect_silence(play, number);
	if (script_client(play, number)->next != NET_CLOSE)
		fail_msg("%s:%d (pieces of %zu): it did not hang up",
		    play->name, play->line, play->piece);
}

static void gather(struct script_play *play, char what, struct view rest)
{
	uint64_t count = 0;
	if (what == 'N') {
		assert_true(view_to_u64(rest, &count));
		for (uint64_t i = 0; i < count; i++)
			buf_add_char(&play->said, 'x');
	} else if (what == 'R') {
		script_unescape(rest, &play->said);
	} else {
		buf_add(&play->said, rest);
		buf_add_literal(&play->said, "\r\n");
	}
}

static void do_line(struct script_play *play, struct view line)
{
	const struct script_kind *kind = play->kind;
	int number = 0;
	if (line.len == 0 || line.ptr[0] == '#')
		return;
	if (ascii_is_digit(line.ptr[0])) {
		number = line.ptr[0] - '1';
		line = view_from(line, 1);
	}
	if (kind->line && kind->line(play, number, line))
		return;
	char what = line.len >= 2 && line.ptr[1] == ':' ? line.ptr[0] : '\0';
	struct view rest = view_from(line, 3);
	if (view_eq(line, VIEW("close"))) {
		expect_close(play, number);
	} else if (what == 'S') {
		hear(play, number, rest);
	} else if (what == 'C' || what == 'R' || what == 'N') {
		gather(play, what, rest);
		if (what == 'C' || !kind->gathers)
			script_say(play, number);
	} else {
		fail_msg("%s:%d: not a line of a script: %.*s", play->name,
		    play->line, VIEW_FMT(line));
	}
}

void script_play(const struct script_kind *kind, const char *name,
    const char *text, void *context, size_t piece)
{
	struct script_play play = {
	    .kind = kind, .name = name, .context = context, .piece = piece};
	struct view rest = view_of_string(text), line;
	buf_init(&play.said, SAID_MAX);
	while (view_split(&rest, '\n', &line)) {
		play.line++;
		do_line(&play, line);
	}
	for (int i = 0; i < SCRIPT_CLIENTS_MAX; i++) {
		script_expect_silence(&play, i);
		if (play.connected[i])
			rig_disconnect(&play.clients[i]);
	}
	buf_done(&play.said);
}
