// SPDX-License-Identifier: Apache-2.0
// Changing users, for the administrator: passwords are hashed here, and a
// change that shuts out a user takes effect in this process before the function
// returns.
#include <openssl/crypto.h>

#include "auth/credential.h"
#include "auth/impl.h"
#include "auth/standing.h"

// Adds a user with a password, or, if `stored`, with another server's hash.
static enum rc add(struct auth *auth, struct view name, struct view secret,
    bool stored, struct fault *fault, uint64_t *ret_account)
{
	const struct auth_hashing *hashing = &auth->settings.hashing;
	struct auth_name prepared; // refuses a bad name before it hashes
	struct auth_credentials credentials;
	enum rc rc = auth_name_prepare(name, fault, &prepared);
	if (rc == RC_OK)
		rc = stored ? auth_credentials_import(
				  hashing, secret, fault, &credentials)
			    : auth_credentials_make(
				  hashing, secret, fault, &credentials);
	if (rc != RC_OK)
		return rc;
	rc = auth_directory_add(auth->engine, name, &credentials,
	    clock_wall_seconds(auth->clock), fault, ret_account);
	OPENSSL_cleanse(&credentials, sizeof(credentials));
	return rc;
}

enum rc auth_user_add(struct auth *auth, struct view name, struct view password,
    struct fault *fault, uint64_t *ret_account)
{
	return add(auth, name, password, false, fault, ret_account);
}

enum rc auth_user_add_stored(struct auth *auth, struct view name,
    struct view stored, struct fault *fault, uint64_t *ret_account)
{
	return add(auth, name, stored, true, fault, ret_account);
}

enum rc auth_user_add_reserved(
    struct auth *auth, const struct auth_new_user *user, struct fault *fault)
{
	const struct auth_hashing *hashing = &auth->settings.hashing;
	struct auth_credentials credentials;
	enum rc rc = user->stored.len > 0
			 ? auth_credentials_import(
			       hashing, user->stored, fault, &credentials)
			 : auth_credentials_make(
			       hashing, user->password, fault, &credentials);
	if (rc != RC_OK)
		return rc;
	rc = auth_directory_add_reserved(auth->engine, user->name, &credentials,
	    clock_wall_seconds(auth->clock), user->account, user->disabled,
	    fault);
	OPENSSL_cleanse(&credentials, sizeof(credentials));
	return rc;
}

static enum rc set_credentials(struct auth *auth, struct view name,
    struct auth_credentials *credentials, uint64_t keep, struct fault *fault)
{
	enum rc rc = auth_directory_set_credentials(
	    auth->engine, name, credentials, keep, fault);
	OPENSSL_cleanse(credentials, sizeof(*credentials));
	auth_epoch_read(auth);
	return rc;
}

enum rc auth_user_set_stored(struct auth *auth, struct view name,
    struct view stored, struct fault *fault)
{
	struct auth_credentials credentials;
	enum rc rc = auth_credentials_import(
	    &auth->settings.hashing, stored, fault, &credentials);
	return rc == RC_OK ? set_credentials(auth, name, &credentials, 0, fault)
			   : rc;
}

enum rc auth_user_set_password(struct auth *auth, struct view name,
    struct view password, struct fault *fault)
{
	return auth_user_change_password(auth, name, password, 0, fault);
}

enum rc auth_user_change_password(struct auth *auth, struct view name,
    struct view password, uint64_t keep, struct fault *fault)
{
	struct auth_credentials credentials;
	enum rc rc = auth_credentials_make(
	    &auth->settings.hashing, password, fault, &credentials);
	return rc == RC_OK
		   ? set_credentials(auth, name, &credentials, keep, fault)
		   : rc;
}

enum rc auth_user_set_disabled(
    struct auth *auth, struct view name, bool disabled, struct fault *fault)
{
	enum rc rc =
	    auth_directory_set_disabled(auth->engine, name, disabled, fault);
	auth_epoch_read(auth);
	return rc;
}

enum rc auth_user_remove(
    struct auth *auth, struct view name, struct fault *fault)
{
	struct auth_name prepared;
	struct auth_user user;
	struct fault ignored; // the sweep would do it too
	bool found = auth_user_find(auth, name, &user) == RC_OK;
	enum rc rc = auth_name_prepare(name, fault, &prepared);
	if (rc == RC_OK)
		rc = auth_directory_remove(auth->engine, name, fault);
	auth_epoch_read(auth);
	if (rc == RC_OK && found)
		(void)auth_uses_forget(auth->uses, user.account, 0, &ignored);
	// Last, as a log-in that was under way may have noted one.
	return rc == RC_OK ? auth_places_forget(
				 auth->places, auth_name_view(&prepared), fault)
			   : rc;
}

enum rc auth_user_places(struct auth *auth, struct view name,
    struct fault *fault, struct auth_place_list *ret_list)
{
	return auth_places_list(auth->places, name, fault, ret_list);
}

enum rc auth_user_forget_places(
    struct auth *auth, struct view name, struct fault *fault)
{
	return auth_places_forget(auth->places, name, fault);
}
