// SPDX-License-Identifier: Apache-2.0
// bodyValues (RFC 8621 section 4.1.4): the text of parts, decoded.
#include "base/ascii.h"
#include "base/mem.h"
#include "jmap/email.h"
#include "wire/text_stream.h"
#include "wire/utf8.h"

// ---- Where it may be cut ---------------------------------------------------

// "<" begins a tag, a comment or a declaration only before these.
static bool begins_tag(struct view text, size_t at)
{
	char next = at + 1 < text.len ? text.ptr[at + 1] : '\0';
	return ascii_is_alpha(next) || next == '/' || next == '!' ||
	       next == '?';
}

// Where the tag begins that `text` ends in; its length if it ends in none. A
// ">" in quotes does not end a tag.
static size_t open_tag(struct view text)
{
	size_t begin = text.len;
	char quote = '\0';
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (begin == text.len) {
			// The last "<" may begin a tag; nobody knows.
			if (c == '<' &&
			    (i + 1 == text.len || begins_tag(text, i)))
				begin = i;
		} else if (quote) {
			if (c == quote)
				quote = '\0';
		} else if (c == '>') {
			begin = text.len;
		} else if ((c == '"' || c == '\'') && text.ptr[i - 1] == '=') {
			quote = c;
		}
	}
	return begin;
}

struct view jmap_value_cut(struct view text, size_t max, bool is_html)
{
	if (text.len <= max)
		return text;
	text = utf8_truncate(text, max);
	return is_html ? view_slice(text, 0, open_tag(text)) : text;
}

// ---- Decoding --------------------------------------------------------------

struct value {
	struct buf text;
	bool held_cr; // the last character was CR
	bool is_long; // there is more than was wanted
};

// Adds text with LF for each CRLF, up to the limit of `value->text`.
static void add_text(struct value *value, struct view text)
{
	while (text.len > 0 && !value->is_long) {
		if (value->held_cr && *text.ptr != '\n')
			buf_add_char(&value->text, '\r');
		value->held_cr = false;
		size_t len = view_find_char(text, '\r');
		size_t room = value->text.max - value->text.len;
		struct view piece = view_slice(text, 0, len);
		value->is_long = piece.len > room || value->text.overflowed;
		buf_add(&value->text, view_slice(piece, 0, room));
		if (len == SIZE_MAX)
			return;
		value->held_cr = true;
		text = view_from(text, len + 1);
	}
}

static enum rc read_text(struct jmap_email *email, uint32_t index,
    struct value *value, bool *ret_doubtful)
{
	const struct message_record_part *part = &email->parts->parts[index];
	struct jmap_blob *blob;
	struct text_stream stream;
	struct buf raw CLEANUP(buf_done);
	struct view rest, text;
	buf_init(&raw, 2 * JMAP_BLOB_PIECE);
	enum rc rc = jmap_email_range(
	    email, part->body_offset, part->body_len, TRANSFER_7BIT, &blob);
	if (rc != RC_OK)
		return rc;
	text_stream_init(&stream, email->cache, part->encoding, part->charset);
	while (rc == RC_OK && !value->is_long) {
		buf_reset(&raw);
		rc = jmap_blob_next(blob, &raw);
		rest = buf_view(&raw);
		while (!value->is_long &&
		       text_stream_next(&stream, &rest, rc == RC_END, &text))
			add_text(value, text);
	}
	if (value->held_cr && rc == RC_END)
		buf_add_char(&value->text, '\r');
	*ret_doubtful = text_stream_is_doubtful(&stream);
	text_stream_done(&stream);
	jmap_blob_close(&blob);
	return rc == RC_END ? RC_OK : rc;
}

static enum rc write_value(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, uint32_t index,
    struct json_text *out)
{
	bool is_html = jmap_part_is(email->parts, index, "text", "html");
	uint64_t most = wishes->max_bytes;
	size_t room = out->out->max - out->out->len;
	struct value value = {.held_cr = false};
	char id[12];
	bool doubtful = false;
	// Without a limit the answer's length is one: it fails then.
	bool limited = most > 0 && most < room;
	size_t max = limited ? (size_t)most : room;
	// A bit more, so that it is known whether there is more.
	buf_init(&value.text, max + 8);
	enum rc rc = read_text(email, index, &value, &doubtful);
	struct view text = buf_view(&value.text);
	bool truncated = value.is_long || text.len > max;
	if (truncated && !limited)
		out->out->overflowed = true;
	else if (truncated)
		text = jmap_value_cut(text, max, is_html);
	jmap_part_id_text(index, id);
	json_key(out, id);
	json_begin_object(out);
	json_member_string(out, "value", text);
	json_member_bool(out, "isEncodingProblem", doubtful);
	json_member_bool(out, "isTruncated", truncated);
	json_end_object(out);
	buf_done(&value.text);
	return rc;
}

// ---- Which parts -----------------------------------------------------------

static void want(const uint32_t *list, size_t count, bool *wanted)
{
	for (size_t i = 0; i < count; i++)
		wanted[list[i]] = true;
}

enum rc jmap_values_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out)
{
	const struct jmap_email_parts *parts = email->parts;
	bool *wanted =
	    arena_zalloc(email->arena, parts->count * sizeof(*wanted));
	enum rc rc = RC_OK;
	if (wishes->fetch_text)
		want(parts->text, parts->text_count, wanted);
	if (wishes->fetch_html)
		want(parts->html, parts->html_count, wanted);
	json_begin_object(out);
	for (uint32_t i = 0; rc == RC_OK && i < parts->parts[0].next;) {
		bool multipart = parts->parts[i].kind == MESSAGE_MULTIPART;
		if ((wanted[i] || wishes->fetch_all) &&
		    jmap_part_is(parts, i, "text", NULL))
			rc = write_value(email, wishes, i, out);
		i = multipart ? i + 1 : parts->parts[i].next;
	}
	json_end_object(out);
	return rc;
}
