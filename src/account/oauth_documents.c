// SPDX-License-Identifier: Apache-2.0
// Where a program finds out what is here: the metadata of the authorization
// server (RFC 8414) and of what it protects (RFC 9728), and registration (RFC
// 7591).
#include "account/client.h"
#include "account/oauth.h"
#include "http/authorize.h"
#include "http/origin.h"

#define URL_MAX 1000

// ---- Names -----------------------------------------------------------------

bool oauth_is_issuer(const struct http_exchange *exchange)
{
	const struct account *account = account_of(exchange);
	return view_eq_nocase(exchange->request.host,
	    view_of_string(account->options.server_name));
}

void oauth_add_issuer(struct http_exchange *exchange, struct buf *out)
{
	const struct account *account = account_of(exchange);
	// Before the server may stand something that gives it another port.
	uint16_t port = oauth_is_issuer(exchange) ? exchange->request.port
						  : account->options.https_port;
	buf_printf(out, "https://%s", account->options.server_name);
	if (port != 0 && port != 443)
		buf_printf(out, ":%u", port);
}

bool oauth_is_our_host(void *context, struct view host)
{
	const struct account *account = context;
	return view_eq_nocase(
		   host, view_of_string(account->options.server_name)) ||
	       (account->options.is_ours &&
		   account->options.is_ours(account->options.context, host));
}

// ---- The authorization server ----------------------------------------------

static void add_url(struct http_exchange *exchange, struct json_text *json,
    const char *name, const char *path)
{
	struct buf url;
	buf_init(&url, URL_MAX);
	oauth_add_issuer(exchange, &url);
	buf_add_string(&url, path);
	json_member_string(json, name, buf_view(&url));
	buf_done(&url);
}

static void add_list(
    struct json_text *json, const char *name, const char *const *items)
{
	json_key(json, name);
	json_begin_array(json);
	for (; *items; items++)
		json_add_string(json, view_of_string(*items));
	json_end_array(json);
}

static const char *const scopes[] = {AUTH_OAUTH_SCOPE_MAIL, NULL};
static const char *const none[] = {"none", NULL};

static enum http_step metadata(
    struct http_exchange *exchange, struct account_call *call)
{
	static const char *const code[] = {"code", NULL};
	static const char *const query[] = {"query", NULL};
	static const char *const s256[] = {"S256", NULL};
	static const char *const languages[] = {"en", "zh-CN", NULL};
	static const char *const grants[] = {"authorization_code",
	    "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
	    NULL};
	struct account_out out;
	struct json_text *json = &out.json;
	(void)call;
	if (!oauth_is_issuer(exchange))
		return http_status(exchange, 404);
	account_out_begin(&out);
	add_url(exchange, json, "issuer", "");
	add_url(exchange, json, "authorization_endpoint", OAUTH_PATH_AUTHORIZE);
	add_url(exchange, json, "token_endpoint", OAUTH_PATH_TOKEN);
	add_url(exchange, json, "registration_endpoint", OAUTH_PATH_REGISTER);
	add_url(exchange, json, "revocation_endpoint", OAUTH_PATH_REVOKE);
	add_url(
	    exchange, json, "device_authorization_endpoint", OAUTH_PATH_BEGIN);
	add_list(json, "scopes_supported", scopes);
	add_list(json, "response_types_supported", code);
	add_list(json, "response_modes_supported", query);
	add_list(json, "grant_types_supported", grants);
	add_list(json, "token_endpoint_auth_methods_supported", none);
	add_list(json, "revocation_endpoint_auth_methods_supported", none);
	add_list(json, "code_challenge_methods_supported", s256);
	add_list(json, "ui_locales_supported", languages);
	json_member_bool(
	    json, "authorization_response_iss_parameter_supported", true);
	return account_out_end(&out, exchange, 200);
}

// ---- What it protects ------------------------------------------------------

// The document says which URL it is for. So it is made for the host and the
// path that were asked, and for paths of JMAP only (section 3.3).
static enum http_step resource(
    struct http_exchange *exchange, struct account_call *call)
{
	static const char *const header[] = {"header", NULL};
	const struct http_request *request = &exchange->request;
	struct view path =
	    view_from(request->path, sizeof(HTTP_RESOURCE_PATH) - 1);
	struct account_out out;
	struct buf url;
	(void)call;
	if (path.len > 0 && !view_starts_with(path, VIEW("/jmap/")) &&
	    !view_eq(path, VIEW("/.well-known/jmap")))
		return http_status(exchange, 404);
	account_out_begin(&out);
	buf_init(&url, URL_MAX + request->path.len);
	http_add_own_origin(request, &url);
	buf_add(&url, path);
	json_member_string(&out.json, "resource", buf_view(&url));
	buf_reset(&url);
	oauth_add_issuer(exchange, &url);
	json_key(&out.json, "authorization_servers");
	json_begin_array(&out.json);
	json_add_string(&out.json, buf_view(&url));
	json_end_array(&out.json);
	add_list(&out.json, "scopes_supported", scopes);
	add_list(&out.json, "bearer_methods_supported", header);
	json_member_string(&out.json, "resource_name", VIEW("Roost"));
	buf_done(&url);
	return account_out_end(&out, exchange, 200);
}

// ---- Registration ----------------------------------------------------------

static enum http_step answer_client(struct http_exchange *exchange,
    const struct account_client *client, const struct auth_client *record)
{
	struct account_out out;
	account_out_begin(&out);
	json_member_string(&out.json, "client_id", view_of_string(record->id));
	json_member_u64(
	    &out.json, "client_id_issued_at", (uint64_t)record->seen);
	account_client_write(client, &out.json);
	return account_out_end(&out, exchange, 201);
}

static enum http_step register_client(
    struct http_exchange *exchange, struct account_call *call)
{
	const struct account *account = account_of(exchange);
	struct auth_channel channel = http_channel(exchange, &call->turn);
	struct account_client client;
	struct auth_client record;
	struct fault fault;
	const char *why;
	if (!http_has_type(&exchange->request, "application/json"))
		return account_oauth_error(
		    exchange, OAUTH_INVALID_CLIENT_METADATA, "this is no JSON");
	enum oauth_error error = account_client_read(
	    &exchange->arena, exchange->request.body, &client, &why);
	if (error != OAUTH_OK)
		return account_oauth_error(exchange, error, why);
	account_client_record(&client, &record);
	switch (auth_client_register(account->options.auth, &channel,
	    (client.grants & ACCOUNT_GRANT_CODE) == 0, &record, &fault)) {
	case RC_OK: return answer_client(exchange, &client, &record);
	case RC_INVALID:
		return account_oauth_error(
		    exchange, OAUTH_INVALID_REDIRECT_URI, NULL);
	case RC_LIMIT:
		return account_oauth_error(exchange, OAUTH_UNAVAILABLE,
		    "too many clients are registered; try again later");
	default: return account_oauth_error(exchange, OAUTH_SERVER_ERROR, NULL);
	}
}

const struct account_route account_oauth_routes[] = {
    {HTTP_GET, OAUTH_PATH_METADATA, 0, metadata},
    {HTTP_GET, OAUTH_PATH_OPENID, 0, metadata},
    {HTTP_GET, HTTP_RESOURCE_PATH, 0, resource},
    {HTTP_GET, HTTP_RESOURCE_PATH "/", 0, resource},
    {HTTP_POST, OAUTH_PATH_REGISTER, 0, register_client},
    {0, NULL, 0, NULL},
};
