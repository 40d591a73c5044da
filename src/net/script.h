// SPDX-License-Identifier: Apache-2.0
// Dialogues as tests. A script is a text of lines:
//
//	C: NOOP             the client says this, with CRLF
//	R: abc\r\n\x00      the client says exactly this (C escapes)
//	N: 300000           the client says this many "x"
//	S: +OK ...          the server's next line; "..." is any text
//	2C: / 2R: / 2S:     the same for a second client (3, 4 …)
//	close               the server has closed the connection (2close …)
//	# comment
//
// A protocol may add further lines. The server must say exactly the lines of
// the script. A client is connected when it is first named.
#ifndef ROOST_NET_SCRIPT_H
#define ROOST_NET_SCRIPT_H

#include "net/rig_client.h"
#include "net/script_text.h"

#define SCRIPT_CLIENTS_MAX 8

// One run of a script.
struct script_play {
	const struct script_kind *kind;
	const char *name;
	void *context; // for the protocol
	size_t piece;  // size of the pieces of input; 0: all at once
	struct rig_client clients[SCRIPT_CLIENTS_MAX];
	bool connected[SCRIPT_CLIENTS_MAX];
	size_t heard[SCRIPT_CLIENTS_MAX]; // output up to here is compared
	struct buf said;                  // from R: and N:, not given yet
	int line;
};

// What a protocol adds to the scripts.
struct script_kind {
	// Connects. Returns how much of client->out the script skips.
	size_t (*connect)(void *context, struct rig_client *client);
	// Runs a line of the protocol, without the client's number. Returns
	// false when it is not a line of the script. May be NULL.
	bool (*line)(struct script_play *play, int number, struct view line);
	// R: and N: do not give their bytes at once, but together with those
	// that follow, by a C: or by script_say().
	bool gathers;
};

// Runs `text` once, with a `context` for this run.
void script_play(const struct script_kind *kind, const char *name,
    const char *text, void *context, size_t piece);

// For the lines that a protocol adds.
struct rig_client *script_client(struct script_play *play, int number);
void script_say(
    struct script_play *play, int number);  // gives what R: and N: gathered
void script_wake(struct script_play *play); // all clients
void script_leave(struct script_play *play, int number); // the client goes away
void script_expect_silence(struct script_play *play, int number);

#endif
