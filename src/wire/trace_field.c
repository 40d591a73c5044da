// SPDX-License-Identifier: Apache-2.0
// The writer adds a field word by word. If a word does not fit within the
// margin, it begins a new line. The code checks or escapes every word before it
// writes it.
#include "wire/trace_field.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/domain_name.h"

#define MARGIN         77 // RFC 5322 section 2.1.1: 78 without the CRLF
#define TAB_COLUMNS    8
#define HELO_SHOWN_MAX 64 // bytes of a HELO argument that is not a name

struct writer {
	struct buf *out;
	size_t column;
};

static void fold(struct writer *writer)
{
	buf_add_literal(writer->out, "\r\n\t");
	writer->column = TAB_COLUMNS;
}

// Adds a space and `word`, or begins a new line with `word`.
static void add_word(struct writer *writer, struct view word)
{
	if (writer->column + 1 + word.len > MARGIN &&
	    writer->column > TAB_COLUMNS)
		fold(writer);
	if (writer->column > TAB_COLUMNS)
		buf_add_char(writer->out, ' ');
	buf_add(writer->out, word);
	writer->column += word.len + 1;
}

// Adds `name` and `value` in the same line if they fit.
static void add_clause(
    struct writer *writer, const char *name, struct view value)
{
	size_t len = strlen(name) + 1 + value.len;
	if (writer->column + 1 + len > MARGIN && writer->column > TAB_COLUMNS)
		fold(writer);
	add_word(writer, view_of_string(name));
	add_word(writer, value);
}

// ---- Words ---------------------------------------------------------------

static bool is_literal(struct view text)
{
	struct smtp_literal literal;
	return smtp_literal_parse(text, &literal) == RC_OK;
}

// Adds "192.0.2.1" as "[192.0.2.1]" and "2001:db8::1" as "[IPv6:2001:db8::1]".
// It adds nothing if `address` is not an address.
static void add_literal(struct view address, struct buf *out)
{
	struct buf text;
	struct smtp_literal literal;
	buf_init(&text, 64);
	bool ipv6 = view_find_char(address, ':') != SIZE_MAX;
	buf_add_string(&text, ipv6 ? "[IPv6:" : "[");
	buf_add(&text, address);
	buf_add_char(&text, ']');
	if (buf_status(&text) == RC_OK &&
	    smtp_literal_parse(buf_view(&text), &literal) == RC_OK)
		smtp_literal_print(&literal, out);
	buf_done(&text);
}

// Adds text for a comment (ctext and quoted-pair, RFC 5322 section 3.2.2) as
// one word.
static void add_comment_text(struct view text, struct buf *out)
{
	text = view_slice(text, 0, HELO_SHOWN_MAX);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool plain = c > ' ' && c < 0x7f;
		if (c == '(' || c == ')' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, plain ? c : '?');
	}
}

// Tells whether `text` is an atom of safe characters. These have no special
// meaning in other fields.
static bool is_token(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i]) && text.ptr[i] != '-' &&
		    text.ptr[i] != '_' && text.ptr[i] != '.')
			return false;
	return text.len > 0 && text.len <= DOMAIN_NAME_MAX;
}

// ---- Received ------------------------------------------------------------

// Adds the text of the comment. This is the TCP-info (RFC 5321 section 4.4) and
// a HELO argument that is not a name.
static void add_tcp_info(struct writer *writer,
    const struct trace_received *received, bool helo_shown, struct view literal)
{
	struct buf word;
	buf_init(&word, 4 * DOMAIN_NAME_MAX);
	buf_add_char(&word, '(');
	if (!helo_shown && received->helo.len) {
		buf_add_literal(&word, "helo=");
		add_comment_text(received->helo, &word);
	}
	bool named = received->client_name.len &&
		     domain_name_is_valid(received->client_name);
	if (named) {
		if (word.len > 1) {
			add_word(writer, buf_view(&word));
			buf_reset(&word);
		}
		buf_add(&word, received->client_name);
	}
	if (literal.len) {
		if (word.len > 1) {
			add_word(writer, buf_view(&word));
			buf_reset(&word);
		}
		buf_add(&word, literal);
	}
	if (named || literal.len || word.len > 1) {
		buf_add_char(&word, ')');
		add_word(writer, buf_view(&word));
	}
	buf_done(&word);
}

static void add_from(
    struct writer *writer, const struct trace_received *received)
{
	struct view helo = received->helo;
	struct buf literal;
	buf_init(&literal, 64);
	add_literal(received->client_address, &literal);
	bool helo_shown = domain_name_is_valid(helo) || is_literal(helo);
	struct view name = helo_shown    ? helo
			   : literal.len ? buf_view(&literal)
					 : VIEW("unknown");
	add_clause(writer, "from", name);
	add_tcp_info(writer, received, helo_shown, buf_view(&literal));
	buf_done(&literal);
}

// Writes a path in angle brackets. If `utf8` is false, it writes the domain
// with A-labels.
static void print_path(
    const struct smtp_mailbox *mailbox, bool utf8, struct buf *out)
{
	buf_add_char(out, '<');
	if (utf8)
		smtp_mailbox_print(mailbox, out);
	else
		smtp_mailbox_print_ascii(mailbox, out);
	buf_add_char(out, '>');
}

static void add_for(
    struct writer *writer, const struct trace_received *received)
{
	struct buf path;
	const struct smtp_mailbox *recipient = received->recipient;
	bool utf8 = received->protocol.utf8 && received->utf8_header;
	if (!utf8 && smtp_mailbox_needs_utf8(recipient))
		return;
	buf_init(&path, SMTP_PATH_MAX);
	print_path(recipient, false, &path);
	add_clause(writer, "for", buf_view(&path));
	buf_done(&path);
}

void trace_received_write(
    const struct trace_received *received, struct buf *out)
{
	struct writer writer = {out, sizeof("Received:") - 1};
	struct view by = received->by;
	struct buf date;
	buf_add_literal(out, "Received:");
	if (received->helo.len || received->client_address.len) {
		add_from(&writer, received);
		fold(&writer);
	}
	add_clause(&writer, "by",
	    domain_name_is_valid(by) || is_literal(by) ? by
						       : VIEW("localhost"));
	add_clause(&writer, "with",
	    view_of_string(smtp_protocol_name(&received->protocol)));
	if (is_token(received->id))
		add_clause(&writer, "id", received->id);
	if (received->recipient)
		add_for(&writer, received);
	// RFC 8314 section 4.3: this is a registered clause, so it comes after
	// the others.
	if (received->protocol.tls && is_token(received->tls_cipher))
		add_clause(&writer, "tls", received->tls_cipher);
	buf_add_char(out, ';');
	fold(&writer);
	buf_init(&date, DATE_RFC5322_LEN);
	date_format_rfc5322(received->date, &date);
	add_word(&writer, buf_view(&date));
	buf_done(&date);
	buf_add_literal(out, "\r\n");
}

// ---- Of delivery ---------------------------------------------------------

static void write_field(const char *name, struct view value, struct buf *out)
{
	bool fits = strlen(name) + 1 + value.len <= MARGIN + 1;
	buf_add_string(out, name);
	buf_add_string(out, fits ? " " : "\r\n\t");
	buf_add(out, value);
	buf_add_literal(out, "\r\n");
}

void trace_return_path_write(const struct smtp_mailbox *from, struct buf *out)
{
	struct buf path;
	buf_init(&path, SMTP_PATH_MAX);
	print_path(from, true, &path);
	write_field("Return-Path:", buf_view(&path), out);
	buf_done(&path);
}

void trace_delivered_to_write(const struct smtp_mailbox *to, struct buf *out)
{
	struct buf address;
	buf_init(&address, SMTP_PATH_MAX);
	smtp_mailbox_print(to, &address);
	write_field("Delivered-To:", buf_view(&address), out);
	buf_done(&address);
}
