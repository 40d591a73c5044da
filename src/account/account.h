// SPDX-License-Identifier: Apache-2.0
// What a user does with the own log-in by HTTP, in a browser: logging in and
// out, browser sessions, application passwords, second factors (/account/…);
// and the OAuth authorization server, by which programs get access without the
// password (/oauth/…). Thread-safe.
#ifndef ROOST_ACCOUNT_ACCOUNT_H
#define ROOST_ACCOUNT_ACCOUNT_H

#include "http/http.h"

struct account;

// All that it points to must outlive the room.
struct account_options {
	struct auth *auth;
	struct log *log;           // may be NULL
	const struct clock *clock; // NULL: the machine's
	// The name under which OAuth's issuer is known, and the port of HTTPS;
	// 0: 443.
	const char *server_name;
	uint16_t https_port;
	bool no_oauth; // there is no authorization server
	// How long a browser that is to remember the user keeps the cookie.
	uint32_t session_max_seconds;
	// Whether a host is this server, so that tokens may be sent to it.
	bool (*is_ours)(void *context, struct view host);
	void *context;
};

struct account *account_new(const struct account_options *options);
void account_free(struct account **account);

// The routes; their context is set. They live as long as the account.
const struct http_route *account_routes(
    const struct account *account, size_t *ret_count);

#endif
