// SPDX-License-Identifier: Apache-2.0
// Message data: what ends it, what bare line ends become, and that neither
// depends on how the bytes were cut.
#include "base/buf.h"
#include "base/test.h"
#include "wire/smtp_data.h"

#define OUT_MAX 4096

struct decoded {
	struct buf out;
	struct view rest; // after the end
	bool ended;
	struct smtp_data_decoder decoder;
};

// All of `text` in pieces of `step` bytes; stops at the end of the data.
static void decode(enum smtp_data_framing framing, enum smtp_line_ends ends,
    struct view text, size_t step, struct decoded *ret_decoded)
{
	struct decoded *decoded = ret_decoded;
	*decoded = (struct decoded){0};
	buf_init(&decoded->out, OUT_MAX);
	smtp_data_decoder_init(&decoded->decoder, framing, ends);
	struct view piece;
	while (text.len && !decoded->ended) {
		struct view part = view_slice(text, 0, step);
		size_t given = part.len;
		enum rc rc;
		while ((rc = smtp_data_decode(
			    &decoded->decoder, &part, &piece)) == RC_OK) {
			assert_true(piece.len > 0);
			buf_add(&decoded->out, piece);
		}
		decoded->ended = rc == RC_END;
		text = view_from(text, given - part.len);
	}
	decoded->rest = text;
	if (framing == SMTP_DATA_CHUNKS &&
	    smtp_data_decode_end(&decoded->decoder, &piece))
		buf_add(&decoded->out, piece);
	assert_int_equal(buf_status(&decoded->out), RC_OK);
}

struct decode_row {
	struct view in;
	bool ends;
	struct view rest;    // after the end
	struct view refused; // what REFUSE gives
	struct view normal;  // what NORMALIZE gives
	bool bare_cr;
	bool bare_lf;
};

static void check_decode(const struct decode_row *row,
    enum smtp_data_framing framing, enum smtp_line_ends ends, size_t step)
{
	struct decoded decoded;
	decode(framing, ends, row->in, step, &decoded);
	struct view wanted =
	    ends == SMTP_LINES_NORMALIZE ? row->normal : row->refused;
	assert_int_equal(decoded.out.len, wanted.len);
	assert_view_equal(buf_view(&decoded.out), wanted);
	assert_int_equal(decoded.ended, row->ends);
	if (row->ends)
		assert_view_equal(decoded.rest, row->rest);
	assert_int_equal(decoded.decoder.bare_cr, row->bare_cr);
	assert_int_equal(decoded.decoder.bare_lf, row->bare_lf);
	buf_done(&decoded.out);
}

#define NOTHING                                                                \
	{                                                                      \
		"", 0                                                          \
	}
#define V(literal)                                                             \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

// Clean data, and every way to end it wrongly that smuggling has used.
static const struct decode_row decode_rows[] = {
    // input, ends, rest, REFUSE, NORMALIZE, bare CR, bare LF
    {V("a\r\n.\r\n"), true, NOTHING, V("a\r\n"), V("a\r\n"), 0, 0},
    {V(".\r\n"), true, NOTHING, NOTHING, NOTHING, 0, 0},
    {V("\r\n.\r\n"), true, NOTHING, V("\r\n"), V("\r\n"), 0, 0},
    {V(".\r\nQUIT\r\n"), true, V("QUIT\r\n"), NOTHING, NOTHING, 0, 0},
    {V("a\r\n.\r\n.\r\n"), true, V(".\r\n"), V("a\r\n"), V("a\r\n"), 0, 0},
    {V("a\r\n..\r\n.\r\n"), true, NOTHING, V("a\r\n.\r\n"), V("a\r\n.\r\n"), 0,
	0},
    {V("..a\r\n...\r\n.\r\n"), true, NOTHING, V(".a\r\n..\r\n"),
	V(".a\r\n..\r\n"), 0, 0},
    {V(".a\r\n.\r\n"), true, NOTHING, V("a\r\n"), V("a\r\n"), 0, 0},
    {V("a.\r\n.b\r\n.\r\n"), true, NOTHING, V("a.\r\nb\r\n"), V("a.\r\nb\r\n"),
	0, 0},
    // not over yet
    {V("a\r\n.\r"), false, NOTHING, V("a\r\n"), V("a\r\n"), 0, 0},
    {V("a\r\n."), false, NOTHING, V("a\r\n"), V("a\r\n"), 0, 0},
    {V("a\r"), false, NOTHING, V("a"), V("a"), 0, 0},
    // smuggling: none of these is an end
    {V("a\n.\r\nb\r\n.\r\n"), true, NOTHING, V("a\n.\r\nb\r\n"),
	V("a\r\n.\r\nb\r\n"), 0, 1},
    {V("a\r.\r\nb\r\n.\r\n"), true, NOTHING, V("a\r.\r\nb\r\n"),
	V("a\r\n.\r\nb\r\n"), 1, 0},
    {V("a\r\n.\nb\r\n.\r\n"), true, NOTHING, V("a\r\n.\nb\r\n"),
	V("a\r\n.\r\nb\r\n"), 0, 1},
    {V("a\n.\nb\r\n.\r\n"), true, NOTHING, V("a\n.\nb\r\n"),
	V("a\r\n.\r\nb\r\n"), 0, 1},
    {V("a\r\n.\rb\r\n.\r\n"), true, NOTHING, V("a\r\n.\rb\r\n"),
	V("a\r\n.\r\nb\r\n"), 1, 0},
    {V("a\r.\rb\r\n.\r\n"), true, NOTHING, V("a\r.\rb\r\n"),
	V("a\r\n.\r\nb\r\n"), 1, 0},
    {V("a\n.\rb\r\n.\r\n"), true, NOTHING, V("a\n.\rb\r\n"),
	V("a\r\n.\r\nb\r\n"), 1, 1},
    {V("a\r\n.\r\r\n.\r\n"), true, NOTHING, V("a\r\n.\r\r\n"),
	V("a\r\n.\r\n\r\n"), 1, 0},
    {V("a\r\n.\r.\r\n.\r\n"), true, NOTHING, V("a\r\n.\r.\r\n"),
	V("a\r\n.\r\n.\r\n"), 1, 0},
    {V("a\r\r\n.\r\n"), true, NOTHING, V("a\r\r\n"), V("a\r\n\r\n"), 1, 0},
    {V("a\r\n\0.\r\nb\r\n.\r\n"), true, NOTHING, V("a\r\n\0.\r\nb\r\n"),
	V("a\r\n\0.\r\nb\r\n"), 0, 0},
    {V("a\r\0\n.\r\nb\r\n.\r\n"), true, NOTHING, V("a\r\0\n.\r\nb\r\n"),
	V("a\r\n\0\r\n.\r\nb\r\n"), 1, 1},
    {V("\n.\r\n\r\n.\r\n"), true, NOTHING, V("\n.\r\n\r\n"), V("\r\n.\r\n\r\n"),
	0, 1},
    {V("\n..\n.\r\n"), false, NOTHING, V("\n..\n.\r\n"), V("\r\n..\r\n.\r\n"),
	0, 1},
    {V("\r.\r\n"), false, NOTHING, V("\r.\r\n"), V("\r\n.\r\n"), 1, 0},
    {V("\r\n.\n"), false, NOTHING, V("\r\n.\n"), V("\r\n.\r\n"), 0, 1},
    {V("\n.\n"), false, NOTHING, V("\n.\n"), V("\r\n.\r\n"), 0, 1},
    {V("\n.\r\n"), false, NOTHING, V("\n.\r\n"), V("\r\n.\r\n"), 0, 1},
};

static void data_ends_at_crlf_dot_crlf_and_nowhere_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(decode_rows); i++)
		for (size_t step = 1; step <= decode_rows[i].in.len; step++) {
			check_decode(&decode_rows[i], SMTP_DATA_DOTS,
			    SMTP_LINES_REFUSE, step);
			check_decode(&decode_rows[i], SMTP_DATA_DOTS,
			    SMTP_LINES_NORMALIZE, step);
		}
}

static void chunks_have_no_end_and_no_dots(void **state)
{
	(void)state;
	static const struct decode_row rows[] = {
	    {V("a\r\n.\r\n..\r\n"), false, NOTHING, V("a\r\n.\r\n..\r\n"),
		V("a\r\n.\r\n..\r\n"), 0, 0},
	    {V(".\r\n"), false, NOTHING, V(".\r\n"), V(".\r\n"), 0, 0},
	    {V("a\nb"), false, NOTHING, V("a\nb"), V("a\r\nb"), 0, 1},
	    {V("a\rb"), false, NOTHING, V("a\rb"), V("a\r\nb"), 1, 0},
	    {V("a\r"), false, NOTHING, V("a\r"), V("a\r\n"), 1, 0},
	    {V("a\n\r"), false, NOTHING, V("a\n\r"), V("a\r\n\r\n"), 1, 1},
	    {V("a"), false, NOTHING, V("a"), V("a"), 0, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step <= rows[i].in.len; step++) {
			check_decode(&rows[i], SMTP_DATA_CHUNKS,
			    SMTP_LINES_REFUSE, step);
			check_decode(&rows[i], SMTP_DATA_CHUNKS,
			    SMTP_LINES_NORMALIZE, step);
		}
	// Binary chunks pass whole.
	struct view binary = VIEW("\n\r\0\xff.\r\n.\r\n\r");
	struct decoded decoded;
	decode(SMTP_DATA_CHUNKS, SMTP_LINES_BINARY, binary, 100, &decoded);
	assert_view_equal(buf_view(&decoded.out), binary);
	assert_false(decoded.decoder.bare_cr || decoded.decoder.bare_lf);
	buf_done(&decoded.out);
}

// The flags and the stops are found at every place of the blocks that the
// scanner reads, and in its tail.
static void every_place_in_a_long_line_is_looked_at(void **state)
{
	(void)state;
	static const struct {
		struct view odd; // replaces bytes of the line
		bool nul;
		bool eight_bit;
		bool bare_cr;
		bool bare_lf;
	} rows[] = {
	    {V("\0"), true, false, false, false},
	    {V("\x80"), false, true, false, false},
	    {V("\xff"), false, true, false, false},
	    {V("\r"), false, false, true, false},
	    {V("\n"), false, false, false, true},
	    {V("\n."), false, false, false, true},
	    {V("\r."), false, false, true, false},
	    {V("\n\r"), false, false, true, true},
	    {V("\r\n"), false, false, false, false},
	};
	enum { LEN = 70 };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t at = 0; at + rows[i].odd.len < LEN; at++) {
			char text[LEN + 5];
			memset(text, 'x', LEN);
			memcpy(text + at, rows[i].odd.ptr, rows[i].odd.len);
			memcpy(text + LEN, "\r\n.\r\n", 5);
			struct decoded decoded;
			decode(SMTP_DATA_DOTS, SMTP_LINES_REFUSE,
			    view_of(text, sizeof(text)), 1000, &decoded);
			assert_true(decoded.ended);
			assert_int_equal(decoded.out.len, LEN + 2);
			assert_memory_equal(decoded.out.ptr, text, LEN + 2);
			struct smtp_data_decoder *seen = &decoded.decoder;
			assert_int_equal(seen->nul, rows[i].nul);
			assert_int_equal(seen->eight_bit, rows[i].eight_bit);
			assert_int_equal(seen->bare_cr, rows[i].bare_cr);
			assert_int_equal(seen->bare_lf, rows[i].bare_lf);
			buf_done(&decoded.out);
		}
}

static void clean_data_comes_out_in_one_piece_without_a_copy(void **state)
{
	(void)state;
	struct view input = VIEW("Subject: x\r\n\r\nline\r\nline\r\n");
	struct view whole = input;
	struct view piece = {NULL, 0};
	struct smtp_data_decoder decoder;
	smtp_data_decoder_init(&decoder, SMTP_DATA_DOTS, SMTP_LINES_REFUSE);
	assert_int_equal(smtp_data_decode(&decoder, &input, &piece), RC_OK);
	assert_ptr_equal(piece.ptr, whole.ptr);
	assert_int_equal(piece.len, whole.len);
	assert_int_equal(smtp_data_decode(&decoder, &input, &piece), RC_MORE);
}

static void after_the_end_nothing_more_is_taken(void **state)
{
	(void)state;
	struct view input = VIEW(".\r\nMAIL FROM:<>\r\n");
	struct view piece = {NULL, 0};
	struct smtp_data_decoder decoder;
	smtp_data_decoder_init(&decoder, SMTP_DATA_DOTS, SMTP_LINES_REFUSE);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    smtp_data_decode(&decoder, &input, &piece), RC_END);
		assert_view_equal(input, VIEW("MAIL FROM:<>\r\n"));
	}
}

static void encode(enum smtp_data_framing framing, struct view text,
    size_t step, struct buf *out)
{
	struct smtp_data_encoder encoder;
	struct view piece;
	smtp_data_encoder_init(&encoder, framing);
	while (text.len) {
		struct view part = view_slice(text, 0, step);
		text = view_from(text, part.len);
		while (smtp_data_encode(&encoder, &part, &piece) == RC_OK) {
			assert_true(piece.len > 0);
			buf_add(out, piece);
		}
	}
	buf_add(out, smtp_data_encode_end(&encoder));
}

static void nothing_sent_can_be_taken_for_an_end(void **state)
{
	(void)state;
	static const struct {
		struct view in;
		struct view dots;
		struct view chunks;
	} rows[] = {
	    {NOTHING, V(".\r\n"), NOTHING},
	    {V("a"), V("a\r\n.\r\n"), V("a\r\n")},
	    {V("a\r\n"), V("a\r\n.\r\n"), V("a\r\n")},
	    {V("."), V("..\r\n.\r\n"), V(".\r\n")},
	    {V("a\r\n.\r\nb\r\n"), V("a\r\n..\r\nb\r\n.\r\n"),
		V("a\r\n.\r\nb\r\n")},
	    {V("a\n.\nb"), V("a\r\n..\r\nb\r\n.\r\n"), V("a\r\n.\r\nb\r\n")},
	    {V("a\n.\r\nb"), V("a\r\n..\r\nb\r\n.\r\n"), V("a\r\n.\r\nb\r\n")},
	    {V("a\r.\rb"), V("a\r\n..\r\nb\r\n.\r\n"), V("a\r\n.\r\nb\r\n")},
	    {V("a\r\n.\rb"), V("a\r\n..\r\nb\r\n.\r\n"), V("a\r\n.\r\nb\r\n")},
	    {V("a\r\n.\nb"), V("a\r\n..\r\nb\r\n.\r\n"), V("a\r\n.\r\nb\r\n")},
	    {V("a\r"), V("a\r\n.\r\n"), V("a\r\n")},
	    {V("a\r\r\n"), V("a\r\n\r\n.\r\n"), V("a\r\n\r\n")},
	    {V("a\n\r"), V("a\r\n\r\n.\r\n"), V("a\r\n\r\n")},
	    {V("a\r\r."), V("a\r\n\r\n..\r\n.\r\n"), V("a\r\n\r\n.\r\n")},
	    {V("..a\r\n..."), V("...a\r\n....\r\n.\r\n"), V("..a\r\n...\r\n")},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step <= rows[i].in.len + 1; step++) {
			struct buf out;
			buf_init(&out, OUT_MAX);
			encode(SMTP_DATA_DOTS, rows[i].in, step, &out);
			assert_view_equal_row(i, buf_view(&out), rows[i].dots);
			buf_reset(&out);
			encode(SMTP_DATA_CHUNKS, rows[i].in, step, &out);
			assert_view_equal_row(
			    i, buf_view(&out), rows[i].chunks);
			buf_done(&out);
		}
}

// What came in by NORMALIZE goes out so that the next server gets the same.
static void normalized_data_goes_on_unchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(decode_rows); i++) {
		struct view message = decode_rows[i].normal;
		if (!view_ends_with(message, VIEW("\r\n")))
			continue;
		struct buf wire;
		struct decoded decoded;
		buf_init(&wire, OUT_MAX);
		encode(SMTP_DATA_DOTS, message, 1000, &wire);
		decode(SMTP_DATA_DOTS, SMTP_LINES_REFUSE, buf_view(&wire), 1000,
		    &decoded);
		assert_true(decoded.ended && decoded.rest.len == 0);
		assert_false(decoded.decoder.bare_cr);
		assert_false(decoded.decoder.bare_lf);
		assert_view_equal_row(i, buf_view(&decoded.out), message);
		buf_done(&decoded.out);
		buf_done(&wire);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(data_ends_at_crlf_dot_crlf_and_nowhere_else),
	    cmocka_unit_test(chunks_have_no_end_and_no_dots),
	    cmocka_unit_test(every_place_in_a_long_line_is_looked_at),
	    cmocka_unit_test(clean_data_comes_out_in_one_piece_without_a_copy),
	    cmocka_unit_test(after_the_end_nothing_more_is_taken),
	    cmocka_unit_test(nothing_sent_can_be_taken_for_an_end),
	    cmocka_unit_test(normalized_data_goes_on_unchanged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
