// SPDX-License-Identifier: Apache-2.0
// The user's own password, and application passwords: for programs that cannot
// do OAuth, one for each, shown once, and ended one by one.
#include "account/impl.h"
#include "base/log.h"
#include "wire/utf8.h"

// ---- Application passwords -------------------------------------------------

static enum rc add(void *context, const struct auth_credential *credential)
{
	struct json_text *json = context;
	struct view rest, scope;
	struct buf scopes;
	if (credential->kind != AUTH_KIND_APP_PASSWORD)
		return RC_OK;
	buf_init(&scopes, 200);
	auth_scopes_write(credential->scopes, ' ', &scopes);
	rest = buf_view(&scopes);
	json_begin_object(json);
	account_json_credential(json, credential);
	json_key(json, "scopes");
	json_begin_array(json);
	while (view_split(&rest, ' ', &scope))
		json_add_string(json, scope);
	json_end_array(json);
	json_end_object(json);
	buf_done(&scopes);
	return RC_OK;
}

static enum http_step list(
    struct http_exchange *exchange, struct account_call *call)
{
	struct account_out out;
	account_out_begin(&out);
	json_key(&out.json, "passwords");
	json_begin_array(&out.json);
	enum rc rc = auth_credentials_list(account_of(exchange)->options.auth,
	    call->user.account, add, &out.json);
	json_end_array(&out.json);
	enum http_step step = account_out_end(&out, exchange, 200);
	return rc == RC_OK ? step : account_answer_rc(exchange, rc);
}

// ["imap", "smtp"]; without it all mail.
static bool read_scopes(struct arena *arena,
    const struct account_json_object *json, uint32_t *ret_scopes)
{
	struct account_json list = account_json_get(json, "scopes"), item;
	struct view rest = list.text;
	uint32_t scopes = 0, one;
	if (list.kind == ACCOUNT_JSON_NONE) {
		*ret_scopes = AUTH_SCOPES_MAIL;
		return true;
	}
	if (list.kind != ACCOUNT_JSON_ARRAY)
		return false;
	while (account_json_next(arena, &rest, &item)) {
		if (item.kind != ACCOUNT_JSON_STRING ||
		    auth_scopes_read(item.text, &one) != RC_OK)
			return false;
		scopes |= one;
	}
	*ret_scopes = scopes;
	return scopes != 0;
}

// {"name": …, "scopes": […], "days": …}; without days it is good for ever.
static bool read_order(struct http_exchange *exchange,
    const struct account_json_object *json,
    struct auth_app_password_order *ret_order)
{
	struct auth_app_password_order order = {0};
	struct account_json days = account_json_get(json, "days");
	uint32_t count;
	if (!account_json_string(json, "name", &order.name) ||
	    view_trim(order.name).len == 0 ||
	    order.name.len > AUTH_CREDENTIAL_NAME_MAX ||
	    !read_scopes(&exchange->arena, json, &order.scopes))
		return false;
	if (days.kind == ACCOUNT_JSON_NUMBER) {
		if (!view_to_u32(days.text, &count) || count == 0 ||
		    count > 36500)
			return false;
		order.expires = account_wall_now(account_of(exchange)) +
				(int64_t)count * 86400;
	} else if (days.kind != ACCOUNT_JSON_NONE &&
		   days.kind != ACCOUNT_JSON_NULL) {
		return false;
	}
	*ret_order = order;
	return true;
}

static enum http_step make(
    struct http_exchange *exchange, struct account_call *call)
{
	const struct account *account = account_of(exchange);
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct auth_app_password_order order;
	struct auth_token_text password;
	struct account_out out;
	struct fault fault;
	uint64_t id;
	if (!read_order(exchange, &call->json, &order))
		return account_answer(exchange, 400, "invalid");
	enum rc rc = auth_app_password_make(account->options.auth, &channel,
	    &call->user, &order, &fault, &password, &id);
	if (rc != RC_OK)
		return account_answer_rc(exchange, rc);
	account_out_begin(&out);
	json_member_string(&out.json, "status", VIEW("ok"));
	account_json_id(&out.json, "id", id);
	json_member_string(
	    &out.json, "password", view_of_string(password.text));
	auth_token_text_done(&password);
	return account_out_end(&out, exchange, 200);
}

static enum http_step end_one(
    struct http_exchange *exchange, struct account_call *call)
{
	return account_revoke(
	    exchange, call, AUTH_KIND_BIT(AUTH_KIND_APP_PASSWORD));
}

// ---- The own password ------------------------------------------------------

// NIST SP 800-63B section 3.1.1.2: length counts, not kinds of characters.
#define PASSWORD_CODES_MIN 8

static bool is_too_short(struct view password)
{
	return utf8_truncate_codes(password, PASSWORD_CODES_MIN - 1).len ==
	       password.len;
}

// For the operator: the user did it, not an administrator.
static void log_change(
    const struct http_exchange *exchange, const struct account_call *call)
{
	struct log_line line;
	log_begin(&line, account_of(exchange)->options.log, LOG_LEVEL_INFO,
	    "password_changed");
	log_add_string(&line, "user", call->user.name.text);
	log_add_string(&line, "address", exchange->request.peer);
	log_end(&line);
}

// {"old": …, "new": …}
static enum http_step change(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth *auth = account_of(exchange)->options.auth;
	struct view old, new, name = view_of_string(call->user.name.text);
	struct auth_user user;
	struct fault fault;
	if (!account_json_string(&call->json, "old", &old) ||
	    !account_json_string(&call->json, "new", &new))
		return account_answer(exchange, 400, "invalid");
	if (is_too_short(new))
		return account_answer(exchange, 400, "too-short");
	enum account_outcome outcome =
	    account_check_password(exchange, call, name, old, &user);
	// The old password is the proof. It is not enough for a user who has a
	// second factor.
	if (outcome == ACCOUNT_SECOND) {
		if (!account_is_fresh(account_of(exchange), call))
			return account_answer(exchange, 403, "proof-needed");
	} else if (outcome != ACCOUNT_IN) {
		return account_answer_outcome(exchange, outcome);
	}
	if (user.account != call->user.account)
		return account_answer(exchange, 401, "refused");
	enum rc rc = auth_user_change_password(
	    auth, name, new, call->session.id, &fault);
	if (rc == RC_OK)
		log_change(exchange, call);
	return account_answer_rc(exchange, rc);
}

#define READ   (ACCOUNT_NEED_PAGE | ACCOUNT_NEED_SESSION)
#define CHANGE (READ | ACCOUNT_NEED_FRESH | ACCOUNT_NEED_JSON)

const struct account_route account_password_routes[] = {
    {HTTP_GET, "/account/passwords", READ, list},
    {HTTP_POST, "/account/passwords", CHANGE, make},
    {HTTP_DELETE, "/account/passwords/", READ | ACCOUNT_NEED_ID, end_one},
    {HTTP_POST, "/account/password", READ | ACCOUNT_NEED_JSON, change},
    {0, NULL, 0, NULL},
};
