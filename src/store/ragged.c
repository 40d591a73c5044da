// SPDX-License-Identifier: Apache-2.0
// Emails that do not consist of lines with CRLF. There are few of them or none,
// so it costs very little to know how long each message is when it is sent as
// lines.
#include "store/ragged.h"

#include "base/bytes.h"
#include "store/account_impl.h"
#include "store/email.h"

void ragged_add(struct ragged *ragged, struct view bytes)
{
	if (bytes.len == 0)
		return;
	const char *at = bytes.ptr;
	const char *end = bytes.ptr + bytes.len;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		char before = at > bytes.ptr ? at[-1] : ragged->last;
		ragged->bare_lfs += before != '\r';
		at++;
	}
	ragged->last = end[-1];
}

uint64_t ragged_lacks(const struct ragged *ragged)
{
	return ragged->bare_lfs + (ragged->last == '\n' ? 0 : 2);
}

enum rc ragged_measure(struct engine *engine, const struct record_head *head,
    struct view first, bool has_bare_lf, uint64_t *ret_lacks)
{
	struct ragged ragged = {0};
	uint64_t rest = head->has_content ? head->size - head->head_len : 0;
	// Without a bare LF, only the last byte has to be read.
	uint64_t at = has_bare_lf || rest == 0 ? 0 : rest - 1;
	struct buf piece;
	enum rc rc = RC_OK;
	if (has_bare_lf)
		ragged_add(&ragged, first);
	else if (first.len)
		ragged.last = first.ptr[first.len - 1];
	buf_init(&piece, ENGINE_CHUNK);
	for (; rc == RC_OK && at < rest; at += piece.len) {
		buf_reset(&piece);
		rc = engine_content_read(
		    engine, &head->content, at, ENGINE_CHUNK, &piece);
		if (rc == RC_OK && piece.len == 0)
			rc = RC_CORRUPT;
		if (rc == RC_OK && has_bare_lf)
			ragged_add(&ragged, buf_view(&piece));
		else if (rc == RC_OK)
			ragged.last = piece.ptr[piece.len - 1];
	}
	buf_done(&piece);
	if (rc == RC_OK)
		*ret_lacks = ragged_lacks(&ragged);
	return rc;
}

struct telling {
	void (*each)(void *context, uint64_t email_id, uint64_t lacks);
	void *context;
};

static enum rc tell(void *context, struct view key, struct view value)
{
	const struct telling *telling = context;
	uint64_t lacks;
	if (key.len != 9)
		return RC_CORRUPT;
	enum rc rc = record_lines_get(value, &lacks);
	if (rc == RC_OK)
		telling->each(telling->context, get_be64(key.ptr + 1), lacks);
	return rc;
}

enum rc store_account_ragged(struct store_account *account,
    void (*each)(void *context, uint64_t email_id, uint64_t lacks),
    void *context)
{
	struct telling telling = {each, context};
	struct record_key prefix = record_key_kind(RECORD_LINES);
	return engine_scan(account->store->options.engine, account->id,
	    record_key_view(&prefix), VIEW(""), tell, &telling);
}
