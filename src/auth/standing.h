// SPDX-License-Identifier: Apache-2.0
// Whether a user who has logged in may stay. A new password, disabling and
// removing shut out everybody who is logged in as that user. Each such change
// begins a new epoch of the directory (directory.h). A session keeps the epoch
// at which it was checked last, and compares it with auth_epoch() before each
// piece of work: one load from memory. Only when the two differ it reads the
// user's record again. Thread-safe.
#ifndef ROOST_AUTH_STANDING_H
#define ROOST_AUTH_STANDING_H

#include "auth/auth.h"

// Who wants to know when a user is shut out, so that sessions that wait for
// input end soon, too.
struct auth_watcher {
	// `user` has been shut out; empty: one or several users, whose names
	// are not known here. Called on any thread, after auth_epoch() has
	// changed. It must be cheap, and may not call this room.
	void (*shut_out)(void *context, struct view user);
	void *context;
};

// Call it before the first log-in; the watcher must outlive the last.
void auth_set_watcher(struct auth *auth, const struct auth_watcher *watcher);

// The epoch that is known here. Costs one load.
uint64_t auth_epoch(const struct auth *auth);

// RC_OK: the user who logged in (`user` is as the log-in gave it) may stay.
// RC_GONE: the user was shut out. Anything else: the directory could not be
// read; the session should end then, too.
MUST_CHECK enum rc auth_user_check(
    const struct auth *auth, const struct auth_user *user);

// Reads the epoch from the directory, and tells the watcher if it has changed.
// The functions of users.c do this themselves when they shut out a user, so
// that the epoch has changed everywhere in this process before they return.
void auth_epoch_read(struct auth *auth);

// Starts the thread that notices when another process or node shuts out a user.
// The server calls it once, after auth_set_watcher(). auth_free() ends it.
MUST_CHECK enum rc auth_start(struct auth *auth, struct fault *fault);

#endif
