// SPDX-License-Identifier: Apache-2.0
// The second factor: an authenticator app (TOTP), passkeys (WebAuthn), and
// recovery codes for who has lost these. It is asked for in the browser only.
// A user who has one cannot log in with the password alone anywhere: programs
// need an application password or a token (token.h).
//
// All of a user is one record, "auth/second/" and the account in
// AUTH_PARTITION; the user's own record says whether there is a second factor,
// and both change in one commit. Turning it on shuts out everybody who has
// logged in with the password alone. Thread-safe.
#ifndef ROOST_AUTH_SECOND_H
#define ROOST_AUTH_SECOND_H

#include "auth/credential.h"
#include "auth/totp.h"
#include "auth/webauthn.h"

#define AUTH_PASSKEYS_MAX      10
#define AUTH_RECOVERY_CODES    10
#define AUTH_RECOVERY_CODE_LEN 19 // "abcd-efgh-ijkl-mnop": 80 random bits
#define AUTH_CHALLENGE_LEN     40
#define AUTH_CHALLENGE_SECONDS 600
#define AUTH_SECOND_RECORD_MAX ((size_t)32768)
// How many wrong codes a user may give in an hour. After that only passkeys are
// looked at: whoever comes so far knows the password.
#define AUTH_SECOND_FAILURES 10

struct auth_passkey {
	size_t id_len;
	unsigned char id[AUTH_WEBAUTHN_ID_MAX];
	struct auth_webauthn_key key;
	uint32_t counter;
	bool backed_up; // it is on more than one device
	int64_t created;
	int64_t used; // wall-clock seconds; 0: never
	char name[AUTH_CREDENTIAL_NAME_MAX + 1];
};

// What a user has; 18 KiB.
struct auth_second {
	struct auth_name user;
	bool totp;
	unsigned char secret[AUTH_TOTP_SECRET_LEN];
	uint64_t last_step; // that was accepted
	bool totp_new;      // begun, not confirmed
	unsigned char secret_new[AUTH_TOTP_SECRET_LEN];
	size_t recovery_count; // codes that are left
	unsigned char recovery[AUTH_RECOVERY_CODES][AUTH_HASH_LEN];
	size_t passkey_count;
	struct auth_passkey passkeys[AUTH_PASSKEYS_MAX];
};
static inline bool auth_second_is_on(const struct auth_second *second)
{
	return second->totp || second->passkey_count > 0;
}

// RC_OK also if the user has none.
MUST_CHECK enum rc auth_second_get(
    struct auth *auth, uint64_t account, struct auth_second *ret_second);
// For the administrator: takes all of it away, so that the password is enough
// again. RC_NOT_FOUND: there is none.
MUST_CHECK enum rc auth_second_reset(
    struct auth *auth, const struct auth_user *user, struct fault *fault);

// ---- An authenticator app --------------------------------------------------

// Makes a secret to show (auth_totp_write_uri()). It counts when it is
// confirmed; until then another begin replaces it.
MUST_CHECK enum rc auth_totp_begin(struct auth *auth,
    const struct auth_user *user, struct fault *fault,
    unsigned char ret_secret[AUTH_TOTP_SECRET_LEN]);
// The first code that the app shows. It replaces an earlier app. RC_AUTH: the
// code is wrong. RC_NOT_FOUND: nothing was begun.
MUST_CHECK enum rc auth_totp_confirm(struct auth *auth,
    const struct auth_user *user, struct view code, struct fault *fault);
// RC_NOT_FOUND.
MUST_CHECK enum rc auth_totp_remove(
    struct auth *auth, const struct auth_user *user, struct fault *fault);

// ---- Recovery codes --------------------------------------------------------

struct auth_recovery_codes {
	char codes[AUTH_RECOVERY_CODES][AUTH_RECOVERY_CODE_LEN + 1];
};
// Makes new ones, which replace those that are left. They are shown once.
// RC_GONE: the user was shut out. RC_NOT_FOUND: there is no second factor.
MUST_CHECK enum rc auth_recovery_make(struct auth *auth,
    const struct auth_user *user, struct fault *fault,
    struct auth_recovery_codes *ret_codes);

// ---- Passkeys --------------------------------------------------------------

// A challenge for the browser. It is good for AUTH_CHALLENGE_SECONDS, once, for
// the same `use` ("register", "login") and `binding`: the id of the browser's
// session or pending session, as text, so that no other browser's answer
// counts.
MUST_CHECK enum rc auth_challenge_make(const struct auth *auth, const char *use,
    struct view binding, unsigned char ret_challenge[AUTH_CHALLENGE_LEN]);

// What WebAuthn calls the user handle (user.id) of an account: bytes for
// create(), which get() returns for a passkey.
#define AUTH_USER_HANDLE_LEN 8
void auth_user_handle(
    uint64_t account, unsigned char ret_handle[AUTH_USER_HANDLE_LEN]);

struct auth_passkey_order {
	struct view name; // as the user calls it
	struct view
	    challenge; // that auth_challenge_make() gave; use "register"
	struct view binding;
	struct view client_data; // the browser's clientDataJSON
	struct view attestation; // and attestationObject
};
// RC_INVALID, RC_SYNTAX: see auth_webauthn_register(); also another challenge.
// RC_EXISTS: the passkey is there already. RC_LIMIT: AUTH_PASSKEYS_MAX.
MUST_CHECK enum rc auth_passkey_add(struct auth *auth,
    const struct auth_user *user, const struct auth_webauthn_site *site,
    const struct auth_passkey_order *order, struct fault *fault);
// RC_NOT_FOUND.
MUST_CHECK enum rc auth_passkey_rename(struct auth *auth,
    const struct auth_user *user, struct view id, struct view name,
    struct fault *fault);
MUST_CHECK enum rc auth_passkey_remove(struct auth *auth,
    const struct auth_user *user, struct view id, struct fault *fault);

// ---- The proof -------------------------------------------------------------

// Checks a code of the app, or a recovery code, which is then used up. `user`
// has given the password (auth_verify() returned RC_MORE), or is logged in and
// proves it again. RC_OK: `ret_user` is logged in. RC_AUTH: refused, reason
// CODE or LIMITED. RC_IN_USE: see struct auth_turn. Anything else as
// auth_verify().
MUST_CHECK enum rc auth_second_code(struct auth *auth,
    const struct auth_channel *channel, const struct auth_user *user,
    struct view code, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict);

struct auth_passkey_proof {
	struct view challenge; // use "login"
	struct view binding;
	struct view id; // rawId
	struct view client_data;
	struct view authenticator_data;
	struct view signature;
	struct view user_handle; // may be empty if `user` is known
};
// The same with a passkey. `user` NULL: nobody has given a name or a password;
// the user handle says who it is, and the authenticator must have verified the
// user (UV), as the passkey is then both factors.
MUST_CHECK enum rc auth_second_passkey(struct auth *auth,
    const struct auth_channel *channel, const struct auth_webauthn_site *site,
    const struct auth_passkey_proof *proof, const struct auth_user *user,
    struct auth_user *ret_user, struct auth_verdict *ret_verdict);

// ---- The stored form, for this room and its tests --------------------------

void auth_second_encode(
    const struct auth_second *second, struct buf *ret_bytes);
MUST_CHECK enum rc auth_second_decode(
    struct view bytes, struct auth_second *ret_second);

#endif
