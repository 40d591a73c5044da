// SPDX-License-Identifier: Apache-2.0
// Who sends a request: by its Authorization field (RFC 9110 section 11.6.2), or
// by the cookie of a browser session. "Basic" (RFC 7617) has the name and the
// password of a user, or an application password. "Bearer" (RFC 6750) has an
// access token of OAuth. A cookie counts only where a page of this host asks
// (http_cookie_refusal() of origin.h). A refusal names the document that says
// how to get a token (RFC 9728 section 5.1).
//
// A handler that needs a user:
//
//	switch (http_authorize(exchange, &state->login, &user)) {
//	case HTTP_LOGIN_OK: break;
//	case HTTP_LOGIN_WAIT: return HTTP_WAIT; // and calls again in resume()
//	case HTTP_LOGIN_REFUSED: return HTTP_DONE; // it was answered
//	}
//
// and end() calls http_login_end().
#ifndef ROOST_HTTP_AUTHORIZE_H
#define ROOST_HTTP_AUTHORIZE_H

#include "http/http.h"

// Before the path of a resource: its document (RFC 9728 section 3.1).
#define HTTP_RESOURCE_PATH "/.well-known/oauth-protected-resource"
// The cookie of a browser session (auth/token.h). The account room sets it.
#define HTTP_SESSION_COOKIE "__Host-roost"

// Zeroed by the handler, in its own state; it must not move.
struct http_login {
	struct auth_turn turn;
};

enum http_login_result {
	HTTP_LOGIN_OK,
	HTTP_LOGIN_WAIT,    // for the password's turn, or for a pause
	HTTP_LOGIN_REFUSED, // 401, 403, 429 or 503 was answered
};

// Logs the user of the request in; from then on the connection is that user's.
enum http_login_result http_authorize(struct http_exchange *exchange,
    struct http_login *login, struct auth_user *ret_user);
void http_login_end(struct http_exchange *exchange, struct http_login *login);

#endif
