// SPDX-License-Identifier: Apache-2.0
// The users whose protocol lines are logged. Can be changed while sessions run;
// thread-safe.
#ifndef ROOST_SERVER_TRACING_H
#define ROOST_SERVER_TRACING_H

#include "base/log.h"
#include "net/session.h"

struct tracing;

struct tracing *tracing_new(struct log *log);
void tracing_free(struct tracing **tracing);

// `user` is a prepared name.
void tracing_set(struct tracing *tracing, struct view user, bool on);
unsigned tracing_count(struct tracing *tracing);

// What the sessions get; lives as long as the tracing.
const struct net_trace *tracing_of(struct tracing *tracing);

#endif
