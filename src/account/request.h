// SPDX-License-Identifier: Apache-2.0
// An authorization request: what a program asks for when it opens the page in
// the user's browser (RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 8707).
#ifndef ROOST_ACCOUNT_REQUEST_H
#define ROOST_ACCOUNT_REQUEST_H

#include "account/oauth_error.h"
#include "account/params.h"
#include "auth/oauth.h"

#define ACCOUNT_STATE_MAX 1024 // bytes; it comes back in a redirect

struct account_request {
	struct view client_id;
	struct view redirect_uri; // one of the client's
	struct view state;
	struct view challenge; // of PKCE, S256
	struct view login_hint;
	uint32_t scopes;
};

// Whether tokens may be sent to this resource: a URL (RFC 8707 section 2).
struct account_resources {
	bool (*is_ours)(void *context, struct view host);
	void *context;
};
bool account_resource_is_ours(
    const struct account_resources *resources, struct view url);

// Reads where an error would be sent to: the client is known, and the redirect
// URI is one of its own. False: the user is told, and nobody is redirected.
MUST_CHECK bool account_request_target(const struct account_params *params,
    const struct auth_client *client, struct account_request *ret_request);
// Reads the rest. An error goes to the redirect URI.
enum oauth_error account_request_read(const struct account_params *params,
    const struct auth_client *client, const struct account_resources *resources,
    struct account_request *request);

// The scopes that a client gets for the text that it sent: those that it asks
// for and may have; without a text, all that it registered. 0: none.
uint32_t account_request_scopes(
    const struct auth_client *client, struct view text);

#endif
