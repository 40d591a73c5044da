// SPDX-License-Identifier: Apache-2.0
// Brings user names and passwords into the one form in which they are stored,
// hashed and compared (RFC 8265, RFC 4013). Two spellings that people take for
// the same become the same bytes.
#ifndef ROOST_AUTH_PREPARE_H
#define ROOST_AUTH_PREPARE_H

#include "base/buf.h"

#define AUTH_NAME_MAX 255 // bytes in a user name, as given and as prepared
// Bytes in a password, as given and as prepared: the limit of crypt(3).
#define AUTH_PASSWORD_MAX 511

// A name in its prepared form: NUL-terminated UTF-8.
struct auth_name {
	char text[AUTH_NAME_MAX + 1];
};

// UsernameCaseMapped (RFC 8265 section 3.3): full and half width characters
// become the usual ones, letters lower case, all in NFC. RC_SYNTAX: not UTF-8.
// RC_LIMIT: empty or too long. RC_INVALID: the name has '/', white space, a
// control character, or another one that is not in the IdentifierClass (RFC
// 8264 section 4.2).
MUST_CHECK enum rc auth_name_prepare(
    struct view name, struct fault *fault, struct auth_name *ret_name);

static inline struct view auth_name_view(const struct auth_name *name)
{
	return view_of_string(name->text);
}

// A password in its prepared form, NUL-terminated, with no NUL inside. It is on
// the caller's stack; the caller cleanses it with auth_secret_done().
struct auth_secret {
	size_t len;
	char text[AUTH_PASSWORD_MAX + 1];
};

// SASLprep (RFC 4013). Characters newer than Unicode 3.2, which SASLprep does
// not know, pass unchanged, as in OpaqueString (RFC 8265 section 4.2).
// RC_SYNTAX, RC_LIMIT and RC_INVALID as above.
MUST_CHECK enum rc auth_password_prepare(struct view password,
    struct fault *fault, struct auth_secret *ret_password);

void auth_secret_done(struct auth_secret *secret);

#endif
