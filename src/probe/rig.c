// SPDX-License-Identifier: Apache-2.0
#include "probe/rig.h"

#define BYTES_MAX ((size_t)4 << 20)

// There is no certificate, so nothing is ever verified.
static const struct net_tls_info tls = {.version = "TLSv1.3"};

static void on_done(void *owner, const struct probe_outcome *outcome)
{
	struct probe_rig *rig = owner;
	rig->outcome = *outcome;
	rig->done++;
}

void probe_rig_init(
    struct probe_rig *rig, const struct probe_dialogue_config *config)
{
	struct probe_dialogue_config copy = *config;
	*rig = (struct probe_rig){.open = true};
	buf_init(&rig->in, BYTES_MAX);
	buf_init(&rig->out, BYTES_MAX);
	copy.owner = rig;
	copy.done = on_done;
	rig->dialogue = probe_dialogue_new(&copy);
	rig->next = probe_dialogue_ops.start(rig->dialogue,
	    config->security == PROBE_TLS ? &tls : NULL, &rig->out);
}

static void give(struct probe_rig *rig)
{
	size_t consumed;
	if (rig->next != NET_READ || !rig->open)
		return;
	rig->next = probe_dialogue_ops.input(
	    rig->dialogue, buf_view(&rig->in), &rig->out, &consumed);
	buf_consume(&rig->in, consumed);
	if (rig->next == NET_CLOSE)
		rig->open = false;
	if (rig->next != NET_START_TLS)
		return;
	buf_reset(&rig->in);
	rig->deaf = true;
	buf_add_literal(&rig->out, "<TLS>\n");
	rig->next =
	    probe_dialogue_ops.tls_started(rig->dialogue, &tls, &rig->out);
}

static void say_part(struct probe_rig *rig, struct view text, size_t piece)
{
	rig->deaf = false;
	while (text.len > 0 && rig->open && !rig->deaf) {
		struct view part =
		    view_slice(text, 0, piece ? piece : text.len);
		buf_add(&rig->in, part);
		text = view_from(text, part.len);
		give(rig);
	}
}

void probe_rig_say(struct probe_rig *rig, struct view text, size_t piece)
{
	struct view part;
	while (view_split(&text, '\x01', &part))
		say_part(rig, part, piece);
}

void probe_rig_done(struct probe_rig *rig, enum net_end end)
{
	probe_dialogue_ops.ended(rig->dialogue, end, "connection lost");
	probe_dialogue_ops.free(rig->dialogue);
	buf_done(&rig->in);
	buf_done(&rig->out);
}
