// SPDX-License-Identifier: Apache-2.0
// Plays the part of the network for a dialogue, in tests.
#ifndef ROOST_PROBE_RIG_H
#define ROOST_PROBE_RIG_H

#include "probe/dialogue.h"

struct probe_rig {
	struct probe_dialogue *dialogue;
	struct buf in;  // what the dialogue has not consumed
	struct buf out; // everything that it said
	enum net_next next;
	bool open;
	bool deaf; // until the next part: TLS has begun
	struct probe_outcome outcome;
	unsigned done; // how often it was told
};

// `config` without owner and functions.
void probe_rig_init(
    struct probe_rig *rig, const struct probe_dialogue_config *config);
// The server says this, in pieces of this many bytes (0: at once). A byte 0x01
// separates parts: when TLS begins, the rest of the part is dropped, as is what
// a server said too early.
void probe_rig_say(struct probe_rig *rig, struct view text, size_t piece);
// Ends the connection and frees the dialogue.
void probe_rig_done(struct probe_rig *rig, enum net_end end);

#endif
