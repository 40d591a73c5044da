// SPDX-License-Identifier: Apache-2.0
// Email/parse (RFC 8621 section 4.9): blobs are read as messages.
#include "base/mem.h"
#include "jmap/email.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/parse_blobs.h"
#include "wire/preview.h"

// What a call keeps while others have their turn.
struct email_parse {
	struct parse_blobs blobs;
	struct jmap_email_wishes wishes;
	struct charset_cache cache;
	struct arena arena; // of one email
};

// ---- One blob --------------------------------------------------------------

// What comes from the mail store is null.
static void write_metadata(
    const struct jmap_email_wishes *wishes, struct json_text *out)
{
	static const enum jmap_email_property unknown[] = {JMAP_EMAIL_ID,
	    JMAP_EMAIL_THREAD_ID, JMAP_EMAIL_MAILBOX_IDS, JMAP_EMAIL_KEYWORDS,
	    JMAP_EMAIL_RECEIVED_AT};
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		if (jmap_email_wants(wishes, unknown[i]))
			json_member_null(
			    out, jmap_email_class.properties[unknown[i]].name);
}

static enum rc write_one(struct jmap_call *call, struct email_parse *state,
    struct view id, struct jmap_blob *whole, struct view record)
{
	struct jmap_email email = {
	    .call = call,
	    .arena = &state->arena,
	    .cache = &state->cache,
	    .blob_id = id,
	    .whole = whole,
	};
	enum rc rc = message_record_open(record, &email.record);
	if (rc != RC_OK)
		return rc;
	write_metadata(&state->wishes, &call->out);
	rc = jmap_email_write(&email, &state->wishes, &call->out);
	arena_reset(&state->arena);
	return rc;
}

// Something that has not a single field is no message.
static bool is_message(const struct message *message)
{
	struct view rest = message->header;
	struct header_field field;
	while (header_next(&rest, &field))
		if (field.name.len > 0)
			return true;
	return false;
}

static enum rc write_email(struct jmap_call *call, void *context,
    struct view id, const struct message *message, struct jmap_blob *whole)
{
	struct email_parse *state = context;
	struct buf preview CLEANUP(buf_done), record CLEANUP(buf_done);
	buf_init(&preview, PREVIEW_BYTES_MAX);
	buf_init(&record, MESSAGE_RECORD_MAX);
	if (!is_message(message))
		return RC_SYNTAX;
	preview_write(&state->cache, message, &preview);
	message_record_build(
	    &state->cache, message, buf_view(&preview), &record);
	return write_one(call, state, id, whole, buf_view(&record));
}

// ---- Arguments -------------------------------------------------------------

#define BIT(property) ((uint64_t)1 << (property))
// What is given if "properties" is missing.
#define DEFAULTS                                                               \
	((BIT(JMAP_EMAIL_SENT_AT + 1) - BIT(JMAP_EMAIL_MESSAGE_ID)) |          \
	    BIT(JMAP_EMAIL_HAS_ATTACHMENT) | BIT(JMAP_EMAIL_PREVIEW) |         \
	    BIT(JMAP_EMAIL_BODY_VALUES) | BIT(JMAP_EMAIL_TEXT_BODY) |          \
	    BIT(JMAP_EMAIL_HTML_BODY) | BIT(JMAP_EMAIL_ATTACHMENTS))

static bool read_properties(
    struct jmap_call *call, struct jmap_email_wishes *wishes)
{
	struct view *names = NULL;
	size_t count = 0, others = 0;
	uint64_t wanted = 0;
	struct header_property property;
	if (!jmap_take_strings(call, "properties", &names, &count))
		return false;
	if (!names)
		wanted = DEFAULTS;
	for (size_t i = 0; i < count; i++) {
		int number = jmap_property_find(&jmap_email_class, names[i]);
		if (number >= 0) {
			wanted |= BIT(number);
		} else if (header_property_read(names[i], &property)) {
			names[others++] = names[i];
		} else {
			jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
			    "Email has no property '%.*s'",
			    (int)(names[i].len < 100 ? names[i].len : 100),
			    names[i].ptr);
			return false;
		}
	}
	return jmap_email_wishes_read(call, wanted, names, others, wishes);
}

static bool begin(struct jmap_call *call)
{
	struct email_parse *state =
	    arena_zalloc(&call->arena, sizeof(struct email_parse));
	call->state = state;
	state->blobs.write = write_email;
	state->blobs.context = state;
	arena_init(&state->arena);
	charset_cache_init(&state->cache);
	if (!parse_blobs_read(call, &state->blobs) ||
	    !read_properties(call, &state->wishes) || !jmap_taken_all(call))
		return false;
	parse_blobs_begin(call);
	return true;
}

// ---- The method ------------------------------------------------------------

static enum jmap_step email_parse(struct jmap_call *call)
{
	if (!call->state && !begin(call))
		return JMAP_DONE;
	struct email_parse *state = call->state;
	return parse_blobs_run(call, &state->blobs);
}

static void email_parse_end(struct jmap_call *call)
{
	struct email_parse *state = call->state;
	if (!state)
		return;
	parse_blobs_done(&state->blobs);
	charset_cache_done(&state->cache);
	arena_done(&state->arena);
}

const struct jmap_method jmap_email_parse_methods[] = {
    {"Email/parse", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, email_parse,
	email_parse_end},
    {.name = NULL},
};
