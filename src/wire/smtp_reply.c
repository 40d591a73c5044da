// SPDX-License-Identifier: Apache-2.0
// The parser finds lines in the input with memchr(). If the input has a whole
// line, the parser reads it there and copies it only into the text of the
// reply.
#include "wire/smtp_reply.h"

#include "base/ascii.h"
#include "wire/utf8.h"

void smtp_reply_parser_init(struct smtp_reply_parser *parser)
{
	*parser = (struct smtp_reply_parser){.fresh = true};
	buf_init(&parser->line, SMTP_REPLY_LINE_MAX);
	buf_init(&parser->text, SMTP_REPLY_TEXT_MAX);
}

void smtp_reply_parser_done(struct smtp_reply_parser *parser)
{
	buf_done(&parser->line);
	buf_done(&parser->text);
}

static void begin(struct smtp_reply_parser *parser)
{
	parser->fresh = false;
	parser->bytes = 0;
	parser->reply = (struct smtp_reply){0};
	buf_reset(&parser->text);
}

// Reads a Reply-code. RFC 5321 section 4.2 allows 2yz to 5yz with y up to 5,
// but this function accepts any last two digits.
static bool take_code(struct view *line, unsigned *ret_code)
{
	if (line->len < 3 || line->ptr[0] < '2' || line->ptr[0] > '5' ||
	    !ascii_is_digit(line->ptr[1]) || !ascii_is_digit(line->ptr[2]))
		return false;
	*ret_code = (unsigned)(line->ptr[0] - '0') * 100 +
		    (unsigned)(line->ptr[1] - '0') * 10 +
		    (unsigned)(line->ptr[2] - '0');
	*line = view_from(*line, 3);
	return true;
}

static void add_line(struct smtp_reply_parser *parser, struct view line)
{
	struct smtp_reply *reply = &parser->reply;
	if (reply->truncated || reply->lines >= SMTP_REPLY_LINES_MAX ||
	    line.len + 1 > parser->text.max - parser->text.len) {
		reply->truncated = true;
		return;
	}
	buf_add(&parser->text, line);
	buf_add_char(&parser->text, '\n');
	reply->lines++;
}

// Reads one line without its LF. Returns RC_OK if it is the last line of the
// reply.
static enum rc read_line(struct smtp_reply_parser *parser, struct view line)
{
	struct smtp_reply *reply = &parser->reply;
	bool first = reply->code == 0;
	unsigned code;
	if (view_ends_with(line, VIEW("\r")))
		line.len--;
	if (!take_code(&line, &code) || (!first && code != reply->code))
		return RC_SYNTAX;
	reply->code = code;
	bool more = view_starts_with(line, VIEW("-"));
	// RFC 5321 section 4.2: a line may have only a code.
	if (line.len && !more && line.ptr[0] != ' ')
		return RC_SYNTAX;
	line = view_from(line, 1);
	struct view rest = line;
	struct enhanced_status status;
	if (first && enhanced_status_take(&rest, &status) &&
	    status.class == code / 100)
		reply->status = status;
	add_line(parser, line);
	return more ? RC_MORE : RC_OK;
}

// Takes a line from the front of `*input`. Returns RC_MORE if its end has not
// arrived.
static enum rc take_line(
    struct smtp_reply_parser *parser, struct view *input, struct view *ret_line)
{
	struct buf *held = &parser->line;
	size_t end = view_find_char(*input, '\n');
	struct view part = view_slice(*input, 0, end);
	if (held->len + part.len > SMTP_REPLY_LINE_MAX)
		return RC_LIMIT;
	size_t taken = end == SIZE_MAX ? part.len : part.len + 1;
	parser->bytes += taken;
	if (parser->bytes > SMTP_REPLY_BYTES_MAX)
		return RC_LIMIT;
	*input = view_from(*input, taken);
	if (end == SIZE_MAX || held->len)
		buf_add(held, part);
	if (end == SIZE_MAX)
		return RC_MORE;
	*ret_line = held->len ? buf_view(held) : part;
	return RC_OK;
}

enum rc smtp_reply_feed(struct smtp_reply_parser *parser, struct view *input,
    struct smtp_reply *ret_reply)
{
	enum rc rc = RC_MORE;
	if (parser->fresh)
		begin(parser);
	while (rc == RC_MORE && input->len) {
		struct view line;
		rc = take_line(parser, input, &line);
		if (rc != RC_OK)
			continue; // RC_MORE: the input is empty now
		rc = read_line(parser, line);
		buf_reset(&parser->line);
	}
	if (rc == RC_OK) {
		parser->fresh = true;
		parser->reply.text = buf_view(&parser->text);
		*ret_reply = parser->reply;
	}
	return rc;
}

bool smtp_reply_next_line(struct view *text, struct view *ret_line)
{
	return view_split(text, '\n', ret_line);
}

// ---- Text for people -----------------------------------------------------

static bool is_unfit(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
	       code == 0x2029;
}

// Adds as much of `text` as fits, so that `out` has at most `end` bytes.
static void add_clean(struct view text, size_t end, struct buf *out)
{
	uint32_t code;
	while (out->len < end && utf8_next(&text, &code)) {
		char bytes[4];
		size_t len = utf8_encode(is_unfit(code) ? '?' : code, bytes);
		if (len > end - out->len)
			return;
		buf_add(out, view_of(bytes, len));
	}
}

static size_t end_of(const struct buf *out, size_t max_bytes)
{
	return max_bytes > SIZE_MAX - out->len ? SIZE_MAX
					       : out->len + max_bytes;
}

void smtp_clean_text(struct view text, size_t max_bytes, struct buf *out)
{
	add_clean(text, end_of(out, max_bytes), out);
}

void smtp_reply_clean_text(
    const struct smtp_reply *reply, size_t max_bytes, struct buf *out)
{
	size_t end = end_of(out, max_bytes);
	struct view text = reply->text;
	struct view line;
	char code[] = {(char)('0' + reply->code / 100 % 10),
	    (char)('0' + reply->code / 10 % 10),
	    (char)('0' + reply->code % 10)};
	add_clean(view_of(code, sizeof(code)), end, out);
	while (smtp_reply_next_line(&text, &line)) {
		line = view_trim(line);
		if (line.len) {
			add_clean(VIEW(" "), end, out);
			add_clean(line, end, out);
		}
	}
}

// ---- The server's side ---------------------------------------------------

// RFC 5321 section 4.5.3.1.5: a line has at most 512 octets with its code and
// CRLF.
#define REPLY_LINE_TEXT_MAX (512 - 4 - 2 - (ENHANCED_TEXT_MAX + 1))

// Takes the text for one line from the front of `*text`.
static struct view take_reply_line(struct view *text)
{
	size_t end = view_find_char(*text, '\n');
	struct view line = view_slice(*text, 0, end);
	if (line.len > REPLY_LINE_TEXT_MAX) {
		line = utf8_truncate(line, REPLY_LINE_TEXT_MAX);
		*text = view_from(*text, line.len);
		return line;
	}
	*text = view_from(*text, end == SIZE_MAX ? line.len : end + 1);
	return line;
}

// Adds `line` and replaces control characters and invalid UTF-8 by "?". So the
// result is never longer than `line`.
static void add_reply_text(struct view line, struct buf *out)
{
	while (line.len) {
		uint32_t code;
		size_t len;
		bool good = utf8_peek(line, &code, &len) == RC_OK;
		if (good && !is_unfit(code))
			buf_add(out, view_slice(line, 0, len));
		else
			buf_add_char(out, '?');
		line = view_from(line, len);
	}
}

void smtp_reply_write(struct buf *out, unsigned code,
    struct enhanced_status status, struct view text)
{
	do {
		struct view line = take_reply_line(&text);
		char digits[3] = {(char)('0' + code / 100 % 10),
		    (char)('0' + code / 10 % 10), (char)('0' + code % 10)};
		buf_add(out, view_of(digits, sizeof(digits)));
		buf_add_char(out, text.len ? '-' : ' ');
		if (!enhanced_status_is_none(status)) {
			enhanced_status_print(status, out);
			if (line.len)
				buf_add_char(out, ' ');
		}
		add_reply_text(line, out);
		buf_add_literal(out, "\r\n");
	} while (text.len);
}
