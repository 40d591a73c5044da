// SPDX-License-Identifier: Apache-2.0
// Emails that are not all lines with CRLF. There are few or none of them, so
// that knowing every message's length in lines costs next to nothing.
#include "base/bytes.h"
#include "store/account_impl.h"
#include "store/email.h"

enum rc store_account_ragged(struct store_account *account,
    void (*each)(void *context, uint64_t email_id, uint64_t lacks),
    void *context)
{
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor = NULL;
	enum rc rc = engine_snapshot_open(
	    account->store->options.engine, account->id, &snapshot);
	if (rc != RC_OK)
		return rc;
	struct record_key prefix = record_key_kind(RECORD_LINES);
	rc = engine_cursor_open(snapshot, record_key_view(&prefix), &cursor);
	struct view key;
	struct view value;
	while (rc == RC_OK &&
	       (rc = engine_cursor_next(cursor, &key, &value)) == RC_OK) {
		uint64_t lacks;
		rc =
		    key.len == 9 ? record_lines_get(value, &lacks) : RC_CORRUPT;
		if (rc == RC_OK)
			each(context, get_be64(key.ptr + 1), lacks);
	}
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
	return rc == RC_END ? RC_OK : rc;
}
