// SPDX-License-Identifier: Apache-2.0
// The users: each has a record in engine partition AUTH_PARTITION, under the
// prepared name. There is no state in memory: each call is one read, or one
// guarded commit that is repeated after a conflict.
#ifndef ROOST_AUTH_DIRECTORY_H
#define ROOST_AUTH_DIRECTORY_H

#include "auth/password.h"
#include "engine/engine.h"

#define AUTH_PARTITION 1 // the directory's engine partition (0 is none)
// The keys of this room in that partition begin with this.
#define AUTH_KEY_PREFIX    "auth/"
#define AUTH_ACCOUNT_FIRST 1000 // the first account id given out
#define AUTH_SECRET_LEN    32

struct auth_record {
	uint64_t
	    account; // given out once, never again; the account's partition
	bool disabled;
	// The user has a second factor (second.h): the password alone is not
	// enough.
	bool second;
	int64_t created; // wall-clock seconds
	// The directory's epoch when the user was last shut out (see
	// auth_directory_epoch()); 0: never. A session goes on only as long as
	// this is what it was at the log-in.
	uint64_t epoch;
	struct auth_credentials credentials;
};

// These functions prepare `name`, and fail if auth_name_prepare() fails.

// RC_EXISTS: there is such a user already.
MUST_CHECK enum rc auth_directory_add(struct engine *engine, struct view name,
    const struct auth_credentials *credentials, int64_t now,
    struct fault *fault, uint64_t *ret_account);
// RC_NOT_FOUND: there is no such user. Shuts out those who are logged in, and
// revokes what was made by giving the old password (AUTH_KINDS_OF_PASSWORD),
// but not the browser session with the id `keep` (0: none).
MUST_CHECK enum rc auth_directory_set_credentials(struct engine *engine,
    struct view name, const struct auth_credentials *credentials, uint64_t keep,
    struct fault *fault);
// Replaces credentials by new ones for the same password. RC_GONE: the user's
// hash is no longer `old_hash`.
MUST_CHECK enum rc auth_directory_renew(struct engine *engine, struct view name,
    const char *old_hash, const struct auth_credentials *credentials,
    struct fault *fault);
// To disable a user shuts out those who are logged in, too.
MUST_CHECK enum rc auth_directory_set_disabled(struct engine *engine,
    struct view name, bool disabled, struct fault *fault);
// Deletes the user, also one whose record is damaged, and shuts out those who
// are logged in. The caller drops the account's own partition.
MUST_CHECK enum rc auth_directory_remove(
    struct engine *engine, struct view name, struct fault *fault);

// A user and the user's account are in two partitions, and so in two commits. A
// *loose* account is one that belongs to no user, because the user is being
// added or removed at the moment, or was when the server was cut off. The one
// commit that adds or removes the user changes this as well. So at every moment
// there is either no user, or one with a whole account; and at its next start
// the server removes the accounts that are loose.
//
// Gives out an account number, as a loose one. RC_EXISTS: there is a user of
// that name.
MUST_CHECK enum rc auth_directory_reserve(struct engine *engine,
    struct view name, struct fault *fault, uint64_t *ret_account);
// Adds a user who gets this loose account.
MUST_CHECK enum rc auth_directory_add_reserved(struct engine *engine,
    struct view name, const struct auth_credentials *credentials, int64_t now,
    uint64_t account, bool disabled, struct fault *fault);
// Forgets a loose account, which has been removed.
MUST_CHECK enum rc auth_directory_forget(
    struct engine *engine, uint64_t account, struct fault *fault);
// Gets the first loose account with a number > `after`. RC_END.
MUST_CHECK enum rc auth_directory_next_loose(
    struct engine *engine, uint64_t after, uint64_t *ret_account);

// RC_NOT_FOUND: no such user. RC_CORRUPT: the record is damaged.
MUST_CHECK enum rc auth_directory_lookup(struct engine *engine,
    struct view name, struct auth_name *ret_name,
    struct auth_record *ret_record);

// The same by a prepared name, inside a change of AUTH_PARTITION.
MUST_CHECK enum rc auth_directory_read(struct engine_snapshot *from,
    const struct auth_name *name, struct auth_record *ret_record);

// Puts a record, inside a change.
void auth_directory_put(struct engine_batch *batch,
    const struct auth_name *name, const struct auth_record *record);

// Gets the first user after `after` (empty: the first of all), in byte order of
// prepared names. RC_END: there are no more. With RC_CORRUPT `ret_name` is set
// too, so that the caller can go on after the damaged record.
MUST_CHECK enum rc auth_directory_next(struct engine *engine,
    const struct auth_name *after, struct auth_name *ret_name,
    struct auth_record *ret_record);

// Reads everything under AUTH_KEY_PREFIX, and calls `problem` for each fault: a
// damaged record, an account id that two users have, or one that was never
// given out.
MUST_CHECK enum rc auth_directory_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

// The epoch counts the changes that shut out somebody who is logged in: a new
// password, disabling, removing. `ret_user` is whom the last one was about
// ("" before the first, when the epoch is 0).
MUST_CHECK enum rc auth_directory_epoch(
    struct engine *engine, uint64_t *ret_epoch, struct auth_name *ret_user);

// This server's secret, which the first call makes. The salts that SCRAM shows
// for users who do not exist are made with it, and the numbers of
// auth_keyed_id().
MUST_CHECK enum rc auth_directory_secret(struct engine *engine,
    struct fault *fault, unsigned char ret_secret[AUTH_SECRET_LEN]);

// The stored form of a record; for the directory and its tests.
void auth_record_encode(
    const struct auth_record *record, struct buf *ret_bytes);
// RC_CORRUPT: the bytes are not a record.
MUST_CHECK enum rc auth_record_decode(
    struct view bytes, struct auth_record *ret_record);

#endif
