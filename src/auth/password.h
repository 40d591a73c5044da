// SPDX-License-Identifier: Apache-2.0
// What is kept of a password so that it can be checked and never be read back:
// a crypt(3) hash for PLAIN and LOGIN, and SCRAM keys (RFC 5802). Passwords are
// prepared here: callers give them as they came.
#ifndef ROOST_AUTH_PASSWORD_H
#define ROOST_AUTH_PASSWORD_H

#include "auth/prepare.h"

#define AUTH_HASH_MAX             511 // bytes in a stored hash
#define AUTH_SCRAM_SALT           16
#define AUTH_SCRAM_KEY_MAX        32      // SHA-256; SHA-1 uses 20 of them
#define AUTH_SCRAM_ITERATIONS     4096    // at least (RFC 7677 section 4)
#define AUTH_SCRAM_ITERATIONS_MAX 1000000 // what a record may ask of clients
#define AUTH_SCRAM_SALT_MAX       64

enum auth_digest {
	AUTH_SHA256,
	AUTH_SHA1,
};
#define AUTH_DIGESTS 2

size_t auth_digest_len(enum auth_digest digest);       // 32, 20
const char *auth_digest_name(enum auth_digest digest); // for OpenSSL

struct auth_scram_keys {
	uint32_t iterations; // 0: the user has no such keys
	size_t salt_len;
	unsigned char salt[AUTH_SCRAM_SALT_MAX];
	unsigned char stored_key[AUTH_SCRAM_KEY_MAX];
	unsigned char server_key[AUTH_SCRAM_KEY_MAX];
};

struct auth_credentials {
	// crypt(3)'s string, or {SCHEME}…; NUL-terminated. "": no password
	// fits.
	char hash[AUTH_HASH_MAX + 1];
	struct auth_scram_keys scram[AUTH_DIGESTS];
};

struct auth_hashing {
	unsigned long cost; // yescrypt's, 1 to 11; 0: libxcrypt's default
	uint32_t scram_iterations; // 0: AUTH_SCRAM_ITERATIONS
	bool scram_sha1;           // keep keys for SCRAM-SHA-1, too
};

// Everything kept of a new password, as `hashing` (NULL: the defaults) says.
// RC_INVALID, RC_LIMIT, RC_SYNTAX when the password cannot be one.
MUST_CHECK enum rc auth_credentials_make(const struct auth_hashing *hashing,
    struct view password, struct fault *fault,
    struct auth_credentials *ret_credentials);

// Whether a password would bring SCRAM keys that `credentials` lack, as those
// have that came from another server.
bool auth_credentials_lack_keys(const struct auth_hashing *hashing,
    const struct auth_credentials *credentials);
// Adds them, made of the password that fits the hash. RC_INVALID, RC_LIMIT,
// RC_SYNTAX when it cannot be prepared.
MUST_CHECK enum rc auth_credentials_add_keys(const struct auth_hashing *hashing,
    struct view password, struct auth_credentials *credentials);

// Whether the hash has the form that auth_credentials_make() gives. Another one
// comes from another server, and is made anew when the password is known: then
// every check takes the same time.
bool auth_credentials_are_todays(const struct auth_credentials *credentials);

// The same from what another server kept: "{SCHEME}…", or without a scheme what
// crypt(3), Argon2 or PBKDF2 (passlib, PHC) write. The schemes are those of
// scheme.c. {PLAIN} and its like are hashed afresh. SCRAM keys come from these
// and from {SCRAM-SHA-256} only. RC_UNSUPPORTED: an unknown scheme; RC_INVALID:
// not well formed. No message has anything of `stored` in it.
MUST_CHECK enum rc auth_credentials_import(const struct auth_hashing *hashing,
    struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials);

// RC_OK when the password fits the hash, RC_AUTH when not; RC_UNSUPPORTED when
// this hash cannot be checked here. Takes milliseconds by design.
MUST_CHECK enum rc auth_password_check(const char *hash, struct view password);

// Salts `password` (prepared) into `keys`, whose salt and iterations are set.
MUST_CHECK enum rc auth_scram_derive(enum auth_digest digest,
    struct view password, struct auth_scram_keys *keys);

#endif
