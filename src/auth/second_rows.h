// SPDX-License-Identifier: Apache-2.0
// The record of a second factor inside a change of the directory. Only this
// room includes it.
#ifndef ROOST_AUTH_SECOND_ROWS_H
#define ROOST_AUTH_SECOND_ROWS_H

#include "auth/second.h"

#define AUTH_SECOND_PREFIX AUTH_KEY_PREFIX "second/"

// Deletes the record of an account.
void auth_second_drop(struct engine_batch *batch, uint64_t account);

// One change of a user's record: `edit` changes what is there (all zero:
// nothing yet), and says with RC_OK that it is to be stored. The user's own
// record and the epoch follow. RC_GONE: the user was removed or disabled.
struct auth_second_change {
	enum rc (*edit)(struct auth_second_change *change,
	    struct auth_second *second, struct fault *fault);
	struct auth *auth;
	const struct auth_user *user;
	int64_t now;
	void *context;
	struct auth_record *record; // of the user, as it is read
};
MUST_CHECK enum rc auth_second_carry_out(
    struct auth_second_change *change, struct fault *fault);
// Writes a change into the log.
void auth_second_log(
    struct auth *auth, const struct auth_user *user, const char *what);

#endif
