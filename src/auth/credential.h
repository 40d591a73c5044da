// SPDX-License-Identifier: Apache-2.0
// What a user may log in with besides the password: browser sessions,
// application passwords, and what OAuth clients were given. Each is a record in
// engine partition AUTH_PARTITION, under the user's account and a number. It
// has the SHA-256 of the secret, never the secret. token.h makes and checks
// them; here they are listed and revoked. Thread-safe.
#ifndef ROOST_AUTH_CREDENTIAL_H
#define ROOST_AUTH_CREDENTIAL_H

#include "auth/auth.h"
#include "auth/use.h"

#define AUTH_CREDENTIAL_NAME_MAX 128 // bytes of the name for people
#define AUTH_CLIENT_ID_MAX       64
#define AUTH_HASH_LEN            32 // SHA-256

// The kind, its word for lists and the log, and how many a user may have. Of
// kinds that are made without a question (browser sessions, grants) the one
// that was not used for the longest time is revoked when there is one too many.
// A further application password is refused instead, as mail programs use the
// old ones.
#define AUTH_KIND_TABLE(X)                                                     \
	X(AUTH_KIND_SESSION, 1, "session", 50)                                 \
	/* The password was right; the second factor is still to come. */      \
	X(AUTH_KIND_PENDING, 2, "pending", 10)                                 \
	X(AUTH_KIND_APP_PASSWORD, 3, "app-password", 50)                       \
	/* What a user allowed an OAuth client, with its refresh token. */     \
	X(AUTH_KIND_GRANT, 4, "grant", 100)                                    \
	X(AUTH_KIND_CODE, 5, "code", 10) /* an authorization code */           \
	/* An access token. It belongs to a grant, of which this is the most.  \
	 */                                                                    \
	X(AUTH_KIND_ACCESS, 6, "access", 20)                                   \
	/* Of a device, which has no user yet; its record is oauth.c's. */     \
	X(AUTH_KIND_DEVICE, 7, "device", 0)

enum auth_kind {
#define X(name, number, word, most) name = number,
	AUTH_KIND_TABLE(X)
#undef X
};

#define AUTH_KIND_BIT(kind) (1u << (kind))
// What lists show. The others last for minutes.
#define AUTH_KINDS_LISTED                                                      \
	(AUTH_KIND_BIT(AUTH_KIND_SESSION) |                                    \
	    AUTH_KIND_BIT(AUTH_KIND_APP_PASSWORD) |                            \
	    AUTH_KIND_BIT(AUTH_KIND_GRANT))
// What a new password revokes: all that was made by giving the old one, but not
// application passwords, which would stop every mail program at once.
#define AUTH_KINDS_OF_PASSWORD                                                 \
	(AUTH_KIND_BIT(AUTH_KIND_SESSION) | AUTH_KIND_BIT(AUTH_KIND_PENDING) | \
	    AUTH_KIND_BIT(AUTH_KIND_GRANT) | AUTH_KIND_BIT(AUTH_KIND_CODE))
#define AUTH_KINDS_ALL                                                         \
	(AUTH_KINDS_OF_PASSWORD | AUTH_KIND_BIT(AUTH_KIND_APP_PASSWORD))

const char *auth_kind_word(enum auth_kind kind); // "session"

struct auth_credential {
	enum auth_kind kind;
	uint64_t account;
	uint64_t id; // not 0; the account and this number name the credential
	struct auth_name user;
	uint32_t scopes;       // auth/scope.h
	int64_t created;       // wall-clock seconds, like all times here
	int64_t expires;       // 0: it does not
	uint32_t idle_seconds; // it also ends after so long without use; 0: no
	// Browser sessions: when the user last gave the password or a second
	// factor in it.
	int64_t proved;
	// For people, as the user or the client gave it (UTF-8,
	// NUL-terminated).
	char name[AUTH_CREDENTIAL_NAME_MAX + 1];
	char address[AUTH_USE_ADDRESS_MAX + 1]; // from where it was made
	char client[AUTH_CLIENT_ID_MAX + 1];    // OAuth's client_id
	// Only in auth_credentials_list() and auth_credential_find().
	struct auth_use used;
	// Of this room.
	unsigned char hash[AUTH_HASH_LEN];
	// Grants: the refresh token before the present one, and when it was
	// replaced.
	unsigned char before[AUTH_HASH_LEN];
	int64_t rotated;
	// Codes: the hash of the redirect URI, PKCE's challenge, and the grant
	// that the code was exchanged for (0: not yet).
	unsigned char redirect[AUTH_HASH_LEN];
	unsigned char challenge[AUTH_HASH_LEN];
	uint64_t grant;
};

// The user with this name in the directory. RC_NOT_FOUND.
MUST_CHECK enum rc auth_user_find(
    struct auth *auth, struct view name, struct auth_user *ret_user);

// Calls `each` for what the user has of AUTH_KINDS_LISTED and has not expired,
// in no particular order. If `each` returns RC_END, it stops and returns RC_OK;
// with anything else but RC_OK it stops and returns that.
MUST_CHECK enum rc auth_credentials_list(struct auth *auth, uint64_t account,
    enum rc (*each)(void *context, const struct auth_credential *credential),
    void *context);
// RC_NOT_FOUND: there is none, or it has expired.
MUST_CHECK enum rc auth_credential_find(struct auth *auth, uint64_t account,
    uint64_t id, struct auth_credential *ret_credential);

// Revokes one: it is gone, and the sessions that logged in with it end. A
// grant's access tokens are gone with it. RC_NOT_FOUND.
MUST_CHECK enum rc auth_credential_revoke(
    struct auth *auth, uint64_t account, uint64_t id, struct fault *fault);
// Revokes all of these kinds (AUTH_KIND_BIT), but not the one with the id
// `except` (0: none). `ret_count` is how many of AUTH_KINDS_LISTED were
// revoked.
MUST_CHECK enum rc auth_credentials_revoke(struct auth *auth, uint64_t account,
    uint32_t kinds, uint64_t except, struct fault *fault, size_t *ret_count);

// Removes what has expired, and what belongs to nobody. auth_start()'s thread
// does this every hour.
MUST_CHECK enum rc auth_credentials_sweep(
    struct auth *auth, struct fault *fault);

// The stored form, for this room and its tests. `account` and `id` are in the
// key.
#define AUTH_CREDENTIAL_RECORD_MAX ((size_t)1024)
void auth_credential_encode(
    const struct auth_credential *credential, struct buf *ret_bytes);
// RC_CORRUPT: the bytes are no such record.
MUST_CHECK enum rc auth_credential_decode(
    struct view bytes, struct auth_credential *ret_credential);

#endif
