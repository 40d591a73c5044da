// SPDX-License-Identifier: Apache-2.0
#include "auth/standing.h"

#include <openssl/crypto.h>

#include "auth/impl.h"
#include "auth/rows.h"

void auth_set_watcher(struct auth *auth, const struct auth_watcher *watcher)
{
	auth->watcher = *watcher;
}

uint64_t auth_epoch(const struct auth *auth)
{
	return atomic_load(&auth->epoch);
}

// Whether what the user logged in with is there. An access token may have
// expired meanwhile: its grant counts, which is there until it is revoked.
static enum rc check_credential(
    const struct auth *auth, const struct auth_user *user)
{
	struct auth_credential found;
	struct auth_row_key key = auth_row_of(user->account, user->credential);
	return auth_row_get(auth->engine, NULL, &key, &found);
}

enum rc auth_user_check(const struct auth *auth, const struct auth_user *user)
{
	struct auth_name name;
	struct auth_record record;
	enum rc rc = auth_directory_lookup(
	    auth->engine, auth_name_view(&user->name), &name, &record);
	if (rc == RC_OK && (record.account != user->account ||
			       record.disabled || record.epoch != user->epoch))
		rc = RC_GONE;
	OPENSSL_cleanse(&record, sizeof(record));
	if (rc == RC_OK && user->credential != 0)
		rc = check_credential(auth, user);
	return rc == RC_NOT_FOUND ? RC_GONE : rc;
}

// Sets the epoch; true if it is new. `ret_user` is then who was shut out, or ""
// if there may be several.
static bool renew_epoch(struct auth *auth, struct auth_name *ret_user)
{
	uint64_t epoch;
	uint64_t before = atomic_load(&auth->epoch);
	if (auth_directory_epoch(auth->engine, &epoch, ret_user) != RC_OK) {
		// Every session reads its user's record, and decides itself.
		epoch = before + 1;
		ret_user->text[0] = '\0';
	}
	if (epoch == before)
		return false;
	if (epoch != before + 1)
		ret_user->text[0] = '\0';
	atomic_store(&auth->epoch, epoch);
	return true;
}

void auth_epoch_read(struct auth *auth)
{
	struct auth_name user;
	pthread_mutex_lock(&auth->epoch_lock);
	bool renewed = renew_epoch(auth, &user);
	pthread_mutex_unlock(&auth->epoch_lock);
	if (renewed && auth->watcher.shut_out)
		auth->watcher.shut_out(
		    auth->watcher.context, auth_name_view(&user));
}
