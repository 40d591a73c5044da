// SPDX-License-Identifier: Apache-2.0
// The browser session that asks, and the list of all: browsers, and programs
// that the user gave access to by OAuth.
#include "account/impl.h"

// ---- GET /account/session --------------------------------------------------

static enum http_step show(
    struct http_exchange *exchange, struct account_call *call)
{
	const struct account *account = account_of(exchange);
	char csrf[ACCOUNT_CSRF_LEN + 1];
	struct account_out out;
	struct view name = view_of_string(call->user.name.text);
	int64_t age = account_wall_now(account) - call->session.proved;
	account_csrf(account, call->cookie, csrf);
	account_out_begin(&out);
	json_member_string(&out.json, "user", name);
	json_member_string(&out.json, "name", name);
	json_member_string(&out.json, "csrf", view_of_string(csrf));
	account_json_id(&out.json, "id", call->session.id);
	account_json_time(&out.json, "expires", call->session.expires);
	// For how many seconds changes of the log-in need no new proof.
	json_member_u64(&out.json, "freshFor",
	    call->session.proved > 0 && age >= 0 && age <= ACCOUNT_FRESH_SECONDS
		? (uint64_t)(ACCOUNT_FRESH_SECONDS - age)
		: 0);
	return account_out_end(&out, exchange, 200);
}

// ---- Lists -----------------------------------------------------------------

// What every list shows of a credential.
void account_json_credential(
    struct json_text *json, const struct auth_credential *credential)
{
	const struct auth_use *used = &credential->used;
	account_json_id(json, "id", credential->id);
	json_member_string(json, "name", view_of_string(credential->name));
	account_json_time(json, "created", credential->created);
	account_json_time(json, "expires", credential->expires);
	account_json_time(json, "lastUsed", used->last);
	json_member_string(json, "address",
	    view_of_string(
		used->last != 0 ? used->address : credential->address));
	json_member_string(json, "protocol", view_of_string(used->protocol));
}

struct list {
	struct json_text *json;
	uint64_t current;
};

static enum rc add(void *context, const struct auth_credential *credential)
{
	struct list *list = context;
	if (credential->kind != AUTH_KIND_SESSION &&
	    credential->kind != AUTH_KIND_GRANT)
		return RC_OK;
	json_begin_object(list->json);
	account_json_credential(list->json, credential);
	json_member_string(list->json, "kind",
	    credential->kind == AUTH_KIND_SESSION ? VIEW("browser")
						  : VIEW("program"));
	json_member_bool(
	    list->json, "current", credential->id == list->current);
	json_end_object(list->json);
	return RC_OK;
}

static enum http_step list(
    struct http_exchange *exchange, struct account_call *call)
{
	struct account_out out;
	account_out_begin(&out);
	struct list list = {&out.json, call->session.id};
	json_key(&out.json, "sessions");
	json_begin_array(&out.json);
	enum rc rc = auth_credentials_list(
	    account_of(exchange)->options.auth, call->user.account, add, &list);
	json_end_array(&out.json);
	enum http_step step = account_out_end(&out, exchange, 200);
	return rc == RC_OK ? step : account_answer_rc(exchange, rc);
}

// ---- DELETE ----------------------------------------------------------------

enum http_step account_revoke(struct http_exchange *exchange,
    const struct account_call *call, uint32_t kinds)
{
	struct auth *auth = account_of(exchange)->options.auth;
	struct auth_credential credential;
	struct fault fault;
	// The account is the user's own, so an id of another user is not found.
	enum rc rc = auth_credential_find(
	    auth, call->user.account, call->id, &credential);
	if (rc == RC_OK && !(kinds & AUTH_KIND_BIT(credential.kind)))
		rc = RC_NOT_FOUND;
	if (rc == RC_OK)
		rc = auth_credential_revoke(
		    auth, call->user.account, call->id, &fault);
	if (rc == RC_OK && call->id == call->session.id)
		account_forget_cookie(exchange);
	return account_answer_rc(exchange, rc);
}

static enum http_step end_one(
    struct http_exchange *exchange, struct account_call *call)
{
	return account_revoke(exchange, call,
	    AUTH_KIND_BIT(AUTH_KIND_SESSION) | AUTH_KIND_BIT(AUTH_KIND_GRANT));
}

// All but the one that asks.
static enum http_step end_others(
    struct http_exchange *exchange, struct account_call *call)
{
	struct fault fault;
	size_t count;
	return account_answer_rc(exchange,
	    auth_credentials_revoke(account_of(exchange)->options.auth,
		call->user.account,
		AUTH_KIND_BIT(AUTH_KIND_SESSION) |
		    AUTH_KIND_BIT(AUTH_KIND_PENDING) |
		    AUTH_KIND_BIT(AUTH_KIND_GRANT) |
		    AUTH_KIND_BIT(AUTH_KIND_CODE),
		call->session.id, &fault, &count));
}

#define CHANGE (ACCOUNT_NEED_PAGE | ACCOUNT_NEED_SESSION)

// To end something needs no new proof: whoever sees a stranger in the list
// should not be asked for a password first.
const struct account_route account_session_routes[] = {
    {HTTP_GET, "/account/session", CHANGE, show},
    {HTTP_GET, "/account/sessions", CHANGE, list},
    {HTTP_DELETE, "/account/sessions", CHANGE, end_others},
    {HTTP_DELETE, "/account/sessions/", CHANGE | ACCOUNT_NEED_ID, end_one},
    {0, NULL, 0, NULL},
};
