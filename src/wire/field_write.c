// SPDX-License-Identifier: Apache-2.0
#include "wire/field_write.h"

#include "base/ascii.h"
#include "wire/base64.h"
#include "wire/utf8.h"

#define WORD_MAX  75 // characters of an encoded word (RFC 2047 section 2)
#define WORD_OPEN "=?utf-8?q?"
// UTF-8 bytes in an encoded word, so that it fits whatever they are: three
// characters for each in Q, four for three in B.
#define WORD_BYTES_Q 20
#define WORD_BYTES_B 45

// ---- Lines -----------------------------------------------------------------

static void put(struct field_writer *writer, struct view bytes)
{
	buf_add(writer->out, bytes);
	writer->line += bytes.len;
}

static void fold(struct field_writer *writer)
{
	buf_add_literal(writer->out, "\r\n");
	writer->line = 0;
}

// A blank before something of `len` octets, on a new line if it does not fit.
static void blank_before(struct field_writer *writer, size_t len)
{
	if (writer->line + 1 + len > FIELD_LINE_MAX && writer->line > 1)
		fold(writer);
	put(writer, VIEW(" "));
}

void field_begin(struct field_writer *writer, struct buf *out, struct view name)
{
	*writer = (struct field_writer){.out = out};
	put(writer, name);
	put(writer, VIEW(":"));
}

void field_end(struct field_writer *writer)
{
	fold(writer);
}

void field_add_token(struct field_writer *writer, struct view token)
{
	blank_before(writer, token.len);
	put(writer, token);
}

void field_add_date(struct field_writer *writer, struct date date)
{
	struct buf text;
	buf_init(&text, DATE_RFC5322_LEN);
	date_format_rfc5322(date, &text);
	field_add_token(writer, buf_view(&text));
	buf_done(&text);
}

// ---- Encoded words (RFC 2047) ----------------------------------------------

// What stands for itself in Q, also within a phrase (section 5).
static bool is_plain_q(unsigned char c)
{
	return ascii_is_alnum((char)c) || c == '!' || c == '*' || c == '+' ||
	       c == '-' || c == '/';
}

static void add_q(struct buf *word, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];
		if (c == ' ')
			buf_add_char(word, '_');
		else if (is_plain_q(c))
			buf_add_char(word, (char)c);
		else
			buf_printf(word, "=%02X", c);
	}
}

// B, unless most of the characters can be read in Q.
static bool prefers_b(struct view text)
{
	size_t plain = 0, all = 0;
	uint32_t code;
	for (; utf8_next(&text, &code); all++)
		plain += code == ' ' ||
			 (code < 0x80 && is_plain_q((unsigned char)code));
	return plain * 2 < all;
}

static void add_word(struct field_writer *writer, struct view bytes, bool b)
{
	struct buf word;
	buf_init(&word, WORD_MAX);
	buf_add(&word, b ? VIEW("=?utf-8?b?") : VIEW(WORD_OPEN));
	if (b)
		base64_encode(bytes, &word);
	else
		add_q(&word, bytes);
	buf_add_literal(&word, "?=");
	field_add_token(writer, buf_view(&word));
	buf_done(&word);
}

// Writes the text as encoded words, each of whole characters. The blanks
// between them do not count.
static void add_words(struct field_writer *writer, struct view text)
{
	bool b = prefers_b(text);
	while (text.len > 0) {
		struct view part =
		    utf8_truncate(text, b ? WORD_BYTES_B : WORD_BYTES_Q);
		add_word(writer, part, b);
		text = view_from(text, part.len);
	}
}

// The text as valid UTF-8, with spaces for control characters.
static void clean(struct view text, struct buf *out)
{
	utf8_add_valid(out, text);
	for (size_t i = 0; i < out->len; i++)
		if (ascii_is_control(out->ptr[i]))
			out->ptr[i] = ' ';
}

// ---- Unstructured text -----------------------------------------------------

static bool needs_word(struct view word)
{
	// A word that is too long for a line is cut as encoded words can be.
	return !utf8_is_ascii(word) ||
	       view_find(word, VIEW("=?")) != SIZE_MAX ||
	       word.len > FIELD_LINE_MAX_SMTP - 100;
}

// The words of ASCII at the front, which are written as they are.
static size_t plain_front(struct view text)
{
	size_t end = 0, at = 0;
	while (at < text.len) {
		struct view rest = view_from(text, at), word;
		(void)view_split(&rest, ' ', &word);
		if (needs_word(word))
			break;
		at += word.len;
		end = at;
		at++;
	}
	return end < text.len ? end : text.len;
}

static void add_plain(struct field_writer *writer, struct view text)
{
	struct view word;
	// Empty words, between two blanks, keep their blank.
	while (view_split(&text, ' ', &word)) {
		if (word.len == 0)
			put(writer, VIEW(" "));
		else
			field_add_token(writer, word);
	}
}

// Where the words at the end begin that can be written as they are.
static size_t plain_back(struct view text)
{
	size_t start = text.len;
	for (size_t at = text.len; at > 0; at--) {
		if (text.ptr[at - 1] != ' ')
			continue;
		struct view word = view_slice(text, at, start - at);
		if (needs_word(word) || word.len == 0)
			break;
		start = at - 1;
	}
	return start;
}

void field_add_text(struct field_writer *writer, struct view text)
{
	struct buf cleaned;
	buf_init(&cleaned, text.len * 3 + 1);
	clean(text, &cleaned);
	struct view rest = buf_view(&cleaned);
	// Blanks at either end would be lost.
	bool edges = rest.len > 0 &&
		     (rest.ptr[0] == ' ' || rest.ptr[rest.len - 1] == ' ');
	size_t front = edges ? 0 : plain_front(rest);
	if (front > 0)
		add_plain(writer, view_slice(rest, 0, front));
	rest = view_from(rest, front);
	if (front > 0 && rest.len > 0)
		rest = view_from(rest, 1); // the blank before the first word
	if (rest.len > 0) {
		size_t back = edges ? rest.len : plain_back(rest);
		add_words(writer, view_slice(rest, 0, back));
		if (back < rest.len)
			add_plain(writer, view_from(rest, back + 1));
	}
	buf_done(&cleaned);
}

// ---- Phrases and addresses -------------------------------------------------

static bool is_atom_char(char c)
{
	return ascii_is_alnum(c) ||
	       view_find_char(VIEW("!#$%&'*+-/=?^_`{|}~"), c) != SIZE_MAX;
}

// Atoms with one blank between them.
static bool is_atoms(struct view text)
{
	struct view word;
	if (text.len == 0)
		return false;
	while (view_split(&text, ' ', &word)) {
		if (word.len == 0 || view_find(word, VIEW("=?")) != SIZE_MAX)
			return false;
		for (size_t i = 0; i < word.len; i++)
			if (!is_atom_char(word.ptr[i]))
				return false;
	}
	return true;
}

static void add_quoted(struct field_writer *writer, struct view text)
{
	struct buf quoted;
	buf_init(&quoted, text.len * 2 + 2);
	buf_add_char(&quoted, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			buf_add_char(&quoted, '\\');
		buf_add_char(&quoted, text.ptr[i]);
	}
	buf_add_char(&quoted, '"');
	field_add_token(writer, buf_view(&quoted));
	buf_done(&quoted);
}

void field_add_phrase(struct field_writer *writer, struct view text)
{
	struct buf cleaned;
	buf_init(&cleaned, text.len * 3 + 1);
	clean(text, &cleaned);
	struct view phrase = buf_view(&cleaned);
	if (is_atoms(phrase))
		add_plain(writer, phrase);
	else if (!utf8_is_ascii(phrase) || phrase.len > FIELD_LINE_MAX ||
		 view_find(phrase, VIEW("=?")) != SIZE_MAX)
		add_words(writer, phrase);
	else
		add_quoted(writer, phrase);
	buf_done(&cleaned);
}

void field_add_mailbox(
    struct field_writer *writer, struct view name, struct view email, bool more)
{
	struct buf token, cleaned;
	buf_init(&token, email.len * 3 + 4);
	buf_init(&cleaned, email.len * 3 + 1);
	clean(email, &cleaned);
	if (name.len > 0) {
		field_add_phrase(writer, name);
		buf_add_char(&token, '<');
	}
	buf_add(&token, buf_view(&cleaned));
	if (name.len > 0)
		buf_add_char(&token, '>');
	if (more)
		buf_add_char(&token, ',');
	field_add_token(writer, buf_view(&token));
	buf_done(&cleaned);
	buf_done(&token);
}

void field_begin_group(struct field_writer *writer, struct view name)
{
	field_add_phrase(writer, name);
	put(writer, VIEW(":"));
}

void field_end_group(struct field_writer *writer, bool more)
{
	put(writer, more ? VIEW(";,") : VIEW(";"));
}

// ---- Parameters (RFC 2045 section 5.1, RFC 2231) ---------------------------

static bool is_token(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c <= ' ' || (unsigned char)c >= 0x7f ||
		    view_find_char(VIEW("()<>@,;:\\\"/[]?="), c) != SIZE_MAX)
			return false;
	}
	return text.len > 0;
}

static void begin_param(struct field_writer *writer, size_t len)
{
	put(writer, VIEW(";"));
	blank_before(writer, len);
}

static void add_simple_param(
    struct field_writer *writer, const char *name, struct view value)
{
	struct view key = view_of_string(name);
	bool token = is_token(value);
	begin_param(writer, key.len + value.len + 3);
	put(writer, key);
	put(writer, VIEW("="));
	if (!token)
		put(writer, VIEW("\""));
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '"' || value.ptr[i] == '\\')
			put(writer, VIEW("\\"));
		put(writer, view_slice(value, i, 1));
	}
	if (!token)
		put(writer, VIEW("\""));
}

// Letters, digits and a few others stand for themselves (attribute-char).
static void add_percent(struct buf *out, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];
		if (ascii_is_alnum((char)c) || c == '-' || c == '.' || c == '_')
			buf_add_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

#define SEGMENT_BYTES 18 // of UTF-8: at most 54 characters

static void add_segments(
    struct field_writer *writer, const char *name, struct view value)
{
	bool one = value.len <= SEGMENT_BYTES;
	struct buf text;
	buf_init(&text, 256);
	for (unsigned n = 0; value.len > 0; n++) {
		struct view part = utf8_truncate(value, SEGMENT_BYTES);
		buf_reset(&text);
		buf_add_string(&text, name);
		if (!one)
			buf_printf(&text, "*%u", n);
		buf_add_literal(&text, "*=");
		if (n == 0)
			buf_add_literal(&text, "utf-8''");
		add_percent(&text, part);
		begin_param(writer, text.len);
		put(writer, buf_view(&text));
		value = view_from(value, part.len);
	}
	buf_done(&text);
}

void field_add_param(
    struct field_writer *writer, const char *name, struct view value)
{
	struct buf cleaned;
	buf_init(&cleaned, value.len * 3 + 1);
	clean(value, &cleaned);
	struct view text = buf_view(&cleaned);
	if (utf8_is_ascii(text) && text.len <= FIELD_LINE_MAX - 20)
		add_simple_param(writer, name, text);
	else
		add_segments(writer, name, text);
	buf_done(&cleaned);
}

// ---- Checks ----------------------------------------------------------------

bool field_raw_is_valid(struct view value)
{
	size_t line = 0;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (c == '\r') {
			if (i + 2 >= value.len || value.ptr[i + 1] != '\n' ||
			    (value.ptr[i + 2] != ' ' &&
				value.ptr[i + 2] != '\t'))
				return false;
			i++;
			line = 0;
			continue;
		}
		if (ascii_is_control(c) && c != '\t')
			return false;
		if (++line > FIELD_LINE_MAX_SMTP - 100)
			return false;
	}
	return true;
}

bool field_name_is_valid(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || (unsigned char)name.ptr[i] >= 0x7f ||
		    name.ptr[i] == ':')
			return false;
	return name.len > 0 && name.len <= 100;
}

bool field_id_is_valid(struct view id)
{
	for (size_t i = 0; i < id.len; i++)
		if (ascii_is_control(id.ptr[i]) || id.ptr[i] == ' ' ||
		    id.ptr[i] == '<' || id.ptr[i] == '>')
			return false;
	return id.len > 0 && id.len <= 900 && utf8_is_valid(id);
}
