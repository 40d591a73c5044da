// SPDX-License-Identifier: Apache-2.0
// Requests about users.
#include <poll.h>

#include "admin/doubts.h"
#include "admin/user_life.h"
#include "base/arena.h"

// A delivery that has the account open is over soon.
#define REMOVE_ATTEMPTS 50
#define REMOVE_WAIT_MS  100

static struct view user_of(const struct verb_call *call)
{
	return link_member(call->request, "user");
}

enum rc verb_user_find(struct verb_call *call, struct fault *fault)
{
	struct auth_name name;
	struct auth_record record;
	struct view user = user_of(call);
	enum rc rc =
	    auth_directory_lookup(call->host->engine, user, &name, &record);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(user));
	json_object_set_new(
	    call->answer, "disabled", json_boolean(record.disabled));
	return RC_OK;
}

enum rc verb_open_account(struct verb_call *call, struct fault *fault,
    struct store_account **ret_account)
{
	struct auth_name name;
	struct auth_record record;
	struct view user = user_of(call);
	enum rc rc =
	    auth_directory_lookup(call->host->engine, user, &name, &record);
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(user));
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "user %.*s: %s", VIEW_FMT(user), rc_text(rc));
	return store_account_enter(
	    call->host->store, record.account, fault, ret_account);
}

// Fails if another user already has the address that this user would get: one
// of them would get the other's mail.
static enum rc refuse_twin(
    struct verb_call *call, struct arena *arena, struct fault *fault)
{
	struct view twin;
	if (!call->host->route)
		return RC_OK;
	enum rc rc =
	    route_user_twin(call->host->route, user_of(call), arena, &twin);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return fault_set(fault, rc, "the users: %s", rc_text(rc));
	return fault_set(fault, RC_EXISTS,
	    "%.*s would have the address of the user %.*s",
	    VIEW_FMT(user_of(call)), VIEW_FMT(twin));
}

static bool is_set(const struct verb_call *call, const char *key)
{
	return json_is_true(json_object_get(call->request, key));
}

// Makes the checks for adding the user, but adds nothing. If it has to hash a
// password, it does so at the lowest cost, because it does not keep the hash.
static enum rc try_user(
    struct verb_call *call, struct arena *arena, struct fault *fault)
{
	static const struct auth_hashing cheap = {.cost = 1};
	struct auth_credentials credentials;
	struct auth_name name;
	struct auth_record record;
	struct view user = user_of(call);
	enum rc rc = auth_name_prepare(user, fault, &name);
	if (rc == RC_OK)
		rc = refuse_twin(call, arena, fault);
	if (rc == RC_OK)
		rc = auth_credentials_import(&cheap,
		    link_member(call->request, "stored"), fault, &credentials);
	if (rc != RC_OK)
		return rc;
	explicit_bzero(&credentials, sizeof(credentials));
	rc = auth_directory_lookup(call->host->engine, user, &name, &record);
	explicit_bzero(&record, sizeof(record));
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK && rc != RC_CORRUPT)
		return fault_set(fault, rc, "the users: %s", rc_text(rc));
	return fault_set(
	    fault, RC_EXISTS, "there is a user \"%s\" already", name.text);
}

// The request has either a password, or the form of it that another server
// stored ("stored").
static enum rc add_user(
    struct verb_call *call, struct arena *arena, struct fault *fault)
{
	struct auth_new_user user = {.name = user_of(call),
	    .password = link_member(call->request, "password"),
	    .stored = link_member(call->request, "stored"),
	    .disabled = is_set(call, "disabled")};
	uint64_t account;
	if (is_set(call, "dry_run"))
		return try_user(call, arena, fault);
	enum rc rc = refuse_twin(call, arena, fault);
	if (rc == RC_OK)
		rc = user_life_add(call->host, &user, fault, &account);
	if (rc != RC_OK)
		return rc;
	json_object_set_new(
	    call->answer, "account", json_integer((json_int_t)account));
	if (!user.disabled)
		doubts_user(call, arena, account);
	return RC_OK;
}

enum rc verb_user_add(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	arena_init(&arena);
	enum rc rc = add_user(call, &arena, fault);
	arena_done(&arena);
	return rc;
}

enum rc verb_user_passwd(struct verb_call *call, struct fault *fault)
{
	struct view stored = link_member(call->request, "stored");
	if (stored.len == 0)
		return auth_user_set_password(call->host->auth, user_of(call),
		    link_member(call->request, "password"), fault);
	return auth_user_set_stored(
	    call->host->auth, user_of(call), stored, fault);
}

static size_t domain_at(struct view address)
{
	size_t at = address.len;
	while (at > 0 && address.ptr[at - 1] != '@')
		at--;
	return at;
}

// Sets "address" in the note: the address at which this server accepts mail for
// the user. Without such an address there is no such member.
static void add_own_address(const struct verb_call *call, json_t *note,
    const struct auth_name *name, uint64_t account)
{
	struct auth_user user = {.account = account, .name = *name};
	struct arena arena;
	struct view address;
	bool local = false;
	if (!call->host->route)
		return;
	arena_init(&arena);
	if (route_user_address(call->host->route, &user, &arena, &address) ==
		RC_OK &&
	    route_is_local_domain(call->host->route,
		view_from(address, domain_at(address)), &local) == RC_OK &&
	    local)
		json_object_set_new(note, "address", link_text(address));
	arena_done(&arena);
}

// Sends one note about a user, with the numbers of the account.
static enum rc send_user(struct verb_call *call, const struct auth_name *name,
    const struct auth_record *record, bool damaged)
{
	struct store_account *account;
	struct store_usage usage = {0};
	struct fault fault;
	json_t *note = json_object();
	json_object_set_new(note, "note", json_string("user"));
	json_object_set_new(note, "name", link_text(auth_name_view(name)));
	if (damaged) {
		json_object_set_new(note, "damaged", json_true());
		return link_send(call->link, note, VIEW(""));
	}
	enum rc rc = store_account_open(
	    call->host->store, record->account, &fault, &account);
	if (rc == RC_OK) {
		usage = store_account_usage(account);
		store_account_close(&account);
	} else if (rc != RC_NOT_FOUND) { // a missing one is made at first use
		json_object_set_new(note, "damaged", json_true());
	}
	json_object_set_new(
	    note, "account", json_integer((json_int_t)record->account));
	add_own_address(call, note, name, record->account);
	json_object_set_new(note, "disabled", json_boolean(record->disabled));
	json_object_set_new(note, "created", json_integer(record->created));
	json_object_set_new(
	    note, "messages", json_integer((json_int_t)usage.messages));
	json_object_set_new(
	    note, "mailboxes", json_integer((json_int_t)usage.mailboxes));
	json_object_set_new(
	    note, "size", json_integer((json_int_t)usage.bytes));
	return link_send(call->link, note, VIEW(""));
}

enum rc verb_user_list(struct verb_call *call, struct fault *fault)
{
	struct auth_name name = {""};
	struct auth_record record;
	for (;;) {
		enum rc rc = auth_directory_next(
		    call->host->engine, &name, &name, &record);
		if (rc == RC_END)
			return RC_OK;
		if (rc != RC_OK && rc != RC_CORRUPT)
			return fault_set(fault, rc,
			    "the directory of users: %s", rc_text(rc));
		rc = send_user(call, &name, &record, rc == RC_CORRUPT);
		if (rc != RC_OK)
			return rc;
	}
}

enum rc verb_user_disable(struct verb_call *call, struct fault *fault)
{
	return auth_user_set_disabled(call->host->auth, user_of(call),
	    json_is_true(json_object_get(call->request, "disabled")), fault);
}

// Waits until the sessions and deliveries of a user who is disabled have ended.
static enum rc wait_for_end(
    struct verb_call *call, const struct auth_user *user, struct fault *fault)
{
	struct store *store = call->host->store;
	for (int i = 0; i < REMOVE_ATTEMPTS; i++) {
		if (i > 0)
			(void)poll(NULL, 0, REMOVE_WAIT_MS);
		verb_sessions_end(call->host, auth_name_view(&user->name));
		if (!store_account_is_open(store, user->account))
			return RC_OK;
	}
	return fault_set(fault, RC_IN_USE,
	    "%s is disabled now, but a command or a delivery is still at work "
	    "on the mail: remove the user again",
	    user->name.text);
}

// Disables the user first, which ends the sessions. If the command is cut off
// after that, it can be repeated.
enum rc verb_user_remove(struct verb_call *call, struct fault *fault)
{
	struct auth *auth = call->host->auth;
	struct auth_user gone;
	struct auth_record record;
	struct view user = user_of(call);
	enum rc rc = auth_directory_lookup(
	    call->host->engine, user, &gone.name, &record);
	if (rc == RC_CORRUPT)
		return auth_user_remove(auth, user, fault);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(user));
	gone.account = record.account;
	explicit_bzero(&record, sizeof(record));
	rc = auth_user_set_disabled(auth, user, true, fault);
	if (rc == RC_OK)
		rc = wait_for_end(call, &gone, fault);
	return rc == RC_OK ? user_life_remove(call->host, &gone, fault) : rc;
}

// ---- Details ---------------------------------------------------------------

static const char *const detail_words[] = {
    [ROUTE_DETAIL_INBOX] = "inbox",
    [ROUTE_DETAIL_FOLDER] = "folder",
    [ROUTE_DETAIL_REFUSE] = "refuse",
};

static enum rc set_detail(struct verb_call *call, const struct auth_user *user,
    struct view word, struct fault *fault)
{
	for (size_t i = 0; i < ARRAY_LEN(detail_words); i++)
		if (view_eq(word, view_of_string(detail_words[i])))
			return route_detail_set(call->host->route, user,
			    (enum route_detail)i, fault);
	return fault_set(fault, RC_INVALID,
	    "a detail leads to inbox or folder, or refuse it; not %.*s",
	    VIEW_FMT(word));
}

// Changes the user's setting if the request has "detail". The answer has the
// setting after that.
enum rc verb_user_detail(struct verb_call *call, struct fault *fault)
{
	struct auth_user user;
	struct auth_record record;
	enum route_detail detail;
	struct view name = user_of(call);
	struct view word = link_member(call->request, "detail");
	enum rc rc = verb_need_route(call, fault);
	if (rc != RC_OK)
		return rc;
	rc = auth_directory_lookup(
	    call->host->engine, name, &user.name, &record);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(name));
	user.account = record.account;
	if (word.len > 0)
		rc = set_detail(call, &user, word, fault);
	if (rc == RC_OK)
		rc = route_detail_get(call->host->route, &user, &detail);
	if (rc == RC_OK)
		json_object_set_new(
		    call->answer, "detail", json_string(detail_words[detail]));
	return rc;
}
