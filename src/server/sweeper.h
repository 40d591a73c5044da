// SPDX-License-Identifier: Apache-2.0
// A thread that from time to time deletes content which nobody owns any more.
#ifndef ROOST_SERVER_SWEEPER_H
#define ROOST_SERVER_SWEEPER_H

#include "engine/engine.h"

// Content without an owner is kept for this long: a message that is coming in
// has no owner yet.
#define SWEEPER_GRACE_SECONDS  3600
#define SWEEPER_PERIOD_SECONDS 900

struct sweeper;

MUST_CHECK enum rc sweeper_new(struct engine *engine, struct log *log,
    struct fault *fault, struct sweeper **ret_sweeper);
// Waits for a sweep that is running.
void sweeper_free(struct sweeper **sweeper);

#endif
