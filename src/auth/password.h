// SPDX-License-Identifier: Apache-2.0
// What is stored of a password, so that it can be checked but never read back:
// a crypt(3) hash for PLAIN and LOGIN, and SCRAM keys (RFC 5802). The functions
// prepare passwords themselves.
#ifndef ROOST_AUTH_PASSWORD_H
#define ROOST_AUTH_PASSWORD_H

#include "auth/prepare.h"

#define AUTH_HASH_MAX             511 // bytes in a stored hash
#define AUTH_SCRAM_SALT           16
#define AUTH_SCRAM_KEY_MAX        32      // SHA-256; SHA-1 needs 20 bytes
#define AUTH_SCRAM_ITERATIONS     65536   // unless set; README.md says why
#define AUTH_SCRAM_ITERATIONS_MIN 4096    // RFC 7677 section 4
#define AUTH_SCRAM_ITERATIONS_MAX 1000000 // the most in a record
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
	// The string of crypt(3), or {SCHEME}…; NUL-terminated. "": no password
	// fits.
	char hash[AUTH_HASH_MAX + 1];
	struct auth_scram_keys scram[AUTH_DIGESTS];
};

struct auth_hashing {
	unsigned long cost; // yescrypt's, 1 to 11; 0: libxcrypt's default
	uint32_t scram_iterations; // 0: AUTH_SCRAM_ITERATIONS; the least is
				   // AUTH_SCRAM_ITERATIONS_MIN
	bool scram_sha1;           // keep keys for SCRAM-SHA-1 too
};

// Makes what is stored of a new password, with the settings in `hashing` (NULL:
// the defaults). RC_INVALID, RC_LIMIT, RC_SYNTAX: the text cannot be a
// password.
MUST_CHECK enum rc auth_credentials_make(const struct auth_hashing *hashing,
    struct view password, struct fault *fault,
    struct auth_credentials *ret_credentials);

// Whether `credentials` lack SCRAM keys that could be made if the password were
// known, or have keys with fewer rounds than are set. Those that came from
// another server do.
bool auth_credentials_lack_keys(const struct auth_hashing *hashing,
    const struct auth_credentials *credentials);
// Makes these keys from the password that fits the hash. RC_INVALID, RC_LIMIT,
// RC_SYNTAX: the password cannot be prepared.
MUST_CHECK enum rc auth_credentials_add_keys(const struct auth_hashing *hashing,
    struct view password, struct auth_credentials *credentials);

// Whether the hash has the form that auth_credentials_make() gives. Other forms
// come from other servers. They are replaced when the password is known, so
// that every check takes the same time.
bool auth_credentials_are_todays(const struct auth_credentials *credentials);

// Makes credentials from what another server stored: "{SCHEME}…", or without a
// scheme what crypt(3), Argon2 or PBKDF2 (passlib, PHC) write. scheme.c has the
// schemes. {PLAIN} and its like are hashed. Only these and {SCRAM-SHA-…} give
// SCRAM keys. RC_UNSUPPORTED: an unknown scheme. RC_INVALID: malformed. No
// message quotes any part of `stored`.
MUST_CHECK enum rc auth_credentials_import(const struct auth_hashing *hashing,
    struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials);

// RC_OK: the password fits the hash. RC_AUTH: it does not. RC_UNSUPPORTED: this
// server cannot check this hash. Takes milliseconds by design.
MUST_CHECK enum rc auth_password_check(const char *hash, struct view password);

// Computes `keys` from `password` (prepared); the salt and the iterations in
// `keys` are set.
MUST_CHECK enum rc auth_scram_derive(enum auth_digest digest,
    struct view password, struct auth_scram_keys *keys);

#endif
