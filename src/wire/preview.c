// SPDX-License-Identifier: Apache-2.0
// The text goes into a sink, which replaces runs of white space by one space
// and counts characters. When the sink is full, the caller stops. A first pass
// omits quotations. If it finds no text, a second pass reads everything.
#include "wire/preview.h"

#include "base/ascii.h"
#include "wire/html_entity.h"
#include "wire/html_text.h"
#include "wire/text_stream.h"
#include "wire/utf8.h"

// The code first decodes a small amount of UTF-8, which is nearly always
// enough.
#define TEXT_FIRST (4 * 1024)
#define TEXT_ALL   (128 * 1024)

struct sink {
	struct buf *out;
	size_t chars;
	bool space;      // white space came after the last character
	uint32_t joiner; // a zero-width joiner that waits, or 0
};

static bool sink_is_full(const struct sink *sink)
{
	return sink->chars >= PREVIEW_CHARS_MAX;
}

static bool is_space_code(uint32_t code)
{
	return code <= 0x20 || (code >= 0x7f && code <= 0xa0) ||
	       code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
	       code == 0x2028 || code == 0x2029 || code == 0x202f ||
	       code == 0x205f || code == 0x3000;
}

// These characters have no width: the soft hyphen, the zero-width space,
// direction marks, the byte order mark and the combining grapheme joiner.
// Newsletters use the last one to fill space.
static bool is_invisible(uint32_t code)
{
	return code == 0xad || code == 0x34f || code == 0x200b ||
	       code == 0x200e || code == 0x200f ||
	       (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static void sink_write(struct sink *sink, uint32_t code)
{
	if (sink_is_full(sink))
		return;
	utf8_add(sink->out, code);
	sink->chars++;
}

static void sink_add(struct sink *sink, uint32_t code)
{
	if (is_space_code(code)) {
		sink->space = true;
		sink->joiner = 0;
		return;
	}
	if (is_invisible(code))
		return;
	if (code == 0x200c || code == 0x200d) {
		// The joiner has a meaning between letters but not next to
		// white space.
		if (!sink->space)
			sink->joiner = code;
		return;
	}
	if (sink->chars && sink->space) {
		if (sink->chars + 1 >= PREVIEW_CHARS_MAX) {
			sink->chars = PREVIEW_CHARS_MAX; // no last space
			return;
		}
		sink_write(sink, ' ');
	} else if (sink->chars && sink->joiner) {
		sink_write(sink, sink->joiner);
	}
	sink->space = false;
	sink->joiner = 0;
	sink_write(sink, code);
}

// Tells whether `c` is printable US-ASCII and has no special meaning here.
static size_t plain_run(const struct sink *sink, struct view text)
{
	size_t most = PREVIEW_CHARS_MAX - sink->chars;
	size_t len = 0;
	if (sink->space || sink->joiner)
		return 0;
	while (len < text.len && len < most && text.ptr[len] > ' ' &&
	       text.ptr[len] < 0x7f)
		len++;
	return len;
}

static void sink_add_text(struct sink *sink, struct view text)
{
	uint32_t code;
	while (!sink_is_full(sink)) {
		size_t run = plain_run(sink, text);
		if (run) {
			buf_add(sink->out, view_slice(text, 0, run));
			sink->chars += run;
			text = view_from(text, run);
		}
		if (sink_is_full(sink) || !utf8_next(&text, &code))
			return;
		sink_add(sink, code);
	}
}

// ---- plain text

static struct view take_line(struct view *text)
{
	size_t len = view_find_char(*text, '\n');
	struct view line = view_slice(*text, 0, len);
	*text = len == SIZE_MAX ? view_from(*text, text->len)
				: view_from(*text, len + 1);
	return line;
}

static bool is_quoted(struct view trimmed)
{
	return trimmed.len && *trimmed.ptr == '>';
}

// Tells whether a line has only dashes, stars and similar characters.
static bool is_rule(struct view trimmed)
{
	if (trimmed.len < 3)
		return false;
	for (size_t i = 0; i < trimmed.len; i++) {
		char c = trimmed.ptr[i];
		if (!c || !memchr(" -=_*~#+.", c, 9))
			return false;
	}
	return true;
}

// Tells whether a line is "On Monday, Jo wrote:" before a quotation. `rest` is
// the text after the line.
static bool is_attribution(struct view trimmed, struct view rest)
{
	if (!view_ends_with(trimmed, VIEW(":")))
		return false;
	// One empty line may be between them.
	for (int i = 0; i < 2 && rest.len; i++) {
		struct view next = view_trim(take_line(&rest));
		if (next.len)
			return is_quoted(next);
	}
	return false;
}

static bool is_forward_mark(struct view trimmed)
{
	return view_starts_with_nocase(
	    trimmed, VIEW("-----Original Message-----"));
}

static size_t plain_pass(struct view text, bool everything, struct buf *out)
{
	struct sink sink = {.out = out};
	while (text.len && !sink_is_full(&sink)) {
		struct view line = take_line(&text);
		struct view trimmed = view_trim(line);
		sink.space = true;
		if (!everything) {
			// RFC 3676 section 4.3: this line begins the signature.
			if (view_eq(trimmed, VIEW("--")) ||
			    is_forward_mark(trimmed))
				break;
			if (is_quoted(trimmed) || is_rule(trimmed) ||
			    is_attribution(trimmed, text))
				continue;
		}
		sink_add_text(&sink, trimmed);
	}
	return sink.chars;
}

void preview_of_plain(struct view utf8, struct buf *out)
{
	if (!plain_pass(utf8, false, out))
		plain_pass(utf8, true, out);
}

// ---- HTML

struct html {
	struct sink sink;
	struct view rest;
	bool everything; // the pass includes quotations
	unsigned quotes; // number of open blockquotes, from the first cited one
};

// The content of these elements is not text of the message.
static bool is_hidden(struct view name)
{
	return view_eq_nocase(name, VIEW("style")) ||
	       view_eq_nocase(name, VIEW("script")) ||
	       view_eq_nocase(name, VIEW("title"));
}

static bool has_nocase(struct view text, struct view word)
{
	for (; text.len >= word.len; text = view_from(text, 1)) {
		if (view_starts_with_nocase(text, word))
			return true;
	}
	return false;
}

// Returns the length of the tag at the front of `text` with its ">". A ">"
// inside a quoted value does not end the tag.
static size_t tag_len(struct view text)
{
	char quote = '\0';
	char before = '\0'; // the last byte that is not a space
	for (size_t i = 1; i < text.len; i++) {
		char c = text.ptr[i];
		if (quote) {
			if (c == quote)
				quote = '\0';
		} else if (c == '>') {
			return i + 1;
		} else if ((c == '"' || c == '\'') && before == '=') {
			quote = c;
		}
		if (!ascii_is_space(c))
			before = c;
	}
	return text.len;
}

// Skips the content of a hidden element and its end tag.
static void skip_hidden(struct html *html, struct view name)
{
	for (;;) {
		size_t at = view_find(html->rest, VIEW("</"));
		html->rest = view_from(
		    html->rest, at == SIZE_MAX ? html->rest.len : at + 2);
		if (!html->rest.len ||
		    view_starts_with_nocase(html->rest, name))
			break;
	}
	size_t end = view_find_char(html->rest, '>');
	html->rest =
	    view_from(html->rest, end == SIZE_MAX ? html->rest.len : end + 1);
}

static void quote_tag(struct html *html, struct view tag, bool is_end)
{
	if (is_end) {
		if (html->quotes)
			html->quotes--;
	} else if (html->quotes || has_nocase(tag, VIEW("cite")) ||
		   has_nocase(tag, VIEW("gmail_quote"))) {
		html->quotes++;
	}
}

static void take_tag(struct html *html)
{
	struct view tag = view_slice(html->rest, 0, tag_len(html->rest));
	html->rest = view_from(html->rest, tag.len);
	bool is_end = tag.len > 1 && tag.ptr[1] == '/';
	struct view name = view_from(tag, is_end ? 2 : 1);
	size_t len = 0;
	while (len < name.len && ascii_is_alnum(name.ptr[len]))
		len++;
	name = view_slice(name, 0, len);
	if (!html_is_inline(name))
		html->sink.space = true;
	if (!is_end && is_hidden(name))
		skip_hidden(html, name);
	else if (view_eq_nocase(name, VIEW("blockquote")))
		quote_tag(html, tag, is_end);
}

static void take_comment(struct html *html)
{
	size_t end = view_find(html->rest, VIEW("-->"));
	html->rest =
	    view_from(html->rest, end == SIZE_MAX ? html->rest.len : end + 3);
}

static bool begins_tag(struct view text)
{
	if (text.len < 2)
		return false;
	char c = text.ptr[1];
	return ascii_is_alpha(c) || c == '/' || c == '!' || c == '?';
}

static void take_text(struct html *html)
{
	uint32_t code;
	if (*html->rest.ptr == '&' && html_entity_next(&html->rest, &code)) {
		if (html->everything || !html->quotes)
			sink_add(&html->sink, code);
		return;
	}
	// The text goes up to the next byte that may be markup, and has at
	// least one byte.
	size_t len = 1;
	while (len < html->rest.len && html->rest.ptr[len] != '<' &&
	       html->rest.ptr[len] != '&')
		len++;
	if (html->everything || !html->quotes)
		sink_add_text(&html->sink, view_slice(html->rest, 0, len));
	html->rest = view_from(html->rest, len);
}

static size_t html_pass(struct view text, bool everything, struct buf *out)
{
	struct html html = {
	    .sink = {.out = out}, .rest = text, .everything = everything};
	while (html.rest.len && !sink_is_full(&html.sink)) {
		if (view_starts_with(html.rest, VIEW("<!--")))
			take_comment(&html);
		else if (*html.rest.ptr == '<' && begins_tag(html.rest))
			take_tag(&html);
		else
			take_text(&html);
	}
	return html.sink.chars;
}

void preview_of_html(struct view utf8, struct buf *out)
{
	if (!html_pass(utf8, false, out))
		html_pass(utf8, true, out);
}

// ---- the message

// Decodes the start of the sample, at least `wanted` bytes if the sample has
// them. Returns true if this was the whole sample.
static bool sample_decode(struct charset_cache *cache,
    const struct message *message, size_t wanted, struct buf *text)
{
	const struct message_part *part = &message->parts[message->sample_part];
	struct text_stream stream;
	text_stream_init(&stream, cache, part->encoding, part->charset);
	struct view rest = message->sample;
	struct view piece;
	bool all = false;
	while (text->len < wanted && !all) {
		struct view some = view_slice(rest, 0, wanted);
		rest = view_from(rest, some.len);
		all = !rest.len;
		while (text_stream_next(&stream, &some, all, &piece))
			buf_add(text, piece);
	}
	text_stream_done(&stream);
	return all;
}

void preview_write(
    struct charset_cache *cache, const struct message *message, struct buf *out)
{
	if (message->sample_part == MESSAGE_NO_PART)
		return;
	const struct message_part *part = &message->parts[message->sample_part];
	bool is_html = view_eq_nocase(part->subtype, VIEW("html"));
	size_t begin = out->len;
	struct buf text CLEANUP(buf_done);
	buf_init(&text, TEXT_ALL);
	for (size_t wanted = TEXT_FIRST;; wanted = TEXT_ALL) {
		buf_reset(&text);
		bool all = sample_decode(cache, message, wanted, &text);
		buf_truncate(out, begin);
		if (is_html)
			preview_of_html(buf_view(&text), out);
		else
			preview_of_plain(buf_view(&text), out);
		struct view preview = view_from(buf_view(out), begin);
		if (all || wanted == TEXT_ALL ||
		    utf8_truncate_codes(preview, PREVIEW_CHARS_MAX - 2).len <
			preview.len)
			return;
	}
}
