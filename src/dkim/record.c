// SPDX-License-Identifier: Apache-2.0
// A key's record as bytes: version, algorithm, bits, created, then the public
// key. Numbers are little-endian. Reading does not trust the bytes.
#include "base/bytes.h"
#include "dkim/impl.h"

#define RECORD_VERSION 1
#define RECORD_HEAD    14

void dkim_record_encode(const struct dkim_record *record, struct buf *out)
{
	char head[RECORD_HEAD];
	head[0] = RECORD_VERSION;
	head[1] = (char)record->algorithm;
	put_le32(head + 2, record->bits);
	put_le64(head + 6, (uint64_t)record->created);
	buf_add(out, view_of(head, sizeof(head)));
	buf_add(out, record->public_key);
}

enum rc dkim_record_decode(struct view bytes, struct dkim_record *ret_record)
{
	if (bytes.len <= RECORD_HEAD || bytes.ptr[0] != RECORD_VERSION ||
	    (unsigned char)bytes.ptr[1] > DKIM_ED25519_SHA256)
		return RC_CORRUPT;
	ret_record->algorithm = (enum dkim_algorithm)bytes.ptr[1];
	ret_record->bits = get_le32(bytes.ptr + 2);
	ret_record->created = (int64_t)get_le64(bytes.ptr + 6);
	ret_record->public_key = view_from(bytes, RECORD_HEAD);
	return RC_OK;
}

void dkim_record_key(const char *prefix, struct view domain,
    struct view selector, struct buf *out)
{
	buf_add_string(out, prefix);
	buf_add(out, domain);
	buf_add_char(out, '\0');
	buf_add(out, selector);
}

bool dkim_record_split(struct view key, const char *prefix,
    struct view *ret_domain, struct view *ret_selector)
{
	struct view head = view_of_string(prefix);
	if (!view_starts_with(key, head))
		return false;
	key = view_from(key, head.len);
	size_t end = view_find_char(key, '\0');
	if (end == SIZE_MAX || end == 0 || end + 1 == key.len ||
	    key.len - end - 1 > DKIM_SELECTOR_MAX)
		return false;
	*ret_domain = view_slice(key, 0, end);
	*ret_selector = view_from(key, end + 1);
	return true;
}
