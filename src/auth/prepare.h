// SPDX-License-Identifier: Apache-2.0
// The one form of a user name and of a password: what is stored, hashed and
// compared (RFC 8265, RFC 4013). Two spellings that people take for the same
// come out as the same bytes.
#ifndef ROOST_AUTH_PREPARE_H
#define ROOST_AUTH_PREPARE_H

#include "base/buf.h"

#define AUTH_NAME_MAX 255 // bytes in a user name, as given and as prepared
// Bytes in a password, as given and as prepared: crypt(3) takes no more.
#define AUTH_PASSWORD_MAX 511

// A name in its prepared form: NUL-terminated UTF-8.
struct auth_name {
	char text[AUTH_NAME_MAX + 1];
};

// UsernameCaseMapped (RFC 8265 section 3.3): full and half width made plain,
// lower case, NFC. RC_SYNTAX when not UTF-8; RC_LIMIT when empty or too long;
// RC_INVALID when it has '/', white space, a control or another character that
// the IdentifierClass (RFC 8264 section 4.2) does not have.
MUST_CHECK enum rc auth_name_prepare(
    struct view name, struct fault *fault, struct auth_name *ret_name);

static inline struct view auth_name_view(const struct auth_name *name)
{
	return view_of_string(name->text);
}

// A password in its prepared form, NUL-terminated, and never with a NUL inside.
// On the caller's stack, who cleanses it with auth_secret_done().
struct auth_secret {
	size_t len;
	char text[AUTH_PASSWORD_MAX + 1];
};

// SASLprep (RFC 4013), characters newer than its Unicode 3.2 let through as
// OpaqueString (RFC 8265 section 4.2) does. RC_SYNTAX, RC_LIMIT and RC_INVALID
// as above.
MUST_CHECK enum rc auth_password_prepare(struct view password,
    struct fault *fault, struct auth_secret *ret_password);

void auth_secret_done(struct auth_secret *secret);

#endif
