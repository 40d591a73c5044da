// SPDX-License-Identifier: Apache-2.0
// What an OAuth client says of itself when it registers (RFC 7591), as the
// profile for open public clients limits it (draft-ietf-mailmaint-oauth-public
// section 3.3). Nothing of it is verified, and nobody can verify it: it is
// shown to the user as a claim. What matters is where the code goes
// (redirect.h).
#ifndef ROOST_ACCOUNT_CLIENT_H
#define ROOST_ACCOUNT_CLIENT_H

#include "account/json.h"
#include "account/oauth_error.h"
#include "auth/oauth.h"
#include "wire/json_text.h"

#define ACCOUNT_CLIENT_NAME_CODES 64 // characters of the name

// The grants that a client may use.
enum account_grant {
	ACCOUNT_GRANT_CODE = 1 << 0,
	ACCOUNT_GRANT_REFRESH = 1 << 1,
	ACCOUNT_GRANT_DEVICE = 1 << 2,
};

// The texts that are kept as they came: the name in JSON, and whether it is a
// URL of the web.
#define ACCOUNT_CLIENT_TEXT_TABLE(X)                                           \
	X(ACCOUNT_CLIENT_NAME, "client_name", false)                           \
	X(ACCOUNT_CLIENT_URI, "client_uri", true)                              \
	X(ACCOUNT_CLIENT_LOGO, "logo_uri", true)                               \
	X(ACCOUNT_CLIENT_TERMS, "tos_uri", true)                               \
	X(ACCOUNT_CLIENT_POLICY, "policy_uri", true)                           \
	X(ACCOUNT_CLIENT_SOFTWARE, "software_id", false)                       \
	X(ACCOUNT_CLIENT_VERSION, "software_version", false)

enum account_client_text {
#define X(name, word, url) name,
	ACCOUNT_CLIENT_TEXT_TABLE(X)
#undef X
	    ACCOUNT_CLIENT_TEXTS
};

struct account_client {
	struct view redirects[AUTH_CLIENT_REDIRECTS_MAX];
	size_t redirect_count;
	unsigned grants;                         // of enum account_grant
	bool takes_code;                         // response_types has "code"
	uint32_t scopes;                         // auth/scope.h
	struct view texts[ACCOUNT_CLIENT_TEXTS]; // empty: none
};

// Reads a registration. The views are in the arena. With another result than
// OAUTH_OK `*ret_why` says to the client's author what is wrong; static.
enum oauth_error account_client_read(struct arena *arena, struct view json,
    struct account_client *ret_client, const char **ret_why);

// Adds the members of the client to an object: what a registration is answered
// with besides the client_id.
void account_client_write(
    const struct account_client *client, struct json_text *out);

// What `auth` stores of it.
void account_client_record(
    const struct account_client *client, struct auth_client *ret_record);

#endif
