// SPDX-License-Identifier: Apache-2.0
#include "probe/probe.h"

#include "base/mem.h"
#include "net/server.h"

// Made before the connection, so that what it says is copied once. It belongs
// to the network when the session is made.
struct pending {
	struct probe_dialogue *dialogue;
	void (*done)(void *owner, const struct probe_outcome *outcome);
	void *owner;
};

static void *session_new(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	struct pending *pending = context;
	struct probe_dialogue *dialogue = pending->dialogue;
	(void)peer;
	(void)waker;
	free(pending);
	return dialogue;
}

static void give_up(
    struct pending *pending, const struct probe_outcome *outcome)
{
	probe_dialogue_ops.free(pending->dialogue);
	pending->done(pending->owner, outcome);
	free(pending);
}

static void failed(void *context, enum net_end end, const char *why)
{
	struct probe_outcome outcome;
	probe_explain_failure(end, why, &outcome);
	give_up(context, &outcome);
}

void probe_begin(const struct probe_link *link,
    const struct probe_target *target, const struct probe_login *login,
    void (*step)(void *owner, enum probe_stage stage),
    void (*done)(void *owner, const struct probe_outcome *outcome), void *owner)
{
	struct fault fault = {0};
	struct pending *pending = mem_zalloc(sizeof(*pending));
	pending->done = done;
	pending->owner = owner;
	pending->dialogue = probe_dialogue_new(&(struct probe_dialogue_config){
	    .protocol = target->protocol,
	    .security = target->security,
	    .host = target->host,
	    .port = target->port,
	    .helo = link->helo,
	    .login = login,
	    .greeting_seconds = link->greeting_seconds,
	    .answer_seconds = link->answer_seconds,
	    .end_ms = link->end_ms,
	    .owner = owner,
	    .step = step,
	    .done = done,
	});
	struct net_connect_config config = {
	    .address = target->address,
	    .port = target->port,
	    .connect_seconds = link->connect_seconds,
	    .handshake_seconds = link->answer_seconds,
	    .tls = target->security == PROBE_PLAIN ? NULL : link->tls,
	    .check = NET_TLS_OPPORTUNISTIC,
	    .implicit_tls = target->security == PROBE_TLS,
	    .server_name = target->host,
	    .ops = &probe_dialogue_ops,
	    .session_new = session_new,
	    .failed = failed,
	    .context = pending,
	};
	enum rc rc = net_connect(link->net, &config, &fault);
	if (rc == RC_OK)
		return;
	struct probe_outcome outcome = {.cause = PROBE_UNREACHABLE};
	if (rc == RC_CLOSED)
		outcome.cause = PROBE_STOPPED;
	snprintf(outcome.detail, sizeof(outcome.detail), "%s", fault.text);
	give_up(pending, &outcome);
}
