// SPDX-License-Identifier: Apache-2.0
// A user's second factor as bytes: version, flags, the secrets of TOTP and the
// last step as far as the flags say, recovery codes and passkeys after their
// numbers (one byte each), and first the user's name after its length. Numbers
// are little-endian. The reader checks every length and value.
#include <openssl/crypto.h>

#include "auth/second.h"
#include "base/bytes.h"

#define VERSION       1
#define FLAG_TOTP     1
#define FLAG_TOTP_NEW 2

static void add_u8(struct buf *out, size_t n)
{
	buf_add_char(out, (char)(unsigned char)n);
}

static void add_le32(struct buf *out, uint32_t n)
{
	char bytes[4];
	put_le32(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_le64(struct buf *out, uint64_t n)
{
	char bytes[8];
	put_le64(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_text(struct buf *out, const char *text)
{
	add_u8(out, strlen(text));
	buf_add_string(out, text);
}

static void add_passkey(struct buf *out, const struct auth_passkey *passkey)
{
	add_le32(out, (uint32_t)passkey->id_len);
	buf_add(out, view_of(passkey->id, passkey->id_len));
	add_le32(out, (uint32_t)passkey->key.algorithm);
	add_le32(out, (uint32_t)passkey->key.len);
	buf_add(out, view_of(passkey->key.der, passkey->key.len));
	add_le32(out, passkey->counter);
	add_u8(out, passkey->backed_up);
	add_le64(out, (uint64_t)passkey->created);
	add_le64(out, (uint64_t)passkey->used);
	add_text(out, passkey->name);
}

void auth_second_encode(const struct auth_second *second, struct buf *ret_bytes)
{
	add_u8(ret_bytes, VERSION);
	add_text(ret_bytes, second->user.text);
	add_u8(ret_bytes, (second->totp ? FLAG_TOTP : 0u) |
			      (second->totp_new ? FLAG_TOTP_NEW : 0u));
	if (second->totp) {
		buf_add(
		    ret_bytes, view_of(second->secret, AUTH_TOTP_SECRET_LEN));
		add_le64(ret_bytes, second->last_step);
	}
	if (second->totp_new)
		buf_add(ret_bytes,
		    view_of(second->secret_new, AUTH_TOTP_SECRET_LEN));
	add_u8(ret_bytes, second->recovery_count);
	for (size_t i = 0; i < second->recovery_count; i++)
		buf_add(ret_bytes, view_of(second->recovery[i], AUTH_HASH_LEN));
	add_u8(ret_bytes, second->passkey_count);
	for (size_t i = 0; i < second->passkey_count; i++)
		add_passkey(ret_bytes, &second->passkeys[i]);
}

// ---- Reading ---------------------------------------------------------------

static bool take(struct view *from, size_t len, void *ret_bytes)
{
	if (from->len < len)
		return false;
	if (len)
		memcpy(ret_bytes, from->ptr, len);
	*from = view_from(*from, len);
	return true;
}

static bool take_u8(struct view *from, size_t max, size_t *ret_n)
{
	unsigned char n;
	if (!take(from, 1, &n) || n > max)
		return false;
	*ret_n = n;
	return true;
}

static bool take_le32(struct view *from, uint32_t *ret_n)
{
	char bytes[4];
	if (!take(from, sizeof(bytes), bytes))
		return false;
	*ret_n = get_le32(bytes);
	return true;
}

static bool take_le64(struct view *from, uint64_t *ret_n)
{
	char bytes[8];
	if (!take(from, sizeof(bytes), bytes))
		return false;
	*ret_n = get_le64(bytes);
	return true;
}

static bool take_time(struct view *from, int64_t *ret_time)
{
	uint64_t n;
	if (!take_le64(from, &n) || n > INT64_MAX)
		return false;
	*ret_time = (int64_t)n;
	return true;
}

static bool take_text(struct view *from, char *room, size_t max)
{
	size_t len;
	return take_u8(from, max, &len) && take(from, len, room) &&
	       strlen(room) == len;
}

// Bytes after their length of four bytes.
static bool take_bytes(
    struct view *from, size_t max, void *room, size_t *ret_len)
{
	uint32_t len;
	if (!take_le32(from, &len) || len == 0 || len > max ||
	    !take(from, len, room))
		return false;
	*ret_len = len;
	return true;
}

static bool take_passkey(struct view *from, struct auth_passkey *passkey)
{
	uint32_t algorithm;
	size_t backed_up;
	if (!take_bytes(
		from, AUTH_WEBAUTHN_ID_MAX, passkey->id, &passkey->id_len) ||
	    !take_le32(from, &algorithm) ||
	    !take_bytes(from, AUTH_WEBAUTHN_KEY_MAX, passkey->key.der,
		&passkey->key.len) ||
	    !take_le32(from, &passkey->counter) ||
	    !take_u8(from, 1, &backed_up) ||
	    !take_time(from, &passkey->created) ||
	    !take_time(from, &passkey->used))
		return false;
	passkey->key.algorithm = (int32_t)algorithm;
	passkey->backed_up = backed_up;
	return take_text(from, passkey->name, AUTH_CREDENTIAL_NAME_MAX);
}

static bool take_totp(struct view *from, struct auth_second *second)
{
	size_t flags;
	if (!take_u8(from, FLAG_TOTP | FLAG_TOTP_NEW, &flags))
		return false;
	second->totp = flags & FLAG_TOTP;
	second->totp_new = flags & FLAG_TOTP_NEW;
	if (second->totp &&
	    (!take(from, AUTH_TOTP_SECRET_LEN, second->secret) ||
		!take_le64(from, &second->last_step)))
		return false;
	return !second->totp_new ||
	       take(from, AUTH_TOTP_SECRET_LEN, second->secret_new);
}

static bool take_all(struct view *from, struct auth_second *second)
{
	size_t version;
	if (!take_u8(from, VERSION, &version) || version != VERSION ||
	    !take_text(from, second->user.text, AUTH_NAME_MAX) ||
	    second->user.text[0] == '\0' || !take_totp(from, second) ||
	    !take_u8(from, AUTH_RECOVERY_CODES, &second->recovery_count))
		return false;
	for (size_t i = 0; i < second->recovery_count; i++)
		if (!take(from, AUTH_HASH_LEN, second->recovery[i]))
			return false;
	if (!take_u8(from, AUTH_PASSKEYS_MAX, &second->passkey_count))
		return false;
	for (size_t i = 0; i < second->passkey_count; i++)
		if (!take_passkey(from, &second->passkeys[i]))
			return false;
	return from->len == 0;
}

enum rc auth_second_decode(struct view bytes, struct auth_second *ret_second)
{
	memset(ret_second, 0, sizeof(*ret_second));
	if (take_all(&bytes, ret_second))
		return RC_OK;
	OPENSSL_cleanse(ret_second, sizeof(*ret_second));
	return RC_CORRUPT;
}
