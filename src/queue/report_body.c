// SPDX-License-Identifier: Apache-2.0
// The part of the original that is returned: RFC 6522 section 3 (b), RFC 6533
// section 4. message/rfc822 may not be encoded (RFC 2046 section 5.2.1), so a
// whole message is returned only if it can stand in the report as it is. If it
// cannot, only its header is returned.
#include "queue/report.h"
#include "wire/header.h"
#include "wire/utf8.h"

static bool add_whole(
    const struct queue_report *report, struct queue_report_part *part)
{
	const struct queue_envelope *envelope = &report->message->envelope;
	struct queue_line_kind kind = queue_line_look(report->original);
	if (!report->whole || !queue_sender_is_proven(envelope) || kind.odd ||
	    kind.longest > QUEUE_LINE_MAX ||
	    envelope->body == SMTP_BODY_BINARYMIME)
		return false;
	bool global = envelope->smtputf8 && kind.has_8bit;
	part->type = global ? "message/global" : "message/rfc822";
	// message/global may be encoded (RFC 6532 section 3.7). It has to be,
	// because as 8-bit text it would need SMTPUTF8 on the whole way.
	if (global && !queue_report_is_utf8(report)) {
		part->encoding = "quoted-printable";
		queue_line_quote(&part->body, report->original);
	} else {
		part->encoding = kind.has_8bit ? "8bit" : NULL;
		buf_add(&part->body, report->original);
	}
	if (!view_ends_with(report->original, VIEW("\r\n")))
		buf_add_literal(&part->body, "\r\n");
	return true;
}

// The original's header without the blank line at its end, and without a line
// that was cut.
static struct view header_of(const struct queue_report *report)
{
	size_t len;
	struct view original = report->original;
	if (original.len > QUEUE_REPORT_HEADER_MAX)
		original = view_slice(original, 0, QUEUE_REPORT_HEADER_MAX);
	if (header_length(original, &len) == RC_OK) {
		struct view header = view_slice(original, 0, len);
		bool crlf = view_ends_with(header, VIEW("\r\n"));
		header.len -= crlf ? 2 : 1;
		return header;
	}
	const char *end =
	    original.len ? memrchr(original.ptr, '\n', original.len) : NULL;
	return view_slice(
	    original, 0, end ? (size_t)(end - original.ptr) + 1 : 0);
}

static bool identifies(const struct header_field *field)
{
	static const char *const names[] = {
	    "Date", "From", "To", "Subject", "Message-ID"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (view_eq_nocase(field->name, view_of_string(names[i])))
			return true;
	return false;
}

// What a sender who is not proven gets of the header.
static void add_identity(struct view header, struct buf *out)
{
	struct header_field field;
	while (header_next(&header, &field))
		if (identifies(&field) &&
		    field.whole.len <= QUEUE_REPORT_FIELD_MAX &&
		    out->len + field.whole.len <= QUEUE_REPORT_FIELDS_MAX)
			buf_add(out, field.whole);
}

static void add_header(const struct queue_report *report, struct view header,
    struct queue_report_part *ret_part)
{
	struct queue_line_kind kind = queue_line_look(header);
	bool global = report->message->envelope.smtputf8 && kind.has_8bit;
	ret_part->type =
	    global ? "message/global-headers" : "text/rfc822-headers";
	bool plain = !kind.odd && kind.longest <= QUEUE_LINE_MAX;
	if (plain && !kind.has_8bit) {
		ret_part->encoding = NULL;
		buf_add(&ret_part->body, header);
	} else if (plain && global && queue_report_is_utf8(report) &&
		   utf8_is_valid(header)) {
		ret_part->encoding = "8bit";
		buf_add(&ret_part->body, header);
	} else {
		// RFC 6522 section 4 allows this for broken headers, RFC 6533
		// section 6.2 for message/global-headers.
		ret_part->encoding = "quoted-printable";
		queue_line_quote(&ret_part->body, header);
	}
	if (ret_part->body.len == 0)
		buf_add_literal(&ret_part->body, "\r\n");
}

void queue_report_body(
    const struct queue_report *report, struct queue_report_part *ret_part)
{
	struct buf identity;
	buf_init(&ret_part->body, QUEUE_REPORT_MAX);
	if (add_whole(report, ret_part))
		return;
	struct view header = header_of(report);
	buf_init(&identity, QUEUE_REPORT_FIELDS_MAX);
	if (!queue_sender_is_proven(&report->message->envelope)) {
		add_identity(header, &identity);
		header = buf_view(&identity);
	}
	add_header(report, header, ret_part);
	buf_done(&identity);
}
