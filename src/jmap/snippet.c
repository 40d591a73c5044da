// SPDX-License-Identifier: Apache-2.0
// SearchSnippet/get (RFC 8621 section 5.1).
#include "base/clock.h"
#include "jmap/email_filter.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "jmap/snippet_text.h"
#include "net/session.h"
#include "wire/encoded_word.h"
#include "wire/header.h"
#include "wire/html_text.h"
#include "wire/json_read.h"
#include "wire/message_text.h"
#include "wire/text_stream.h"

// Of a message's parts, this many raw bytes are read.
#define BODY_MAX ((size_t)4 << 20)

struct snippets {
	const json_t *filter;
	struct view *ids;
	size_t id_count;
	size_t at;
	struct jmap_moment moment;
	struct snippet_words subject_words, body_words;
	bool begun;
	struct charset_cache charsets;
	bool has_charsets;
	struct buf raw, text, html; // of one email
	VEC(struct view) not_found;
};

// ---- What is looked for ----------------------------------------------------

static void add_words(
    struct arena *arena, struct view text, struct snippet_words *words)
{
	struct view word;
	while (email_filter_next_word(arena, &text, &word))
		snippet_word_add(words, arena, word);
}

// Collects the words of a filter that was checked. What must not match is not
// marked.
static void collect(
    struct jmap_call *call, struct snippets *snippets, const json_t *filter)
{
	static const struct {
		const char *name;
		bool subject, body;
	} strings[] = {
	    {"text", true, true},
	    {"subject", true, false},
	    {"body", false, true},
	};
	const json_t *item;
	size_t i;
	struct view name = json_view(json_object_get(filter, "operator"));
	if (json_object_get(filter, "operator")) {
		if (view_eq(name, VIEW("NOT")))
			return;
		json_array_foreach(
		    json_object_get(filter, "conditions"), i, item)
		{
			collect(call, snippets, item);
		}
		return;
	}
	for (i = 0; i < ARRAY_LEN(strings); i++) {
		item = json_object_get(filter, strings[i].name);
		if (item && strings[i].subject)
			add_words(&call->arena, json_view(item),
			    &snippets->subject_words);
		if (item && strings[i].body)
			add_words(&call->arena, json_view(item),
			    &snippets->body_words);
	}
}

// ---- One email -------------------------------------------------------------

static enum rc write_subject(
    struct snippets *snippets, uint64_t id, struct json_text *out)
{
	struct store_reader *reader = store_view_reader(snippets->moment.view);
	struct header_field field;
	struct view header;
	bool found = false;
	enum rc rc = store_reader_header(reader, id, &header);
	buf_reset(&snippets->text);
	buf_reset(&snippets->html);
	while (rc == RC_OK && !found && header_next(&header, &field)) {
		if (!view_eq_nocase(field.name, VIEW("Subject")))
			continue;
		encoded_word_decode(&snippets->charsets, view_trim(field.value),
		    &snippets->text);
		found = true;
	}
	json_key(out, "subject");
	if (rc == RC_OK && found &&
	    snippet_mark(&snippets->subject_words, buf_view(&snippets->text),
		&snippets->html))
		json_add_string(out, buf_view(&snippets->html));
	else
		json_add_null(out);
	return rc;
}

// Decodes a part's text.
static enum rc read_text(
    struct snippets *snippets, uint64_t id, const struct message_text *part)
{
	struct store_reader *reader = store_view_reader(snippets->moment.view);
	struct text_stream stream;
	struct html_text html;
	struct view piece;
	size_t len = part->body.len < BODY_MAX ? part->body.len : BODY_MAX;
	buf_reset(&snippets->raw);
	buf_reset(&snippets->text);
	enum rc rc = store_reader_bytes(
	    reader, id, part->body.offset, len, &snippets->raw);
	if (rc != RC_OK)
		return rc;
	struct view raw = buf_view(&snippets->raw);
	text_stream_init(
	    &stream, &snippets->charsets, part->encoding, part->charset);
	html_text_init(&html);
	while (snippets->text.len < SNIPPET_TEXT_MAX &&
	       text_stream_next(&stream, &raw, true, &piece)) {
		if (part->is_html)
			html_text_feed(&html, piece, &snippets->text);
		else
			buf_add(&snippets->text, piece);
	}
	if (part->is_html)
		html_text_end(&html, &snippets->text);
	html_text_done(&html);
	text_stream_done(&stream);
	return RC_OK;
}

static enum rc find_preview(
    struct snippets *snippets, uint64_t id, bool *ret_found)
{
	struct store_reader *reader = store_view_reader(snippets->moment.view);
	struct message_record record;
	uint64_t thread_id;
	*ret_found = false;
	buf_reset(&snippets->html);
	if (snippets->body_words.count == 0)
		return RC_OK;
	enum rc rc = store_reader_record(reader, id, &record, &thread_id);
	for (uint32_t i = 0;
	     rc == RC_OK && !*ret_found && i < record.part_count; i++) {
		struct message_text part;
		rc = message_text_find(&record, i, &part);
		if (rc != RC_OK || part.body.len == 0)
			continue;
		rc = read_text(snippets, id, &part);
		if (rc == RC_OK)
			*ret_found = snippet_preview(&snippets->body_words,
			    buf_view(&snippets->text), &snippets->html);
	}
	return rc;
}

// An email that cannot be read has no snippet.
static void write_one(struct jmap_call *call, struct snippets *snippets,
    struct view name, uint64_t id)
{
	struct json_text *out = &call->out;
	bool found;
	json_begin_object(out);
	json_member_string(out, "emailId", name);
	if (write_subject(snippets, id, out) != RC_OK ||
	    find_preview(snippets, id, &found) != RC_OK)
		found = false;
	if (found)
		json_member_string(out, "preview", buf_view(&snippets->html));
	else
		json_member_null(out, "preview");
	json_end_object(out);
}

static void look_at(
    struct jmap_call *call, struct snippets *snippets, struct view name)
{
	const struct jmap_catalog *catalog = snippets->moment.catalog;
	struct view id;
	uint64_t number;
	uint32_t slot = CATALOG_NONE;
	if (jmap_resolve_id(call, name, &id) &&
	    jmap_id_read(id, JMAP_ID_EMAIL, &number))
		slot = jmap_catalog_find(catalog, number);
	if (slot == CATALOG_NONE ||
	    !catalog_is_visible(catalog_email(catalog, slot)))
		vec_push(&snippets->not_found, name);
	else
		write_one(call, snippets, id, number);
}

// ---- The method ------------------------------------------------------------

static bool read_arguments(struct jmap_call *call, struct snippets *snippets)
{
	json_t *filter = NULL;
	if (!jmap_take_object(call, "filter", &filter) ||
	    !jmap_take_strings(
		call, "emailIds", &snippets->ids, &snippets->id_count) ||
	    !jmap_taken_all(call))
		return false;
	snippets->filter = filter;
	if (snippets->ids)
		return jmap_get_may_have(call, snippets->id_count);
	jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS, "emailIds is missing");
	return false;
}

// RC_MORE: call again. The filter is read as Email/query reads it, for its
// errors.
static enum rc begin(
    struct jmap_call *call, struct snippets *snippets, struct fault *fault)
{
	struct email_filter *filter = NULL;
	enum rc rc = jmap_moment_open(call->request->jmap->catalogs,
	    &call->asker, call->account, fault, &snippets->moment);
	if (rc != RC_OK)
		return rc;
	bool good = email_filter_read(
	    call, &snippets->moment, snippets->filter, &filter);
	email_filter_done(&filter);
	if (!good)
		return RC_INVALID;
	if (snippets->filter)
		collect(call, snippets, snippets->filter);
	charset_cache_init(&snippets->charsets);
	snippets->has_charsets = true;
	buf_init(&snippets->raw, BODY_MAX);
	buf_init(&snippets->text, BODY_MAX * 4);
	buf_init(&snippets->html, SNIPPET_TEXT_MAX * 6);
	json_begin_object(&call->out);
	json_member_string(&call->out, "accountId", call->account_id);
	json_key(&call->out, "list");
	json_begin_array(&call->out);
	snippets->begun = true;
	return RC_OK;
}

static void finish(struct jmap_call *call, const struct snippets *snippets)
{
	struct json_text *out = &call->out;
	json_end_array(out);
	json_key(out, "notFound");
	if (snippets->not_found.count == 0) {
		json_add_null(out);
	} else {
		json_begin_array(out);
		for (size_t i = 0; i < snippets->not_found.count; i++)
			json_add_string(out, snippets->not_found.items[i]);
		json_end_array(out);
	}
	json_end_object(out);
}

static enum jmap_step snippet_get(struct jmap_call *call)
{
	struct fault fault = {.text = ""};
	struct snippets *snippets = call->state;
	if (!snippets) {
		snippets = call->state =
		    arena_zalloc(&call->arena, sizeof(*snippets));
		if (!read_arguments(call, snippets))
			return JMAP_DONE;
	}
	enum rc rc = snippets->begun ? RC_OK : begin(call, snippets, &fault);
	if (call->failed)
		return JMAP_DONE;
	if (rc == RC_MORE)
		return JMAP_MORE;
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, &fault);
	uint64_t until = clock_monotonic_ms() + NET_SLICE_MS;
	while (snippets->at < snippets->id_count) {
		look_at(call, snippets, snippets->ids[snippets->at++]);
		if (clock_monotonic_ms() >= until)
			return JMAP_MORE;
	}
	finish(call, snippets);
	return JMAP_DONE;
}

static void snippet_get_end(struct jmap_call *call)
{
	struct snippets *snippets = call->state;
	if (!snippets)
		return;
	if (snippets->has_charsets)
		charset_cache_done(&snippets->charsets);
	buf_done(&snippets->raw);
	buf_done(&snippets->text);
	buf_done(&snippets->html);
	vec_done(&snippets->not_found);
	jmap_moment_done(&snippets->moment);
}

const struct jmap_method jmap_snippet_methods[] = {
    {"SearchSnippet/get", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, snippet_get,
	snippet_get_end},
    {.name = NULL},
};
