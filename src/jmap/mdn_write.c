// SPDX-License-Identifier: Apache-2.0
// Writes the message of a notification (RFC 8098 section 3): a multipart/report
// of a text for people, the fields for programs, and perhaps the original.
#include <string.h>

#include "jmap/mdn.h"
#include "jmap/random.h"
#include "wire/base64.h"
#include "wire/field_write.h"
#include "wire/xtext.h"

#define BASE64_LINE 57 // bytes that make 76 characters

struct view mdn_recipient_text(
    struct arena *arena, const struct smtp_mailbox *mailbox)
{
	struct buf address, text;
	buf_init(&address, SMTP_MAILBOX_PRINTED_MAX);
	buf_init(&text, SMTP_MAILBOX_PRINTED_MAX * 12);
	smtp_mailbox_print_ascii(mailbox, &address);
	// RFC 6533 section 3: what is not ASCII is escaped, because the fields
	// must be.
	if (smtp_mailbox_needs_utf8(mailbox)) {
		buf_add_literal(&text, "utf-8; ");
		utf8_addr_xtext_encode(buf_view(&address), &text);
	} else {
		buf_add_literal(&text, "rfc822; ");
		buf_add(&text, buf_view(&address));
	}
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&address);
	buf_done(&text);
	return copy;
}

// ---- The header ------------------------------------------------------------

static void write_header(
    const struct mdn_message *message, const char *boundary, struct buf *out)
{
	struct field_writer writer;
	struct view id = message->fields->original_message_id;
	field_begin(&writer, out, VIEW("From"));
	field_add_mailbox(&writer, VIEW(""), message->from, false);
	field_end(&writer);
	field_begin(&writer, out, VIEW("To"));
	for (size_t i = 0; i < message->to_count; i++)
		field_add_mailbox(&writer, VIEW(""), message->to[i],
		    i + 1 < message->to_count);
	field_end(&writer);
	field_begin(&writer, out, VIEW("Subject"));
	field_add_text(&writer, message->subject);
	field_end(&writer);
	// So it is shown beside the message that it is about.
	if (id.len > 0)
		buf_printf(out, "In-Reply-To: %.*s\r\nReferences: %.*s\r\n",
		    VIEW_FMT(id), VIEW_FMT(id));
	// RFC 3834 section 5.
	if (message->fields->disposition.sending == MDN_SENT_AUTOMATICALLY)
		buf_add_literal(out, "Auto-Submitted: auto-replied\r\n");
	buf_printf(out,
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report;\r\n"
	    " report-type=disposition-notification;\r\n"
	    " boundary=\"%s\"\r\n\r\n",
	    boundary);
}

// ---- The parts -------------------------------------------------------------

// Lines end with CRLF, whatever the client sent.
static void normalise(struct view text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\r' || c == '\n') {
			buf_add_literal(out, "\r\n");
			i += c == '\r' && i + 1 < text.len &&
			     text.ptr[i + 1] == '\n';
		} else if (c != '\0') {
			buf_add_char(out, c);
		}
	}
}

// Whether it can be sent as it is.
static bool is_7bit(struct view text)
{
	size_t line = 0;
	for (size_t i = 0; i < text.len; i++) {
		line = text.ptr[i] == '\n' ? 0 : line + 1;
		if ((unsigned char)text.ptr[i] >= 0x80 ||
		    line > FIELD_LINE_MAX_SMTP)
			return false;
	}
	return true;
}

static void write_text(struct view text, struct buf *out)
{
	struct buf lines;
	buf_init(&lines, text.len * 2 + 2);
	normalise(text, &lines);
	struct view rest = buf_view(&lines);
	bool plain = is_7bit(rest);
	buf_printf(out,
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    plain ? "7bit" : "base64");
	if (plain)
		buf_add(out, rest);
	for (; !plain && rest.len > 0; rest = view_from(rest, BASE64_LINE)) {
		base64_encode(view_slice(rest, 0, BASE64_LINE), out);
		buf_add_literal(out, "\r\n");
	}
	buf_done(&lines);
}

static void add_field(struct buf *out, const char *name, struct view value)
{
	if (value.len > 0)
		buf_printf(out, "%s: %.*s\r\n", name, VIEW_FMT(value));
}

static void write_fields(const struct mdn_fields *fields, struct buf *out)
{
	const struct mdn_disposition *disposition = &fields->disposition;
	buf_add_literal(out,
	    "Content-Type: message/disposition-notification\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n");
	add_field(out, "Reporting-UA", fields->reporting_ua);
	add_field(out, "Original-Recipient", fields->original_recipient);
	add_field(out, "Final-Recipient", fields->final_recipient);
	add_field(out, "Original-Message-ID", fields->original_message_id);
	// With the capitals of RFC 8098, which some programs look for.
	buf_printf(out, "Disposition: %s/MDN%s; %s\r\n",
	    mdn_action_word(disposition->action),
	    mdn_sending_word(disposition->sending) + strlen("mdn"),
	    mdn_type_word(disposition->type));
	for (size_t i = 0; i < fields->extension_count; i++)
		buf_printf(out, "%.*s: %.*s\r\n",
		    VIEW_FMT(fields->extensions[i].name),
		    VIEW_FMT(fields->extensions[i].value));
}

void mdn_message_write(struct arena *arena, const struct mdn_message *message,
    struct view *ret_before, struct view *ret_after)
{
	char boundary[JMAP_BOUNDARY_LEN + 1];
	struct buf out;
	jmap_random_boundary(boundary);
	buf_init(&out, SIZE_MAX / 2);
	write_header(message, boundary, &out);
	buf_printf(&out, "--%s\r\n", boundary);
	write_text(message->text, &out);
	buf_printf(&out, "\r\n--%s\r\n", boundary);
	write_fields(message->fields, &out);
	// Encrypted mail stays as it is (section 3, d).
	if (message->with_original)
		buf_printf(&out,
		    "\r\n--%s\r\nContent-Type: message/rfc822\r\n"
		    "Content-Transfer-Encoding: %s\r\n\r\n",
		    boundary, message->original_is_8bit ? "8bit" : "7bit");
	*ret_before = arena_copy(arena, buf_view(&out));
	buf_reset(&out);
	buf_printf(&out, "\r\n--%s--\r\n", boundary);
	*ret_after = arena_copy(arena, buf_view(&out));
	buf_done(&out);
}
