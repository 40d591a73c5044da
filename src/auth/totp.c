// SPDX-License-Identifier: Apache-2.0
#include "auth/totp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/ascii.h"
#include "base/bytes.h"

#define MODULUS 1000000u // 10 ^ AUTH_TOTP_DIGITS

uint32_t auth_totp_code(
    const unsigned char secret[AUTH_TOTP_SECRET_LEN], uint64_t step)
{
	unsigned char counter[8];
	unsigned char mac[EVP_MAX_MD_SIZE] = {0};
	put_be64(counter, step);
	HMAC(EVP_sha1(), secret, AUTH_TOTP_SECRET_LEN, counter, sizeof(counter),
	    mac, NULL);
	uint32_t code = get_be32(mac + (mac[19] & 15)) & 0x7fffffff;
	OPENSSL_cleanse(mac, sizeof(mac));
	return code % MODULUS;
}

static bool read_digits(struct view text, uint32_t *ret_code)
{
	char digits[AUTH_TOTP_DIGITS];
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == ' ')
			continue;
		if (!ascii_is_digit(text.ptr[i]) || len == sizeof(digits))
			return false;
		digits[len++] = text.ptr[i];
	}
	return len == sizeof(digits) &&
	       view_to_u32(view_of(digits, len), ret_code);
}

// All steps are computed, so that the time does not tell which one it was.
bool auth_totp_check(const unsigned char secret[AUTH_TOTP_SECRET_LEN],
    struct view text, int64_t now, uint64_t last, uint64_t *ret_step)
{
	uint32_t given = 0;
	bool found = false;
	if (now < 0 || !read_digits(text, &given))
		return false;
	uint64_t middle = (uint64_t)now / AUTH_TOTP_STEP_SECONDS;
	for (uint64_t i = 0; i <= 2 * AUTH_TOTP_WINDOW; i++) {
		uint64_t step = middle + i;
		if (step < AUTH_TOTP_WINDOW)
			continue;
		step -= AUTH_TOTP_WINDOW;
		uint32_t code = auth_totp_code(secret, step);
		bool same = CRYPTO_memcmp(&code, &given, sizeof(code)) == 0;
		if (same && step > last && !found) {
			found = true;
			*ret_step = step;
		}
	}
	return found;
}

void auth_totp_write_secret(
    const unsigned char secret[AUTH_TOTP_SECRET_LEN], struct buf *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	_Static_assert(AUTH_TOTP_SECRET_LEN % 5 == 0, "no padding is needed");
	for (size_t i = 0; i < AUTH_TOTP_SECRET_LEN; i += 5) {
		uint64_t bits = 0;
		for (size_t k = 0; k < 5; k++)
			bits = bits << 8 | secret[i + k];
		for (int shift = 35; shift >= 0; shift -= 5)
			buf_add_char(out, alphabet[bits >> shift & 31]);
	}
}

// RFC 3986 section 2.3.
static void add_escaped(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (ascii_is_alnum(c) ||
		    view_find_char(VIEW("-._~"), c) != SIZE_MAX)
			buf_add_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

void auth_totp_write_uri(const unsigned char secret[AUTH_TOTP_SECRET_LEN],
    struct view issuer, struct view user, struct buf *out)
{
	buf_add_literal(out, "otpauth://totp/");
	add_escaped(out, issuer);
	buf_add_char(out, ':');
	add_escaped(out, user);
	buf_add_literal(out, "?secret=");
	auth_totp_write_secret(secret, out);
	buf_add_literal(out, "&issuer=");
	add_escaped(out, issuer);
	buf_printf(out, "&algorithm=SHA1&digits=%d&period=%d", AUTH_TOTP_DIGITS,
	    AUTH_TOTP_STEP_SECONDS);
}
