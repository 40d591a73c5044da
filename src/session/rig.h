// SPDX-License-Identifier: Apache-2.0
// The part that the rigs of all protocols share; for tests and fuzzers.
#ifndef ROOST_SESSION_RIG_H
#define ROOST_SESSION_RIG_H

#include "auth/rig_users.h"
#include "base/clock.h"
#include "net/rig_client.h"
#include "session/session.h"

// The rig's clock shows this time, unless a test moves it.
#define RIG_NOW 1700000000

// The users, the clock and the connections of a rig. It must not be moved in
// memory.
struct rig_base {
	struct rig_users own; // unless the test gives others
	const struct rig_users *users;
	struct clock clock;
	struct session_registry *registry;
	int64_t now;
	uint64_t sessions; // how many were made
};

// If `users` is NULL, the rig makes its own users.
void rig_base_init(struct rig_base *base, const struct rig_users *users);
void rig_base_done(struct rig_base *base);
// A server with these users and this clock; the protocol adds its own settings.
struct session_server rig_base_server(const struct rig_base *base);
// Sets the peer of the next client. If `address` is NULL, it is loopback.
struct net_peer rig_base_peer(
    struct rig_base *base, const char *address, uint16_t local_port);

// Occupies all places where passwords are hashed, so that a login has to wait.
struct rig_hashers {
	struct auth *auth;
	struct auth_turn holders[AUTH_HASHERS_MAX];
};
void rig_hashers_take(struct rig_hashers *hashers, struct auth *auth);
void rig_hashers_release(struct rig_hashers *hashers); // may be repeated

// A trace of all users, as text: "C: …" and "S: …", one line each. With
// `by_user`, the user's name comes first.
struct rig_trace {
	struct net_trace trace;
	struct buf text;
	bool by_user;
};
void rig_trace_init(struct rig_trace *trace);
void rig_trace_done(struct rig_trace *trace);
// Gives what has been traced, with a NUL at its end. The next line begins a new
// text.
const char *rig_trace_take(struct rig_trace *trace);

// Calls `play` for each of the ways in which scripts are played
// (net/script_text.h); they all share the users.
void rig_play_pieces(const struct rig_users *users,
    void (*play)(
	const void *script, const struct rig_users *users, size_t piece),
    const void *script);

#endif
