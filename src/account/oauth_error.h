// SPDX-License-Identifier: Apache-2.0
// The error codes of OAuth, each with the status of an answer in JSON. A page
// is redirected with the same codes.
#ifndef ROOST_ACCOUNT_OAUTH_ERROR_H
#define ROOST_ACCOUNT_OAUTH_ERROR_H

// RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section 3.2.2, RFC 8628 section
// 3.5, RFC 8707 section 2. The draft's profile wants 400 of the token endpoint
// always, also for invalid_client (section 3.5).
#define OAUTH_ERROR_TABLE(X)                                                   \
	X(OAUTH_OK, 200, "")                                                   \
	X(OAUTH_INVALID_REQUEST, 400, "invalid_request")                       \
	X(OAUTH_INVALID_CLIENT, 400, "invalid_client")                         \
	X(OAUTH_INVALID_GRANT, 400, "invalid_grant")                           \
	X(OAUTH_UNAUTHORIZED_CLIENT, 400, "unauthorized_client")               \
	X(OAUTH_UNSUPPORTED_GRANT_TYPE, 400, "unsupported_grant_type")         \
	X(OAUTH_UNSUPPORTED_RESPONSE_TYPE, 400, "unsupported_response_type")   \
	X(OAUTH_INVALID_SCOPE, 400, "invalid_scope")                           \
	X(OAUTH_INVALID_TARGET, 400, "invalid_target")                         \
	X(OAUTH_ACCESS_DENIED, 400, "access_denied")                           \
	X(OAUTH_SERVER_ERROR, 503, "server_error")                             \
	X(OAUTH_UNAVAILABLE, 429, "temporarily_unavailable")                   \
	X(OAUTH_INVALID_REDIRECT_URI, 400, "invalid_redirect_uri")             \
	X(OAUTH_INVALID_CLIENT_METADATA, 400, "invalid_client_metadata")       \
	X(OAUTH_AUTHORIZATION_PENDING, 400, "authorization_pending")           \
	X(OAUTH_SLOW_DOWN, 400, "slow_down")                                   \
	X(OAUTH_EXPIRED_TOKEN, 400, "expired_token")

enum oauth_error {
#define X(name, status, code) name,
	OAUTH_ERROR_TABLE(X)
#undef X
};

const char *oauth_error_code(enum oauth_error error); // static
unsigned oauth_error_status(enum oauth_error error);

#endif
