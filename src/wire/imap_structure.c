// SPDX-License-Identifier: Apache-2.0
// The writer goes through the part tree in pre-order. A small stack has the
// multiparts and messages whose last part is not written yet.
#include "wire/imap_structure.h"

#include "base/ascii.h"
#include "wire/address.h"

// The writer sends longer strings as literals, because some clients cannot read
// very long lines.
#define QUOTED_MAX 4096
// This limits the addresses shown from one list. A field of MESSAGE_FIELD_MAX
// bytes has fewer real addresses than this.
#define LIST_ADDRESSES_MAX 5000

// Tells whether `text` can be a quoted string. It must be 7-bit, and each
// TEXT-CHAR in it is a CHAR except CR and LF (RFC 9051 section 9).
static bool is_quotable(struct view text)
{
	if (text.len > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c >= 0x80 || c == '\0' || c == '\r' || c == '\n')
			return false;
	}
	return true;
}

static void quoted_write(struct view text, struct buf *out)
{
	buf_add_char(out, '"');
	for (;;) {
		size_t len = 0;
		while (len < text.len && text.ptr[len] != '"' &&
		       text.ptr[len] != '\\')
			len++;
		buf_add(out, view_slice(text, 0, len));
		text = view_from(text, len);
		if (!text.len)
			break;
		buf_add_char(out, '\\');
		buf_add_char(out, *text.ptr);
		text = view_from(text, 1);
	}
	buf_add_char(out, '"');
}

static void literal_write(struct view text, struct buf *out)
{
	buf_add_char(out, '{');
	buf_add_u64(out, text.len);
	buf_add_literal(out, "}\r\n");
	char *at = buf_reserve(out, text.len);
	if (!at)
		return;
	for (size_t i = 0; i < text.len; i++)
		at[i] = text.ptr[i] ? text.ptr[i] : '?'; // CHAR8 has no NUL
	buf_commit(out, text.len);
}

void imap_string_write(struct view text, struct buf *out)
{
	if (is_quotable(text))
		quoted_write(text, out);
	else
		literal_write(text, out);
}

void imap_nstring_write(struct view text, struct buf *out)
{
	if (text.ptr)
		imap_string_write(text, out);
	else
		buf_add_literal(out, "NIL");
}

// Writes types and encodings in upper case, like the examples in the RFCs.
static void upper_write(struct view text, struct buf *out)
{
	char upper[64];
	if (text.len > sizeof(upper)) {
		imap_string_write(text, out);
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		upper[i] = ascii_upper(text.ptr[i]);
	imap_string_write(view_of(upper, text.len), out);
}

static void address_write(const struct address *address, struct buf *out)
{
	buf_add_char(out, '(');
	imap_nstring_write(address->name, out);
	buf_add_char(out, ' ');
	imap_nstring_write(address->route, out);
	buf_add_char(out, ' ');
	imap_nstring_write(address->mailbox, out);
	buf_add_char(out, ' ');
	imap_nstring_write(address->host, out);
	buf_add_char(out, ')');
}

// Writes "(" 1*address ")" / nil.
static void addresses_write(const struct address_list *list, struct buf *out)
{
	if (!list->first) {
		buf_add_literal(out, "NIL");
		return;
	}
	static const struct address group_end;
	bool in_group = false;
	size_t count = 0;
	buf_add_char(out, '(');
	for (const struct address *at = list->first; at; at = at->next) {
		if (++count > LIST_ADDRESSES_MAX) {
			if (in_group)
				address_write(&group_end, out);
			break;
		}
		// RFC 9051 section 7.5.2: if the host is NIL, the address
		// begins a group. If the mailbox is NIL too, it ends a group.
		if (!at->host.ptr)
			in_group = at->mailbox.ptr != NULL;
		address_write(at, out);
	}
	buf_add_char(out, ')');
}

static void envelope_addresses_write(
    const struct message_fields *fields, struct buf *out)
{
	struct arena arena;
	arena_init(&arena);
	struct address_list from;
	address_list_parse(&arena, message_field(fields, MESSAGE_FROM), &from);
	addresses_write(&from, out);
	for (int field = MESSAGE_SENDER; field <= MESSAGE_BCC; field++) {
		struct address_list list;
		address_list_parse(&arena,
		    message_field(fields, (enum message_field)field), &list);
		// If Sender or Reply-To is absent or empty, From takes its
		// place (RFC 9051 section 7.5.2).
		bool defaults =
		    (field == MESSAGE_SENDER || field == MESSAGE_REPLY_TO) &&
		    !list.first;
		buf_add_char(out, ' ');
		addresses_write(defaults ? &from : &list, out);
	}
	arena_done(&arena);
}

void imap_envelope_write(const struct message_fields *fields, struct buf *out)
{
	size_t begin = out->len;
	buf_add_char(out, '(');
	imap_nstring_write(message_field(fields, MESSAGE_DATE), out);
	buf_add_char(out, ' ');
	imap_nstring_write(message_field(fields, MESSAGE_SUBJECT), out);
	buf_add_char(out, ' ');
	envelope_addresses_write(fields, out);
	buf_add_char(out, ' ');
	imap_nstring_write(message_field(fields, MESSAGE_IN_REPLY_TO), out);
	buf_add_char(out, ' ');
	imap_nstring_write(message_field(fields, MESSAGE_MESSAGE_ID), out);
	buf_add_char(out, ')');
	if (out->len - begin <= IMAP_ENVELOPE_MAX)
		return;
	buf_truncate(out, begin);
	buf_add_literal(out, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

// All the functions below use this struct.
struct writer {
	struct arena arena; // the writer resets it after each part
	const struct message *message;
	struct buf *out;  // for BODYSTRUCTURE
	size_t copied;    // up to here `body` has what belongs to it
	struct buf *body; // for BODY
	uint32_t open[MESSAGE_DEPTH_MAX + 1]; // parts that are not ended
	size_t open_count;
};

// Copies to BODY what was written since the last extension data.
static void body_copy(struct writer *writer)
{
	buf_add(writer->body, view_from(buf_view(writer->out), writer->copied));
	writer->copied = writer->out->len;
}

// BODY does not get what was written since body_copy().
static void body_skip(struct writer *writer)
{
	writer->copied = writer->out->len;
}

// Writes body-fld-param.
static void params_write(
    struct writer *writer, const struct content_value *value)
{
	struct param *params;
	size_t count = content_params_join(&writer->arena, value, &params);
	if (!count) {
		buf_add_literal(writer->out, "NIL");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		buf_add_char(writer->out, i ? ' ' : '(');
		imap_string_write(params[i].name, writer->out);
		buf_add_char(writer->out, ' ');
		imap_string_write(params[i].value, writer->out);
	}
	buf_add_char(writer->out, ')');
}

// Writes body-fld-dsp SP body-fld-lang SP body-fld-loc, with a SP before each.
static void extension_write(
    struct writer *writer, const struct message_part *part)
{
	const struct message_fields *fields = part->fields;
	struct content_value disposition;
	if (content_disposition_parse(&writer->arena,
		message_field(fields, MESSAGE_CONTENT_DISPOSITION),
		&disposition)) {
		buf_add_literal(writer->out, " (");
		imap_string_write(disposition.type, writer->out);
		buf_add_char(writer->out, ' ');
		params_write(writer, &disposition);
		buf_add_char(writer->out, ')');
	} else {
		buf_add_literal(writer->out, " NIL");
	}
	struct view *tags;
	size_t count = content_language_parse(&writer->arena,
	    message_field(fields, MESSAGE_CONTENT_LANGUAGE), &tags);
	buf_add_char(writer->out, ' ');
	for (size_t i = 0; i < count; i++) {
		buf_add_char(writer->out, i ? ' ' : '(');
		imap_string_write(tags[i], writer->out);
	}
	buf_add_string(writer->out, count ? ") " : "NIL ");
	imap_nstring_write(
	    message_field(fields, MESSAGE_CONTENT_LOCATION), writer->out);
}

static void encoding_write(
    struct writer *writer, const struct message_part *part)
{
	struct view raw =
	    message_field(part->fields, MESSAGE_CONTENT_TRANSFER_ENCODING);
	if (part->encoding == TRANSFER_UNKNOWN)
		upper_write(view_trim(raw), writer->out);
	else
		upper_write(
		    transfer_encoding_name(part->encoding), writer->out);
}

// Writes media-type SP media-subtype SP body-fields.
static void fields_write(struct writer *writer, const struct message_part *part)
{
	const struct message_fields *fields = part->fields;
	struct content_value type = message_part_type(&writer->arena, part);
	struct buf *out = writer->out;
	upper_write(type.type, out);
	buf_add_char(out, ' ');
	upper_write(type.subtype, out);
	buf_add_char(out, ' ');
	params_write(writer, &type);
	buf_add_char(out, ' ');
	imap_nstring_write(message_field(fields, MESSAGE_CONTENT_ID), out);
	buf_add_char(out, ' ');
	imap_nstring_write(
	    message_field(fields, MESSAGE_CONTENT_DESCRIPTION), out);
	buf_add_char(out, ' ');
	encoding_write(writer, part);
	buf_add_char(out, ' ');
	buf_add_u64(out, part->body_len);
}

static void lines_write(struct writer *writer, const struct message_part *part)
{
	buf_add_char(writer->out, ' ');
	buf_add_u64(writer->out, part->body_lines);
}

// Writes body-ext-1part.
static void single_end(struct writer *writer, const struct message_part *part)
{
	body_copy(writer);
	buf_add_char(writer->out, ' ');
	imap_nstring_write(
	    message_field(part->fields, MESSAGE_CONTENT_MD5), writer->out);
	extension_write(writer, part);
	body_skip(writer);
	buf_add_char(writer->out, ')');
}

static void part_begin(struct writer *writer, uint32_t index)
{
	const struct message_part *part = &writer->message->parts[index];
	buf_add_char(writer->out, '(');
	switch (part->kind) {
	case MESSAGE_LEAF:
		fields_write(writer, part);
		if (view_eq_nocase(part->type, VIEW("text")))
			lines_write(writer, part);
		single_end(writer, part);
		return;
	case MESSAGE_MULTIPART: break;
	case MESSAGE_MESSAGE:
		fields_write(writer, part);
		buf_add_char(writer->out, ' ');
		imap_envelope_write(
		    writer->message->parts[index + 1].fields, writer->out);
		buf_add_char(writer->out, ' ');
		break;
	}
	writer->open[writer->open_count++] = index;
}

static void part_end(struct writer *writer, const struct message_part *part)
{
	if (part->kind == MESSAGE_MESSAGE) {
		lines_write(writer, part);
		single_end(writer, part);
		return;
	}
	buf_add_char(writer->out, ' ');
	upper_write(part->subtype, writer->out);
	// body-ext-mpart
	body_copy(writer);
	struct content_value type = message_part_type(&writer->arena, part);
	buf_add_char(writer->out, ' ');
	params_write(writer, &type);
	extension_write(writer, part);
	body_skip(writer);
	buf_add_char(writer->out, ')');
}

// Ends the open parts whose last child comes before `index`.
static void parts_end(struct writer *writer, uint32_t index)
{
	while (writer->open_count) {
		const struct message_part *part =
		    &writer->message
			 ->parts[writer->open[writer->open_count - 1]];
		if (part->next > index)
			return;
		part_end(writer, part);
		writer->open_count--;
	}
}

// Replaces a description that is too long.
static void make_plain(const struct message *message, size_t begin,
    const char *extension, struct buf *out)
{
	buf_truncate(out, begin);
	buf_add_literal(
	    out, "(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL \"BINARY\" ");
	buf_add_u64(out, message->parts[0].body_len);
	buf_add_string(out, extension);
	buf_add_char(out, ')');
}

void imap_structure_write(
    const struct message *message, struct buf *body, struct buf *structure)
{
	size_t body_begin = body->len, begin = structure->len;
	struct writer writer = {.message = message,
	    .out = structure,
	    .copied = begin,
	    .body = body};
	arena_init(&writer.arena);
	for (uint32_t i = 0; i < message->part_count; i++) {
		parts_end(&writer, i);
		part_begin(&writer, i);
		arena_reset(&writer.arena);
		if (structure->len - begin > IMAP_STRUCTURE_MAX)
			break;
	}
	parts_end(&writer, message->part_count);
	body_copy(&writer);
	arena_done(&writer.arena);
	if (structure->len - begin <= IMAP_STRUCTURE_MAX)
		return;
	make_plain(message, body_begin, "", body);
	make_plain(message, begin, " NIL NIL NIL NIL", structure);
}
