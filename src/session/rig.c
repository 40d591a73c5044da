// SPDX-License-Identifier: Apache-2.0
#include "session/rig.h"

#include <stdlib.h>

#include "net/script_text.h"

static int64_t rig_wall(void *context)
{
	return ((struct rig_base *)context)->now;
}

void rig_base_init(struct rig_base *base, const struct rig_users *users)
{
	*base = (struct rig_base){.now = RIG_NOW, .users = users};
	if (!base->users) {
		rig_users_init(&base->own);
		base->users = &base->own;
	}
	base->clock = (struct clock){.wall = rig_wall, .context = base};
	base->registry = session_registry_new(&base->clock);
}

void rig_base_done(struct rig_base *base)
{
	session_registry_free(&base->registry);
	if (base->users == &base->own)
		rig_users_done(&base->own);
}

struct session_server rig_base_server(const struct rig_base *base)
{
	return (struct session_server){
	    .auth = base->users->auth,
	    .clock = &base->clock,
	    .registry = base->registry,
	    .name = "Roost",
	};
}

struct net_peer rig_base_peer(
    struct rig_base *base, const char *address, uint16_t local_port)
{
	struct net_peer peer = {
	    .port = 50000,
	    .local_port = local_port,
	    .session_id = ++base->sessions,
	};
	if (!address)
		address = "127.0.0.1";
	snprintf(peer.address, sizeof(peer.address), "%s", address);
	snprintf(peer.local_address, sizeof(peer.local_address), "127.0.0.1");
	return peer;
}

// ---- A busy server ---------------------------------------------------------

static void never_woken(void *context)
{
	(void)context;
	abort();
}

void rig_hashers_take(struct rig_hashers *hashers, struct auth *auth)
{
	*hashers = (struct rig_hashers){.auth = auth};
	for (size_t i = 0; i < ARRAY_LEN(hashers->holders); i++) {
		struct auth_turn *turn = &hashers->holders[i];
		turn->wake = never_woken;
		if (auth_turn_begin(auth, turn) != RC_OK)
			auth_turn_end(auth, turn);
	}
}

void rig_hashers_release(struct rig_hashers *hashers)
{
	for (size_t i = 0; i < ARRAY_LEN(hashers->holders); i++)
		auth_turn_end(hashers->auth, &hashers->holders[i]);
}

// ---- The trace -------------------------------------------------------------

static bool wants_all(void *context, struct view user)
{
	(void)context, (void)user;
	return true;
}

static void collect(void *context, uint64_t session_id, struct view user,
    bool from_client, struct view line)
{
	struct rig_trace *trace = context;
	(void)session_id;
	if (trace->by_user)
		buf_printf(&trace->text, "%.*s ", VIEW_FMT(user));
	buf_add_string(&trace->text, from_client ? "C: " : "S: ");
	buf_add(&trace->text, line);
	buf_add_char(&trace->text, '\n');
}

void rig_trace_init(struct rig_trace *trace)
{
	*trace = (struct rig_trace){
	    .trace = {.wants = wants_all, .line = collect, .context = trace}};
	buf_init(&trace->text, (size_t)1 << 20);
}

void rig_trace_done(struct rig_trace *trace)
{
	buf_done(&trace->text);
}

const char *rig_trace_take(struct rig_trace *trace)
{
	buf_add_char(&trace->text, '\0');
	trace->text.len = 0;
	return trace->text.ptr;
}

// ---- Scripts ---------------------------------------------------------------

void rig_play_pieces(const struct rig_users *users,
    void (*play)(
	const void *script, const struct rig_users *users, size_t piece),
    const void *script)
{
	static const size_t pieces[] = SCRIPT_PIECES;
	struct rig_users own;
	if (!users)
		rig_users_init(&own);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		play(script, users ? users : &own, pieces[i]);
	if (!users)
		rig_users_done(&own);
}
