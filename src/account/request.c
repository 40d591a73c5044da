// SPDX-License-Identifier: Apache-2.0
#include "account/request.h"

#include "auth/scope.h"
#include "base/ascii.h"
#include "base/mem.h"

// ---- Resources -------------------------------------------------------------

// "urn" and others are no place to which a token is sent.
static bool has_known_scheme(struct view url, struct view *ret_rest)
{
	static const struct view schemes[] = {
	    {"https://", 8},
	    {"wss://", 6},
	    {"imap://", 7},
	    {"imaps://", 8},
	    {"pop://", 6},
	    {"pop3://", 7},
	    {"pop3s://", 8},
	    {"pops://", 7},
	    {"smtp://", 7},
	    {"smtps://", 8},
	    {"submission://", 13},
	    {"submissions://", 14},
	};
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!view_starts_with_nocase(url, schemes[i]))
			continue;
		*ret_rest = view_from(url, schemes[i].len);
		return true;
	}
	return false;
}

bool account_resource_is_ours(
    const struct account_resources *resources, struct view url)
{
	struct view rest, host;
	char lower[256];
	size_t len = 0;
	if (!has_known_scheme(url, &rest) ||
	    view_find_char(url, '#') != SIZE_MAX)
		return false;
	while (len < rest.len &&
	       view_find_char(VIEW("/?:"), rest.ptr[len]) == SIZE_MAX)
		len++;
	host = view_slice(rest, 0, len);
	if (host.len == 0 || host.len > sizeof(lower))
		return false;
	for (size_t i = 0; i < host.len; i++)
		lower[i] = ascii_lower(host.ptr[i]);
	// A port may only be followed by the path: "host:1@other" is no port.
	rest = view_from(rest, len);
	if (rest.len > 0 && rest.ptr[0] == ':')
		for (rest = view_from(rest, 1);
		     rest.len > 0 && rest.ptr[0] != '/';
		     rest = view_from(rest, 1))
			if (!ascii_is_digit(rest.ptr[0]))
				return false;
	return resources->is_ours(resources->context, view_of(lower, host.len));
}

static bool resources_are_ours(const struct account_params *params,
    const struct account_resources *resources)
{
	for (size_t i = 0; i < params->count; i++)
		if (view_eq(params->items[i].name, VIEW("resource")) &&
		    !account_resource_is_ours(
			resources, params->items[i].value))
			return false;
	return true;
}

// ---- The request -----------------------------------------------------------

static bool is_registered(const struct auth_client *client, struct view uri)
{
	for (size_t i = 0; i < client->redirect_count; i++)
		if (auth_redirect_matches(
			view_of_string(client->redirects[i]), uri))
			return true;
	return false;
}

bool account_request_target(const struct account_params *params,
    const struct auth_client *client, struct account_request *ret_request)
{
	struct account_request request = {
	    .client_id = account_param(params, "client_id"),
	    .redirect_uri = account_param(params, "redirect_uri"),
	    .state = account_param(params, "state"),
	    .login_hint = account_param(params, "login_hint"),
	};
	if (request.state.len > ACCOUNT_STATE_MAX)
		request.state = VIEW("");
	// The profile wants it always (section 3.4), so there is no default.
	if (!is_registered(client, request.redirect_uri))
		return false;
	*ret_request = request;
	return true;
}

uint32_t account_request_scopes(
    const struct auth_client *client, struct view text)
{
	if (text.len == 0) // RFC 6749 section 3.3
		return client->scopes;
	return auth_scopes_read_oauth(text) & client->scopes;
}

enum oauth_error account_request_read(const struct account_params *params,
    const struct auth_client *client, const struct account_resources *resources,
    struct account_request *request)
{
	struct view type = account_param(params, "response_type");
	struct view method = account_param(params, "code_challenge_method");
	if (params->bad || type.len == 0 ||
	    account_param(params, "state").len > ACCOUNT_STATE_MAX)
		return OAUTH_INVALID_REQUEST;
	if (!view_eq(type, VIEW("code")))
		return OAUTH_UNSUPPORTED_RESPONSE_TYPE;
	// RFC 7636 section 4.4.1: PKCE is needed, and "plain" is not enough.
	// A request object (RFC 9101) would say something that is not read.
	request->challenge = account_param(params, "code_challenge");
	if (!view_eq(method, VIEW("S256")) ||
	    !account_is_challenge(request->challenge) ||
	    account_param(params, "request").len > 0 ||
	    account_param(params, "request_uri").len > 0)
		return OAUTH_INVALID_REQUEST;
	request->scopes =
	    account_request_scopes(client, account_param(params, "scope"));
	if (request->scopes == 0)
		return OAUTH_INVALID_SCOPE;
	if (!resources_are_ours(params, resources))
		return OAUTH_INVALID_TARGET;
	return OAUTH_OK;
}
