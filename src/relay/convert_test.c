// SPDX-License-Identifier: Apache-2.0
// Checks that a converted message has the same content as before.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "relay/convert.h"
#include "wire/message_whole.h"

#define SIZE_MAX_BYTES ((size_t)4 << 20)

static enum rc read_view(
    void *context, uint64_t offset, size_t len, struct buf *ret_bytes)
{
	const struct view *message = context;
	buf_add(ret_bytes, view_slice(*message, (size_t)offset, len));
	return RC_OK;
}

static void convert(struct arena *arena, struct view message, struct buf *out)
{
	struct relay_client_mail mail = {
	    .context = &message, .size = message.len, .read = read_view};
	struct relay_convert_plan plan = {0};
	struct relay_convert_place place = {0};
	struct buf scratch, piece;
	buf_init(&scratch, RELAY_CLIENT_PIECE);
	buf_init(&piece, RELAY_CLIENT_PIECE);
	assert_int_equal(relay_convert_plan_make(arena, &mail, &plan), RC_OK);
	assert_non_null(plan.segments);
	while (!relay_convert_is_done(&plan, &place)) {
		buf_reset(&piece);
		assert_int_equal(
		    relay_convert_next(&plan, &place, &mail, &scratch, &piece),
		    RC_OK);
		buf_add(out, buf_view(&piece));
	}
	assert_true(out->len <= plan.size);
	buf_done(&scratch);
	buf_done(&piece);
}

static void check_lines(struct view text)
{
	struct view line;
	while (view_split(&text, '\n', &line)) {
		if (text.len > 0 && !view_ends_with(line, VIEW("\r")))
			fail_msg("a bare line feed: %.*s", VIEW_FMT(line));
		assert_true(line.len <= 77);
		for (size_t i = 0; i < line.len; i++)
			assert_true((unsigned char)line.ptr[i] < 0x80);
		assert_false(view_ends_with(line, VIEW(" \r")));
		assert_false(view_ends_with(line, VIEW("\t\r")));
	}
}

// Decodes the first leaf's body.
static void decode(struct view message, struct buf *out)
{
	struct message *parsed = message_parse(message, 0);
	for (uint32_t i = 0; i < parsed->part_count; i++) {
		const struct message_part *part = &parsed->parts[i];
		struct transfer_decoder decoder;
		if (part->kind != MESSAGE_LEAF)
			continue;
		transfer_decoder_init(&decoder, part->encoding);
		transfer_decode(&decoder,
		    view_slice(message, part->body_offset, part->body_len),
		    out);
		transfer_decode_end(&decoder, out);
		assert_false(decoder.malformed);
		break;
	}
	message_free(&parsed);
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

// Adds letters, bytes over 0x7f, blanks, "=", dots and line ends.
static void add_text(struct buf *out, size_t size, uint32_t *state)
{
	static const char bytes[] = "ab=. \t\xc3\xa9\xff.\r\n";
	size_t start = out->len;
	buf_add_literal(out, "\xe9");
	while (out->len - start < size) {
		uint32_t n = random_next(state) % (sizeof(bytes) - 2);
		if (bytes[n] == '\r')
			buf_add_literal(out, "\r\n");
		else
			buf_add_char(out, bytes[n]);
	}
}

static void what_is_converted_decodes_to_itself(void **state)
{
	(void)state;
	static const char *const heads[] = {
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    "Content-Type: image/png\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    "Content-Transfer-Encoding: binary\r\n\r\n",
	};
	static const size_t sizes[] = {1, 2, 56, 57, 58, 75, 76, 77, 1000,
	    16383, 16384, 16385, 39900, 65536, 300000};
	uint32_t seed = 1;
	for (size_t i = 0; i < ARRAY_LEN(heads) * ARRAY_LEN(sizes); i++) {
		struct buf message, out, before, after;
		struct arena arena;
		arena_init(&arena);
		buf_init(&message, SIZE_MAX_BYTES);
		buf_init(&out, SIZE_MAX_BYTES);
		buf_init(&before, SIZE_MAX_BYTES);
		buf_init(&after, SIZE_MAX_BYTES);
		buf_add_string(&message, heads[i % ARRAY_LEN(heads)]);
		add_text(&message, sizes[i / ARRAY_LEN(heads)], &seed);
		convert(&arena, buf_view(&message), &out);
		check_lines(buf_view(&out));
		decode(buf_view(&message), &before);
		decode(buf_view(&out), &after);
		if (!view_eq(buf_view(&before), buf_view(&after)))
			fail_msg("row %zu: %zu bytes became %zu", i, before.len,
			    after.len);
		buf_done(&message);
		buf_done(&out);
		buf_done(&before);
		buf_done(&after);
		arena_done(&arena);
	}
}

static void what_cannot_be_converted_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *message;
		enum rc rc;
	} rows[] = {
	    {"Subject: \xe9\r\n\r\nx\r\n", RC_INVALID},
	    // The part does not declare 8 bits.
	    {"Subject: x\r\n\r\n\xe9\r\n", RC_INVALID},
	    {"Content-Transfer-Encoding: 7bit\r\n\r\n\xe9\r\n", RC_INVALID},
	    // 8-bit bytes between the parts.
	    {"Content-Type: multipart/mixed; boundary=b\r\n"
	     "Content-Transfer-Encoding: 8bit\r\n\r\n\xe9\r\n--b\r\n\r\nx\r\n"
	     "--b--\r\n",
		RC_INVALID},
	    {"Content-Type: message/partial\r\n"
	     "Content-Transfer-Encoding: 8bit\r\n\r\n\xe9\r\n",
		RC_INVALID},
	    {"Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n", RC_OK},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view message = view_of_string(rows[i].message);
		struct relay_client_mail mail = {.context = &message,
		    .size = message.len,
		    .read = read_view};
		struct relay_convert_plan plan = {0};
		struct arena arena;
		arena_init(&arena);
		if (relay_convert_plan_make(&arena, &mail, &plan) != rows[i].rc)
			fail_msg("row %zu", i);
		// A 7-bit message needs no plan.
		assert_null(plan.segments);
		arena_done(&arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_converted_decodes_to_itself),
	    cmocka_unit_test(what_cannot_be_converted_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
