// SPDX-License-Identifier: Apache-2.0
// Names and passwords through ICU. ASCII, which is the usual case, does not
// need ICU. All work is done on the stack, so that no copies of a password are
// left.
#include "auth/prepare.h"

#include <openssl/crypto.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "base/ascii.h"

// UTF-16 units during preparation. Some characters become several (U+FDFA
// becomes 18). A text that grows past this is over its limit in UTF-8, too.
#define UNITS_MAX 1024

static bool is_ascii_printable(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false; // bytes over 0x7f are negative
	return true;
}

static enum rc check_length(
    struct view text, size_t max, const char *what, struct fault *fault)
{
	if (text.len == 0)
		return fault_set(fault, RC_LIMIT, "the %s is empty", what);
	if (text.len > max)
		return fault_set(fault, RC_LIMIT,
		    "the %s is longer than %zu bytes", what, max);
	return RC_OK;
}

static enum rc to_utf16(struct view text, const char *what, struct fault *fault,
    UChar ret_units[UNITS_MAX], int32_t *ret_len)
{
	UErrorCode status = U_ZERO_ERROR;
	u_strFromUTF8(ret_units, UNITS_MAX, ret_len, text.ptr,
	    (int32_t)text.len, &status);
	if (U_FAILURE(status))
		return fault_set(
		    fault, RC_SYNTAX, "the %s is not valid UTF-8", what);
	return RC_OK;
}

// Writes to `ret_text`, which has room for `max` bytes and a NUL.
static enum rc to_utf8(const UChar *units, int32_t len, size_t max,
    const char *what, struct fault *fault, char *ret_text, size_t *ret_len)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t bytes = 0;
	u_strToUTF8(ret_text, (int32_t)max + 1, &bytes, units, len, &status);
	if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
		return fault_set(fault, RC_LIMIT,
		    "the %s is longer than %zu bytes", what, max);
	*ret_len = (size_t)bytes;
	return check_length(view_of(ret_text, *ret_len), max, what, fault);
}

// ---- Names -----------------------------------------------------------------

// The character at `*at` of well-formed UTF-16, which ICU made.
static UChar32 next_character(const UChar *units, int32_t *at)
{
	uint32_t c = units[(*at)++];
	if (!U16_IS_LEAD(c))
		return (UChar32)c;
	return U16_GET_SUPPLEMENTARY(c, units[(*at)++]);
}

// RFC 8265 section 3.3.1, rule 1: full and half width characters become what
// they decompose to; rule 3: lower case. It maps one character at a time, so
// that a second preparation changes nothing (a final sigma stays as it is).
static UChar32 map_character(const UNormalizer2 *nfkc, UChar32 c)
{
	int32_t type = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE);
	if (type == U_DT_WIDE || type == U_DT_NARROW) {
		UChar units[8];
		UErrorCode status = U_ZERO_ERROR;
		int32_t len = unorm2_getRawDecomposition(
		    nfkc, c, units, ARRAY_LEN(units), &status);
		if (U_SUCCESS(status) && len > 0 &&
		    len <= (int32_t)ARRAY_LEN(units)) {
			int32_t at = 0;
			c = next_character(units, &at);
		}
	}
	return u_tolower(c);
}

// The IdentifierClass (RFC 8264 section 4.2) without its context rules.
static bool is_identifier(const UNormalizer2 *nfkc, UChar32 c)
{
	if (c < 0x80)
		return c > ' ' && c < 0x7f && c != '/';
	uint32_t letters_and_digits =
	    U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK | U_GC_ND_MASK |
	    U_GC_LM_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
	if (!(U_GET_GC_MASK(c) & letters_and_digits) ||
	    u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		return false;
	int32_t hangul = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
	if (hangul == U_HST_LEADING_JAMO || hangul == U_HST_VOWEL_JAMO ||
	    hangul == U_HST_TRAILING_JAMO)
		return false; // OldHangulJamo
	UChar units[2];
	int32_t len = 0;
	U16_APPEND_UNSAFE(units, len, c);
	UErrorCode status = U_ZERO_ERROR;
	bool normal = unorm2_isNormalized(nfkc, units, len, &status);
	return U_SUCCESS(status) && normal; // otherwise HasCompat
}

static enum rc map_name(UChar *units, int32_t *len, struct fault *fault)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&status);
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	UChar mapped[UNITS_MAX];
	int32_t mapped_len = 0;
	for (int32_t at = 0; U_SUCCESS(status) && at < *len;) {
		UChar32 c = next_character(units, &at);
		c = map_character(nfkc, c);
		UBool error = false;
		U16_APPEND(mapped, mapped_len, UNITS_MAX, c, error);
		if (error)
			return fault_set(
			    fault, RC_LIMIT, "the user name is too long");
	}
	*len = unorm2_normalize(
	    nfc, mapped, mapped_len, units, UNITS_MAX, &status);
	if (U_FAILURE(status))
		return fault_set(fault, RC_INVALID,
		    "the user name cannot be normalized: %s",
		    u_errorName(status));
	for (int32_t at = 0; at < *len;) {
		UChar32 c = next_character(units, &at);
		if (!is_identifier(nfkc, c))
			return fault_set(fault, RC_INVALID,
			    "a user name cannot have the character U+%04X",
			    (unsigned)c);
	}
	return RC_OK;
}

static enum rc prepare_ascii_name(
    struct view name, struct fault *fault, struct auth_name *ret_name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] == ' ' || name.ptr[i] == '/')
			return fault_set(fault, RC_INVALID,
			    "a user name cannot have the character '%c'",
			    name.ptr[i]);
	for (size_t i = 0; i < name.len; i++)
		ret_name->text[i] = ascii_lower(name.ptr[i]);
	ret_name->text[name.len] = '\0';
	return RC_OK;
}

enum rc auth_name_prepare(
    struct view name, struct fault *fault, struct auth_name *ret_name)
{
	enum rc rc = check_length(name, AUTH_NAME_MAX, "user name", fault);
	if (rc != RC_OK)
		return rc;
	if (is_ascii_printable(name))
		return prepare_ascii_name(name, fault, ret_name);
	UChar units[UNITS_MAX];
	int32_t len;
	rc = to_utf16(name, "user name", fault, units, &len);
	if (rc == RC_OK)
		rc = map_name(units, &len, fault);
	struct auth_name mapped;
	size_t bytes;
	if (rc == RC_OK)
		rc = to_utf8(units, len, AUTH_NAME_MAX, "user name", fault,
		    mapped.text, &bytes);
	if (rc == RC_OK)
		*ret_name = mapped;
	return rc;
}

// ---- Passwords -------------------------------------------------------------

static enum rc saslprep(const UChar *units, int32_t len, struct fault *fault,
    UChar ret_units[UNITS_MAX], int32_t *ret_len)
{
	UErrorCode status = U_ZERO_ERROR;
	UStringPrepProfile *profile =
	    usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
	if (U_FAILURE(status))
		return fault_set(fault, RC_IO, "SASLprep is not available: %s",
		    u_errorName(status));
	UParseError where;
	*ret_len = usprep_prepare(profile, units, len, ret_units, UNITS_MAX,
	    USPREP_ALLOW_UNASSIGNED, &where, &status);
	usprep_close(profile);
	if (status == U_BUFFER_OVERFLOW_ERROR)
		return fault_set(fault, RC_LIMIT, "the password is too long");
	if (U_FAILURE(status))
		return fault_set(fault, RC_INVALID,
		    "the password has a character that passwords cannot have "
		    "(RFC 4013 section 2.3)");
	return RC_OK;
}

static enum rc prepare_unicode_password(
    struct view password, struct fault *fault, struct auth_secret *ret_password)
{
	UChar units[UNITS_MAX];
	UChar prepared[UNITS_MAX];
	struct auth_secret secret = {0};
	int32_t len;
	enum rc rc = to_utf16(password, "password", fault, units, &len);
	if (rc == RC_OK)
		rc = saslprep(units, len, fault, prepared, &len);
	if (rc == RC_OK)
		rc = to_utf8(prepared, len, AUTH_PASSWORD_MAX, "password",
		    fault, secret.text, &secret.len);
	if (rc == RC_OK)
		*ret_password = secret;
	OPENSSL_cleanse(units, sizeof(units));
	OPENSSL_cleanse(prepared, sizeof(prepared));
	auth_secret_done(&secret);
	return rc;
}

enum rc auth_password_prepare(
    struct view password, struct fault *fault, struct auth_secret *ret_password)
{
	enum rc rc =
	    check_length(password, AUTH_PASSWORD_MAX, "password", fault);
	if (rc != RC_OK)
		return rc;
	if (!is_ascii_printable(password))
		return prepare_unicode_password(password, fault, ret_password);
	memcpy(ret_password->text, password.ptr, password.len);
	ret_password->text[password.len] = '\0';
	ret_password->len = password.len;
	return RC_OK;
}

void auth_secret_done(struct auth_secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}
