// SPDX-License-Identifier: Apache-2.0
// The messages of SASL's OAuth mechanisms: OAUTHBEARER (RFC 7628) and Google's
// XOAUTH2. Pure functions. Only this room includes it.
#ifndef ROOST_AUTH_BEARER_H
#define ROOST_AUTH_BEARER_H

#include "auth/auth.h"

struct auth_bearer {
	struct view token; // empty: the client only asks what it needs
	char authzid[AUTH_NAME_MAX];
	size_t authzid_len; // 0: none was given
};

// Reads the client's response. `ret_bearer->token` is a part of `message`.
// RC_SYNTAX.
MUST_CHECK enum rc auth_bearer_read(
    struct view message, struct auth_bearer *ret_bearer);
MUST_CHECK enum rc auth_bearer_read_xoauth2(
    struct view message, struct auth_bearer *ret_bearer);

// Writes the error as JSON (RFC 7628 section 3.2.2; XOAUTH2's has an HTTP
// status and "schemes"). `discovery` is the URL of the authorization server's
// metadata, or NULL.
void auth_bearer_write_error(enum auth_reason reason, bool xoauth2,
    const char *discovery, struct buf *out);

#endif
