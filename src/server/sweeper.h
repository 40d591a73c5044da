// SPDX-License-Identifier: Apache-2.0
// A thread that from time to time deletes what is not needed any more: content
// that nobody owns, expunged emails that have been kept long enough, and uploads
// that nobody used.
#ifndef ROOST_SERVER_SWEEPER_H
#define ROOST_SERVER_SWEEPER_H

#include "store/store.h"

// Content without an owner is kept for this long: a message that is coming in
// has no owner yet.
#define SWEEPER_GRACE_SECONDS  3600
#define SWEEPER_PERIOD_SECONDS 900

struct sweeper;

// While the file system of `folder` has less than this part of its space left,
// expunged emails are kept for one day less with each sweep.
#define SWEEPER_FREE_PERCENT 5

struct sweeper_settings {
	struct engine *engine;
	struct store *store;
	const char *folder; // of the data
	uint32_t kept_days; // how long expunged emails are kept
	struct log *log;
};

// What `settings` points to must outlive the sweeper.
MUST_CHECK enum rc sweeper_new(const struct sweeper_settings *settings,
    struct fault *fault, struct sweeper **ret_sweeper);
// Waits for a sweep that is running.
void sweeper_free(struct sweeper **sweeper);

#endif
