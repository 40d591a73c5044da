// SPDX-License-Identifier: Apache-2.0
#include "wire/message_text.h"

#include "wire/address.h"
#include "wire/content_type.h"
#include "wire/encoded_word.h"
#include "wire/utf8.h"

static bool is_text(const struct message_record_part *part)
{
	switch (part->media) {
	case MESSAGE_MEDIA_TEXT_PLAIN:
	case MESSAGE_MEDIA_TEXT_HTML:
	case MESSAGE_MEDIA_TEXT_OTHER:
	case MESSAGE_MEDIA_MESSAGE: return part->kind == MESSAGE_LEAF;
	case MESSAGE_MEDIA_OTHER:
	case MESSAGE_MEDIA_MULTIPART: return false;
	}
	return false;
}

enum rc message_text_find(const struct message_record *record, uint32_t index,
    struct message_text *ret_text)
{
	struct message_record_part part;
	enum rc rc = message_record_part(record, index, &part);
	if (rc != RC_OK)
		return rc;
	struct message_text text = {
	    .header = {part.header_offset, part.header_len},
	    .encoding = part.encoding,
	    .charset = part.charset,
	    .is_html = part.media == MESSAGE_MEDIA_TEXT_HTML,
	};
	if (is_text(&part))
		text.body =
		    (struct message_range){part.body_offset, part.body_len};
	if (part.parent != MESSAGE_NO_PART && text.body.len) {
		struct message_record_part parent;
		rc = message_record_part(record, part.parent, &parent);
		if (rc != RC_OK)
			return rc;
		if (parent.kind == MESSAGE_MESSAGE &&
		    !transfer_is_identity(parent.encoding))
			text.encoding = parent.encoding;
	}
	*ret_text = text;
	return RC_OK;
}

static bool is_one_of(struct view name, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq_nocase(name, view_of_string(names[i])))
			return true;
	return false;
}

bool message_text_addresses(struct charset_cache *cache, struct view name,
    struct view value, struct buf *out)
{
	static const char *const names[] = {"From", "To", "Cc", "Bcc"};
	if (!is_one_of(name, names, ARRAY_LEN(names)) ||
	    (view_find_char(value, '(') == SIZE_MAX &&
		view_find_char(value, '"') == SIZE_MAX &&
		view_find_char(value, '\\') == SIZE_MAX &&
		view_find(value, VIEW(" @")) == SIZE_MAX &&
		view_find(value, VIEW("@ ")) == SIZE_MAX))
		return false;
	struct address_list list;
	struct arena arena;
	arena_init(&arena);
	address_list_parse(&arena, value, &list);
	for (const struct address *at = list.first; at; at = at->next) {
		encoded_word_decode(cache, at->name, out);
		buf_add_literal(out, " <");
		utf8_add_valid(out, at->mailbox);
		if (at->host.len)
			buf_add_char(out, '@');
		utf8_add_valid(out, at->host);
		buf_add_literal(out, ">, ");
	}
	arena_done(&arena);
	return true;
}

// Tells whether the name of a parameter begins a value of RFC 2231: "name*",
// "name*0" or "name*0*". `*ret_name` is the name without its stars.
static bool begins_value(struct view full, struct view *ret_name)
{
	size_t star = view_find_char(full, '*');
	if (star == SIZE_MAX || star == 0)
		return false;
	struct view rest = view_from(full, star);
	*ret_name = view_slice(full, 0, star);
	return view_eq(rest, VIEW("*")) || view_eq(rest, VIEW("*0")) ||
	       view_eq(rest, VIEW("*0*"));
}

bool message_text_parameters(struct charset_cache *cache, struct view name,
    struct view value, struct buf *out)
{
	static const char *const names[] = {
	    "Content-Type", "Content-Disposition"};
	if (view_find_char(value, '*') == SIZE_MAX ||
	    !is_one_of(name, names, ARRAY_LEN(names)))
		return false;
	struct arena arena;
	struct content_value parsed = {0};
	arena_init(&arena);
	if (!content_type_parse(&arena, value, &parsed))
		(void)content_disposition_parse(&arena, value, &parsed);
	for (size_t i = 0; i < parsed.param_count; i++) {
		struct view param;
		if (!begins_value(parsed.params[i].name, &param))
			continue;
		buf_add_literal(out, "; ");
		if (param_value_decode(cache, parsed.params, parsed.param_count,
			param, out) != RC_OK)
			break; // the output buffer is full
	}
	arena_done(&arena);
	return true;
}
