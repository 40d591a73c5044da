// SPDX-License-Identifier: Apache-2.0
// Runs dialogues.
#include "relay/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/script_text.h"

struct play {
	const char *name;
	struct rig rig;
	size_t heard; // output up to here is compared
	size_t told;  // events up to here are compared
	int line;
};

static void expect_silence(struct play *play)
{
	struct view out = view_from(buf_view(&play->rig.out), play->heard);
	if (out.len > 0)
		fail_msg("%s:%d (pieces of %zu): the client also said: %.*s",
		    play->name, play->line, play->rig.piece, VIEW_FMT(out));
}

static void expect_line(struct play *play, struct view said, struct view end,
    struct view pattern, size_t *at)
{
	struct view out = view_from(said, *at);
	size_t len = view_find(out, end);
	struct view line = view_slice(out, 0, len);
	if (out.len == 0)
		fail_msg("%s:%d (pieces of %zu): nothing, expected %.*s",
		    play->name, play->line, play->rig.piece, VIEW_FMT(pattern));
	if (!script_line_matches(pattern, line))
		fail_msg("%s:%d (pieces of %zu): expected %.*s\n  but %.*s",
		    play->name, play->line, play->rig.piece, VIEW_FMT(pattern),
		    VIEW_FMT(line));
	*at += len == SIZE_MAX ? out.len : len + end.len;
}

static void say(struct play *play, char what, struct view rest)
{
	struct buf bytes;
	uint64_t count = 0;
	buf_init(&bytes, (size_t)64 << 20);
	if (what == 'S') {
		buf_add(&bytes, rest);
		buf_add_literal(&bytes, "\r\n");
	} else if (what == 'R') {
		script_unescape(rest, &bytes);
	} else {
		assert_true(view_to_u64(rest, &count));
		while (count-- > 0)
			buf_add_char(&bytes, 'x');
	}
	expect_silence(play);
	if (play->rig.gone)
		fail_msg("%s:%d (pieces of %zu): the client has hung up",
		    play->name, play->line, play->rig.piece);
	rig_say(&play->rig, buf_view(&bytes));
	buf_done(&bytes);
}

static bool do_word(struct play *play, struct view line)
{
	struct rig *rig = &play->rig;
	if (view_eq(line, VIEW("close"))) {
		expect_silence(play);
		if (!rig->gone)
			fail_msg(
			    "%s:%d: the client has not closed the connection",
			    play->name, play->line);
	} else if (view_starts_with(line, VIEW("tls"))) {
		expect_silence(play);
		if (rig->gone || rig->next != NET_START_TLS)
			fail_msg(
			    "%s:%d: the client has not asked for a handshake",
			    play->name, play->line);
		rig_handshake(rig, line.len == 3);
	} else if (view_eq(line, VIEW("hangup"))) {
		expect_silence(play);
		rig_end(rig, NET_END_PEER, "closed by the peer");
	} else if (view_eq(line, VIEW("timeout"))) {
		expect_silence(play);
		rig_time_out(rig);
	} else if (view_eq(line, VIEW("shutdown"))) {
		expect_silence(play);
		rig_shut_down(rig);
	} else if (view_eq(line, VIEW("wake"))) {
		expect_silence(play);
		rig_wake(rig);
	} else if (view_eq(line, VIEW("skip"))) {
		play->heard = rig->out.len;
	} else {
		return false;
	}
	return true;
}

static void do_line(struct play *play, struct view line)
{
	if (line.len == 0 || line.ptr[0] == '#' || do_word(play, line))
		return;
	if (line.len < 2 || line.ptr[1] != ':')
		fail_msg("%s:%d: not a valid line of a script: %.*s",
		    play->name, play->line, VIEW_FMT(line));
	struct view rest = view_from(line, 3);
	if (line.ptr[0] == 'C')
		expect_line(play, buf_view(&play->rig.out), VIEW("\r\n"), rest,
		    &play->heard);
	else if (line.ptr[0] == 'T')
		expect_line(play, buf_view(&play->rig.events), VIEW("\n"), rest,
		    &play->told);
	else
		say(play, line.ptr[0], rest);
}

static void play_once(const struct script *script, size_t piece)
{
	struct play play = {.name = script->name};
	struct view text = view_of_string(script->text), line;
	rig_init(&play.rig, &script->options, piece);
	while (view_split(&text, '\n', &line)) {
		play.line++;
		do_line(&play, line);
	}
	expect_silence(&play);
	struct view told = view_from(buf_view(&play.rig.events), play.told);
	if (told.len > 0)
		fail_msg("%s (pieces of %zu): the owner was also told: %.*s",
		    play.name, play.rig.piece, VIEW_FMT(told));
	if (!play.rig.gone)
		fail_msg("%s (pieces of %zu): the session does not end",
		    play.name, play.rig.piece);
	rig_done(&play.rig);
}

static void run_state(void **state)
{
	static const size_t pieces[] = SCRIPT_PIECES;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		play_once(*state, pieces[i]);
}

int script_main(const struct script *scripts, size_t count)
{
	return script_run_group(scripts, sizeof(*scripts), count, run_state);
}
