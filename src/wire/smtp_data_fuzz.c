// SPDX-License-Identifier: Apache-2.0
// Message data: what comes out does not depend on the cuts, agrees with a plain
// decoder written for reading only, and what goes out has one end, its own.
#include <string.h>

#include "base/buf.h"
#include "wire/smtp_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

struct result {
	struct buf out;
	bool ended;
	size_t used;
	struct smtp_data_decoder seen;
};

// The length of the next piece: `step`, or for 0 one after `cuts`.
static size_t next_step(size_t step, struct view cuts, size_t *turn)
{
	if (step || cuts.len == 0)
		return step ? step : 1;
	return (unsigned char)cuts.ptr[(*turn)++ % cuts.len] % 37u + 1;
}

static void decode(enum smtp_data_framing framing, enum smtp_line_ends ends,
    struct view text, size_t step, struct result *ret_result)
{
	struct result *result = ret_result;
	struct view piece;
	struct view whole = text;
	size_t turn = 0;
	*result = (struct result){0};
	buf_init(&result->out, 2 * text.len + 2);
	smtp_data_decoder_init(&result->seen, framing, ends);
	while (text.len && !result->ended) {
		struct view part =
		    view_slice(text, 0, next_step(step, whole, &turn));
		size_t given = part.len;
		enum rc rc;
		while ((rc = smtp_data_decode(&result->seen, &part, &piece)) ==
		       RC_OK) {
			must(piece.len > 0);
			buf_add(&result->out, piece);
		}
		result->ended = rc == RC_END;
		must(result->ended || part.len == 0);
		text = view_from(text, given - part.len);
	}
	result->used = whole.len - text.len;
	if (!result->ended && smtp_data_decode_end(&result->seen, &piece))
		buf_add(&result->out, piece);
	must(buf_status(&result->out) == RC_OK);
}

// The same, a byte at a time, with the whole data in view: the data ends at the
// first CRLF.CRLF, a dot after a CRLF that a bare line end does not follow
// goes.
static void decode_plainly(
    bool dots, bool normalize, struct view text, struct result *ret_result)
{
	struct result *result = ret_result;
	bool line = true;
	*result = (struct result){0};
	buf_init(&result->out, 2 * text.len + 2);
	for (size_t i = 0; i < text.len; i++) {
		struct view rest = view_from(text, i);
		char next = rest.len > 1 ? rest.ptr[1] : '\0';
		if (dots && line && view_starts_with(rest, VIEW(".\r\n"))) {
			result->ended = true;
			result->used = i + 3;
			return;
		}
		bool whole = view_starts_with(rest, VIEW("\r\n"));
		if (dots && line && rest.ptr[0] == '.') {
			line = false;
			// A lone dot at the end of all waits for its line's
			// end.
			if (rest.len == 1)
				break;
			if (rest.len == 2 && next == '\r')
				break;
			if (next == '\n' || next == '\r')
				buf_add_char(&result->out, '.');
			continue;
		}
		line = false;
		if (whole) {
			buf_add_literal(&result->out, "\r\n");
			line = true;
			i++;
		} else if (rest.ptr[0] == '\r' || rest.ptr[0] == '\n') {
			bool cr = rest.ptr[0] == '\r';
			result->seen.bare_cr |= cr;
			result->seen.bare_lf |= !cr;
			if (normalize)
				buf_add_literal(&result->out, "\r\n");
			else
				buf_add_char(&result->out, rest.ptr[0]);
		} else {
			buf_add_char(&result->out, rest.ptr[0]);
		}
	}
	result->used = text.len;
}

static void must_agree(const struct result *a, const struct result *b)
{
	must(view_eq(buf_view(&a->out), buf_view(&b->out)));
	must(a->ended == b->ended && a->used == b->used);
	must(a->seen.bare_cr == b->seen.bare_cr);
	must(a->seen.bare_lf == b->seen.bare_lf);
}

static void check_decode(enum smtp_data_framing framing,
    enum smtp_line_ends ends, struct view text, size_t step)
{
	struct result whole;
	struct result pieces;
	struct result plain;
	decode(framing, ends, text, text.len + 1, &whole);
	decode(framing, ends, text, step, &pieces);
	decode_plainly(framing == SMTP_DATA_DOTS, ends == SMTP_LINES_NORMALIZE,
	    text, &plain);
	must_agree(&whole, &pieces);
	must_agree(&whole, &plain);
	must(whole.seen.nul == pieces.seen.nul);
	must(whole.seen.eight_bit == pieces.seen.eight_bit);
	struct view taken = view_slice(text, 0, whole.used);
	must(whole.seen.nul == (view_find_char(taken, '\0') != SIZE_MAX));
	buf_done(&whole.out);
	buf_done(&pieces.out);
	buf_done(&plain.out);
}

static void encode(enum smtp_data_framing framing, struct view text,
    size_t step, struct buf *out)
{
	struct smtp_data_encoder encoder;
	struct view piece;
	struct view cuts = text;
	size_t turn = 0;
	smtp_data_encoder_init(&encoder, framing);
	while (text.len) {
		struct view part =
		    view_slice(text, 0, next_step(step, cuts, &turn));
		text = view_from(text, part.len);
		while (smtp_data_encode(&encoder, &part, &piece) == RC_OK) {
			must(piece.len > 0);
			buf_add(out, piece);
		}
	}
	buf_add(out, smtp_data_encode_end(&encoder));
}

// CR and LF only together; of whatever line ends a peer honours, the one lone
// dot is the last line.
static void check_sent(struct view sent, bool dots)
{
	for (size_t i = 0; i < sent.len; i++) {
		if (sent.ptr[i] == '\r')
			must(i + 1 < sent.len && sent.ptr[i + 1] == '\n');
		if (sent.ptr[i] == '\n')
			must(i > 0 && sent.ptr[i - 1] == '\r');
	}
	if (!dots)
		return;
	must(view_ends_with(sent, VIEW(".\r\n")));
	size_t end = view_find(sent, VIEW("\r\n.\r\n"));
	if (view_starts_with(sent, VIEW(".\r\n")))
		must(sent.len == 3);
	else
		must(end == sent.len - 5);
}

static void check_encode(struct view text, size_t step)
{
	struct buf sent;
	struct buf pieces;
	struct result back;
	struct result clean;
	buf_init(&sent, 3 * text.len + 8);
	buf_init(&pieces, 3 * text.len + 8);
	encode(SMTP_DATA_DOTS, text, text.len + 1, &sent);
	encode(SMTP_DATA_DOTS, text, step, &pieces);
	must(view_eq(buf_view(&sent), buf_view(&pieces)));
	check_sent(buf_view(&sent), true);
	decode(SMTP_DATA_DOTS, SMTP_LINES_REFUSE, buf_view(&sent), step, &back);
	must(back.ended && back.used == sent.len);
	must(!back.seen.bare_cr && !back.seen.bare_lf);
	// What comes back is the text with its line ends made clean, and a last
	// one.
	decode(
	    SMTP_DATA_CHUNKS, SMTP_LINES_NORMALIZE, text, text.len + 1, &clean);
	if (clean.out.len &&
	    !view_ends_with(buf_view(&clean.out), VIEW("\n"))) {
		clean.out.max += 2;
		buf_add_literal(&clean.out, "\r\n");
	}
	must(view_eq(buf_view(&back.out), buf_view(&clean.out)));
	buf_reset(&sent);
	encode(SMTP_DATA_CHUNKS, text, step, &sent);
	check_sent(buf_view(&sent), false);
	must(view_eq(buf_view(&sent), buf_view(&clean.out)));
	buf_done(&sent);
	buf_done(&pieces);
	buf_done(&back.out);
	buf_done(&clean.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t step = data[0] % 40u;
	struct view text = view_of(data + 1, size - 1);
	check_decode(SMTP_DATA_DOTS, SMTP_LINES_REFUSE, text, step);
	check_decode(SMTP_DATA_DOTS, SMTP_LINES_NORMALIZE, text, step);
	check_decode(SMTP_DATA_CHUNKS, SMTP_LINES_REFUSE, text, step);
	check_decode(SMTP_DATA_CHUNKS, SMTP_LINES_NORMALIZE, text, step);
	check_encode(text, step);
	return 0;
}
