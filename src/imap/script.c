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

void script_run(const struct script *script)
{
	static const size_t pieces[] = SCRIPT_PIECES;
	struct rig_users own;
	struct rig_options options = script->options.rig;
	if (script->options.rig.users == NULL) {
		rig_users_init(&own);
		options.users = &own;
	}
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct stage stage = {.script = script};
		rig_init(&stage.rig, &options);
		script_play(
		    &imap, script->name, script->text, &stage, pieces[i]);
		rig_done(&stage.rig);
	}
	if (options.users == &own)
		rig_users_done(&own);
}

static void run_state(void **state)
{
	script_run(*state);
}

int script_main(const struct script *scripts, size_t count)
{
	return script_run_group(scripts, sizeof(*scripts), count, run_state);
}
