// SPDX-License-Identifier: Apache-2.0
// A thread that now and then deletes content which nobody owns any more.
#ifndef ROOST_SERVER_SWEEPER_H
#define ROOST_SERVER_SWEEPER_H

#include "engine/engine.h"

// Content without an owner is kept so long: a message that is coming in has
// none yet.
#define SWEEPER_GRACE_SECONDS  3600
#define SWEEPER_PERIOD_SECONDS 900

struct sweeper;

MUST_CHECK enum rc sweeper_new(struct engine *engine, struct log *log,
    struct fault *fault, struct sweeper **ret_sweeper);
void sweeper_free(struct sweeper **sweeper); // waits for a sweep under way

#endif
