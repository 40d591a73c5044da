// SPDX-License-Identifier: Apache-2.0
// A user's record as bytes: version, flags, account, created, the epoch (from
// version 2 on), the hash, then the SCRAM keys. Numbers are little-endian. The
// reader checks every length and value. A record whose epoch is 0 has version
// 1, and one of a user with a second factor has version 3, so each record has
// exactly one form.
#include "auth/directory.h"
#include "base/bytes.h"

#define RECORD_FIRST  1 // the version without an epoch
#define RECORD_EPOCH  2 // the version with one
#define RECORD_SECOND 3 // of a user with a second factor; has an epoch too
#define FLAG_DISABLED 1
#define FLAG_SECOND   2 // only in version 3, and always there

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

static void add_keys(struct buf *out, enum auth_digest digest,
    const struct auth_scram_keys *keys)
{
	size_t len = auth_digest_len(digest);
	add_u8(out, digest);
	add_le32(out, keys->iterations);
	add_u8(out, keys->salt_len);
	buf_add(out, view_of(keys->salt, keys->salt_len));
	buf_add(out, view_of(keys->stored_key, len));
	buf_add(out, view_of(keys->server_key, len));
}

void auth_record_encode(const struct auth_record *record, struct buf *ret_bytes)
{
	const struct auth_credentials *credentials = &record->credentials;
	struct view hash = view_of_string(credentials->hash);
	bool late = record->epoch != 0 || record->second;
	add_u8(ret_bytes, record->second ? RECORD_SECOND
			  : late         ? RECORD_EPOCH
					 : RECORD_FIRST);
	add_u8(ret_bytes, (record->disabled ? FLAG_DISABLED : 0u) |
			      (record->second ? FLAG_SECOND : 0u));
	add_le64(ret_bytes, record->account);
	add_le64(ret_bytes, (uint64_t)record->created);
	if (late)
		add_le64(ret_bytes, record->epoch);
	add_le32(ret_bytes, (uint32_t)hash.len);
	buf_add(ret_bytes, hash);
	for (int digest = 0; digest < AUTH_DIGESTS; digest++)
		if (credentials->scram[digest].iterations)
			add_keys(ret_bytes, (enum auth_digest)digest,
			    &credentials->scram[digest]);
}

// ---- Reading ---------------------------------------------------------------

// Removes `len` bytes from the front of `*from`; false if it has fewer.
static bool take(struct view *from, size_t len, void *ret_bytes)
{
	if (from->len < len)
		return false;
	if (len)
		memcpy(ret_bytes, from->ptr, len);
	*from = view_from(*from, len);
	return true;
}

static bool take_keys(struct view *from, int *after_digest,
    struct auth_credentials *ret_credentials)
{
	unsigned char digest;
	unsigned char salt_len;
	char iterations[4];
	if (!take(from, 1, &digest) || digest >= AUTH_DIGESTS ||
	    digest <= *after_digest || !take(from, 4, iterations) ||
	    !take(from, 1, &salt_len))
		return false;
	struct auth_scram_keys *keys = &ret_credentials->scram[digest];
	size_t len = auth_digest_len((enum auth_digest)digest);
	keys->iterations = get_le32(iterations);
	keys->salt_len = salt_len;
	*after_digest = digest;
	return keys->iterations > 0 &&
	       keys->iterations <= AUTH_SCRAM_ITERATIONS_MAX && salt_len > 0 &&
	       salt_len <= AUTH_SCRAM_SALT_MAX &&
	       take(from, salt_len, keys->salt) &&
	       take(from, len, keys->stored_key) &&
	       take(from, len, keys->server_key);
}

static bool take_le64(struct view *from, uint64_t *ret_n)
{
	char bytes[8];
	if (!take(from, sizeof(bytes), bytes))
		return false;
	*ret_n = get_le64(bytes);
	return true;
}

static bool take_hash(
    struct view *from, struct auth_credentials *ret_credentials)
{
	char bytes[4];
	if (!take(from, sizeof(bytes), bytes))
		return false;
	size_t len = get_le32(bytes);
	return len <= AUTH_HASH_MAX && take(from, len, ret_credentials->hash) &&
	       strlen(ret_credentials->hash) == len;
}

static bool take_head(struct view *from, struct auth_record *ret_record)
{
	unsigned char head[2];
	uint64_t created;
	if (!take(from, sizeof(head), head) || head[0] < RECORD_FIRST ||
	    head[0] > RECORD_SECOND ||
	    (head[1] & ~(FLAG_DISABLED | FLAG_SECOND)) ||
	    (head[0] == RECORD_SECOND) != ((head[1] & FLAG_SECOND) != 0) ||
	    !take_le64(from, &ret_record->account) ||
	    !take_le64(from, &created))
		return false;
	if (head[0] != RECORD_FIRST &&
	    (!take_le64(from, &ret_record->epoch) || ret_record->epoch == 0))
		return false;
	ret_record->disabled = head[1] & FLAG_DISABLED;
	ret_record->second = head[1] & FLAG_SECOND;
	ret_record->created = (int64_t)created;
	return ret_record->account >= AUTH_ACCOUNT_FIRST &&
	       take_hash(from, &ret_record->credentials);
}

enum rc auth_record_decode(struct view bytes, struct auth_record *ret_record)
{
	struct auth_record record = {0};
	int digest = -1;
	if (!take_head(&bytes, &record))
		return RC_CORRUPT;
	while (bytes.len > 0)
		if (!take_keys(&bytes, &digest, &record.credentials))
			return RC_CORRUPT;
	*ret_record = record;
	return RC_OK;
}
