// SPDX-License-Identifier: Apache-2.0
// The records of credentials inside a change of the directory. Keys, in
// AUTH_PARTITION: "auth/credential/", the account and the id (big-endian, eight
// bytes each); an access token's key is that of its grant, and the first eight
// bytes of its hash. So all of a user, and all of a grant, is one range of
// keys. Only this room includes it.
#ifndef ROOST_AUTH_ROWS_H
#define ROOST_AUTH_ROWS_H

#include "auth/credential.h"

#define AUTH_CREDENTIAL_PREFIX AUTH_KEY_PREFIX "credential/"
#define AUTH_ROW_KEY_MAX       64

struct auth_row_key {
	size_t len;
	char bytes[AUTH_ROW_KEY_MAX];
};
static inline struct view auth_row_view(const struct auth_row_key *key)
{
	return view_of(key->bytes, key->len);
}

struct auth_row_key auth_row_of(uint64_t account, uint64_t id);
struct auth_row_key auth_row_of_access(
    uint64_t account, uint64_t grant, const unsigned char hash[AUTH_HASH_LEN]);
// Reads account and id out of a key. False: it is no such key.
MUST_CHECK bool auth_row_read_key(
    struct view key, uint64_t *ret_account, uint64_t *ret_id, bool *ret_access);

// For checks: whether a stored pair is one of these.
MUST_CHECK bool auth_row_is_whole(struct view key, struct view value);
// Reads one record: from the snapshot, or, if that is NULL, from the engine.
MUST_CHECK enum rc auth_row_get(struct engine *engine,
    struct engine_snapshot *from, const struct auth_row_key *key,
    struct auth_credential *ret_credential);

// Puts the record under the key of its kind.
void auth_row_put(
    struct engine_batch *batch, const struct auth_credential *credential);
// Deletes a record, with a grant's access tokens; or all of an account.
void auth_row_drop(struct engine_batch *batch, uint64_t account, uint64_t id);
void auth_row_drop_account(struct engine_batch *batch, uint64_t account);

// Calls `each` for the records of an account. Damaged ones are left out. `each`
// as the engine's scans.
typedef enum rc auth_row_each_fn(
    void *context, const struct auth_credential *credential);
MUST_CHECK enum rc auth_row_each(struct engine_snapshot *from, uint64_t account,
    auth_row_each_fn *each, void *context);

// Adds the deletion of all of these kinds, but not of `except`, to the batch.
// `ret_listed` (may be NULL) is how many of AUTH_KINDS_LISTED there were.
MUST_CHECK enum rc auth_rows_revoke(struct engine_snapshot *from,
    struct engine_batch *batch, uint64_t account, uint32_t kinds,
    uint64_t except, size_t *ret_listed);

// Adds a new credential to the batch: checks that its user is there with this
// account and may log in, and makes room among those of its kind (`created` is
// now). If another one has to go for that, the epoch is raised. RC_GONE: no
// such user. RC_LIMIT: there are too many.
MUST_CHECK enum rc auth_row_add(struct auth *auth, struct engine_snapshot *from,
    struct engine_batch *batch, const struct auth_credential *credential,
    struct fault *fault);

// Begins a record of the kind for the user: who, when, from where.
void auth_credential_begin(struct auth *auth,
    const struct auth_channel *channel, const struct auth_user *user,
    enum auth_kind kind, struct auth_credential *ret_credential);
// Writes into the log that it was made.
void auth_credential_log(struct auth *auth, const struct auth_channel *channel,
    const struct auth_credential *credential);
// Whether it has not expired at `now`. `used` is set.
bool auth_credential_lives(
    const struct auth_credential *credential, int64_t now);
// Sets the name: valid UTF-8, cut, without control characters.
void auth_credential_set_name(
    struct auth_credential *credential, struct view name);

#endif
