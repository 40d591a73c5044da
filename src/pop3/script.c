// SPDX-License-Identifier: Apache-2.0
// Running dialogues.
#include "pop3/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "store/snapshot.h"

#define CLIENTS_MAX 8
#define SCRIPTS_MAX 100

struct play {
	const struct script *script;
	size_t piece;
	struct rig rig;
	struct rig_client clients[CLIENTS_MAX];
	bool connected[CLIENTS_MAX];
	size_t heard[CLIENTS_MAX]; // bytes of the output compared
	int line;
};

static bool line_matches(struct view pattern, struct view line)
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
		if (line_matches(rest, view_from(line, i)))
			return true;
	}
	return false;
}

static struct rig_client *client_of(struct play *play, int number)
{
	assert_in_range(number, 0, CLIENTS_MAX - 1);
	struct rig_client *client = &play->clients[number];
	if (!play->connected[number]) {
		rig_connect(&play->rig, !play->script->log_in, client);
		client->piece = play->piece;
		play->connected[number] = true;
		if (!play->script->log_in)
			play->heard[number] = client->out.len;
	}
	return client;
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
		    play->script->name, play->line, play->piece, number + 1,
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
	if (end == SIZE_MAX && out.len == 0)
		fail_msg("%s:%d (pieces of %zu): nothing was said, expected "
			 "%.*s",
		    play->script->name, play->line, play->piece,
		    VIEW_FMT(pattern));
	if (!line_matches(pattern, line))
		fail_msg("%s:%d (pieces of %zu): expected %.*s\n  heard %.*s",
		    play->script->name, play->line, play->piece,
		    VIEW_FMT(pattern), VIEW_FMT(line));
	play->heard[number] +=
	    end == SIZE_MAX ? out.len : end + 2; // the line end
}

static void unescape(struct view text, struct buf *out)
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

static void act(struct play *play, int number, char what, struct view rest)
{
	struct buf bytes;
	buf_init(&bytes, (size_t)64 << 20);
	uint64_t count = 0;
	switch (what) {
	case 'C':
		buf_add(&bytes, rest);
		buf_add_literal(&bytes, "\r\n");
		say(play, number, buf_view(&bytes));
		break;
	case 'R':
		unescape(rest, &bytes);
		say(play, number, buf_view(&bytes));
		break;
	case 'N':
		assert_true(view_to_u64(rest, &count));
		for (uint64_t i = 0; i < count; i++)
			buf_add_char(&bytes, 'x');
		say(play, number, buf_view(&bytes));
		break;
	case 'S': hear(play, number, rest); break;
	default:
		fail_msg("%s:%d: a script has no %c:", play->script->name,
		    play->line, what);
	}
	buf_done(&bytes);
}

// ---- What others do --------------------------------------------------------

static void put(struct play *play, struct view text)
{
	struct buf bytes;
	buf_init(&bytes, (size_t)1 << 20);
	unescape(text, &bytes);
	rig_put(&play->rig, buf_view(&bytes));
	buf_done(&bytes);
}

static void expect_inbox(struct play *play, struct view expected)
{
	struct buf text;
	buf_init(&text, (size_t)1 << 20);
	rig_describe(&play->rig, &text);
	if (!view_eq(buf_view(&text), expected))
		fail_msg("%s:%d (pieces of %zu): INBOX holds %.*s, expected "
			 "%.*s",
		    play->script->name, play->line, play->piece,
		    VIEW_FMT(buf_view(&text)), VIEW_FMT(expected));
	buf_done(&text);
}

static bool done_by_others(struct play *play, struct view line)
{
	struct view rest = line, word;
	uint32_t uid;
	if (!view_split(&rest, ':', &word))
		return false;
	rest = view_trim(rest);
	if (view_eq(word, VIEW("put"))) {
		put(play, rest);
		return true;
	}
	if (view_eq(word, VIEW("inbox"))) {
		expect_inbox(play, rest);
		return true;
	}
	bool deletes = view_eq(word, VIEW("delete"));
	bool sees = view_eq(word, VIEW("see"));
	bool expunges = view_eq(word, VIEW("expunge"));
	if (!(deletes || sees || expunges))
		return false;
	assert_true(view_to_u32(rest, &uid));
	if (expunges)
		rig_expunge(&play->rig, uid);
	else
		rig_flag(&play->rig, uid,
		    deletes ? STORE_FLAG_DELETED : STORE_FLAG_SEEN);
	return true;
}

static void time_out(struct play *play, int number)
{
	struct rig_client *client = client_of(play, number);
	assert_int_equal(client->next, NET_READ);
	assert_true(pop3_session_ops.timeout(client->session) > 0);
	pop3_session_ops.timed_out(client->session, &client->out);
	client->next = NET_CLOSE;
}

static void do_line(struct play *play, struct view line)
{
	int number = 0;
	if (line.len == 0 || line.ptr[0] == '#' || done_by_others(play, line))
		return;
	if (ascii_is_digit(line.ptr[0])) {
		number = line.ptr[0] - '1';
		line = view_from(line, 1);
	}
	if (view_eq(line, VIEW("timeout"))) {
		time_out(play, number);
		return;
	}
	if (view_eq(line, VIEW("close"))) {
		expect_silence(play, number);
		assert_int_equal(client_of(play, number)->next, NET_CLOSE);
		return;
	}
	if (line.len < 2 || line.ptr[1] != ':')
		fail_msg("%s:%d: not a line of a script: %.*s",
		    play->script->name, play->line, VIEW_FMT(line));
	act(play, number, line.ptr[0], view_from(line, 3));
}

static void play_once(
    const struct script *script, const struct rig_users *users, size_t piece)
{
	struct play play = {.script = script, .piece = piece};
	struct view text = view_of_string(script->text), line;
	struct rig_options options = script->rig;
	options.users = users;
	rig_init(&play.rig, &options);
	while (view_split(&text, '\n', &line)) {
		play.line++;
		do_line(&play, line);
	}
	for (int i = 0; i < CLIENTS_MAX; i++) {
		expect_silence(&play, i);
		if (play.connected[i])
			rig_disconnect(&play.clients[i]);
	}
	rig_done(&play.rig);
}

static void run_state(void **state)
{
	static const size_t pieces[] = {0, 1, 7};
	struct rig_users users;
	rig_users_init(&users);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		play_once(*state, &users, pieces[i]);
	rig_users_done(&users);
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
