// SPDX-License-Identifier: Apache-2.0
#include "http/authorize.h"

#include "auth/token.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "http/impl.h"
#include "http/origin.h"
#include "wire/base64.h"

#define CREDENTIALS_MAX ((size_t)2048) // decoded

static struct auth *auth_of(struct http_exchange *exchange)
{
	return exchange_of(exchange)->session->base.server->auth;
}

// ---- What a stranger is told -----------------------------------------------

// Where a program finds out how to get a token for this (RFC 9728 section 3.1).
// Paths that would need escapes are left out: the host's own document says the
// same.
static void add_metadata_url(
    const struct http_request *request, struct buf *out)
{
	struct view path = request->path;
	http_add_own_origin(request, out);
	buf_add_literal(out, HTTP_RESOURCE_PATH);
	for (size_t i = 0; i < path.len; i++)
		if (!ascii_is_alnum(path.ptr[i]) &&
		    view_find_char(VIEW("-._~/"), path.ptr[i]) == SIZE_MAX)
			return;
	if (path.len > 1)
		buf_add(out, path);
}

// The challenges (RFC 9110 section 11.6.1). Basic is offered with TLS only: the
// other routes redirect. A page of ours is not offered it, because the browser
// would then ask the user for a password itself.
static enum http_login_result challenge(
    struct http_exchange *exchange, unsigned status, const char *error)
{
	struct buf text;
	buf_init(&text, 4096);
	buf_add_literal(&text, "Bearer realm=\"Roost\", resource_metadata=\"");
	add_metadata_url(&exchange->request, &text);
	buf_add_char(&text, '"');
	if (error)
		buf_printf(&text, ", error=\"%s\"", error);
	if (!error && http_field(&exchange->request, "x-roost").len == 0)
		http_add_field(exchange, "WWW-Authenticate",
		    VIEW("Basic realm=\"Roost\", charset=\"UTF-8\""));
	http_add_field(exchange, "WWW-Authenticate", buf_view(&text));
	buf_done(&text);
	http_status(exchange, status);
	return HTTP_LOGIN_REFUSED;
}

// `token`: it was a token that was refused (RFC 6750 section 3.1).
static enum http_login_result refuse(struct http_exchange *exchange,
    const struct auth_verdict *verdict, bool token)
{
	if (verdict->reason == AUTH_REASON_UNAVAILABLE) {
		http_status(exchange, 503);
		return HTTP_LOGIN_REFUSED;
	}
	if (token && verdict->reason == AUTH_REASON_SCOPE)
		return challenge(exchange, 403, "insufficient_scope");
	return challenge(exchange, 401, token ? "invalid_token" : NULL);
}

// ---- The kinds of log-in ---------------------------------------------------

// Reads "Basic " and base64 of "name:password" (RFC 7617 section 2). The
// result is in the exchange's arena, which is overwritten at its end.
static bool read_basic(struct http_exchange *exchange, struct view field,
    struct view *ret_name, struct view *ret_password)
{
	struct buf text;
	struct view scheme;
	if (!view_split(&field, ' ', &scheme) ||
	    !view_eq_nocase(scheme, VIEW("Basic")))
		return false;
	buf_init(&text, CREDENTIALS_MAX);
	bool read = base64_decode(view_trim(field), &text) == RC_OK;
	struct view pair = arena_copy(&exchange->arena, buf_view(&text));
	buf_done_secret(&text);
	size_t colon = view_find_char(pair, ':');
	if (!read || colon == SIZE_MAX)
		return false;
	*ret_name = view_slice(pair, 0, colon);
	*ret_password = view_from(pair, colon + 1);
	return view_find_char(pair, '\0') == SIZE_MAX;
}

// What the check of a password or a token came to.
static enum http_login_result finish(struct http_exchange *exchange,
    struct http_login *login, enum rc rc, const struct auth_verdict *verdict,
    const struct auth_user *user, bool token)
{
	if (rc == RC_IN_USE) {
		if (login->turn.pause_ms > 0)
			http_wake_at(exchange,
			    clock_monotonic_ms() + login->turn.pause_ms);
		return HTTP_LOGIN_WAIT;
	}
	if (rc != RC_OK)
		return refuse(exchange, verdict, token);
	auth_turn_end(auth_of(exchange), &login->turn);
	if (!http_log_in(exchange, user)) {
		http_status(exchange, 429);
		return HTTP_LOGIN_REFUSED;
	}
	return HTTP_LOGIN_OK;
}

static enum http_login_result check_token(struct http_exchange *exchange,
    struct http_login *login, enum auth_kind kind, struct view token,
    struct auth_user *ret_user)
{
	struct auth_verdict verdict;
	struct auth_channel channel = http_channel(exchange, &login->turn);
	enum rc rc = auth_token_verify(
	    auth_of(exchange), &channel, kind, token, ret_user, &verdict);
	return finish(
	    exchange, login, rc, &verdict, ret_user, kind == AUTH_KIND_ACCESS);
}

static enum http_login_result check_basic(struct http_exchange *exchange,
    struct http_login *login, struct view field, struct auth_user *ret_user)
{
	struct auth_verdict verdict;
	struct view name, password;
	if (!read_basic(exchange, field, &name, &password))
		return challenge(exchange, 401, NULL);
	struct auth_channel channel = http_channel(exchange, &login->turn);
	enum rc rc = auth_verify(
	    auth_of(exchange), &channel, name, password, ret_user, &verdict);
	return finish(exchange, login, rc, &verdict, ret_user, false);
}

// The body's type is the handler's affair: an upload may have any.
static enum http_login_result check_cookie(struct http_exchange *exchange,
    struct http_login *login, struct view cookie, struct auth_user *ret_user)
{
	unsigned status = http_cookie_refusal(&exchange->request, NULL);
	if (status != 0) {
		http_status(exchange, status);
		return HTTP_LOGIN_REFUSED;
	}
	return check_token(
	    exchange, login, AUTH_KIND_SESSION, cookie, ret_user);
}

enum http_login_result http_authorize(struct http_exchange *exchange,
    struct http_login *login, struct auth_user *ret_user)
{
	struct view cookie;
	struct view field = http_field(&exchange->request, "authorization");
	if (view_starts_with_nocase(field, VIEW("Bearer ")))
		return check_token(exchange, login, AUTH_KIND_ACCESS,
		    view_trim(view_from(field, sizeof("Bearer"))), ret_user);
	// A cookie comes with every request of a browser. So it counts only
	// where nothing else was said.
	if (field.len == 0 &&
	    http_cookie(&exchange->request, HTTP_SESSION_COOKIE, &cookie))
		return check_cookie(exchange, login, cookie, ret_user);
	return check_basic(exchange, login, field, ret_user);
}

void http_login_end(struct http_exchange *exchange, struct http_login *login)
{
	auth_turn_end(auth_of(exchange), &login->turn);
}
