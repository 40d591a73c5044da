// SPDX-License-Identifier: Apache-2.0
// What a browser sends of a passkey (W3C Web Authentication, level 3): the
// registration of a key (section 7.1) and the proof that somebody has it
// (section 7.2). Pure functions: the caller keeps keys and challenges.
//
// Attestation is not asked for: a statement that comes anyway ("packed" and the
// like) is not looked at, so nothing is known of the maker of an authenticator.
#ifndef ROOST_AUTH_WEBAUTHN_H
#define ROOST_AUTH_WEBAUTHN_H

#include "base/buf.h"

#define AUTH_WEBAUTHN_ID_MAX  1023 // section 4, "credential ID"
#define AUTH_WEBAUTHN_KEY_MAX 600  // a SubjectPublicKeyInfo; RSA of 4096 bits

// Who asks.
struct auth_webauthn_site {
	struct view rp_id;          // "mail.example.org"
	const struct view *origins; // "https://mail.example.org"
	size_t origin_count;
};

// The public key of an authenticator. Algorithms as COSE names them: -7 ES256,
// -8 EdDSA (Ed25519), -257 RS256.
struct auth_webauthn_key {
	int32_t algorithm;
	size_t len;
	unsigned char der[AUTH_WEBAUTHN_KEY_MAX]; // SubjectPublicKeyInfo
};

// What the authenticator says in both cases.
struct auth_webauthn_state {
	uint32_t counter;
	bool verified;  // UV: the user gave a PIN or a finger
	bool backed_up; // BS: the key is on more than one device
};

struct auth_webauthn_registration {
	struct view id; // a part of the attestation object
	struct auth_webauthn_key key;
	struct auth_webauthn_state state;
	unsigned char aaguid[16]; // the model; zeros: not said
};

// `client_data`: the bytes of clientDataJSON; `attestation`: attestationObject.
// RC_SYNTAX: malformed. RC_INVALID: for another site or challenge, without the
// user's presence, or a key of a kind that is not accepted; `fault` has the
// reason.
MUST_CHECK enum rc auth_webauthn_register(const struct auth_webauthn_site *site,
    struct view challenge, struct view client_data, struct view attestation,
    struct fault *fault, struct auth_webauthn_registration *ret_registration);

// The proof: RC_AUTH: the signature is wrong. The others as above. The caller
// compares the counter with the one it has kept.
MUST_CHECK enum rc auth_webauthn_assert(const struct auth_webauthn_site *site,
    struct view challenge, const struct auth_webauthn_key *key,
    struct view client_data, struct view authenticator_data,
    struct view signature, struct fault *fault,
    struct auth_webauthn_state *ret_state);

// Whether a counter shows that the key was copied (section 6.1.1): it has to
// grow, unless both are 0.
static inline bool auth_webauthn_is_copy(uint32_t before, uint32_t now)
{
	return (before != 0 || now != 0) && now <= before;
}

// For the fuzzer and tests: reads authenticatorData. RC_SYNTAX, RC_INVALID.
MUST_CHECK enum rc auth_webauthn_read_data(struct view rp_id, struct view data,
    bool with_key, struct fault *fault,
    struct auth_webauthn_registration *ret_registration);

#endif
