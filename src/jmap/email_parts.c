// SPDX-License-Identifier: Apache-2.0
// Which parts of a message are its text, and which are attachments: the
// algorithm of RFC 8621 section 4.1.4, over the stored description.
#include "jmap/email.h"

static bool word_is(struct view text, const char *word)
{
	return view_eq_nocase(text, view_of_string(word));
}

bool jmap_part_is(const struct jmap_email_parts *parts, uint32_t index,
    const char *type, const char *subtype)
{
	const struct structure_part *fields = &parts->fields[index];
	return word_is(fields->type, type) &&
	       (!subtype || word_is(fields->subtype, subtype));
}

static bool is_inline_media(const struct jmap_email_parts *parts, uint32_t at)
{
	return jmap_part_is(parts, at, "image", NULL) ||
	       jmap_part_is(parts, at, "audio", NULL) ||
	       jmap_part_is(parts, at, "video", NULL);
}

// "name", "name*" or "name*0" …
static bool has_param(
    const struct param *params, size_t count, struct view name)
{
	for (size_t i = 0; i < count; i++)
		if (view_starts_with_nocase(params[i].name, name) &&
		    (params[i].name.len == name.len ||
			params[i].name.ptr[name.len] == '*'))
			return true;
	return false;
}

static bool has_name(const struct structure_part *fields)
{
	return has_param(fields->disposition_params,
		   fields->disposition_param_count, VIEW("filename")) ||
	       has_param(fields->params, fields->param_count, VIEW("name"));
}

// What is around the parts that are looked at.
struct around {
	const char *multipart; // "alternative", "related", or others
	bool in_alternative;
	bool text, html; // the lists that take something
	unsigned depth;
};

static const char *multipart_word(
    const struct jmap_email_parts *parts, uint32_t index)
{
	static const char *const words[] = {"alternative", "related"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (word_is(parts->fields[index].subtype, words[i]))
			return words[i];
	return "mixed";
}

// Whether it is shown with the message and not beside it.
static bool is_inline(const struct jmap_email_parts *parts, uint32_t index,
    bool first, const struct around *around)
{
	const struct structure_part *fields = &parts->fields[index];
	bool media = is_inline_media(parts, index);
	if (word_is(fields->disposition, "attachment"))
		return false;
	if (!media && !jmap_part_is(parts, index, "text", "plain") &&
	    !jmap_part_is(parts, index, "text", "html"))
		return false;
	// Of a multipart/related only the first part can be inline. A text with
	// a file name that is not the first part is an attachment.
	return first ||
	       (around->multipart[0] != 'r' && (media || !has_name(fields)));
}

// Each part comes once, except in a damaged table.
static void push(const struct jmap_email_parts *parts, uint32_t *list,
    size_t *count, uint32_t index)
{
	if (*count < parts->count)
		list[(*count)++] = index;
}

static void attach(struct jmap_email_parts *parts, uint32_t index)
{
	push(parts, parts->attachments, &parts->attachment_count, index);
}

static void add_inline(
    struct jmap_email_parts *parts, uint32_t index, struct around *around)
{
	bool plain = jmap_part_is(parts, index, "text", "plain");
	bool html = jmap_part_is(parts, index, "text", "html");
	if (around->multipart[0] == 'a') {
		if (plain && around->text)
			push(parts, parts->text, &parts->text_count, index);
		else if (html && around->html)
			push(parts, parts->html, &parts->html_count, index);
		else
			attach(parts, index);
		return;
	}
	if (around->in_alternative) {
		around->html = around->html && !plain;
		around->text = around->text && !html;
	}
	if (around->text)
		push(parts, parts->text, &parts->text_count, index);
	if (around->html)
		push(parts, parts->html, &parts->html_count, index);
	if ((!around->text || !around->html) && is_inline_media(parts, index))
		attach(parts, index);
}

// The other list gets what an alternative has in one form only.
static void complete_alternative(
    struct jmap_email_parts *parts, size_t text_before, size_t html_before)
{
	size_t text = parts->text_count, html = parts->html_count;
	if (text == text_before)
		for (size_t i = html_before; i < html; i++)
			push(parts, parts->text, &parts->text_count,
			    parts->html[i]);
	if (html == html_before)
		for (size_t i = text_before; i < text; i++)
			push(parts, parts->html, &parts->html_count,
			    parts->text[i]);
}

// Looks at the parts from `first` on, up to `end`, which have one parent. The
// depth is that of the parser (MESSAGE_DEPTH_MAX).
static void walk(struct jmap_email_parts *parts, uint32_t first, uint32_t end,
    struct around around)
{
	size_t text_before = parts->text_count;
	size_t html_before = parts->html_count;
	for (uint32_t at = first; at < end; at = parts->parts[at].next) {
		if (parts->parts[at].kind == MESSAGE_MULTIPART) {
			const char *word = multipart_word(parts, at);
			struct around inside = around;
			inside.multipart = word;
			inside.in_alternative |= word[0] == 'a';
			inside.depth++;
			if (inside.depth <= MESSAGE_DEPTH_MAX)
				walk(parts, at + 1, parts->parts[at].next,
				    inside);
		} else if (is_inline(parts, at, at == first, &around)) {
			add_inline(parts, at, &around);
		} else {
			attach(parts, at);
		}
	}
	if (around.multipart[0] == 'a' && around.text && around.html)
		complete_alternative(parts, text_before, html_before);
}

// Nobody opens these: mail programs check them, or show them in the text.
static bool is_background(const struct jmap_email_parts *parts, uint32_t index)
{
	const struct structure_part *fields = &parts->fields[index];
	uint32_t parent = parts->parts[index].parent;
	if (word_is(fields->disposition, "inline"))
		return true;
	if (word_is(fields->disposition, "attachment") &&
	    !jmap_part_is(parts, index, "application", NULL))
		return false;
	if (jmap_part_is(parts, index, "application", "pgp-signature") ||
	    jmap_part_is(parts, index, "application", "pkcs7-signature") ||
	    jmap_part_is(parts, index, "application", "x-pkcs7-signature"))
		return true;
	return fields->id.ptr && parent != MESSAGE_NO_PART &&
	       is_inline_media(parts, index) &&
	       word_is(parts->fields[parent].subtype, "related");
}

enum rc jmap_email_parts_read(struct arena *arena,
    const struct message_record *record, struct jmap_email_parts **ret_parts)
{
	uint32_t count = record->part_count;
	struct jmap_email_parts *parts = arena_zalloc(arena, sizeof(*parts));
	struct structure_part *fields;
	struct message_record_part *table =
	    arena_alloc(arena, count * sizeof(*table));
	uint32_t *lists = arena_alloc(arena, 3 * count * sizeof(*lists));
	enum rc rc = imap_structure_read(arena, record, &fields);
	for (uint32_t i = 0; rc == RC_OK && i < count; i++)
		rc = message_record_part(record, i, &table[i]);
	if (rc != RC_OK)
		return rc;
	*parts = (struct jmap_email_parts){
	    .fields = fields,
	    .parts = table,
	    .count = count,
	    .text = lists,
	    .html = lists + count,
	    .attachments = lists + 2 * (size_t)count,
	};
	walk(parts, 0, 1,
	    (struct around){.multipart = "mixed", .text = true, .html = true});
	for (size_t i = 0; i < parts->attachment_count; i++)
		if (!is_background(parts, parts->attachments[i]))
			parts->has_attachment = true;
	*ret_parts = parts;
	return RC_OK;
}
