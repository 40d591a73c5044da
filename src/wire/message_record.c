// SPDX-License-Identifier: Apache-2.0
// This file writes and opens the record. message_section.c reads its part
// table. All numbers are little-endian:
//
//   0  version, flags, size, header_len: 4 bytes each
//   16 date: seconds (8), zone minutes (4)
//   28 part_count (4)
//   32 the end of each text, relative to the start of the first text (4 each)
//   84 the part table: see message_record_format.h
//      the texts, one after another, up to the end of the record
#include "wire/message_record.h"

#include "base/bytes.h"
#include "wire/address.h"
#include "wire/encoded_word.h"
#include "wire/imap_structure.h"
#include "wire/message_id.h"
#include "wire/message_record_format.h"
#include "wire/subject.h"
#include "wire/utf8.h"

// This struct has the state of the writer.
struct builder {
	struct charset_cache *cache;
	const struct message *message;
	struct buf *out;
	size_t begin; // where the record begins in `out`
	size_t texts; // where its texts begin in `out`
	uint32_t flags;
	struct date date;
	uint32_t ends[MESSAGE_RECORD_TEXT_COUNT];
	struct buf charsets;
};

static struct view field_value(
    const struct builder *builder, enum message_field field)
{
	return message_field(builder->message->parts[0].fields, field);
}

static void text_end(struct builder *builder, enum message_record_text text)
{
	builder->ends[text] = (uint32_t)(builder->out->len - builder->texts);
}

static enum message_media part_media(const struct message_part *part)
{
	if (part->kind == MESSAGE_MULTIPART)
		return MESSAGE_MEDIA_MULTIPART;
	if (view_eq_nocase(part->type, VIEW("message")))
		return MESSAGE_MEDIA_MESSAGE;
	if (!view_eq_nocase(part->type, VIEW("text")))
		return MESSAGE_MEDIA_OTHER;
	if (view_eq_nocase(part->subtype, VIEW("plain")))
		return MESSAGE_MEDIA_TEXT_PLAIN;
	if (view_eq_nocase(part->subtype, VIEW("html")))
		return MESSAGE_MEDIA_TEXT_HTML;
	return MESSAGE_MEDIA_TEXT_OTHER;
}

static bool part_is_attachment(const struct message_part *part)
{
	struct view value =
	    view_trim(message_field(part->fields, MESSAGE_CONTENT_DISPOSITION));
	struct view word = VIEW("attachment");
	return view_starts_with_nocase(value, word) &&
	       (value.len == word.len || value.ptr[word.len] == ';' ||
		   value.ptr[word.len] == ' ' || value.ptr[word.len] == '\t');
}

// Adds the charset of the part to the pool. If the pool already ends with the
// same charset, the part uses that one.
static void charset_put(
    struct builder *builder, const struct message_part *part, char *entry)
{
	struct view charset = view_slice(part->charset, 0, UINT8_MAX);
	struct buf *pool = &builder->charsets;
	struct view tail = view_of(NULL, 0);
	if (pool->len >= charset.len)
		tail = view_from(buf_view(pool), pool->len - charset.len);
	if (!charset.len || !view_eq(tail, charset))
		buf_add(pool, charset);
	put_le32(
	    entry + RECORD_PART_CHARSET, (uint32_t)(pool->len - charset.len));
	entry[RECORD_PART_CHARSET_LEN] = (char)(unsigned char)charset.len;
}

static void part_put(
    struct builder *builder, const struct message_part *part, char *entry)
{
	memset(entry, 0, RECORD_PART_BYTES);
	put_le32(entry + RECORD_PART_PARENT, part->parent);
	put_le32(entry + RECORD_PART_NEXT, part->next);
	put_le32(entry + RECORD_PART_NUMBER, part->number);
	put_le32(entry + RECORD_PART_HEADER, part->header_offset);
	put_le32(entry + RECORD_PART_HEADER_LEN, part->header_len);
	put_le32(entry + RECORD_PART_BODY, part->body_offset);
	put_le32(entry + RECORD_PART_BODY_LEN, part->body_len);
	put_le32(entry + RECORD_PART_LINES, part->body_lines);
	entry[RECORD_PART_KIND] = (char)part->kind;
	entry[RECORD_PART_ENCODING] = (char)part->encoding;
	entry[RECORD_PART_MEDIA] = (char)part_media(part);
	entry[RECORD_PART_FLAGS] =
	    part_is_attachment(part) ? RECORD_PART_ATTACHMENT : 0;
	charset_put(builder, part, entry);
}

// RFC 5957 section 3: writes the decoded display name. If there is no name, it
// writes mailbox@host, or only the mailbox if the host is "".
static void display_put(
    struct builder *builder, const struct address *address, struct buf *display)
{
	encoded_word_decode(builder->cache, address->name, display);
	if (display->len)
		return;
	utf8_add_valid(display, address->mailbox);
	if (address->host.len) {
		buf_add_char(display, '@');
		utf8_add_valid(display, address->host);
	}
}

// RFC 5256 section 3: writes the addr-mailbox of the first address. For a group
// this is the name of the group. `display` may be NULL.
static void address_put(
    struct builder *builder, enum message_field field, struct buf *display)
{
	struct arena arena;
	arena_init(&arena);
	struct address_list list;
	address_list_parse(&arena, field_value(builder, field), &list);
	const struct address *first = list.first;
	if (first) {
		utf8_add_valid(builder->out, first->mailbox);
		if (display)
			display_put(builder, first, display);
	}
	arena_done(&arena);
}

static void addresses_put(struct builder *builder)
{
	struct buf from CLEANUP(buf_done);
	struct buf to CLEANUP(buf_done);
	buf_init(&from, MESSAGE_FIELD_MAX * 4);
	buf_init(&to, MESSAGE_FIELD_MAX * 4);
	address_put(builder, MESSAGE_FROM, &from);
	text_end(builder, MESSAGE_RECORD_FROM_MAILBOX);
	address_put(builder, MESSAGE_TO, &to);
	text_end(builder, MESSAGE_RECORD_TO_MAILBOX);
	address_put(builder, MESSAGE_CC, NULL);
	text_end(builder, MESSAGE_RECORD_CC_MAILBOX);
	buf_add(builder->out, buf_view(&from));
	text_end(builder, MESSAGE_RECORD_FROM_DISPLAY);
	buf_add(builder->out, buf_view(&to));
	text_end(builder, MESSAGE_RECORD_TO_DISPLAY);
}

static void reference_put(struct builder *builder, struct view id)
{
	char len[2] = {(char)(id.len & 0xff), (char)(id.len >> 8)};
	buf_add(builder->out, view_of(len, sizeof(len)));
	buf_add(builder->out, id);
}

// RFC 5256 section 3, THREAD=REFERENCES, step (1): takes the ids of References.
// If References has no valid id, it takes the first id of In-Reply-To.
static void ids_put(struct builder *builder)
{
	struct buf id CLEANUP(buf_done);
	buf_init(&id, MESSAGE_ID_MAX);
	struct view rest = field_value(builder, MESSAGE_MESSAGE_ID);
	if (message_id_next(&rest, &id))
		buf_add(builder->out, buf_view(&id));
	text_end(builder, MESSAGE_RECORD_MESSAGE_ID);
	size_t begin = builder->out->len;
	rest = field_value(builder, MESSAGE_REFERENCES);
	while (message_id_next(&rest, &id))
		reference_put(builder, buf_view(&id));
	rest = field_value(builder, MESSAGE_IN_REPLY_TO);
	if (builder->out->len == begin && message_id_next(&rest, &id))
		reference_put(builder, buf_view(&id));
	text_end(builder, MESSAGE_RECORD_REFERENCES);
}

static void texts_put(struct builder *builder, struct view preview)
{
	struct buf *out = builder->out;
	imap_envelope_write(builder->message->parts[0].fields, out);
	text_end(builder, MESSAGE_RECORD_ENVELOPE);
	struct buf structure;
	buf_init(&structure, MESSAGE_RECORD_MAX);
	imap_structure_write(builder->message, out, &structure);
	text_end(builder, MESSAGE_RECORD_BODY);
	buf_add(out, buf_view(&structure));
	buf_done(&structure);
	text_end(builder, MESSAGE_RECORD_BODYSTRUCTURE);
	buf_add(out, preview);
	text_end(builder, MESSAGE_RECORD_PREVIEW);
	bool is_reply = false;
	subject_base(builder->cache, field_value(builder, MESSAGE_SUBJECT), out,
	    &is_reply);
	if (is_reply)
		builder->flags |= MESSAGE_RECORD_REPLY;
	text_end(builder, MESSAGE_RECORD_SUBJECT_BASE);
	addresses_put(builder);
	ids_put(builder);
	buf_add(out, buf_view(&builder->charsets));
	text_end(builder, MESSAGE_RECORD_CHARSETS);
}

static void flags_collect(struct builder *builder)
{
	const struct message *message = builder->message;
	builder->flags = (message->has_nul ? MESSAGE_RECORD_NUL : 0u) |
			 (message->has_bare_cr ? MESSAGE_RECORD_BARE_CR : 0u) |
			 (message->has_bare_lf ? MESSAGE_RECORD_BARE_LF : 0u) |
			 (message->has_8bit ? MESSAGE_RECORD_8BIT : 0u) |
			 (message->fields_truncated || message->parts_truncated
				 ? MESSAGE_RECORD_TRUNCATED
				 : 0u);
	struct view date = field_value(builder, MESSAGE_DATE);
	if (date_parse_rfc5322(date, &builder->date) == RC_OK)
		builder->flags |= MESSAGE_RECORD_DATE;
}

static void head_put(const struct builder *builder, char *head)
{
	const struct message *message = builder->message;
	put_le32(head + RECORD_VERSION, MESSAGE_RECORD_VERSION);
	put_le32(head + RECORD_FLAGS, builder->flags);
	put_le32(head + RECORD_SIZE, message->size);
	put_le32(head + RECORD_HEADER_LEN, message->header_len);
	put_le64(head + RECORD_DATE, (uint64_t)builder->date.seconds);
	put_le32(
	    head + RECORD_ZONE, (uint32_t)(int32_t)builder->date.zone_minutes);
	put_le32(head + RECORD_PART_COUNT, message->part_count);
	for (size_t i = 0; i < MESSAGE_RECORD_TEXT_COUNT; i++)
		put_le32(head + RECORD_ENDS + 4 * i, builder->ends[i]);
}

void message_record_build(struct charset_cache *cache,
    const struct message *message, struct view preview, struct buf *out)
{
	struct builder builder = {
	    .cache = cache, .message = message, .out = out, .begin = out->len};
	size_t fixed =
	    RECORD_HEAD_BYTES + message->part_count * RECORD_PART_BYTES;
	char *at = buf_reserve(out, fixed);
	if (!at)
		return;
	// Each charset comes from a header field or is the default one.
	buf_init(&builder.charsets,
	    MESSAGE_FIELDS_MAX + MESSAGE_PARTS_MAX * sizeof("US-ASCII"));
	for (size_t i = 0; i < message->part_count; i++)
		part_put(&builder, &message->parts[i],
		    at + RECORD_HEAD_BYTES + i * RECORD_PART_BYTES);
	buf_commit(out, fixed);
	builder.texts = out->len;
	flags_collect(&builder);
	texts_put(&builder, preview);
	head_put(&builder, out->ptr + builder.begin);
	buf_done(&builder.charsets);
}

// Each text must end at or after the end of the text before it. The last text
// must end where the record ends.
static bool texts_open(
    const char *head, struct view texts, struct message_record *record)
{
	uint32_t begin = 0;
	for (size_t i = 0; i < MESSAGE_RECORD_TEXT_COUNT; i++) {
		uint32_t end = get_le32(head + RECORD_ENDS + 4 * i);
		if (end < begin || end > texts.len)
			return false;
		record->text[i] = view_slice(texts, begin, end - begin);
		begin = end;
	}
	return begin == texts.len;
}

enum rc message_record_open(
    struct view bytes, struct message_record *ret_record)
{
	if (bytes.len < RECORD_HEAD_BYTES)
		return RC_CORRUPT;
	const char *head = bytes.ptr;
	if (get_le32(head + RECORD_VERSION) != MESSAGE_RECORD_VERSION)
		return RC_UNSUPPORTED;
	struct message_record record = {
	    .bytes = bytes,
	    .flags = get_le32(head + RECORD_FLAGS),
	    .size = get_le32(head + RECORD_SIZE),
	    .header_len = get_le32(head + RECORD_HEADER_LEN),
	    .part_count = get_le32(head + RECORD_PART_COUNT),
	    .date.seconds = (int64_t)get_le64(head + RECORD_DATE),
	    .date.zone_minutes = (int16_t)get_le32(head + RECORD_ZONE),
	};
	size_t room = bytes.len - RECORD_HEAD_BYTES;
	if (!record.part_count ||
	    record.part_count > MESSAGE_RECORD_PARTS_MAX ||
	    record.part_count > room / RECORD_PART_BYTES ||
	    record.header_len > record.size)
		return RC_CORRUPT;
	size_t table = record.part_count * RECORD_PART_BYTES;
	record.parts = view_slice(bytes, RECORD_HEAD_BYTES, table);
	if (!texts_open(
		head, view_from(bytes, RECORD_HEAD_BYTES + table), &record))
		return RC_CORRUPT;
	*ret_record = record;
	return RC_OK;
}

bool message_record_next_reference(struct view *position, struct view *ret_id)
{
	if (position->len < 2)
		return false;
	size_t len = (unsigned char)position->ptr[0] |
		     (size_t)(unsigned char)position->ptr[1] << 8;
	if (len > position->len - 2)
		return false; // damaged: the ids before it remain valid
	*ret_id = view_slice(*position, 2, len);
	*position = view_from(*position, 2 + len);
	return true;
}
