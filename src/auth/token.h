// SPDX-License-Identifier: Apache-2.0
// Browser sessions, application passwords and access tokens: made and checked.
// oauth.h makes access tokens; second.h has the second factor. A secret is
// returned once, when it is made; what is stored is its SHA-256, and no secret
// can be guessed (128 random bits and more), so that is enough. Thread-safe.
//
// A browser logs in like this:
//   1. auth_verify() with a channel whose `asks_second` is true. RC_OK: go on
//      with 3. RC_MORE: the password is right, and the user has a second
//      factor. auth_session_open() with AUTH_KIND_PENDING gives a token for the
//      time until it is given.
//   2. auth_second_…() (second.h) check the second factor. The request comes
//      with the pending token, which auth_token_verify() checks.
//   3. auth_session_open() with AUTH_KIND_SESSION; the pending one is revoked.
#ifndef ROOST_AUTH_TOKEN_H
#define ROOST_AUTH_TOKEN_H

#include "auth/credential.h"
#include "auth/scope.h"

// A token or an application password as a text, NUL-terminated. Characters that
// HTTP (RFC 6750 section 2.1), a cookie (RFC 6265) and SASL carry as they are.
#define AUTH_TOKEN_TEXT_MAX 63
struct auth_token_text {
	char text[AUTH_TOKEN_TEXT_MAX + 1];
};
void auth_token_text_done(struct auth_token_text *text); // overwrites it

// ---- Browser sessions ------------------------------------------------------

struct auth_session_order {
	enum auth_kind kind; // AUTH_KIND_SESSION or AUTH_KIND_PENDING
	struct view name;    // for the list: the browser ("Firefox on Linux")
	// 0: the settings'. They cannot be longer than those. A pending session
	// ends after AUTH_PENDING_SECONDS.
	uint32_t idle_seconds;
	uint32_t max_seconds;
	// 0: AUTH_SCOPES_MAIL and AUTH_SCOPE_ACCOUNT. A pending session has
	// AUTH_SCOPE_SECOND only.
	uint32_t scopes;
};
#define AUTH_PENDING_SECONDS 600

// `user` is who has logged in over the channel. RC_GONE: the user was shut out
// meanwhile.
MUST_CHECK enum rc auth_session_open(struct auth *auth,
    const struct auth_channel *channel, const struct auth_user *user,
    const struct auth_session_order *order, struct fault *fault,
    struct auth_token_text *ret_token, uint64_t *ret_id);
// The user has given the password or a second factor again: `proved` is now.
MUST_CHECK enum rc auth_session_prove(
    struct auth *auth, uint64_t account, uint64_t id, struct fault *fault);

// ---- Application passwords -------------------------------------------------

// 28 characters in groups of four: "abcd-efgh-…". It is 140 random bits. In a
// log-in hyphens, spaces and capitals do not matter.
#define AUTH_APP_PASSWORD_LETTERS 28

struct auth_app_password_order {
	struct view name; // "Thunderbird on my laptop"; not empty
	uint32_t scopes;  // of AUTH_SCOPES_MAIL, at least one
	int64_t expires;  // wall-clock seconds; 0: never
};

// RC_LIMIT: the user has too many. RC_DENIED: the settings allow none.
// RC_INVALID: the order. RC_GONE: the user was shut out.
MUST_CHECK enum rc auth_app_password_make(struct auth *auth,
    const struct auth_channel *channel, const struct auth_user *user,
    const struct auth_app_password_order *order, struct fault *fault,
    struct auth_token_text *ret_password, uint64_t *ret_id);

// ---- Checking --------------------------------------------------------------

// Checks a token of the kind: AUTH_KIND_ACCESS (Bearer, RFC 6750),
// AUTH_KIND_SESSION or AUTH_KIND_PENDING (cookies). It must be for one of the
// channel's `scopes`. RC_OK: `ret_user` has the user, with `credential` and
// `scopes`. RC_AUTH: refused; reason TOKEN: no token of this server;
// EXPIRED: it was one, and has expired or was revoked; DISABLED: the user was
// disabled. RC_DENIED: reason SCOPE: it is not for this (RFC 6750's
// insufficient_scope); PRIVACY: TLS is needed. RC_IN_USE: see struct
// auth_turn (a pause before a refusal). Anything else: reason UNAVAILABLE.
//
// Who asks often with the same token costs no read, as long as nobody is shut
// out. The log has a line at most every AUTH_USE_SECONDS for each token and
// address.
MUST_CHECK enum rc auth_token_verify(struct auth *auth,
    const struct auth_channel *channel, enum auth_kind kind, struct view token,
    struct auth_user *ret_user, struct auth_verdict *ret_verdict);

#endif
