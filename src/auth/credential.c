// SPDX-License-Identifier: Apache-2.0
// Lists and revocations of credentials, and the sweep of what has expired.
#include "auth/credential.h"

#include <openssl/crypto.h>

#include "auth/epoch.h"
#include "auth/impl.h"
#include "auth/rows.h"
#include "auth/standing.h"
#include "base/mem.h"
#include "wire/utf8.h"

const char *auth_kind_word(enum auth_kind kind)
{
	switch (kind) {
#define X(name, number, word, most)                                            \
	case name: return word;
		AUTH_KIND_TABLE(X)
#undef X
	}
	return "?";
}

enum rc auth_user_find(
    struct auth *auth, struct view name, struct auth_user *ret_user)
{
	struct auth_record record;
	struct auth_user user = {
	    .seen = auth_epoch(auth), .scopes = AUTH_SCOPES_ALL};
	enum rc rc =
	    auth_directory_lookup(auth->engine, name, &user.name, &record);
	user.account = record.account;
	user.epoch = record.epoch;
	OPENSSL_cleanse(&record, sizeof(record));
	if (rc == RC_SYNTAX || rc == RC_INVALID || rc == RC_LIMIT)
		return RC_NOT_FOUND;
	if (rc == RC_OK)
		*ret_user = user;
	return rc;
}

// ---- Lists -----------------------------------------------------------------

// Fills in the last use; false if it has expired.
static bool complete(struct auth *auth, struct auth_credential *credential)
{
	int64_t now = clock_wall_seconds(auth->clock);
	auth_uses_find(
	    auth->uses, credential->account, credential->id, &credential->used);
	return auth_credential_lives(credential, now);
}

bool auth_credential_lives(
    const struct auth_credential *credential, int64_t now)
{
	int64_t last = credential->created;
	if (credential->used.last > last)
		last = credential->used.last;
	if (credential->rotated > last)
		last = credential->rotated;
	if (credential->expires != 0 && now >= credential->expires)
		return false;
	return credential->idle_seconds == 0 ||
	       now - last < credential->idle_seconds;
}

struct listing {
	struct auth *auth;
	enum rc (*each)(
	    void *context, const struct auth_credential *credential);
	void *context;
};

static enum rc list_row(void *context, const struct auth_credential *row)
{
	const struct listing *listing = context;
	struct auth_credential credential = *row;
	if (!(AUTH_KIND_BIT(row->kind) & AUTH_KINDS_LISTED) ||
	    !complete(listing->auth, &credential))
		return RC_OK;
	return listing->each(listing->context, &credential);
}

enum rc auth_credentials_list(struct auth *auth, uint64_t account,
    enum rc (*each)(void *context, const struct auth_credential *credential),
    void *context)
{
	struct listing listing = {auth, each, context};
	struct engine_snapshot *from;
	enum rc rc = engine_snapshot_open(auth->engine, AUTH_PARTITION, &from);
	if (rc != RC_OK)
		return rc;
	rc = auth_row_each(from, account, list_row, &listing);
	engine_snapshot_close(&from);
	return rc;
}

enum rc auth_credential_find(struct auth *auth, uint64_t account, uint64_t id,
    struct auth_credential *ret_credential)
{
	struct auth_credential credential;
	struct auth_row_key key = auth_row_of(account, id);
	enum rc rc = auth_row_get(auth->engine, NULL, &key, &credential);
	if (rc != RC_OK)
		return rc;
	if (!complete(auth, &credential))
		return RC_NOT_FOUND;
	*ret_credential = credential;
	return RC_OK;
}

// ---- Changes ---------------------------------------------------------------

struct change {
	struct auth *auth;
	uint64_t account;
	uint64_t id; // the one, or the exception
	uint32_t kinds;
	size_t count;
};

void auth_credential_set_name(
    struct auth_credential *credential, struct view name)
{
	struct buf text;
	buf_init(&text, (size_t)4 * AUTH_CREDENTIAL_NAME_MAX);
	utf8_add_valid(
	    &text, utf8_truncate(view_trim(name), AUTH_CREDENTIAL_NAME_MAX));
	utf8_blank_controls(&text, 0);
	name = utf8_truncate(buf_view(&text), AUTH_CREDENTIAL_NAME_MAX);
	memset(credential->name, 0, sizeof(credential->name));
	for (size_t i = 0; i < name.len; i++)
		credential->name[i] = name.ptr[i] == '\t' || name.ptr[i] == '\0'
					  ? ' '
					  : name.ptr[i];
	buf_done(&text);
}

static enum rc make_revocation(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct change *change = context;
	struct auth_credential credential;
	struct auth_row_key key = auth_row_of(change->account, change->id);
	uint64_t epoch;
	enum rc rc = auth_row_get(NULL, from, &key, &credential);
	if (rc == RC_CORRUPT) {
		// It lets nobody in, and is removed.
		auth_row_drop(batch, change->account, change->id);
		return RC_OK;
	}
	if (rc != RC_OK)
		return fault_set(fault, rc, "there is no such credential");
	auth_row_drop(batch, change->account, change->id);
	if (!(AUTH_KIND_BIT(credential.kind) & AUTH_KINDS_LISTED))
		return RC_OK;
	return auth_epoch_raise(from, &credential.user, batch, &epoch);
}

static void log_revocation(
    struct auth *auth, uint64_t account, uint64_t id, size_t count)
{
	struct log_line line;
	log_begin(&line, auth->log, LOG_LEVEL_INFO, "credentials_revoked");
	log_add_u64(&line, "account", account);
	if (id != 0)
		log_add_u64(&line, "id", id);
	log_add_u64(&line, "count", count);
	log_end(&line);
}

enum rc auth_credential_revoke(
    struct auth *auth, uint64_t account, uint64_t id, struct fault *fault)
{
	struct change change = {.auth = auth, .account = account, .id = id};
	struct fault ignored;
	enum rc rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_revocation, &change, fault);
	auth_epoch_read(auth);
	if (rc != RC_OK)
		return rc;
	log_revocation(auth, account, id, 1);
	// The sweep would do it too.
	(void)auth_uses_forget(auth->uses, account, id, &ignored);
	return RC_OK;
}

static enum rc find_user(
    void *context, const struct auth_credential *credential)
{
	struct auth_name *name = context;
	*name = credential->user;
	return RC_END;
}

static enum rc make_revocations(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct change *change = context;
	struct auth_name user = {""};
	uint64_t epoch;
	(void)fault;
	enum rc rc = auth_row_each(from, change->account, find_user, &user);
	if (rc != RC_OK || user.text[0] == '\0')
		return rc;
	rc = auth_rows_revoke(from, batch, change->account, change->kinds,
	    change->id, &change->count);
	return rc == RC_OK && change->count > 0
		   ? auth_epoch_raise(from, &user, batch, &epoch)
		   : rc;
}

enum rc auth_credentials_revoke(struct auth *auth, uint64_t account,
    uint32_t kinds, uint64_t except, struct fault *fault, size_t *ret_count)
{
	struct change change = {
	    .auth = auth, .account = account, .id = except, .kinds = kinds};
	enum rc rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_revocations, &change, fault);
	auth_epoch_read(auth);
	if (rc != RC_OK)
		return rc;
	if (change.count > 0)
		log_revocation(auth, account, 0, change.count);
	*ret_count = change.count;
	return RC_OK;
}
