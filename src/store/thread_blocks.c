// SPDX-License-Identifier: Apache-2.0
// The threads of emails as derived data.
#include "store/thread_blocks.h"

static void add_number(struct buf *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		buf_add_char(out, (char)(number | 0x80));
	buf_add_char(out, (char)number);
}

static bool take_number(struct view *rest, uint64_t *ret_number)
{
	uint64_t number = 0;
	for (unsigned i = 0; i < 9 && i < rest->len; i++) {
		uint8_t byte = (uint8_t)rest->ptr[i];
		number |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		*rest = view_from(*rest, i + 1);
		*ret_number = number;
		return i == 0 || byte != 0;
	}
	return false;
}

void thread_block_put(uint64_t email_id, uint64_t thread_id, struct buf *block)
{
	buf_add_char(block, (char)(email_id % THREAD_BLOCK));
	add_number(block, email_id - thread_id);
}

enum rc thread_block_take(struct view *rest, uint64_t number,
    uint64_t *ret_email_id, uint64_t *ret_thread_id)
{
	uint64_t below;
	if (rest->len == 0)
		return RC_END;
	uint64_t email_id = number * THREAD_BLOCK + (unsigned char)rest->ptr[0];
	struct view left = view_from(*rest, 1);
	if (!take_number(&left, &below) || below >= email_id)
		return RC_CORRUPT;
	*rest = left;
	*ret_email_id = email_id;
	*ret_thread_id = email_id - below;
	return RC_OK;
}

// ---- The tenant ------------------------------------------------------------

static enum rc put_email(
    void *scratch, uint64_t email_id, struct view value, struct buf *block)
{
	struct record_email email;
	struct view bytes;
	(void)scratch;
	enum rc rc = record_email_get(value, &email, &bytes);
	if (rc == RC_OK && (email.thread_id == 0 || email.thread_id > email_id))
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		thread_block_put(email_id, email.thread_id, block);
	return rc;
}

static enum rc take_email(
    struct view *rest, uint64_t number, uint64_t *ret_email_id)
{
	uint64_t thread_id;
	return thread_block_take(rest, number, ret_email_id, &thread_id);
}

static const struct block_kind kind = {
    .emails = THREAD_BLOCK,
    .bytes_max = (size_t)THREAD_BLOCK * 16,
    .put = put_email,
    .take = take_email,
};

const struct derive_tenant threads_tenant = {
    .number = 2,
    .format = 1,
    .kind = &kind,
};
