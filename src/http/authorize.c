// SPDX-License-Identifier: Apache-2.0
#include "http/authorize.h"

#include "base/clock.h"
#include "http/impl.h"
#include "wire/base64.h"

#define CREDENTIALS_MAX ((size_t)2048) // decoded

static struct auth *auth_of(struct http_exchange *exchange)
{
	return exchange_of(exchange)->session->base.server->auth;
}

// Basic is offered with TLS only: the other routes redirect.
static enum http_login_result unauthorized(struct http_exchange *exchange)
{
	http_set_field(exchange, "WWW-Authenticate",
	    VIEW("Basic realm=\"Roost\", charset=\"UTF-8\""));
	http_status(exchange, 401);
	return HTTP_LOGIN_REFUSED;
}

static enum http_login_result refuse(
    struct http_exchange *exchange, enum auth_reason reason)
{
	if (reason != AUTH_REASON_UNAVAILABLE)
		return unauthorized(exchange);
	http_status(exchange, 503);
	return HTTP_LOGIN_REFUSED;
}

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

static enum http_login_result check(struct http_exchange *exchange,
    struct http_login *login, struct view name, struct view password,
    struct auth_user *ret_user)
{
	struct auth_verdict verdict;
	struct auth_user user;
	struct auth_channel channel = http_channel(exchange, &login->turn);
	enum rc rc = auth_verify(
	    auth_of(exchange), &channel, name, password, &user, &verdict);
	if (rc == RC_IN_USE) {
		if (login->turn.pause_ms > 0)
			http_wake_at(exchange,
			    clock_monotonic_ms() + login->turn.pause_ms);
		return HTTP_LOGIN_WAIT;
	}
	if (rc != RC_OK)
		return refuse(exchange, verdict.reason);
	auth_turn_end(auth_of(exchange), &login->turn);
	if (!http_log_in(exchange, &user)) {
		http_status(exchange, 429);
		return HTTP_LOGIN_REFUSED;
	}
	*ret_user = user;
	return HTTP_LOGIN_OK;
}

enum http_login_result http_authorize(struct http_exchange *exchange,
    struct http_login *login, struct auth_user *ret_user)
{
	struct view name, password;
	struct view field = http_field(&exchange->request, "authorization");
	if (!read_basic(exchange, field, &name, &password))
		return unauthorized(exchange);
	return check(exchange, login, name, password, ret_user);
}

void http_login_end(struct http_exchange *exchange, struct http_login *login)
{
	auth_turn_end(auth_of(exchange), &login->turn);
}
