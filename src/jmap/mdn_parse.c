// SPDX-License-Identifier: Apache-2.0
// MDN/parse (RFC 9007 section 2.2): blobs are read as notifications.
#include "jmap/impl.h"
#include "jmap/mdn.h"
#include "jmap/parse_blobs.h"
#include "jmap/stored.h"
#include "store/view.h"
#include "wire/header_value.h"
#include "wire/text_stream.h"

#define FIELDS_BYTES_MAX ((size_t)256 << 10) // of the part with the fields
#define TEXT_BYTES_MAX   ((size_t)1 << 20)   // of the part for people, encoded
#define FAMILY_MAX       200                 // emails of a thread that are read

struct parsing {
	struct parse_blobs blobs;
	struct charset_cache cache;
	struct arena arena; // of one notification
	struct store_view *view;
};

// ---- Texts -----------------------------------------------------------------

// The value of a field as text, or null.
static json_t *text_json(struct parsing *parsing, struct view value)
{
	struct buf text;
	if (!value.ptr)
		return json_null();
	buf_init(&text, value.len * 8 + 100);
	header_text(&parsing->cache, value, &text);
	json_t *json = json_stringn(text.len > 0 ? text.ptr : "", text.len);
	buf_done(&text);
	return json ? json : json_null();
}

static struct view without_cr(struct arena *arena, struct view text)
{
	char *copy = arena_string(arena, text);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++)
		if (copy[i] != '\r' || copy[i + 1] != '\n')
			copy[len++] = copy[i];
	return view_of(copy, len);
}

MUST_CHECK static enum rc read_part(struct jmap_blob *whole,
    const struct message_part *part, enum transfer_encoding encoding,
    struct buf *out)
{
	struct jmap_blob *blob;
	enum rc rc = jmap_blob_of_range(
	    whole, part->body_offset, part->body_len, encoding, &blob);
	if (rc == RC_OK)
		rc = jmap_blob_read(blob, out);
	jmap_blob_close(&blob);
	return rc;
}

static bool is_type(
    const struct message_part *part, const char *type, const char *subtype)
{
	return view_eq_nocase(part->type, view_of_string(type)) &&
	       view_eq_nocase(part->subtype, view_of_string(subtype));
}

// The first plain text in the first component; null: there is none, or it is
// too long.
MUST_CHECK static enum rc read_text(struct parsing *parsing,
    const struct message *message, struct jmap_blob *whole, json_t **ret_json)
{
	const struct message_part *parts = message->parts;
	uint32_t index = 1;
	*ret_json = json_null();
	while (
	    index < parts[1].next && !is_type(&parts[index], "text", "plain"))
		index++;
	if (index == parts[1].next)
		return RC_OK;
	struct text_stream stream;
	struct buf raw CLEANUP(buf_done), text CLEANUP(buf_done);
	struct view piece;
	buf_init(&raw, TEXT_BYTES_MAX);
	buf_init(&text, TEXT_BYTES_MAX * 4);
	enum rc rc = read_part(whole, &parts[index], TRANSFER_7BIT, &raw);
	if (rc != RC_OK)
		return rc == RC_LIMIT ? RC_OK : rc;
	struct view rest = buf_view(&raw);
	text_stream_init(&stream, &parsing->cache, parts[index].encoding,
	    parts[index].charset);
	while (text_stream_next(&stream, &rest, true, &piece))
		buf_add(&text, piece);
	text_stream_done(&stream);
	piece = without_cr(&parsing->arena, buf_view(&text));
	json_t *json = json_stringn(piece.ptr, piece.len);
	if (json && buf_status(&text) == RC_OK)
		*ret_json = json;
	else
		json_decref(json);
	return RC_OK;
}

// ---- The email that it is about --------------------------------------------

// Without "<" and ">".
static struct view bare_id(struct arena *arena, struct view value)
{
	struct view id = {0};
	return header_id_next(arena, &value, &id) ? id : VIEW("");
}

// Looks among the emails of the notification's own thread: it usually refers to
// the message that it is about. RC_NOT_FOUND: none of them has this Message-ID,
// or several have it.
MUST_CHECK static enum rc find_email(struct parsing *parsing, uint64_t report,
    struct view message_id, uint64_t *ret_email)
{
	const struct store_view_thread_email *emails;
	size_t count, found = 0;
	uint64_t thread;
	enum rc rc = store_view_thread_of(parsing->view, report, &thread);
	if (rc == RC_OK)
		rc = store_view_thread(parsing->view, thread, &emails, &count);
	for (size_t i = 0; rc == RC_OK && i < count && i < FAMILY_MAX; i++) {
		struct view header, rest;
		struct header_field field;
		rc = store_reader_header(store_view_reader(parsing->view),
		    emails[i].email_id, &header);
		rest = header;
		if (rc == RC_OK && emails[i].email_id != report &&
		    header_find(rest, VIEW("Message-ID"), &field) &&
		    view_eq(
			bare_id(&parsing->arena, field.value), message_id)) {
			*ret_email = emails[i].email_id;
			found++;
		}
	}
	return rc == RC_OK && found != 1 ? RC_NOT_FOUND : rc;
}

// Blobs that are no emails of the account have no thread, and so null.
MUST_CHECK static enum rc for_email(struct jmap_call *call,
    struct parsing *parsing, struct view blob_id,
    const struct mdn_fields *fields, json_t **ret_json)
{
	struct fault fault = {.text = ""};
	struct view id = bare_id(&parsing->arena, fields->original_message_id);
	uint64_t report, email;
	char text[JMAP_ID_TEXT];
	*ret_json = json_null();
	if (id.len == 0 || !jmap_id_read(blob_id, JMAP_ID_BLOB, &report))
		return RC_OK;
	enum rc rc = RC_OK;
	if (!parsing->view)
		rc = store_view_open(
		    &call->asker, call->account, &fault, &parsing->view);
	if (rc == RC_OK)
		rc = find_email(parsing, report, id, &email);
	if (rc == RC_OK) {
		(void)jmap_id_text(text, JMAP_ID_EMAIL, email);
		*ret_json = json_string(text);
	}
	return rc == RC_NOT_FOUND || rc == RC_GONE ? RC_OK : rc;
}

// ---- One notification ------------------------------------------------------

static json_t *errors_json(
    struct parsing *parsing, const struct mdn_fields *fields)
{
	if (fields->error_count == 0)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < fields->error_count; i++)
		json_array_append_new(
		    list, text_json(parsing, fields->errors[i]));
	return list;
}

static json_t *extensions_json(
    struct parsing *parsing, const struct mdn_fields *fields)
{
	if (fields->extension_count == 0)
		return json_null();
	json_t *json = json_object();
	for (size_t i = 0; i < fields->extension_count; i++) {
		struct view name = fields->extensions[i].name;
		json_object_setn_new(json, name.ptr, name.len,
		    text_json(parsing, fields->extensions[i].value));
	}
	return json;
}

static void add_json(struct json_text *out, const char *name, json_t *json)
{
	json_key(out, name);
	jmap_add_json(out, json);
	json_decref(json);
}

static void write_fields(struct parsing *parsing,
    const struct mdn_fields *fields, struct json_text *out)
{
	add_json(out, "reportingUA", text_json(parsing, fields->reporting_ua));
	add_json(
	    out, "disposition", mdn_disposition_json(&fields->disposition));
	add_json(out, "mdnGateway", text_json(parsing, fields->gateway));
	add_json(out, "originalRecipient",
	    text_json(parsing, fields->original_recipient));
	add_json(
	    out, "finalRecipient", text_json(parsing, fields->final_recipient));
	add_json(out, "originalMessageId",
	    text_json(parsing, fields->original_message_id));
	add_json(out, "error", errors_json(parsing, fields));
	add_json(out, "extensionFields", extensions_json(parsing, fields));
}

// The second component has the fields. RC_SYNTAX: it is no notification.
MUST_CHECK static enum rc read_fields(struct parsing *parsing,
    const struct message *message, struct jmap_blob *whole,
    struct mdn_fields *ret_fields)
{
	const struct message_part *parts = message->parts;
	struct view type = message_field(parts[0].fields, MESSAGE_CONTENT_TYPE);
	struct buf content CLEANUP(buf_done);
	buf_init(&content, FIELDS_BYTES_MAX);
	if (parts[0].kind != MESSAGE_MULTIPART ||
	    !mdn_is_report(&parsing->arena, type) ||
	    parts[1].next >= message->part_count)
		return RC_SYNTAX;
	const struct message_part *part = &parts[parts[1].next];
	// RFC 6533 section 7 has the other name, for UTF-8.
	if (!is_type(part, "message", "disposition-notification") &&
	    !is_type(part, "message", "global-disposition-notification"))
		return RC_SYNTAX;
	enum rc rc = read_part(whole, part, part->encoding, &content);
	return rc == RC_OK
		   ? mdn_parse(&parsing->arena, buf_view(&content), ret_fields)
		   : rc;
}

// The third component is the whole message.
static bool has_original(const struct message *message)
{
	uint32_t third = message->parts[message->parts[1].next].next;
	return third < message->part_count &&
	       message->parts[third].kind == MESSAGE_MESSAGE;
}

static enum rc write_mdn(struct jmap_call *call, void *context, struct view id,
    const struct message *message, struct jmap_blob *whole)
{
	struct parsing *parsing = context;
	struct json_text *out = &call->out;
	struct mdn_fields *fields =
	    arena_alloc(&parsing->arena, sizeof(*fields));
	json_t *email = NULL, *text = NULL;
	enum rc rc = read_fields(parsing, message, whole, fields);
	if (rc == RC_OK)
		rc = for_email(call, parsing, id, fields, &email);
	if (rc == RC_OK)
		rc = read_text(parsing, message, whole, &text);
	if (rc != RC_OK) {
		json_decref(email);
		json_decref(text);
		arena_reset(&parsing->arena);
		return rc;
	}
	add_json(out, "forEmailId", email);
	add_json(out, "subject",
	    text_json(parsing,
		message_field(message->parts[0].fields, MESSAGE_SUBJECT)));
	add_json(out, "textBody", text);
	json_member_bool(out, "includeOriginalMessage", has_original(message));
	write_fields(parsing, fields, out);
	arena_reset(&parsing->arena);
	return RC_OK;
}

// ---- The method ------------------------------------------------------------

enum jmap_step mdn_parse_blobs(struct jmap_call *call)
{
	struct parsing *parsing = call->state;
	if (parsing)
		return parse_blobs_run(call, &parsing->blobs);
	parsing = call->state = arena_zalloc(&call->arena, sizeof(*parsing));
	parsing->blobs.write = write_mdn;
	parsing->blobs.context = parsing;
	arena_init(&parsing->arena);
	charset_cache_init(&parsing->cache);
	if (!parse_blobs_read(call, &parsing->blobs) || !jmap_taken_all(call))
		return JMAP_DONE;
	parse_blobs_begin(call);
	return JMAP_MORE;
}

void mdn_parse_blobs_end(struct jmap_call *call)
{
	struct parsing *parsing = call->state;
	if (!parsing)
		return;
	parse_blobs_done(&parsing->blobs);
	if (parsing->view)
		store_view_close(&parsing->view);
	charset_cache_done(&parsing->cache);
	arena_done(&parsing->arena);
}
