// SPDX-License-Identifier: Apache-2.0
// What programs ask without a user: tokens (RFC 6749 sections 4.1.3 and 6),
// their revocation (RFC 7009), and the beginning of a device's flow (RFC 8628).
// All clients are public: they say who they are, and prove nothing. What a
// token is given for is a code with PKCE, a refresh token or a device's code.
#include "account/oauth.h"
#include "account/request.h"
#include "http/origin.h"

// ---- The form --------------------------------------------------------------

// OAUTH_OK: the form is read. Or else, why it is no form of a client.
static enum oauth_error read_form(
    struct http_exchange *exchange, struct account_call *call)
{
	if (!http_has_type(
		&exchange->request, "application/x-www-form-urlencoded"))
		return OAUTH_INVALID_REQUEST;
	account_params_read(
	    &exchange->arena, exchange->request.body, &call->form);
	if (call->form.bad || account_param(&call->form, "client_id").len == 0)
		return OAUTH_INVALID_REQUEST;
	return OAUTH_OK;
}

// The client that the form names.
static enum oauth_error find_client(struct http_exchange *exchange,
    const struct account_call *call, struct auth_client *ret_client)
{
	switch (auth_client_find(account_of(exchange)->options.auth,
	    account_param(&call->form, "client_id"), ret_client)) {
	case RC_OK: break;
	case RC_NOT_FOUND: return OAUTH_INVALID_CLIENT;
	default: return OAUTH_SERVER_ERROR;
	}
	// Who sends a secret takes this for another kind of server.
	if (http_field(&exchange->request, "authorization").len > 0 ||
	    account_param(&call->form, "client_secret").len > 0)
		return OAUTH_INVALID_CLIENT;
	return OAUTH_OK;
}

// ---- Answers ---------------------------------------------------------------

// RFC 6749 section 5.1.
static enum http_step answer_tokens(
    struct http_exchange *exchange, struct auth_tokens *tokens)
{
	struct account_out out;
	struct buf scope;
	buf_init(&scope, 1000);
	auth_scopes_write_oauth(tokens->scopes, &scope);
	account_out_begin(&out);
	json_member_string(
	    &out.json, "access_token", view_of_string(tokens->access.text));
	json_member_string(&out.json, "token_type", VIEW("Bearer"));
	json_member_u64(&out.json, "expires_in", tokens->expires_in);
	json_member_string(
	    &out.json, "refresh_token", view_of_string(tokens->refresh.text));
	json_member_string(&out.json, "scope", buf_view(&scope));
	buf_done(&scope);
	auth_tokens_done(tokens);
	return account_out_end(&out, exchange, 200);
}

// `denied`: what RC_DENIED means.
static enum http_step answer(struct http_exchange *exchange, enum rc rc,
    const struct fault *fault, enum oauth_error denied,
    struct auth_tokens *tokens)
{
	switch (rc) {
	case RC_OK: return answer_tokens(exchange, tokens);
	case RC_AUTH:
		return account_oauth_error(
		    exchange, OAUTH_INVALID_GRANT, fault->text);
	case RC_DENIED: return account_oauth_error(exchange, denied, NULL);
	case RC_MORE:
		return account_oauth_error(
		    exchange, OAUTH_AUTHORIZATION_PENDING, NULL);
	case RC_LIMIT:
		return account_oauth_error(exchange, OAUTH_SLOW_DOWN, NULL);
	case RC_GONE:
		return account_oauth_error(exchange, OAUTH_EXPIRED_TOKEN, NULL);
	default: return account_oauth_error(exchange, OAUTH_SERVER_ERROR, NULL);
	}
}

// ---- The grants ------------------------------------------------------------

static enum http_step redeem_code(
    struct http_exchange *exchange, struct account_call *call)
{
	const struct account_params *form = &call->form;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct view verifier = account_param(form, "code_verifier");
	struct view code = account_param(form, "code");
	struct view uri = account_param(form, "redirect_uri");
	struct auth_tokens tokens;
	struct fault fault = {0};
	if (code.len == 0 || uri.len == 0 || !account_is_verifier(verifier))
		return account_oauth_error(exchange, OAUTH_INVALID_REQUEST,
		    "code, redirect_uri and code_verifier are needed");
	enum rc rc = auth_code_redeem(account_of(exchange)->options.auth,
	    &channel, account_param(form, "client_id"), code, uri, verifier,
	    &fault, &tokens);
	if (rc == RC_GONE) // the user was shut out
		rc = RC_AUTH;
	return answer(exchange, rc, &fault, OAUTH_ACCESS_DENIED, &tokens);
}

static enum http_step refresh(
    struct http_exchange *exchange, struct account_call *call)
{
	const struct account_params *form = &call->form;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct view token = account_param(form, "refresh_token");
	struct view scope = account_param(form, "scope");
	uint32_t scopes = auth_scopes_read_oauth(scope);
	struct auth_tokens tokens;
	struct fault fault = {0};
	if (token.len == 0)
		return account_oauth_error(
		    exchange, OAUTH_INVALID_REQUEST, "refresh_token is needed");
	if (scope.len > 0 && scopes == 0)
		return account_oauth_error(exchange, OAUTH_INVALID_SCOPE, NULL);
	enum rc rc = auth_grant_refresh(account_of(exchange)->options.auth,
	    &channel, account_param(form, "client_id"), token, scopes, &fault,
	    &tokens);
	if (rc == RC_GONE)
		rc = RC_AUTH;
	return answer(exchange, rc, &fault, OAUTH_INVALID_SCOPE, &tokens);
}

static enum http_step poll_device(
    struct http_exchange *exchange, struct account_call *call)
{
	const struct account_params *form = &call->form;
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct view code = account_param(form, "device_code");
	struct auth_tokens tokens;
	struct fault fault = {0};
	if (code.len == 0)
		return account_oauth_error(
		    exchange, OAUTH_INVALID_REQUEST, "device_code is needed");
	enum rc rc = auth_device_poll(account_of(exchange)->options.auth,
	    &channel, account_param(form, "client_id"), code, &fault, &tokens);
	return answer(exchange, rc, &fault, OAUTH_ACCESS_DENIED, &tokens);
}

static const struct {
	const char *type;
	enum http_step (*run)(
	    struct http_exchange *exchange, struct account_call *call);
} grants[] = {
    {"authorization_code", redeem_code},
    {"refresh_token", refresh},
    {"urn:ietf:params:oauth:grant-type:device_code", poll_device},
};

// Whether the resources that are named are ours (RFC 8707 section 2.2).
static bool resources_are_ours(
    struct http_exchange *exchange, const struct account_params *form)
{
	const struct account_resources resources = {
	    .is_ours = oauth_is_our_host,
	    .context = account_of(exchange),
	};
	for (size_t i = 0; i < form->count; i++)
		if (view_eq(form->items[i].name, VIEW("resource")) &&
		    !account_resource_is_ours(&resources, form->items[i].value))
			return false;
	return true;
}

static enum http_step token(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth_client client;
	enum oauth_error error = read_form(exchange, call);
	struct view type = account_param(&call->form, "grant_type");
	if (error == OAUTH_OK && type.len == 0)
		error = OAUTH_INVALID_REQUEST;
	if (error == OAUTH_OK)
		error = find_client(exchange, call, &client);
	if (error == OAUTH_OK && !resources_are_ours(exchange, &call->form))
		error = OAUTH_INVALID_TARGET;
	if (error != OAUTH_OK)
		return account_oauth_error(exchange, error, NULL);
	for (size_t i = 0; i < ARRAY_LEN(grants); i++)
		if (view_eq(type, view_of_string(grants[i].type)))
			return grants[i].run(exchange, call);
	return account_oauth_error(
	    exchange, OAUTH_UNSUPPORTED_GRANT_TYPE, NULL);
}

// ---- Revocation ------------------------------------------------------------

// A token that is none is no error (RFC 7009 section 2.2).
static enum http_step revoke(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth_client client;
	struct fault fault;
	enum oauth_error error = read_form(exchange, call);
	struct view text = account_param(&call->form, "token");
	if (error == OAUTH_OK && text.len == 0)
		error = OAUTH_INVALID_REQUEST;
	if (error == OAUTH_OK)
		error = find_client(exchange, call, &client);
	if (error != OAUTH_OK)
		return account_oauth_error(exchange, error, NULL);
	if (auth_token_surrender(account_of(exchange)->options.auth,
		account_param(&call->form, "client_id"), text, &fault) != RC_OK)
		return account_oauth_error(exchange, OAUTH_SERVER_ERROR, NULL);
	struct account_out out;
	account_out_begin(&out);
	return account_out_end(&out, exchange, 200);
}

// ---- Devices ---------------------------------------------------------------

static void add_device_url(struct http_exchange *exchange,
    struct json_text *json, const char *name, const char *user_code)
{
	struct buf url;
	buf_init(&url, 1000);
	oauth_add_issuer(exchange, &url);
	buf_add_string(&url, OAUTH_PATH_DEVICE);
	if (user_code)
		buf_printf(&url, "?user_code=%s", user_code);
	json_member_string(json, name, buf_view(&url));
	buf_done(&url);
}

// RFC 8628 section 3.2.
static enum http_step answer_device(
    struct http_exchange *exchange, struct auth_device_codes *codes)
{
	struct account_out out;
	account_out_begin(&out);
	json_member_string(
	    &out.json, "device_code", view_of_string(codes->device.text));
	json_member_string(&out.json, "user_code", view_of_string(codes->user));
	add_device_url(exchange, &out.json, "verification_uri", NULL);
	add_device_url(
	    exchange, &out.json, "verification_uri_complete", codes->user);
	json_member_u64(&out.json, "expires_in", codes->expires_in);
	json_member_u64(&out.json, "interval", codes->interval);
	auth_token_text_done(&codes->device);
	return account_out_end(&out, exchange, 200);
}

static enum http_step begin_device(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct auth_device_codes codes;
	struct auth_client client;
	struct fault fault;
	enum oauth_error error = read_form(exchange, call);
	if (error == OAUTH_OK)
		error = find_client(exchange, call, &client);
	if (error != OAUTH_OK)
		return account_oauth_error(exchange, error, NULL);
	uint32_t scopes = account_request_scopes(
	    &client, account_param(&call->form, "scope"));
	if (scopes == 0)
		return account_oauth_error(exchange, OAUTH_INVALID_SCOPE, NULL);
	switch (auth_device_begin(account_of(exchange)->options.auth, &channel,
	    view_of_string(client.id), scopes, &fault, &codes)) {
	case RC_OK: return answer_device(exchange, &codes);
	case RC_NOT_FOUND:
		return account_oauth_error(
		    exchange, OAUTH_INVALID_CLIENT, NULL);
	case RC_INVALID:
		return account_oauth_error(exchange, OAUTH_INVALID_SCOPE, NULL);
	case RC_LIMIT:
		return account_oauth_error(exchange, OAUTH_UNAVAILABLE, NULL);
	default: return account_oauth_error(exchange, OAUTH_SERVER_ERROR, NULL);
	}
}

const struct account_route account_token_routes[] = {
    {HTTP_POST, OAUTH_PATH_TOKEN, 0, token},
    {HTTP_POST, OAUTH_PATH_REVOKE, 0, revoke},
    {HTTP_POST, OAUTH_PATH_BEGIN, 0, begin_device},
    {0, NULL, 0, NULL},
};
