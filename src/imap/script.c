// SPDX-License-Identifier: Apache-2.0
// Dialogues of IMAP.
#include "imap/script.h"

struct stage {
	const struct script *script;
	struct rig rig;
};

static size_t connect(void *context, struct rig_client *client)
{
	struct stage *stage = context;
	bool log_in = stage->script->options.log_in;
	rig_connect(&stage->rig, !log_in, client);
	return log_in ? 0 : client->out.len;
}

static const struct script_kind imap = {.connect = connect};

static void play(
    const void *context, const struct rig_users *users, size_t piece)
{
	struct stage stage = {.script = context};
	struct rig_options options = stage.script->options.rig;
	options.users = users;
	rig_init(&stage.rig, &options);
	script_play(
	    &imap, stage.script->name, stage.script->text, &stage, piece);
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
