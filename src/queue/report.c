// SPDX-License-Identifier: Apache-2.0
// Writes a report's header and puts its parts together.
#include "queue/report.h"

#include <sys/random.h>

#include "base/ascii.h"
#include "wire/date.h"
#include "wire/header.h"
#include "wire/message_id.h"
#include "wire/utf8.h"

#define PARTS        3
#define BOUNDARY_LEN 40
// A Message-ID of the original that is longer than this is not mentioned.
#define REFERENCE_MAX 250

struct tally {
	size_t count[QUEUE_ACTION_EXPANDED + 1];
};

static const char *subject(const struct queue_report *report)
{
	struct tally tally = {{0}};
	for (size_t i = 0; i < report->count; i++)
		tally.count[report->verdicts[i].action]++;
	if (tally.count[QUEUE_ACTION_FAILED])
		return "Your message could not be delivered";
	if (tally.count[QUEUE_ACTION_DELAYED])
		return "Your message is delayed";
	if (tally.count[QUEUE_ACTION_DELIVERED])
		return "Your message has been delivered";
	return "Your message has been passed on";
}

// Finds the original's "<…>" identifier, if it can be written in a field as it
// is.
static bool find_reference(const struct queue_report *report, struct buf *out)
{
	struct header_field field;
	if (!header_find(report->original, VIEW("Message-ID"), &field) ||
	    !message_id_next(&field.value, out) || out->len > REFERENCE_MAX)
		return false;
	for (size_t i = 0; i < out->len; i++) {
		char c = out->ptr[i];
		if (c <= ' ' || c >= 0x7f || strchr("<>()\",;:\\", c))
			return false;
	}
	return true;
}

static void add_reference(const struct queue_report *report, struct buf *out)
{
	struct buf reference;
	buf_init(&reference, MESSAGE_ID_MAX);
	if (find_reference(report, &reference)) {
		buf_add_literal(out, "In-Reply-To: <");
		buf_add(out, buf_view(&reference));
		buf_add_literal(out, ">\r\nReferences: <");
		buf_add(out, buf_view(&reference));
		buf_add_literal(out, ">\r\n");
	}
	buf_done(&reference);
}

static void add_header(const struct queue_report *report, struct buf *out)
{
	char id[QUEUE_ID_TEXT + 1];
	struct view server = report->settings->server_name;
	struct view sender = report->message->envelope.sender;
	queue_id_print(report->id, id);
	buf_add_literal(out, "From: Mail delivery <MAILER-DAEMON@");
	queue_line_clean(out, server, true);
	buf_add_literal(out, ">\r\nTo: <");
	queue_line_clean(out, sender, !utf8_is_valid(sender));
	buf_add_literal(out, ">\r\nSubject: ");
	buf_add_string(out, subject(report));
	buf_add_literal(out, "\r\nDate: ");
	date_format_rfc5322((struct date){.seconds = report->now}, out);
	buf_add_literal(out, "\r\nMessage-ID: <");
	buf_add_string(out, id);
	buf_add_char(out, '@');
	queue_line_clean(out, server, true);
	buf_add_literal(out, ">\r\n");
	add_reference(report, out);
	// RFC 3834 section 5.
	buf_add_literal(out, "Auto-Submitted: auto-replied\r\n");
}

// ---- Putting together ------------------------------------------------------

static bool is_in(const struct queue_report_part *parts, struct view boundary)
{
	for (size_t i = 0; i < PARTS; i++)
		if (view_find(buf_view(&parts[i].body), boundary) != SIZE_MAX)
			return true;
	return false;
}

// Makes a boundary of 160 random bits. It is also searched for in every part,
// so that it is certain to occur in none.
static struct view make_boundary(
    const struct queue_report_part *parts, char text[BOUNDARY_LEN])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	unsigned char random[BOUNDARY_LEN];
	do {
		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			abort(); // cannot happen after the machine has started
		for (size_t i = 0; i < BOUNDARY_LEN; i++)
			text[i] = digits[random[i] % 32];
		// "=_" occurs in no quoted-printable text (RFC 2045 section
		// 6.7).
		memcpy(text, "=_", 2);
	} while (is_in(parts, view_of(text, BOUNDARY_LEN)));
	return view_of(text, BOUNDARY_LEN);
}

static void add_part(
    struct buf *out, struct view boundary, const struct queue_report_part *part)
{
	buf_add_literal(out, "--");
	buf_add(out, boundary);
	buf_add_literal(out, "\r\nContent-Type: ");
	buf_add_string(out, part->type);
	if (part->encoding) {
		buf_add_literal(out, "\r\nContent-Transfer-Encoding: ");
		buf_add_string(out, part->encoding);
	}
	buf_add_literal(out, "\r\n\r\n");
	buf_add(out, buf_view(&part->body));
	buf_add_literal(out, "\r\n");
}

static void assemble(const struct queue_report *report,
    const struct queue_report_part *parts, struct buf *out)
{
	char text[BOUNDARY_LEN];
	struct view boundary = make_boundary(parts, text);
	bool has_8bit = false;
	for (size_t i = 0; i < PARTS; i++)
		has_8bit =
		    has_8bit || (parts[i].encoding &&
				    strcmp(parts[i].encoding, "8bit") == 0);
	add_header(report, out);
	buf_add_literal(out,
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"");
	buf_add(out, boundary);
	buf_add_literal(out, "\"\r\n");
	if (has_8bit)
		buf_add_literal(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_add_literal(out, "\r\n");
	for (size_t i = 0; i < PARTS; i++)
		add_part(out, boundary, &parts[i]);
	buf_add_literal(out, "--");
	buf_add(out, boundary);
	buf_add_literal(out, "--\r\n");
}

bool queue_report_is_utf8(const struct queue_report *report)
{
	struct view sender = report->message->envelope.sender;
	return utf8_is_valid(sender) && !utf8_is_ascii(sender);
}

enum rc queue_report_compose(const struct queue_report *report,
    struct buf *ret_text, struct queue_report_form *ret_form)
{
	struct queue_report_part parts[PARTS] = {0};
	queue_report_text(report, &parts[0]);
	queue_report_status(report, &parts[1]);
	queue_report_body(report, &parts[2]);
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < PARTS; i++)
		rc = buf_status(&parts[i].body);
	if (rc == RC_OK) {
		assemble(report, parts, ret_text);
		rc = buf_status(ret_text);
	}
	for (size_t i = 0; i < PARTS; i++)
		buf_done(&parts[i].body);
	if (rc != RC_OK)
		return rc;
	*ret_form = (struct queue_report_form){
	    .has_8bit = !utf8_is_ascii(buf_view(ret_text)),
	    .needs_utf8 = queue_report_is_utf8(report),
	};
	return RC_OK;
}
