// SPDX-License-Identifier: Apache-2.0
// Dialogues as tests. A script is a text of lines:
//
//	C: NOOP             the client says it, with CRLF
//	R: abc\r\n\x00      the client says exactly this (C escapes)
//	N: 300000           the client says so many "x"
//	S: +OK ...          the server's next line; "..." is any text
//	2C: / 2R: / 2S:     the same for a second client (3, 4 …)
//	close               the server has hung up (2close …)
//	# comment
//
// and what a protocol adds to them. The server has to say the lines given and
// no others. A client is connected when it is first named.
#ifndef ROOST_NET_SCRIPT_H
#define ROOST_NET_SCRIPT_H

#include "net/rig_client.h"
#include "net/script_text.h"

#define SCRIPT_CLIENTS_MAX 8

// One run of a script.
struct script_play {
	const struct script_kind *kind;
	const char *name;
	void *context; // the protocol's own
	size_t piece;  // bytes that clients give at a time; 0: all
	struct rig_client clients[SCRIPT_CLIENTS_MAX];
	bool connected[SCRIPT_CLIENTS_MAX];
	size_t heard[SCRIPT_CLIENTS_MAX]; // bytes of the output compared
	struct buf said;                  // by R: and N:, until it is given
	int line;
};

// What a protocol adds.
struct script_kind {
	// Connects, and gives how much of client->out the script passes over.
	size_t (*connect)(void *context, struct rig_client *client);
	// A line that is none of the above, without the client's number; false:
	// it is no line of a script. May be NULL.
	bool (*line)(struct script_play *play, int number, struct view line);
	// R: and N: wait for more, to be given with what follows: by a C:, or
	// by script_say().
	bool gathers;
};

// Plays `text` once, with a `context` of its own.
void script_play(const struct script_kind *kind, const char *name,
    const char *text, void *context, size_t piece);

// For the protocol's lines.
struct rig_client *script_client(struct script_play *play, int number);
void script_say(struct script_play *play, int number);   // what was gathered
void script_wake(struct script_play *play);              // all clients
void script_leave(struct script_play *play, int number); // the client goes away
void script_expect_silence(struct script_play *play, int number);

#endif
