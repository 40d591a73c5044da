// SPDX-License-Identifier: Apache-2.0
#include "auth/epoch.h"

#include "base/bytes.h"

#define EPOCH_MAX (8 + (size_t)AUTH_NAME_MAX)

static enum rc decode_epoch(enum rc rc, struct buf *bytes, uint64_t *ret_epoch,
    struct auth_name *ret_user)
{
	if (rc == RC_NOT_FOUND) {
		*ret_epoch = 0;
		ret_user->text[0] = '\0';
		rc = RC_OK;
	} else if (rc == RC_LIMIT || (rc == RC_OK && bytes->len < 8)) {
		rc = RC_CORRUPT;
	} else if (rc == RC_OK) {
		*ret_epoch = get_le64(bytes->ptr);
		memcpy(ret_user->text, bytes->ptr + 8, bytes->len - 8);
		ret_user->text[bytes->len - 8] = '\0';
		if (*ret_epoch == 0 || *ret_epoch == UINT64_MAX)
			rc = RC_CORRUPT;
	}
	buf_done(bytes);
	return rc;
}

enum rc auth_directory_epoch(
    struct engine *engine, uint64_t *ret_epoch, struct auth_name *ret_user)
{
	struct buf bytes;
	buf_init(&bytes, EPOCH_MAX);
	enum rc rc =
	    engine_get(engine, AUTH_PARTITION, VIEW(AUTH_EPOCH_KEY), &bytes);
	return decode_epoch(rc, &bytes, ret_epoch, ret_user);
}

// A damaged epoch must not prevent that somebody is shut out: the new one is
// then later than that of every session.
enum rc auth_epoch_raise(struct engine_snapshot *from,
    const struct auth_name *user, struct engine_batch *batch,
    uint64_t *ret_epoch)
{
	uint64_t epoch;
	struct auth_name last;
	struct buf bytes;
	buf_init(&bytes, EPOCH_MAX);
	enum rc rc = engine_snapshot_get(from, VIEW(AUTH_EPOCH_KEY), &bytes);
	rc = decode_epoch(rc, &bytes, &epoch, &last);
	if (rc == RC_CORRUPT)
		epoch = (uint64_t)1 << 62 |
			(engine_snapshot_version(from) & UINT32_MAX);
	else if (rc != RC_OK)
		return rc;
	buf_init(&bytes, EPOCH_MAX);
	char number[8];
	put_le64(number, epoch + 1);
	buf_add(&bytes, view_of(number, sizeof(number)));
	buf_add(&bytes, auth_name_view(user));
	engine_batch_put(batch, VIEW(AUTH_EPOCH_KEY), buf_view(&bytes));
	buf_done(&bytes);
	*ret_epoch = epoch + 1;
	return RC_OK;
}
