// SPDX-License-Identifier: Apache-2.0
// What the running server does and has done: for `roost status`, and as metrics
// for Prometheus.
#ifndef ROOST_SERVER_MEASURES_H
#define ROOST_SERVER_MEASURES_H

#include <jansson.h>

#include "base/budget.h"
#include "net/server.h"
#include "net/tls.h"
#include "server/post_office.h"
#include "server/protocols.h"
#include "server/sandbox.h"

// Where the numbers are. All of it must be open.
struct measures {
	struct net_server *net;
	struct net_tls *tls;
	struct engine *engine;
	const struct auth *auth;
	struct post_office *post;
	const struct protocols *protocols;
	const struct budget *budget;
	struct tracing *tracing;
	const struct sandbox_state *sandbox;
	uint64_t started_ms; // monotonic
};

// Adds the members of the answer of `roost status`.
void measures_status(const struct measures *measures, json_t *answer);

// Appends all metrics, in OpenMetrics' form if `open`, otherwise in the older
// one (base/metrics.h). docs/monitoring.md lists them.
void measures_metrics(
    const struct measures *measures, bool open, struct buf *out);

#endif
