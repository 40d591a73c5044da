// SPDX-License-Identifier: Apache-2.0
// What auth.c and sasl.c share; nothing outside this room includes it.
#ifndef ROOST_AUTH_INTERNAL_H
#define ROOST_AUTH_INTERNAL_H

#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/gate.h"
#include "auth/limiter.h"

struct auth {
	struct engine *engine;
	struct log *log;
	const struct clock *clock;
	struct auth_settings settings; // no zeroes left in it
	struct auth_resolver resolver; // all zero: none
	struct auth_cache *cache;
	struct auth_gate *gate;         // who hashes
	struct auth_limiter *addresses; // failures by address
	struct auth_limiter *users;     // failures by user
	struct auth_limiter *friends;   // successes by address and user
	unsigned char secret[AUTH_SECRET_LEN];
	// What a user who does not exist is checked against.
	struct auth_credentials nobody;
};

// One try to log in, as it is judged and logged.
struct auth_try {
	struct auth *auth;
	const struct auth_channel *channel;
	const char *mechanism;
	struct auth_name given; // prepared, or as given when that fails
	// The user's, or if nobody's the one spelling of `given`. Limits, the
	// cache, decoys and the log go by it.
	struct auth_name name;
};

// Takes a name, and finds whose it is. RC_OK also when it is nobody's; else
// the engine could not be read, and `name` is `given`.
MUST_CHECK enum rc auth_try_name(struct auth_try *try, struct view name);
// Too many failures lately: nothing is to be looked at.
bool auth_try_is_limited(const struct auth_try *try);
// Reads the user's record into `ret_record`; RC_NOT_FOUND also for a name that
// cannot be one.
MUST_CHECK enum rc auth_try_lookup(
    const struct auth_try *try, struct auth_record *ret_record);
// Logs the outcome and counts a failure. auth_try_refuse() gives `rc` back.
void auth_try_accept(const struct auth_try *try, const struct auth_user *user,
    struct auth_verdict *ret_verdict);
enum rc auth_try_refuse(const struct auth_try *try, enum rc rc,
    enum auth_reason reason, struct auth_verdict *ret_verdict);

// All of a try by name and password. `authzid`: empty, or the same user again,
// or it is refused with RC_DENIED once the password was right.
// RC_IN_USE: nothing was judged, counted or logged; to be made again.
MUST_CHECK enum rc auth_try_password(struct auth_try *try, struct view authzid,
    struct view name, struct view password, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict);
// True when the identity to act as is this user, or left empty.
bool auth_try_is_same(const struct auth_try *try, struct view authzid);

#endif
