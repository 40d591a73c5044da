// SPDX-License-Identifier: Apache-2.0
#include "relay/convert.h"

#include "wire/base64.h"
#include "wire/header.h"
#include "wire/message.h"

#define HEADER_MAX    ((size_t)64 << 10) // maximum, of a part that is converted
#define QUOTED_LINE   76                 // RFC 2045 section 6.7
#define QUOTED_PIECE  ((size_t)16 << 10) // becomes up to three times as long
#define BASE64_LINE   57                 // 76 characters of base64
#define BASE64_PIECE  ((size_t)BASE64_LINE * 700)
#define TRANSFER_NAME "Content-Transfer-Encoding"

static MUST_CHECK enum rc read_at(const struct relay_client_mail *mail,
    uint64_t offset, uint64_t len, struct buf *ret_bytes)
{
	buf_reset(ret_bytes);
	enum rc rc = mail->read(mail->context, offset, (size_t)len, ret_bytes);
	return rc == RC_OK && ret_bytes->len != len ? RC_CORRUPT : rc;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

// ---- The plan --------------------------------------------------------------

struct planning {
	struct arena *arena;
	const struct relay_client_mail *mail;
	struct relay_convert_plan plan;
	uint64_t done; // how many bytes of the message the plan covers
	struct buf bytes;
};

static void add(
    struct planning *planning, const struct relay_convert_segment *segment)
{
	struct relay_convert_plan *plan = &planning->plan;
	plan->segments = arena_grow(planning->arena, plan->segments,
	    &plan->capacity, plan->count + 1, sizeof(*plan->segments));
	plan->segments[plan->count++] = *segment;
	planning->done = segment->to;
	uint64_t len = segment->to - segment->from;
	switch (segment->how) {
	case RELAY_CONVERT_COPY: plan->size += len; break;
	case RELAY_CONVERT_TEXT: plan->size += segment->text.len; break;
	case RELAY_CONVERT_QUOTED: plan->size += 3 * len + len / 8; break;
	case RELAY_CONVERT_BASE64: plan->size += len + len / 2 + 4; break;
	}
}

static void add_copy(struct planning *planning, uint64_t to)
{
	if (to > planning->done)
		add(planning,
		    &(struct relay_convert_segment){.how = RELAY_CONVERT_COPY,
			.from = planning->done,
			.to = to});
}

static bool is_leaf(const struct message_part *part)
{
	// The content of a message/… part may not be encoded (RFC 2046 section
	// 5.2).
	return part->kind == MESSAGE_LEAF &&
	       part->source != MESSAGE_TYPE_OPAQUE &&
	       !view_eq_nocase(part->type, VIEW("message"));
}

static bool is_text(const struct message_part *part)
{
	return part->encoding == TRANSFER_8BIT &&
	       view_eq_nocase(part->type, VIEW("text"));
}

static MUST_CHECK enum rc add_header(
    struct planning *planning, const struct message_part *part)
{
	struct header_field field;
	if (part->header_len > HEADER_MAX)
		return RC_INVALID;
	enum rc rc = read_at(planning->mail, part->header_offset,
	    part->header_len, &planning->bytes);
	if (rc != RC_OK)
		return rc;
	struct view header = buf_view(&planning->bytes);
	// If there are several such fields, the first one counts.
	if (!header_find(header, VIEW(TRANSFER_NAME), &field))
		return RC_INVALID;
	uint64_t at =
	    part->header_offset + (uint64_t)(field.whole.ptr - header.ptr);
	add_copy(planning, at);
	struct relay_convert_segment text = {
	    .how = RELAY_CONVERT_TEXT, .from = at, .to = at + field.whole.len};
	text.text = !is_leaf(part) ? VIEW(TRANSFER_NAME ": 7bit\r\n")
		    : is_text(part)
			? VIEW(TRANSFER_NAME ": quoted-printable\r\n")
			: VIEW(TRANSFER_NAME ": base64\r\n");
	add(planning, &text);
	return RC_OK;
}

static MUST_CHECK enum rc add_part(
    struct planning *planning, const struct message_part *part)
{
	if (part->encoding != TRANSFER_8BIT &&
	    part->encoding != TRANSFER_BINARY)
		return RC_OK;
	enum rc rc = add_header(planning, part);
	if (rc != RC_OK || !is_leaf(part) || part->body_len == 0)
		return rc;
	add_copy(planning, part->body_offset);
	add(planning, &(struct relay_convert_segment){
			  .how = is_text(part) ? RELAY_CONVERT_QUOTED
					       : RELAY_CONVERT_BASE64,
			  .from = part->body_offset,
			  .to = (uint64_t)part->body_offset + part->body_len});
	return RC_OK;
}

static MUST_CHECK enum rc parse(
    struct planning *planning, struct message **ret_message)
{
	struct message_parser *parser = message_parser_new(0);
	enum rc rc = RC_OK;
	for (uint64_t at = 0; rc == RC_OK && at < planning->mail->size;) {
		uint64_t len =
		    smaller(RELAY_CLIENT_PIECE, planning->mail->size - at);
		rc = read_at(planning->mail, at, len, &planning->bytes);
		message_parser_push(parser, buf_view(&planning->bytes));
		at += len;
	}
	if (rc == RC_OK)
		rc = message_parser_finish(parser, ret_message);
	message_parser_free(&parser);
	return rc;
}

// Checks that everything that is copied is 7-bit already.
static MUST_CHECK enum rc check_copies(struct planning *planning)
{
	for (size_t i = 0; i < planning->plan.count; i++) {
		const struct relay_convert_segment *segment =
		    &planning->plan.segments[i];
		uint64_t at = segment->from;
		while (segment->how == RELAY_CONVERT_COPY && at < segment->to) {
			uint64_t len =
			    smaller(RELAY_CLIENT_PIECE, segment->to - at);
			enum rc rc =
			    read_at(planning->mail, at, len, &planning->bytes);
			if (rc != RC_OK)
				return rc;
			for (size_t n = 0; n < planning->bytes.len; n++) {
				char c = planning->bytes.ptr[n];
				if ((unsigned char)c >= 0x80 || c == '\0')
					return RC_INVALID;
			}
			at += len;
		}
	}
	return RC_OK;
}

enum rc relay_convert_plan_make(struct arena *arena,
    const struct relay_client_mail *mail, struct relay_convert_plan *ret_plan)
{
	struct planning planning = {.arena = arena, .mail = mail};
	struct message *message = NULL;
	buf_init(&planning.bytes, RELAY_CLIENT_PIECE);
	enum rc rc = parse(&planning, &message);
	bool converts =
	    rc == RC_OK && (message->has_8bit || message->has_nul ||
			       message->has_bare_cr || message->has_bare_lf);
	if (converts) {
		for (uint32_t i = 0; rc == RC_OK && i < message->part_count;
		     i++)
			rc = add_part(&planning, &message->parts[i]);
		if (rc == RC_OK) {
			add_copy(&planning, mail->size);
			rc = check_copies(&planning);
		}
	}
	if (message)
		message_free(&message);
	buf_done(&planning.bytes);
	if (rc == RC_OK)
		*ret_plan = planning.plan;
	return rc;
}

// ---- Sending ---------------------------------------------------------------

bool relay_convert_is_done(const struct relay_convert_plan *plan,
    const struct relay_convert_place *place)
{
	return place->segment == plan->count;
}

static void add_quoted(
    struct relay_convert_place *place, char c, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)c;
	bool plain = (byte >= 0x20 && byte < 0x7f && c != '=') || c == '\t';
	size_t len = plain ? 1 : 3;
	if (place->column + len > QUOTED_LINE - 1) {
		buf_add_literal(out, "=\r\n");
		place->column = 0;
	}
	if (plain) {
		buf_add_char(out, c);
	} else {
		buf_add_char(out, '=');
		buf_add_char(out, digits[byte >> 4]);
		buf_add_char(out, digits[byte & 15]);
	}
	place->column += len;
}

// Writes a blank as "=20" or "=09" before a line end, and also at the end of
// the piece, because the next byte is not known there (RFC 2045 section 6.7
// rule 3).
static void add_blank(struct relay_convert_place *place, struct view rest,
    char c, struct buf *out)
{
	static const char *const texts[] = {"=20", "=09"};
	if (rest.len > 0 && rest.ptr[0] != '\r') {
		add_quoted(place, c, out);
		return;
	}
	if (place->column + 3 > QUOTED_LINE - 1) {
		buf_add_literal(out, "=\r\n");
		place->column = 0;
	}
	buf_add_string(out, texts[c == '\t']);
	place->column += 3;
}

// Encodes `bytes` and returns how many were encoded. A CR at the end is left
// for the next call, because an LF may follow it.
static size_t quote(struct relay_convert_place *place, struct view bytes,
    bool last, struct buf *out)
{
	size_t at = 0;
	while (at < bytes.len) {
		char c = bytes.ptr[at];
		struct view rest = view_from(bytes, at + 1);
		if (c == '\r' && rest.len == 0 && !last && at > 0)
			break;
		if (c == '\r' && rest.len > 0 && rest.ptr[0] == '\n') {
			buf_add_literal(out, "\r\n");
			place->column = 0;
			at += 2;
			continue;
		}
		if (c == ' ' || c == '\t')
			add_blank(place, rest, c, out);
		else
			add_quoted(place, c, out);
		at++;
	}
	return at;
}

static void add_base64(struct view bytes, bool ends_part, struct buf *out)
{
	while (bytes.len > 0) {
		struct view line = view_slice(bytes, 0, BASE64_LINE);
		bytes = view_from(bytes, line.len);
		base64_encode(line, out);
		// The line end before a boundary belongs to the boundary.
		if (bytes.len > 0 || !ends_part)
			buf_add_literal(out, "\r\n");
	}
}

enum rc relay_convert_next(const struct relay_convert_plan *plan,
    struct relay_convert_place *place, const struct relay_client_mail *mail,
    struct buf *scratch, struct buf *ret_bytes)
{
	const struct relay_convert_segment *segment =
	    &plan->segments[place->segment];
	uint64_t offset = segment->from + place->at;
	uint64_t left = segment->to - offset, taken = left;
	enum rc rc = RC_OK;
	switch (segment->how) {
	case RELAY_CONVERT_COPY:
		taken = smaller(left, RELAY_CLIENT_PIECE);
		rc = read_at(mail, offset, taken, ret_bytes);
		break;
	case RELAY_CONVERT_TEXT: buf_add(ret_bytes, segment->text); break;
	case RELAY_CONVERT_QUOTED:
		taken = smaller(left, QUOTED_PIECE);
		rc = read_at(mail, offset, taken, scratch);
		if (rc == RC_OK)
			taken = quote(
			    place, buf_view(scratch), taken == left, ret_bytes);
		break;
	case RELAY_CONVERT_BASE64:
		taken = smaller(left, BASE64_PIECE);
		rc = read_at(mail, offset, taken, scratch);
		if (rc == RC_OK)
			add_base64(buf_view(scratch), taken == left, ret_bytes);
		break;
	}
	if (rc != RC_OK)
		return rc;
	place->at += taken;
	if (place->at == segment->to - segment->from) {
		place->segment++;
		place->at = 0;
		place->column = 0;
	}
	return buf_status(ret_bytes);
}
