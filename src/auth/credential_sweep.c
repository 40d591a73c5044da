// SPDX-License-Identifier: Apache-2.0
// The sweep: removes credentials that have expired, those of users who do not
// exist, and notes of last uses that belong to no credential. It looks without
// changing anything, and then removes in small commits that look again.
#include <openssl/crypto.h>

#include "auth/impl.h"
#include "auth/oauth_rows.h"
#include "auth/rows.h"
#include "auth/standing.h"

#define PASS_MAX 256 // keys that one commit removes

struct found {
	size_t count;
	struct auth_row_key keys[PASS_MAX];
	struct auth_row_key last; // where the next pass begins
};

struct sweep {
	struct auth *auth;
	int64_t now;
	uint64_t account; // the one that was asked for last
	bool orphan;      // it has no user
	struct found *found;
};

// Whether the account has no such user any more.
static bool is_orphan(
    struct sweep *sweep, const struct auth_credential *credential)
{
	struct auth_record record;
	struct auth_name name;
	if (sweep->account == credential->account)
		return sweep->orphan;
	enum rc rc = auth_directory_lookup(sweep->auth->engine,
	    auth_name_view(&credential->user), &name, &record);
	sweep->account = credential->account;
	sweep->orphan = rc == RC_NOT_FOUND ||
			(rc == RC_OK && record.account != credential->account);
	OPENSSL_cleanse(&record, sizeof(record));
	return sweep->orphan;
}

static bool is_over(struct sweep *sweep, struct view key, struct view value)
{
	struct auth_credential credential;
	bool access;
	if (auth_credential_decode(value, &credential) != RC_OK ||
	    !auth_row_read_key(
		key, &credential.account, &credential.id, &access))
		return false;
	if (!access)
		auth_uses_find(sweep->auth->uses, credential.account,
		    credential.id, &credential.used);
	return !auth_credential_lives(&credential, sweep->now) ||
	       is_orphan(sweep, &credential);
}

static void set_key(struct auth_row_key *key, struct view bytes)
{
	bytes = view_slice(bytes, 0, AUTH_ROW_KEY_MAX);
	key->len = bytes.len;
	if (bytes.len)
		memcpy(key->bytes, bytes.ptr, bytes.len);
}

static enum rc look(void *context, struct view key, struct view value)
{
	struct sweep *sweep = context;
	struct found *found = sweep->found;
	if (found->count == PASS_MAX) {
		set_key(&found->last, key);
		return RC_END;
	}
	if (key.len <= AUTH_ROW_KEY_MAX && is_over(sweep, key, value))
		set_key(&found->keys[found->count++], key);
	return RC_OK;
}

static enum rc make_removal(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct sweep *sweep = context;
	struct buf bytes;
	(void)fault;
	for (size_t i = 0; i < sweep->found->count; i++) {
		struct view key = auth_row_view(&sweep->found->keys[i]);
		uint64_t account, id;
		bool access;
		buf_init(&bytes, AUTH_CREDENTIAL_RECORD_MAX);
		bool over = engine_snapshot_get(from, key, &bytes) == RC_OK &&
			    is_over(sweep, key, buf_view(&bytes)) &&
			    auth_row_read_key(key, &account, &id, &access);
		buf_done(&bytes);
		if (over && access)
			engine_batch_delete(batch, key);
		else if (over)
			auth_row_drop(batch, account, id);
	}
	return RC_OK;
}

static enum rc sweep_credentials(struct sweep *sweep, struct fault *fault)
{
	struct found *found = sweep->found;
	enum rc rc = RC_OK;
	do {
		struct auth_row_key from = found->last;
		*found = (struct found){.count = 0};
		rc = engine_scan(sweep->auth->engine, AUTH_PARTITION,
		    VIEW(AUTH_CREDENTIAL_PREFIX), auth_row_view(&from), look,
		    sweep);
		sweep->account = 0;
		if (rc == RC_OK && found->count > 0)
			rc = engine_change(sweep->auth->engine, AUTH_PARTITION,
			    make_removal, sweep, fault);
	} while (rc == RC_OK && found->last.len > 0);
	return rc;
}

// ---- Notes of uses ---------------------------------------------------------

struct lost {
	struct auth *auth;
	size_t count;
	uint64_t account[PASS_MAX];
	uint64_t id[PASS_MAX];
};

static enum rc look_at_use(void *context, uint64_t account, uint64_t id)
{
	struct lost *lost = context;
	struct auth_credential credential;
	struct auth_row_key key = auth_row_of(account, id);
	if (lost->count == PASS_MAX)
		return RC_END;
	if (auth_row_get(lost->auth->engine, NULL, &key, &credential) ==
	    RC_NOT_FOUND) {
		lost->account[lost->count] = account;
		lost->id[lost->count++] = id;
	}
	return RC_OK;
}

// What is more than one pass is left for the next sweep.
static enum rc sweep_uses(struct auth *auth, struct fault *fault)
{
	struct lost lost = {.auth = auth};
	enum rc rc = auth_uses_each(auth->uses, look_at_use, &lost);
	for (size_t i = 0; rc == RC_OK && i < lost.count; i++)
		rc = auth_uses_forget(
		    auth->uses, lost.account[i], lost.id[i], fault);
	return rc;
}

enum rc auth_credentials_sweep(struct auth *auth, struct fault *fault)
{
	struct found found = {.count = 0};
	struct sweep sweep = {.auth = auth,
	    .now = clock_wall_seconds(auth->clock),
	    .found = &found};
	enum rc rc = auth_uses_write(auth->uses, fault);
	if (rc == RC_OK)
		rc = sweep_credentials(&sweep, fault);
	if (rc == RC_OK)
		rc = auth_devices_sweep(auth, fault);
	if (rc == RC_OK)
		rc = auth_clients_sweep(auth, fault);
	return rc == RC_OK ? sweep_uses(auth, fault) : rc;
}
