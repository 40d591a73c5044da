// SPDX-License-Identifier: Apache-2.0
// Makes guessing passwords expensive, and does not let it lock out the owner.
// README.md ("Guessing") has the reasons and the numbers. Failures are counted
// in tables of fixed size. Only this room includes it. Thread-safe.
#ifndef ROOST_AUTH_GUARD_H
#define ROOST_AUTH_GUARD_H

#include "auth/auth.h"
#include "auth/places.h"

struct auth_guard;

// How long an attempt that has to wait waits before the password is looked at.
// It is a little less than AUTH_DELAY_MS_MAX, so that the time in which the
// password is checked does not show in the time of the answer.
#define AUTH_WAIT_MS 14000

// The settings have their defaults filled in.
struct auth_guard *auth_guard_new(const struct auth_settings *settings);
void auth_guard_free(struct auth_guard **guard);

// Who tries to log in, from where.
struct auth_suspect {
	// The prepared name, of somebody or of nobody; empty: the attempt names
	// none (a token that is not of this server).
	struct view user;
	struct view address;
	enum auth_known known; // whether this user was here before
};

enum auth_ruling {
	AUTH_RULING_LOOK, // check the password at once
	AUTH_RULING_WAIT, // after AUTH_WAIT_MS
	AUTH_RULING_SHUT, // refuse without a look; never where the user is
			  // known
};

enum auth_ruling auth_guard_ask(
    struct auth_guard *guard, const struct auth_suspect *suspect);

// Counts a wrong password. `again`: it is the same wrong password as lately,
// which is no further guess. Returns how many milliseconds after its beginning
// the attempt should be answered. `ret_alarm` is how many strangers' guesses
// there were lately, or 0; it is set once in a while, for the log.
uint32_t auth_guard_fail(struct auth_guard *guard,
    const struct auth_suspect *suspect, bool again, uint32_t *ret_alarm);

#endif
