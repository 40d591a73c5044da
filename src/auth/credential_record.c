// SPDX-License-Identifier: Apache-2.0
// A credential as bytes: version, kind, scopes, created, expires, idle, proved,
// hash; of a grant the former hash and the time of the rotation; of a code
// redirect, challenge and grant; then the texts, each after its length (one
// byte). Numbers are little-endian. The reader checks every length and value.
#include <openssl/crypto.h>

#include "auth/credential.h"
#include "base/bytes.h"

#define VERSION 1

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

static void add_hash(struct buf *out, const unsigned char hash[AUTH_HASH_LEN])
{
	buf_add(out, view_of(hash, AUTH_HASH_LEN));
}

static void add_text(struct buf *out, const char *text)
{
	add_u8(out, strlen(text));
	buf_add_string(out, text);
}

void auth_credential_encode(
    const struct auth_credential *credential, struct buf *ret_bytes)
{
	add_u8(ret_bytes, VERSION);
	add_u8(ret_bytes, credential->kind);
	add_le32(ret_bytes, credential->scopes);
	add_le64(ret_bytes, (uint64_t)credential->created);
	add_le64(ret_bytes, (uint64_t)credential->expires);
	add_le32(ret_bytes, credential->idle_seconds);
	add_le64(ret_bytes, (uint64_t)credential->proved);
	add_hash(ret_bytes, credential->hash);
	if (credential->kind == AUTH_KIND_GRANT) {
		add_hash(ret_bytes, credential->before);
		add_le64(ret_bytes, (uint64_t)credential->rotated);
	}
	if (credential->kind == AUTH_KIND_CODE) {
		add_hash(ret_bytes, credential->redirect);
		add_hash(ret_bytes, credential->challenge);
		add_le64(ret_bytes, credential->grant);
	}
	add_text(ret_bytes, credential->user.text);
	add_text(ret_bytes, credential->name);
	add_text(ret_bytes, credential->address);
	add_text(ret_bytes, credential->client);
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

// `room` has space for `max` bytes and a NUL, and is zero.
static bool take_text(struct view *from, char *room, size_t max)
{
	unsigned char len;
	return take(from, 1, &len) && len <= max && take(from, len, room) &&
	       strlen(room) == len;
}

static bool is_stored_kind(unsigned char kind)
{
	return kind == AUTH_KIND_SESSION || kind == AUTH_KIND_PENDING ||
	       kind == AUTH_KIND_APP_PASSWORD || kind == AUTH_KIND_GRANT ||
	       kind == AUTH_KIND_CODE || kind == AUTH_KIND_ACCESS;
}

static bool take_head(struct view *from, struct auth_credential *credential)
{
	unsigned char head[2];
	if (!take(from, sizeof(head), head) || head[0] != VERSION ||
	    !is_stored_kind(head[1]))
		return false;
	credential->kind = (enum auth_kind)head[1];
	return take_le32(from, &credential->scopes) &&
	       take_time(from, &credential->created) &&
	       take_time(from, &credential->expires) &&
	       take_le32(from, &credential->idle_seconds) &&
	       take_time(from, &credential->proved) &&
	       take(from, AUTH_HASH_LEN, credential->hash);
}

static bool take_kind(struct view *from, struct auth_credential *credential)
{
	if (credential->kind == AUTH_KIND_GRANT)
		return take(from, AUTH_HASH_LEN, credential->before) &&
		       take_time(from, &credential->rotated);
	if (credential->kind == AUTH_KIND_CODE)
		return take(from, AUTH_HASH_LEN, credential->redirect) &&
		       take(from, AUTH_HASH_LEN, credential->challenge) &&
		       take_le64(from, &credential->grant);
	return true;
}

enum rc auth_credential_decode(
    struct view bytes, struct auth_credential *ret_credential)
{
	struct auth_credential read = {0};
	bool whole = take_head(&bytes, &read) && take_kind(&bytes, &read) &&
		     take_text(&bytes, read.user.text, AUTH_NAME_MAX) &&
		     take_text(&bytes, read.name, AUTH_CREDENTIAL_NAME_MAX) &&
		     take_text(&bytes, read.address, AUTH_USE_ADDRESS_MAX) &&
		     take_text(&bytes, read.client, AUTH_CLIENT_ID_MAX) &&
		     bytes.len == 0 && read.user.text[0] != '\0';
	if (!whole)
		return RC_CORRUPT;
	*ret_credential = read;
	return RC_OK;
}
