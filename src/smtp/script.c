// SPDX-License-Identifier: Apache-2.0
// Running dialogues.
#include "smtp/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/ascii.h"

#define CLIENTS_MAX 4
#define SCRIPTS_MAX 100
#define SAID_MAX    ((size_t)64 << 20)

struct play {
	const char *name;
	const struct script_options *options;
	size_t piece;
	struct rig rig;
	struct rig_client clients[CLIENTS_MAX];
	bool connected[CLIENTS_MAX];
	size_t heard[CLIENTS_MAX]; // bytes of the output compared
	struct buf raw;            // what R: has gathered
	int line;
};

bool script_line_matches(struct view pattern, struct view line)
{
	size_t dots = view_find(pattern, VIEW("..."));
	if (dots == SIZE_MAX)
		return view_eq(pattern, line);
	if (!view_starts_with(line, view_slice(pattern, 0, dots)))
		return false;
	struct view rest = view_from(pattern, dots + 3);
	if (rest.len == 0)
		return true;
	for (size_t i = dots; i <= line.len; i++) {
		if (script_line_matches(rest, view_from(line, i)))
			return true;
	}
	return false;
}

static void say_line(struct rig_client *client, const char *line)
{
	rig_say(client, view_of_string(line));
	rig_say(client, VIEW("\r\n"));
}

static void connect(struct play *play, int number)
{
	const struct script_options *options = play->options;
	struct rig_client *client = &play->clients[number];
	rig_connect(&play->rig, view_of_string(options->early), client);
	play->connected[number] = true;
	if (options->helo != NULL)
		say_line(client, options->helo);
	if (options->log_in)
		say_line(client, "AUTH PLAIN AGRlbW8AZGVtbyBwYXNz");
	if (!options->show_greeting)
		play->heard[number] = client->out.len;
	client->piece = play->piece;
}

static struct rig_client *client_of(struct play *play, int number)
{
	assert_in_range(number, 0, CLIENTS_MAX - 1);
	if (!play->connected[number])
		connect(play, number);
	return &play->clients[number];
}

// Nothing may be left unheard when somebody speaks.
static void expect_silence(struct play *play, int number)
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

static void say(struct play *play, int number, struct view bytes)
{
	struct rig_client *client = client_of(play, number);
	expect_silence(play, number);
	rig_say(client, bytes);
	for (int i = 0; i < CLIENTS_MAX; i++) {
		if (play->connected[i])
			rig_wake(&play->clients[i]);
	}
}

static void hear(struct play *play, int number, struct view pattern)
{
	struct rig_client *client = client_of(play, number);
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

static void see_message(struct play *play, struct view pattern)
{
	struct buf text;
	buf_init(&text, SAID_MAX);
	bool found = rig_office_next(play->rig.office, &text);
	if (!found || !script_line_matches(pattern, buf_view(&text)))
		fail_msg("%s:%d (pieces of %zu): expected a message %.*s\n"
			 "  delivered %.*s",
		    play->name, play->line, play->piece, VIEW_FMT(pattern),
		    VIEW_FMT(found ? buf_view(&text) : VIEW("nothing")));
	buf_done(&text);
}

static void expect_no_message(struct play *play)
{
	struct buf text;
	buf_init(&text, SAID_MAX);
	if (rig_office_next(play->rig.office, &text))
		fail_msg("%s (pieces of %zu): also delivered: %.*s", play->name,
		    play->piece, VIEW_FMT(buf_view(&text)));
	buf_done(&text);
}

void script_unescape(struct view text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\\' || i + 1 == text.len) {
			buf_add_char(out, text.ptr[i]);
			continue;
		}
		char c = text.ptr[++i];
		if (c == 'r') {
			buf_add_char(out, '\r');
		} else if (c == 'n') {
			buf_add_char(out, '\n');
		} else if (c == 'x' && i + 2 < text.len) {
			buf_add_char(
			    out, (char)(ascii_hex_value(text.ptr[i + 1]) * 16 +
					ascii_hex_value(text.ptr[i + 2])));
			i += 2;
		} else {
			buf_add_char(out, c);
		}
	}
}

static void say_raw(struct play *play, int number)
{
	say(play, number, buf_view(&play->raw));
	buf_reset(&play->raw);
}

static void act(struct play *play, int number, char what, struct view rest)
{
	uint64_t count = 0;
	switch (what) {
	case 'C':
		buf_add(&play->raw, rest);
		buf_add_literal(&play->raw, "\r\n");
		say_raw(play, number);
		break;
	case 'R': script_unescape(rest, &play->raw); break;
	case 'W': say_raw(play, number); break;
	case 'N':
		assert_true(view_to_u64(rest, &count));
		for (uint64_t i = 0; i < count; i++)
			buf_add_char(&play->raw, 'x');
		break;
	case 'P':
		assert_true(view_to_u64(rest, &count));
		assert_int_equal(client_of(play, number)->paused, count);
		client_of(play, number)->paused = 0;
		break;
	case 'S': hear(play, number, rest); break;
	case 'M': see_message(play, rest); break;
	default:
		fail_msg(
		    "%s:%d: a script has no %c:", play->name, play->line, what);
	}
}

static void do_line(struct play *play, struct view line)
{
	int number = 0;
	if (line.len == 0 || line.ptr[0] == '#')
		return;
	if (ascii_is_digit(line.ptr[0])) {
		number = line.ptr[0] - '1';
		line = view_from(line, 1);
	}
	if (view_eq(line, VIEW("close"))) {
		expect_silence(play, number);
		if (client_of(play, number)->next != NET_CLOSE)
			fail_msg("%s:%d (pieces of %zu): it did not hang up",
			    play->name, play->line, play->piece);
		return;
	}
	if (line.len < 2 || line.ptr[1] != ':')
		fail_msg("%s:%d: not a line of a script: %.*s", play->name,
		    play->line, VIEW_FMT(line));
	act(play, number, line.ptr[0], view_from(line, 3));
}

static void play_once(
    const struct script *script, const struct rig_users *users, size_t piece)
{
	struct play play = {
	    .name = script->name, .options = &script->options, .piece = piece};
	struct view text = view_of_string(script->text), line;
	struct rig_options options = script->options.rig;
	options.users = users;
	rig_init(&play.rig, &options);
	buf_init(&play.raw, SAID_MAX);
	while (view_split(&text, '\n', &line)) {
		play.line++;
		do_line(&play, line);
	}
	expect_no_message(&play);
	for (int i = 0; i < CLIENTS_MAX; i++) {
		expect_silence(&play, i);
		if (play.connected[i])
			rig_disconnect(&play.clients[i]);
	}
	assert_int_equal(rig_office_open(play.rig.office), 0);
	buf_done(&play.raw);
	rig_done(&play.rig);
}

void script_run(const struct script *script)
{
	static const size_t pieces[] = {0, 1, 7};
	struct rig_users own;
	const struct rig_users *users = script->options.rig.users;
	if (users == NULL) {
		rig_users_init(&own);
		users = &own;
	}
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		if (i == 0 || !script->options.whole)
			play_once(script, users, pieces[i]);
	if (users == &own)
		rig_users_done(&own);
}

static void run_state(void **state)
{
	script_run(*state);
}

int script_main(const struct script *scripts, size_t count)
{
	struct CMUnitTest tests[SCRIPTS_MAX] = {{0}};
	assert_in_range(count, 1, SCRIPTS_MAX);
	for (size_t i = 0; i < count; i++) {
		tests[i].name = scripts[i].name;
		tests[i].test_func = run_state;
		tests[i].initial_state = (void *)(uintptr_t)&scripts[i];
	}
	return _cmocka_run_group_tests("scripts", tests, count, NULL, NULL);
}
