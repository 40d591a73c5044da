// SPDX-License-Identifier: Apache-2.0
// The authorization server's state (OAuth 2.1 as the draft "OAuth Profile for
// Open Public Clients" asks; RFC 6749, 7636, 7591, 7009, 8628): registered
// clients, authorization codes, grants with their refresh and access tokens,
// and devices. The HTTP side (forms, JSON, pages) is not here. token.h checks
// access tokens; credential.h lists and revokes grants. Thread-safe.
//
// All clients are public: they have no secret. PKCE (S256) binds a code to the
// client that asked for it, and each refresh token is used once.
#ifndef ROOST_AUTH_OAUTH_H
#define ROOST_AUTH_OAUTH_H

#include "auth/token.h"

// ---- Clients (RFC 7591) ----------------------------------------------------

#define AUTH_CLIENT_REDIRECTS_MAX 8
#define AUTH_CLIENT_TEXT_MAX      255  // bytes of each of its texts
#define AUTH_CLIENTS_MAX          5000 // stored at once
// How many one address may register in an hour.
#define AUTH_CLIENTS_PER_HOUR 20
// A client that nobody has allowed anything is forgotten after so long; one
// with grants lives as long as these.
#define AUTH_CLIENT_SECONDS 86400

struct auth_client {
	char id[AUTH_CLIENT_ID_MAX + 1];
	uint32_t scopes; // that it may ask for
	int64_t seen;    // when it registered last
	bool used;       // somebody has allowed it something
	// What the client says of itself; nobody has checked it. UTF-8 without
	// control characters.
	char name[AUTH_CREDENTIAL_NAME_MAX + 1];
	char uri[AUTH_CLIENT_TEXT_MAX + 1];
	char software_id[AUTH_CLIENT_TEXT_MAX + 1];
	char software_version[AUTH_CLIENT_TEXT_MAX + 1];
	size_t redirect_count;
	char redirects[AUTH_CLIENT_REDIRECTS_MAX][AUTH_CLIENT_TEXT_MAX + 1];
};

// Whether a client may register this redirect URI (section 3.3 of the profile):
// http to a loopback address without a port, or a private scheme with a dot.
bool auth_redirect_is_allowed(struct view uri);
// Whether the URI of a request is the registered one; a loopback address has a
// port in addition (section 3.4).
bool auth_redirect_matches(struct view registered, struct view given);

// Registers a client: `client` has all but id, seen and used; its name and
// texts are cleaned. The same client gets the same id again. RC_INVALID: a
// redirect URI is not allowed, or there is none and `device` is false.
// RC_LIMIT: too many clients, or too many from this address.
MUST_CHECK enum rc auth_client_register(struct auth *auth,
    const struct auth_channel *channel, bool device, struct auth_client *client,
    struct fault *fault);
// RC_NOT_FOUND.
MUST_CHECK enum rc auth_client_find(
    struct auth *auth, struct view id, struct auth_client *ret_client);

// ---- Authorization codes (RFC 6749 section 4.1, RFC 7636) ------------------

#define AUTH_CODE_SECONDS 600 // section 3.4 of the profile: at least

struct auth_code_order {
	struct view client;       // its id
	struct view redirect_uri; // of the request, as it was given
	struct view challenge;    // code_challenge, of the method S256
	uint32_t scopes;          // that the user allows; of AUTH_SCOPES_MAIL
};

// `user` has allowed it. RC_NOT_FOUND: no such client. RC_INVALID: the redirect
// URI is not the client's, the challenge is none, or there are no scopes.
// RC_GONE: the user was shut out.
MUST_CHECK enum rc auth_code_make(struct auth *auth,
    const struct auth_channel *channel, const struct auth_user *user,
    const struct auth_code_order *order, struct fault *fault,
    struct auth_token_text *ret_code);

// ---- Tokens ----------------------------------------------------------------

struct auth_tokens {
	struct auth_token_text access;
	struct auth_token_text refresh;
	uint32_t expires_in; // seconds, of the access token
	uint32_t scopes;
};
void auth_tokens_done(struct auth_tokens *tokens); // overwrites them

// Exchanges a code. RC_AUTH: invalid_grant (RFC 6749 section 5.2); `fault` has
// the reason. A code that comes a second time revokes what the first one gave.
MUST_CHECK enum rc auth_code_redeem(struct auth *auth,
    const struct auth_channel *channel, struct view client, struct view code,
    struct view redirect_uri, struct view verifier, struct fault *fault,
    struct auth_tokens *ret_tokens);

// For so long the refresh token before the last one is still good, because the
// answer with the new one may have been lost.
#define AUTH_REFRESH_GRACE_SECONDS 60

// Gives new tokens for a refresh token, which is then used up. `scopes`: of
// those granted, what the access token shall have; 0: all. RC_AUTH:
// invalid_grant. An older refresh token of the grant revokes the grant, as
// somebody else has it. RC_DENIED: invalid_scope.
MUST_CHECK enum rc auth_grant_refresh(struct auth *auth,
    const struct auth_channel *channel, struct view client, struct view refresh,
    uint32_t scopes, struct fault *fault, struct auth_tokens *ret_tokens);

// Revokes the token (RFC 7009): a refresh token's grant, or one access token.
// RC_OK also if there is nothing to revoke.
MUST_CHECK enum rc auth_token_surrender(struct auth *auth, struct view client,
    struct view token, struct fault *fault);

// ---- Devices (RFC 8628) ----------------------------------------------------

#define AUTH_DEVICE_SECONDS  600
#define AUTH_DEVICE_INTERVAL 5 // seconds between two polls
#define AUTH_DEVICES_MAX     1000
#define AUTH_USER_CODE_LEN   9 // "BCDF-GHJK"

struct auth_device_codes {
	struct auth_token_text device;
	char user[AUTH_USER_CODE_LEN + 1];
	uint32_t expires_in;
	uint32_t interval;
};
// RC_NOT_FOUND: no such client. RC_INVALID: no scopes, or some that are not the
// client's. RC_LIMIT: too many devices wait, or too many were begun from this
// address.
MUST_CHECK enum rc auth_device_begin(struct auth *auth,
    const struct auth_channel *channel, struct view client, uint32_t scopes,
    struct fault *fault, struct auth_device_codes *ret_codes);

// What the page shows before the user decides.
struct auth_device_request {
	struct auth_client client;
	uint32_t scopes;
	int64_t created;
	char address[AUTH_USE_ADDRESS_MAX + 1]; // of the device
};
// Finds the request by the code that the user typed, in any spelling. RC_LIMIT:
// the user has typed too many wrong ones. RC_NOT_FOUND.
MUST_CHECK enum rc auth_device_find(struct auth *auth,
    const struct auth_user *user, struct view user_code,
    struct auth_device_request *ret_request);
// The user allows it (with these scopes, of those asked for), or denies it.
// RC_NOT_FOUND: it is over, or was decided.
MUST_CHECK enum rc auth_device_decide(struct auth *auth,
    const struct auth_user *user, struct view user_code, bool allow,
    uint32_t scopes, struct fault *fault);
// The device asks. RC_OK: here are its tokens. RC_MORE:
// authorization_pending. RC_LIMIT: slow_down. RC_DENIED: access_denied.
// RC_GONE: expired_token. RC_AUTH: invalid_grant.
MUST_CHECK enum rc auth_device_poll(struct auth *auth,
    const struct auth_channel *channel, struct view client,
    struct view device_code, struct fault *fault,
    struct auth_tokens *ret_tokens);

#endif
