// SPDX-License-Identifier: Apache-2.0
// The code skips clean data in blocks of 16 pairs of neighbouring bytes. A pair
// is not clean if it has only one half of a CRLF, or if it is an LF with a dot
// after it. The state machines look at single bytes only at such pairs.
#include "wire/smtp_data.h"

#include <string.h>

#define BLOCK 16

struct block {
	uint8_t bytes __attribute__((vector_size(BLOCK)));
};

static struct block load(const char *from)
{
	struct block block;
	memcpy(&block, from, sizeof(block));
	return block;
}

static bool any_set(struct block block)
{
	uint64_t words[2];
	memcpy(words, &block, sizeof(words));
	return (words[0] | words[1]) != 0;
}

// Tells whether a block has a byte over 0x7f.
static bool any_high(struct block block)
{
	uint64_t words[2];
	memcpy(words, &block, sizeof(words));
	return ((words[0] | words[1]) & 0x8080808080808080u) != 0;
}

// ---- Looking for what is not clean ---------------------------------------

struct seen {
	bool nul;
	bool eight_bit;
};

// Finds each pair (a, b) in which LF does not follow a CR, or an LF has no CR
// before it. If `dots` is true, it also finds each dot at the start of a line.
static struct block odd_pairs(struct block a, struct block b, bool dots)
{
	struct block odd;
	odd.bytes = (uint8_t __attribute__((vector_size(BLOCK))))(
	    (a.bytes == '\r') ^ (b.bytes == '\n'));
	if (dots)
		odd.bytes |= (uint8_t __attribute__((vector_size(BLOCK))))(
		    (a.bytes == '\n') & (b.bytes == '.'));
	return odd;
}

static bool is_odd_pair(char a, char b, bool dots)
{
	return (a == '\r') != (b == '\n') || (dots && a == '\n' && b == '.');
}

// Returns the length of the clean bytes at the front of `text`, which has at
// least one byte. The clean bytes end before the first pair that is not clean,
// and always before the last byte. The function also notes NULs and bytes over
// 0x7f.
static size_t clean_len(struct view text, bool dots, struct seen *seen)
{
	size_t at = 0;
	struct block high = {{0}};
	struct block zero = {{0}};
	for (; text.len - at > BLOCK; at += BLOCK) {
		struct block a = load(text.ptr + at);
		struct block b = load(text.ptr + at + 1);
		if (any_set(odd_pairs(a, b, dots)))
			break;
		high.bytes |= a.bytes;
		zero.bytes |=
		    (uint8_t __attribute__((vector_size(BLOCK))))(a.bytes == 0);
	}
	seen->nul |= any_set(zero);
	seen->eight_bit |= any_high(high);
	for (; at + 1 < text.len; at++) {
		char c = text.ptr[at];
		if (is_odd_pair(c, text.ptr[at + 1], dots))
			break;
		seen->nul |= c == '\0';
		seen->eight_bit |= ((unsigned char)c & 0x80) != 0;
	}
	return at;
}

// Takes `len` bytes from the front of `*input`.
static struct view take(struct view *input, size_t len)
{
	struct view piece = view_slice(*input, 0, len);
	*input = view_from(*input, len);
	return piece;
}

// The state says which bytes came before the next byte of the input.
enum state {
	STATE_LINE,   // no byte, or a CRLF
	STATE_MIDDLE, // a different byte of a line
	STATE_CR,     // a CR, which is held
	STATE_DOT,    // decoder: a line's first dot, which is held
	STATE_DOT_CR, // decoder: the same and a CR, which are held
	STATE_END,    // decoder: the data has ended
};

// Takes the clean bytes at the front of `*input`. The first byte is not a bare
// CR or LF. The function takes whole CRLFs, but it leaves a CR at the end that
// may be bare.
static struct view take_run(
    struct view *input, bool dots, struct seen *seen, int *state)
{
	size_t len = clean_len(*input, dots, seen);
	char last = input->ptr[len];
	if (last != '\r') {
		seen->nul |= last == '\0';
		seen->eight_bit |= ((unsigned char)last & 0x80) != 0;
		len++;
	}
	struct view run = take(input, len);
	*state = run.ptr[len - 1] == '\n' ? STATE_LINE : STATE_MIDDLE;
	return run;
}

// ---- Receiving -----------------------------------------------------------

void smtp_data_decoder_init(struct smtp_data_decoder *decoder,
    enum smtp_data_framing framing, enum smtp_line_ends line_ends)
{
	*decoder = (struct smtp_data_decoder){
	    .framing = framing, .line_ends = line_ends, .state = STATE_LINE};
}

// Returns the output for a bare `byte` (CR or LF). A dot after it is content.
static struct view bare(
    struct smtp_data_decoder *decoder, struct view byte, bool *flag)
{
	*flag = true;
	decoder->state = STATE_MIDDLE;
	return decoder->line_ends == SMTP_LINES_NORMALIZE ? VIEW("\r\n") : byte;
}

// Decodes the next bytes when no byte is held. Returns false if the input ends
// with a CR, which the decoder then holds.
static bool decode_free(struct smtp_data_decoder *decoder, struct view *input,
    struct view *ret_piece)
{
	char c = input->ptr[0];
	if (c == '\n') {
		*ret_piece = bare(decoder, take(input, 1), &decoder->bare_lf);
		return true;
	}
	if (c == '\r' && input->len == 1) {
		take(input, 1);
		decoder->state = STATE_CR;
		return false;
	}
	if (c == '\r' && input->ptr[1] != '\n') {
		*ret_piece = bare(decoder, take(input, 1), &decoder->bare_cr);
		return true;
	}
	struct seen seen = {decoder->nul, decoder->eight_bit};
	bool dots = decoder->framing == SMTP_DATA_DOTS;
	*ret_piece = take_run(input, dots, &seen, &decoder->state);
	decoder->nul = seen.nul;
	decoder->eight_bit = seen.eight_bit;
	return true;
}

// Decodes the next byte after a held CR. That byte shows whether the CR is
// bare.
static struct view decode_after_cr(
    struct smtp_data_decoder *decoder, struct view *input)
{
	if (input->ptr[0] != '\n')
		return bare(decoder, VIEW("\r"), &decoder->bare_cr);
	take(input, 1);
	decoder->state = STATE_LINE;
	return VIEW("\r\n");
}

// Does one step in a line that began with a dot. RC_MORE means that the step
// has no output, but the input may have more bytes.
static enum rc decode_dot(struct smtp_data_decoder *decoder, struct view *input,
    struct view *ret_piece)
{
	char c = input->ptr[0];
	if (decoder->state == STATE_DOT_CR) {
		if (c == '\n') { // RFC 5321 section 4.1.1.4: the end
			take(input, 1);
			decoder->state = STATE_END;
			return RC_END;
		}
		*ret_piece = VIEW(".");
		decoder->state = STATE_CR; // this CR is bare
		return RC_OK;
	}
	if (c == '\r') {
		take(input, 1);
		decoder->state = STATE_DOT_CR;
		return RC_MORE;
	}
	decoder->state = STATE_MIDDLE;
	if (c == '\n') { // this LF is bare
		*ret_piece = VIEW(".");
		return RC_OK;
	}
	return RC_MORE; // RFC 5321 section 4.5.2: removes the dot
}

enum rc smtp_data_decode(struct smtp_data_decoder *decoder, struct view *input,
    struct view *ret_piece)
{
	bool dots = decoder->framing == SMTP_DATA_DOTS;
	if (!dots && decoder->line_ends == SMTP_LINES_BINARY) {
		*ret_piece = take(input, input->len);
		return ret_piece->len ? RC_OK : RC_MORE;
	}
	if (decoder->state == STATE_END)
		return RC_END;
	while (input->len) {
		enum rc rc = RC_OK;
		if (decoder->state == STATE_CR) {
			*ret_piece = decode_after_cr(decoder, input);
		} else if (decoder->state == STATE_DOT ||
			   decoder->state == STATE_DOT_CR) {
			rc = decode_dot(decoder, input, ret_piece);
		} else if (decoder->state == STATE_LINE && dots &&
			   input->ptr[0] == '.') {
			take(input, 1);
			decoder->state = STATE_DOT;
			rc = RC_MORE;
		} else if (!decode_free(decoder, input, ret_piece)) {
			rc = RC_MORE;
		}
		if (rc != RC_MORE)
			return rc;
	}
	return RC_MORE;
}

bool smtp_data_decode_end(
    struct smtp_data_decoder *decoder, struct view *ret_piece)
{
	if (decoder->state != STATE_CR)
		return false;
	*ret_piece = bare(decoder, VIEW("\r"), &decoder->bare_cr);
	return true;
}

// ---- Sending -------------------------------------------------------------

void smtp_data_encoder_init(
    struct smtp_data_encoder *encoder, enum smtp_data_framing framing)
{
	*encoder =
	    (struct smtp_data_encoder){.framing = framing, .state = STATE_LINE};
}

// RFC 5321 section 2.3.8: the encoder sends CR and LF only together, as the end
// of a line.
static struct view line_end(struct smtp_data_encoder *encoder)
{
	encoder->state = STATE_LINE;
	return VIEW("\r\n");
}

enum rc smtp_data_encode(struct smtp_data_encoder *encoder, struct view *input,
    struct view *ret_piece)
{
	bool dots = encoder->framing == SMTP_DATA_DOTS;
	struct seen seen = {false, false};
	if (input->len == 0)
		return RC_MORE;
	char c = input->ptr[0];
	if (encoder->state == STATE_CR) {
		if (c == '\n')
			take(input, 1);
		*ret_piece = line_end(encoder);
	} else if (encoder->state == STATE_LINE && dots && c == '.') {
		// RFC 5321 section 4.5.2: adds a dot before the dot of the
		// text.
		*ret_piece = VIEW(".");
		encoder->state = STATE_MIDDLE;
	} else if (c == '\r' && input->len == 1) {
		take(input, 1);
		encoder->state = STATE_CR;
		return RC_MORE;
	} else if (c == '\n' || (c == '\r' && input->ptr[1] != '\n')) {
		take(input, 1);
		*ret_piece = line_end(encoder);
	} else {
		*ret_piece = take_run(input, dots, &seen, &encoder->state);
	}
	return RC_OK;
}

struct view smtp_data_encode_end(struct smtp_data_encoder *encoder)
{
	bool dots = encoder->framing == SMTP_DATA_DOTS;
	bool open = encoder->state != STATE_LINE;
	encoder->state = STATE_LINE;
	if (open)
		return dots ? VIEW("\r\n.\r\n") : VIEW("\r\n");
	return dots ? VIEW(".\r\n") : VIEW("");
}
