// SPDX-License-Identifier: Apache-2.0
// A message of any bytes: its header is held and put right, in pieces whose
// size the first byte says. No Bcc, no Return-Path and nothing in our name is
// left, a second time changes nothing, and header and body together are the
// message.
#include <stdlib.h>

#include "delivery/header.h"
#include "wire/auth_results.h"
#include "wire/header.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

// As forged.c does, for the one name "us".
static bool is_forged(void *context, struct view value)
{
	struct arena arena;
	struct auth_results results;
	struct view word;
	bool ours = false;
	(void)context;
	arena_init(&arena);
	enum rc rc = auth_results_parse(&arena, value, &results);
	if (rc == RC_OK)
		ours = results.version != 1 ||
		       view_eq_nocase(results.id, VIEW("us"));
	while (rc != RC_OK && auth_results_next_word(&value, &word))
		ours = ours || view_eq_nocase(word, VIEW("us"));
	arena_done(&arena);
	return ours;
}

static void check_results(struct view header)
{
	struct header_field field;
	while (header_next(&header, &field))
		require(!view_eq_nocase(
			    field.name, VIEW("Authentication-Results")) ||
			!is_forged(NULL, field.value));
}

static void check_fixed(struct view held, bool submission)
{
	struct delivery_fix fix = {
	    .submission = submission,
	    .from = VIEW("a@b"),
	    .message_id = VIEW("<1@x>"),
	    .forged = is_forged,
	};
	struct header_field field;
	struct delivery_fields fields;
	struct buf once;
	struct buf twice;
	buf_init(&once, held.len + DELIVERY_HEADER_ADDED);
	buf_init(&twice, held.len + 2 * DELIVERY_HEADER_ADDED);
	delivery_header_fix(held, &fix, &once);
	require(buf_status(&once) == RC_OK);
	delivery_header_look(buf_view(&once), &fields);
	size_t lines = 0;
	struct view rest = buf_view(&once);
	while (header_next(&rest, &field))
		lines++;
	require(rest.len == 0); // no blank line came in
	check_results(buf_view(&once));
	if (submission) {
		require(!header_find(buf_view(&once), VIEW("Bcc"), &field));
		require(
		    !header_find(buf_view(&once), VIEW("Resent-Bcc"), &field));
		require(
		    !header_find(buf_view(&once), VIEW("Return-Path"), &field));
		require(fields.from > 0 && fields.has_date &&
			fields.has_message_id && lines >= 3);
	}
	// Nothing is added twice; "From " lines go one at a time.
	delivery_header_fix(buf_view(&once), &fix, &twice);
	require(twice.len <= once.len);
	buf_done(&once);
	buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t step = (data[0] >> 1) + 1u;
	struct view text = view_of(data + 1, size - 1);
	struct delivery_header header;
	struct view body = VIEW("");
	enum rc rc = RC_MORE;
	delivery_header_init(&header);
	size_t at = 0;
	while (rc == RC_MORE && at < text.len) {
		struct view piece = view_slice(text, at, step);
		rc = delivery_header_add(&header, piece, &body);
		at += piece.len - body.len;
	}
	size_t held = header.bytes.len;
	require(view_starts_with(text, buf_view(&header.bytes)));
	if (rc == RC_OK) {
		size_t blank = at - held;
		require(header.blank ? blank == 1 || blank == 2 : blank == 0);
		size_t len;
		if (header.blank)
			require(
			    header_length(text, &len) == RC_OK && len == at);
	} else if (rc == RC_MORE) {
		require(held == text.len);
		delivery_header_end(&header);
	}
	check_fixed(buf_view(&header.bytes), data[0] & 1);
	delivery_header_done(&header);
	return 0;
}
