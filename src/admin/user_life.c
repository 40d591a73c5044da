// SPDX-License-Identifier: Apache-2.0
#include "admin/user_life.h"

#include "auth/directory.h"

// Removes an account that belongs to no user.
static enum rc remove_loose(const struct control_host *host,
    const struct auth_user *user, struct fault *fault)
{
	enum rc rc = store_account_remove(host->store, user->account, fault);
	if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	if (rc == RC_OK && host->sending)
		rc = sending_forget(host->sending, user->account, fault);
	if (rc == RC_OK && host->route)
		rc = route_detail_set(
		    host->route, user, ROUTE_DETAIL_INBOX, fault);
	if (rc == RC_OK)
		rc = auth_directory_forget(host->engine, user->account, fault);
	return rc;
}

static void tell_left(
    const struct control_host *host, uint64_t account, const char *why)
{
	log_text(host->log, LOG_LEVEL_WARN, "admin",
	    "account %llu of no user stays until the next start: %s",
	    (unsigned long long)account, why);
}

enum rc user_life_add(const struct control_host *host,
    const struct auth_new_user *user, struct fault *fault,
    uint64_t *ret_account)
{
	struct auth_new_user fresh = *user;
	struct fault ignored = {0};
	enum rc rc = auth_directory_reserve(
	    host->engine, fresh.name, fault, &fresh.account);
	if (rc != RC_OK)
		return rc;
	rc = store_account_create(host->store, fresh.account, fault);
	if (rc == RC_OK)
		rc = auth_user_add_reserved(host->auth, &fresh, fault);
	if (rc == RC_OK) {
		*ret_account = fresh.account;
		return RC_OK;
	}
	struct auth_user gone = {.account = fresh.account};
	if (remove_loose(host, &gone, &ignored) != RC_OK)
		tell_left(host, fresh.account, ignored.text);
	return rc;
}

enum rc user_life_remove(const struct control_host *host,
    const struct auth_user *user, struct fault *fault)
{
	struct fault why = {0};
	enum rc rc =
	    auth_user_remove(host->auth, auth_name_view(&user->name), fault);
	if (rc == RC_OK && remove_loose(host, user, &why) != RC_OK)
		tell_left(host, user->account, why.text);
	return rc;
}

void user_life_resume(const struct control_host *host)
{
	struct auth_user user = {0};
	struct fault fault = {0};
	while (auth_directory_next_loose(
		   host->engine, user.account, &user.account) == RC_OK)
		if (remove_loose(host, &user, &fault) != RC_OK)
			tell_left(host, user.account, fault.text);
}
