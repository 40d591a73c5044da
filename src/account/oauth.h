// SPDX-License-Identifier: Apache-2.0
// What the files of the authorization server share; this room only.
#ifndef ROOST_ACCOUNT_OAUTH_H
#define ROOST_ACCOUNT_OAUTH_H

#include "account/impl.h"
#include "account/page.h"
#include "auth/oauth.h"

// The paths; all of them are under the issuer.
#define OAUTH_PATH_METADATA "/.well-known/oauth-authorization-server"
// The same document where clients of OpenID Connect look for it, and where
// refusals of SASL lead to (RFC 7628 section 3.2.2).
#define OAUTH_PATH_OPENID    "/.well-known/openid-configuration"
#define OAUTH_PATH_REGISTER  "/oauth/register"
#define OAUTH_PATH_AUTHORIZE "/oauth/authorize"
#define OAUTH_PATH_TOKEN     "/oauth/token"
#define OAUTH_PATH_REVOKE    "/oauth/revoke"
#define OAUTH_PATH_BEGIN     "/oauth/device_authorization"
#define OAUTH_PATH_DEVICE    "/oauth/device"

// Adds the issuer: "https://mail.example.org", with the port by which this
// server is reached. It is the server's own name, whatever host was asked: a
// customer's domain cannot pass for it.
void oauth_add_issuer(struct http_exchange *exchange, struct buf *out);
// Whether the request is for the issuer's host. On others nothing of this is
// served.
bool oauth_is_issuer(const struct http_exchange *exchange);

// What a redirect URI or a token's resource may name.
bool oauth_is_our_host(void *account, struct view host);

// ---- oauth_login.c ---------------------------------------------------------

// A page in the language of the request.
struct account_page oauth_new_page(
    struct http_exchange *exchange, enum account_page_kind kind);
// Answers with one that is only a message.
enum http_step oauth_message(
    struct http_exchange *exchange, enum account_page_kind kind);
// What stands behind "?".
struct view oauth_query_of(struct view request);

// To allow something is a change of the log-in: it needs a session in which the
// user has shown lately who it is. HTTP_MORE: there is one. Otherwise the
// log-in page was answered, or the call waits.
enum http_step oauth_need_fresh(struct http_exchange *exchange,
    struct account_call *call, struct view request);
// The same, and that the form has what only the session's pages know.
enum http_step oauth_need_session(struct http_exchange *exchange,
    struct account_call *call, struct view request);

#endif
