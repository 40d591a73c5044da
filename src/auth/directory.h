// SPDX-License-Identifier: Apache-2.0
// The users: one record each in engine partition AUTH_PARTITION, under its
// prepared name. Holds no state of its own: each call is one read, or one
// guarded commit that is tried again on conflict.
#ifndef ROOST_AUTH_DIRECTORY_H
#define ROOST_AUTH_DIRECTORY_H

#include "auth/password.h"
#include "engine/engine.h"

#define AUTH_PARTITION 1 // the directory's engine partition (0 is none)
// Keys that begin so, in that partition, are this room's.
#define AUTH_KEY_PREFIX    "auth/"
#define AUTH_ACCOUNT_FIRST 1000 // the first account id given out
#define AUTH_SECRET_LEN    32

struct auth_record {
	uint64_t
	    account; // given out once, never again; the account's partition
	bool disabled;
	int64_t created; // wall-clock seconds
	struct auth_credentials credentials;
};

// All of them prepare `name` themselves, and fail as auth_name_prepare() does.

// RC_EXISTS when there is such a user.
MUST_CHECK enum rc auth_directory_add(struct engine *engine, struct view name,
    const struct auth_credentials *credentials, int64_t now,
    struct fault *fault, uint64_t *ret_account);
// RC_NOT_FOUND when there is no such user.
MUST_CHECK enum rc auth_directory_set_credentials(struct engine *engine,
    struct view name, const struct auth_credentials *credentials,
    struct fault *fault);
// Stores what the password that fits `old_hash` was made into, unless the user
// has another hash by now: RC_GONE.
MUST_CHECK enum rc auth_directory_renew(struct engine *engine, struct view name,
    const char *old_hash, const struct auth_credentials *credentials,
    struct fault *fault);
MUST_CHECK enum rc auth_directory_set_disabled(struct engine *engine,
    struct view name, bool disabled, struct fault *fault);
// Forgets the user, also one whose record is damaged; the account's own
// partition is the caller's to drop.
MUST_CHECK enum rc auth_directory_remove(
    struct engine *engine, struct view name, struct fault *fault);

// RC_NOT_FOUND; RC_CORRUPT when the record is damaged.
MUST_CHECK enum rc auth_directory_lookup(struct engine *engine,
    struct view name, struct auth_name *ret_name,
    struct auth_record *ret_record);

// The first user after `after` (empty: the first of all), in byte order of
// prepared names; RC_END. With RC_CORRUPT `ret_name` is set all the same, so
// that a walk can go on behind the damaged record.
MUST_CHECK enum rc auth_directory_next(struct engine *engine,
    const struct auth_name *after, struct auth_name *ret_name,
    struct auth_record *ret_record);

// Walks everything under AUTH_KEY_PREFIX; each thing wrong (a damaged record,
// an account id given twice or not given out) is one call of `problem`.
MUST_CHECK enum rc auth_directory_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

// This server's secret, made at the first call: it keys the salts that SCRAM
// shows for users who do not exist.
MUST_CHECK enum rc auth_directory_secret(struct engine *engine,
    struct fault *fault, unsigned char ret_secret[AUTH_SECRET_LEN]);

// The stored form of a record, version 1; for the directory and its tests.
void auth_record_encode(
    const struct auth_record *record, struct buf *ret_bytes);
// RC_CORRUPT when it is no such thing.
MUST_CHECK enum rc auth_record_decode(
    struct view bytes, struct auth_record *ret_record);

#endif
