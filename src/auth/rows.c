// SPDX-License-Identifier: Apache-2.0
#include "auth/rows.h"

#include <openssl/crypto.h>

#include "auth/epoch.h"
#include "auth/impl.h"
#include "auth/token_text.h"
#include "base/bytes.h"

#define PREFIX_LEN (sizeof(AUTH_CREDENTIAL_PREFIX) - 1)
#define ID_AT      (PREFIX_LEN + 8)
#define HASH_AT    (ID_AT + 8)
#define ACCESS_LEN (HASH_AT + 8)
_Static_assert(ACCESS_LEN <= AUTH_ROW_KEY_MAX, "every key has room");

// ---- Keys ------------------------------------------------------------------

static struct auth_row_key row_of_account(uint64_t account)
{
	struct auth_row_key key = {.len = ID_AT};
	memcpy(key.bytes, AUTH_CREDENTIAL_PREFIX, PREFIX_LEN);
	put_be64(key.bytes + PREFIX_LEN, account);
	return key;
}

struct auth_row_key auth_row_of(uint64_t account, uint64_t id)
{
	struct auth_row_key key = row_of_account(account);
	put_be64(key.bytes + ID_AT, id);
	key.len = HASH_AT;
	return key;
}

struct auth_row_key auth_row_of_access(
    uint64_t account, uint64_t grant, const unsigned char hash[AUTH_HASH_LEN])
{
	struct auth_row_key key = auth_row_of(account, grant);
	memcpy(key.bytes + HASH_AT, hash, 8);
	key.len = ACCESS_LEN;
	return key;
}

bool auth_row_read_key(
    struct view key, uint64_t *ret_account, uint64_t *ret_id, bool *ret_access)
{
	if ((key.len != HASH_AT && key.len != ACCESS_LEN) ||
	    !view_starts_with(key, VIEW(AUTH_CREDENTIAL_PREFIX)))
		return false;
	*ret_account = get_be64(key.ptr + PREFIX_LEN);
	*ret_id = get_be64(key.ptr + ID_AT);
	*ret_access = key.len == ACCESS_LEN;
	return *ret_id != 0 && *ret_id <= INT64_MAX;
}

// ---- One record ------------------------------------------------------------

// Reads the record of a key; RC_CORRUPT also if it does not belong there.
static enum rc decode_row(
    struct view key, struct view value, struct auth_credential *ret_credential)
{
	uint64_t account, id;
	bool access;
	enum rc rc = auth_credential_decode(value, ret_credential);
	if (rc != RC_OK || !auth_row_read_key(key, &account, &id, &access) ||
	    access != (ret_credential->kind == AUTH_KIND_ACCESS))
		return RC_CORRUPT;
	ret_credential->account = account;
	ret_credential->id = id;
	return RC_OK;
}

bool auth_row_is_whole(struct view key, struct view value)
{
	struct auth_credential ignored;
	return decode_row(key, value, &ignored) == RC_OK;
}

enum rc auth_row_get(struct engine *engine, struct engine_snapshot *from,
    const struct auth_row_key *key, struct auth_credential *ret_credential)
{
	struct buf bytes;
	struct view name = auth_row_view(key);
	buf_init(&bytes, AUTH_CREDENTIAL_RECORD_MAX);
	enum rc rc = from ? engine_snapshot_get(from, name, &bytes)
			  : engine_get(engine, AUTH_PARTITION, name, &bytes);
	if (rc == RC_OK)
		rc = decode_row(name, buf_view(&bytes), ret_credential);
	else if (rc == RC_LIMIT)
		rc = RC_CORRUPT;
	buf_done(&bytes);
	return rc;
}

void auth_row_put(
    struct engine_batch *batch, const struct auth_credential *credential)
{
	struct auth_row_key key =
	    credential->kind == AUTH_KIND_ACCESS
		? auth_row_of_access(
		      credential->account, credential->id, credential->hash)
		: auth_row_of(credential->account, credential->id);
	struct buf bytes;
	buf_init(&bytes, AUTH_CREDENTIAL_RECORD_MAX);
	auth_credential_encode(credential, &bytes);
	engine_batch_put(batch, auth_row_view(&key), buf_view(&bytes));
	buf_done(&bytes);
}

void auth_row_drop(struct engine_batch *batch, uint64_t account, uint64_t id)
{
	struct auth_row_key first = auth_row_of(account, id);
	struct auth_row_key end = auth_row_of(account, id + 1);
	engine_batch_delete_range(
	    batch, auth_row_view(&first), auth_row_view(&end));
}

void auth_row_drop_account(struct engine_batch *batch, uint64_t account)
{
	struct auth_row_key first = row_of_account(account);
	struct auth_row_key end = row_of_account(account + 1);
	engine_batch_delete_range(
	    batch, auth_row_view(&first), auth_row_view(&end));
}

// ---- All of an account -----------------------------------------------------

struct walk {
	auth_row_each_fn *each;
	void *context;
};

static enum rc visit_row(void *context, struct view key, struct view value)
{
	const struct walk *walk = context;
	struct auth_credential credential;
	if (decode_row(key, value, &credential) != RC_OK)
		return RC_OK;
	return walk->each(walk->context, &credential);
}

enum rc auth_row_each(struct engine_snapshot *from, uint64_t account,
    auth_row_each_fn *each, void *context)
{
	struct walk walk = {each, context};
	struct auth_row_key prefix = row_of_account(account);
	return engine_snapshot_scan(
	    from, auth_row_view(&prefix), VIEW(""), visit_row, &walk);
}

struct revoking {
	struct engine_batch *batch;
	uint32_t kinds;
	uint64_t except;
	size_t listed;
};

static enum rc revoke_row(
    void *context, const struct auth_credential *credential)
{
	struct revoking *revoking = context;
	uint32_t bit = AUTH_KIND_BIT(credential->kind);
	if (!(bit & revoking->kinds) || credential->id == revoking->except)
		return RC_OK;
	revoking->listed += (bit & AUTH_KINDS_LISTED) != 0;
	auth_row_drop(revoking->batch, credential->account, credential->id);
	return RC_OK;
}

enum rc auth_rows_revoke(struct engine_snapshot *from,
    struct engine_batch *batch, uint64_t account, uint32_t kinds,
    uint64_t except, size_t *ret_listed)
{
	struct revoking revoking = {batch, kinds, except, 0};
	enum rc rc = auth_row_each(from, account, revoke_row, &revoking);
	if (rc == RC_OK && ret_listed)
		*ret_listed = revoking.listed;
	return rc;
}

// ---- A new one -------------------------------------------------------------

struct crowd {
	struct auth *auth;
	const struct auth_credential *fresh;
	int64_t now;
	struct engine_batch *batch;
	size_t count;
	// The one that was not used for the longest time.
	bool found;
	struct auth_credential oldest;
	int64_t oldest_time;
};

static void drop_one(
    struct engine_batch *batch, const struct auth_credential *credential)
{
	struct auth_row_key key = auth_row_of_access(
	    credential->account, credential->id, credential->hash);
	if (credential->kind == AUTH_KIND_ACCESS)
		engine_batch_delete(batch, auth_row_view(&key));
	else
		auth_row_drop(batch, credential->account, credential->id);
}

static enum rc count_row(
    void *context, const struct auth_credential *credential)
{
	struct crowd *crowd = context;
	struct auth_use use;
	bool access = credential->kind == AUTH_KIND_ACCESS;
	if (credential->kind != crowd->fresh->kind ||
	    (access && credential->id != crowd->fresh->id))
		return RC_OK;
	if (credential->expires != 0 && credential->expires <= crowd->now) {
		drop_one(crowd->batch, credential);
		return RC_OK;
	}
	crowd->count++;
	int64_t time = credential->created;
	if (!access) {
		auth_uses_find(crowd->auth->uses, credential->account,
		    credential->id, &use);
		time = use.last > time ? use.last : time;
	}
	if (!crowd->found || time < crowd->oldest_time) {
		crowd->found = true;
		crowd->oldest = *credential;
		crowd->oldest_time = time;
	}
	return RC_OK;
}

static size_t most_of(enum auth_kind kind)
{
	switch (kind) {
#define X(name, number, word, most)                                            \
	case name: return most;
		AUTH_KIND_TABLE(X)
#undef X
	}
	return 0;
}

static enum rc make_room(struct auth *auth, struct engine_snapshot *from,
    struct engine_batch *batch, const struct auth_credential *credential,
    struct fault *fault)
{
	struct crowd crowd = {.auth = auth,
	    .fresh = credential,
	    .now = credential->created,
	    .batch = batch};
	size_t most = most_of(credential->kind);
	uint64_t epoch;
	enum rc rc =
	    auth_row_each(from, credential->account, count_row, &crowd);
	if (rc != RC_OK || crowd.count < most)
		return rc;
	if (credential->kind == AUTH_KIND_APP_PASSWORD)
		return fault_set(fault, RC_LIMIT,
		    "there are %zu application passwords already; revoke one "
		    "that is not needed",
		    crowd.count);
	drop_one(batch, &crowd.oldest);
	if (AUTH_KIND_BIT(credential->kind) & AUTH_KINDS_LISTED)
		rc = auth_epoch_raise(from, &credential->user, batch, &epoch);
	return rc;
}

enum rc auth_row_add(struct auth *auth, struct engine_snapshot *from,
    struct engine_batch *batch, const struct auth_credential *credential,
    struct fault *fault)
{
	struct auth_record record;
	enum rc rc = auth_directory_read(from, &credential->user, &record);
	if (rc == RC_OK &&
	    (record.account != credential->account || record.disabled))
		rc = RC_NOT_FOUND;
	OPENSSL_cleanse(&record, sizeof(record));
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, RC_GONE, "the user was removed or disabled");
	if (rc != RC_OK)
		return rc;
	rc = make_room(auth, from, batch, credential, fault);
	if (rc == RC_OK)
		auth_row_put(batch, credential);
	return rc;
}
