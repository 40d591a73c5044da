// SPDX-License-Identifier: Apache-2.0
// Dialogues of POP3, with changes that other clients make meanwhile.
#include "pop3/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/snapshot.h"

static void put(struct script_play *play, struct view text)
{
	struct buf bytes;
	buf_init(&bytes, (size_t)1 << 20);
	script_unescape(text, &bytes);
	rig_put(play->context, buf_view(&bytes));
	buf_done(&bytes);
}

static void expect_inbox(struct script_play *play, struct view expected)
{
	struct buf text;
	buf_init(&text, (size_t)1 << 20);
	rig_describe(play->context, &text);
	if (!view_eq(buf_view(&text), expected))
		fail_msg("%s:%d (pieces of %zu): INBOX holds %.*s, expected "
			 "%.*s",
		    play->name, play->line, play->piece,
		    VIEW_FMT(buf_view(&text)), VIEW_FMT(expected));
	buf_done(&text);
}

static void time_out(struct script_play *play, int number)
{
	struct rig_client *client = script_client(play, number);
	assert_int_equal(client->next, NET_READ);
	assert_true(pop3_session_ops.timeout(client->session) > 0);
	pop3_session_ops.timed_out(client->session, &client->out);
	client->next = NET_CLOSE;
}

static bool do_own(struct script_play *play, int number, struct view line)
{
	struct view rest = line, word;
	uint32_t uid;
	if (view_eq(line, VIEW("timeout"))) {
		time_out(play, number);
		return true;
	}
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
		rig_expunge(play->context, uid);
	else
		rig_flag(play->context, uid,
		    deletes ? STORE_FLAG_DELETED : STORE_FLAG_SEEN);
	return true;
}

static size_t connect(void *context, bool log_in, struct rig_client *client)
{
	rig_connect(context, !log_in, client);
	return log_in ? 0 : client->out.len;
}

static size_t connect_user(void *context, struct rig_client *client)
{
	return connect(context, false, client);
}

static size_t connect_stranger(void *context, struct rig_client *client)
{
	return connect(context, true, client);
}

static void play(
    const void *context, const struct rig_users *users, size_t piece)
{
	const struct script *script = context;
	const struct script_kind kind = {
	    .connect = script->log_in ? connect_stranger : connect_user,
	    .line = do_own,
	};
	struct rig_options options = script->rig;
	struct rig rig;
	options.users = users;
	rig_init(&rig, &options);
	script_play(&kind, script->name, script->text, &rig, piece);
	rig_done(&rig);
}

static void run_state(void **state)
{
	const struct script *script = *state;
	rig_play_pieces(script->rig.users, play, script);
}

int script_main(const struct script *scripts, size_t count)
{
	return script_run_group(scripts, sizeof(*scripts), count, run_state);
}
