// SPDX-License-Identifier: Apache-2.0
// Dialogues of SMTP, and the messages that they deliver.
#include "smtp/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MESSAGE_MAX ((size_t)64 << 20)

struct stage {
	const struct script_options *options;
	struct rig rig;
};

static struct rig_office *office_of(struct script_play *play)
{
	return ((struct stage *)play->context)->rig.office;
}

static void say_line(struct rig_client *client, const char *line)
{
	rig_say(client, view_of_string(line));
	rig_say(client, VIEW("\r\n"));
}

static size_t connect(void *context, struct rig_client *client)
{
	struct stage *stage = context;
	const struct script_options *options = stage->options;
	rig_connect(&stage->rig, view_of_string(options->early), client);
	if (options->helo)
		say_line(client, options->helo);
	if (options->log_in)
		say_line(client, "AUTH PLAIN AGRlbW8AZGVtbyBwYXNz");
	return options->show_greeting ? 0 : client->out.len;
}

static void see_message(struct script_play *play, struct view pattern)
{
	struct buf text;
	buf_init(&text, MESSAGE_MAX);
	bool found = rig_office_next(office_of(play), &text);
	if (!found || !script_line_matches(pattern, buf_view(&text)))
		fail_msg("%s:%d (pieces of %zu): expected a message %.*s\n"
			 "  delivered %.*s",
		    play->name, play->line, play->piece, VIEW_FMT(pattern),
		    VIEW_FMT(found ? buf_view(&text) : VIEW("nothing")));
	buf_done(&text);
}

static void expect_no_message(const char *name, struct rig_office *office)
{
	struct buf text;
	buf_init(&text, MESSAGE_MAX);
	if (rig_office_next(office, &text))
		fail_msg("%s: also delivered: %.*s", name,
		    VIEW_FMT(buf_view(&text)));
	buf_done(&text);
}

static void last_words(struct script_play *play, int number,
    void (*say)(void *session, struct buf *out))
{
	struct rig_client *client = script_client(play, number);
	say(client->session, &client->out);
	client->next = NET_CLOSE;
}

static bool do_event(struct script_play *play, int number, struct view line)
{
	if (view_eq(line, VIEW("release"))) {
		script_expect_silence(play, number);
		rig_office_release(office_of(play));
		script_wake(play);
	} else if (view_eq(line, VIEW("stop"))) {
		last_words(play, number, smtp_session_ops.shut_down);
	} else if (view_eq(line, VIEW("timeout"))) {
		last_words(play, number, smtp_session_ops.timed_out);
	} else if (view_eq(line, VIEW("leave"))) {
		script_leave(play, number);
	} else {
		return false;
	}
	return true;
}

static bool do_own(struct script_play *play, int number, struct view line)
{
	struct view rest = view_from(line, 3);
	uint64_t count = 0;
	if (do_event(play, number, line))
		return true;
	if (line.len < 2 || line.ptr[1] != ':')
		return false;
	switch (line.ptr[0]) {
	case 'W': script_say(play, number); return true;
	case 'M': see_message(play, rest); return true;
	case 'P':
		assert_true(view_to_u64(rest, &count));
		assert_int_equal(script_client(play, number)->paused, count);
		script_client(play, number)->paused = 0;
		return true;
	default: return false;
	}
}

static const struct script_kind smtp = {
    .connect = connect, .line = do_own, .gathers = true};

static void play(
    const void *context, const struct rig_users *users, size_t piece)
{
	const struct script *script = context;
	struct stage stage = {.options = &script->options};
	struct rig_options options = script->options.rig;
	if (piece != 0 && script->options.whole)
		return;
	options.users = users;
	rig_init(&stage.rig, &options);
	script_play(&smtp, script->name, script->text, &stage, piece);
	expect_no_message(script->name, stage.rig.office);
	assert_int_equal(rig_office_open(stage.rig.office), 0);
	rig_done(&stage.rig);
}

void script_run(const struct script *script)
{
	rig_play_pieces(script->options.rig.users, play, script);
}

static void run_state(void **state)
{
	script_run(*state);
}

int script_main(const struct script *scripts, size_t count)
{
	return script_run_group(scripts, sizeof(*scripts), count, run_state);
}
