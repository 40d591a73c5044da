// SPDX-License-Identifier: Apache-2.0
// Checks that are true of every report, whatever it was made from. For the test
// and the fuzzer.
#ifndef ROOST_QUEUE_REPORT_CHECK_H
#define ROOST_QUEUE_REPORT_CHECK_H

#include "base/ascii.h"
#include "queue/report.h"
#include "wire/header.h"
#include "wire/message_whole.h"
#include "wire/utf8.h"

static inline bool report_type_is(
    const struct message_part *part, const char *type, const char *subtype)
{
	return view_eq_nocase(part->type, view_of_string(type)) &&
	       view_eq_nocase(part->subtype, view_of_string(subtype));
}

static inline struct view report_part_body(
    struct view text, const struct message_part *part)
{
	return view_slice(text, part->body_offset, part->body_len);
}

// Checks that `block` has only these fields, each at most once. A field whose
// name begins with "!" must be there.
static inline const char *report_check_fields(
    struct view block, const char *const *names, size_t count)
{
	unsigned seen[16] = {0};
	struct header_field field;
	while (header_next(&block, &field)) {
		size_t i = 0;
		for (; i < count; i++)
			if (view_eq(field.name,
				view_of_string(
				    names[i] + (names[i][0] == '!'))))
				break;
		if (i == count)
			return "an unexpected field";
		if (seen[i]++)
			return "a field twice";
		if (view_trim(field.value).len == 0)
			return "an empty field";
	}
	if (block.len)
		return "text after the fields";
	for (size_t i = 0; i < count; i++)
		if (names[i][0] == '!' && !seen[i])
			return "a field is missing";
	return NULL;
}

static inline const char *report_check_status(
    const struct queue_report *report, struct view body)
{
	static const char *const message[] = {"!Reporting-MTA",
	    "Original-Envelope-Id", "!Arrival-Date", "Future-Release-Request"};
	static const char *const recipient[] = {"Original-Recipient",
	    "!Final-Recipient", "!Action", "!Status", "Remote-MTA",
	    "Diagnostic-Code", "Last-Attempt-Date", "Will-Retry-Until"};
	size_t groups = 0;
	size_t wanted = 1;
	for (size_t i = 0; i < report->count; i++)
		wanted += report->verdicts[i].action != QUEUE_ACTION_NONE;
	while (body.len) {
		size_t end = view_find(body, VIEW("\r\n\r\n"));
		size_t len = end == SIZE_MAX ? body.len : end + 2;
		const char *problem =
		    groups ? report_check_fields(view_slice(body, 0, len),
				 recipient, ARRAY_LEN(recipient))
			   : report_check_fields(view_slice(body, 0, len),
				 message, ARRAY_LEN(message));
		if (problem)
			return problem;
		groups++;
		body = view_from(body, end == SIZE_MAX ? len : len + 2);
	}
	return groups == wanted
		   ? NULL
		   : "the number of groups is not the number of recipients";
}

static inline bool report_third_is_good(
    const struct queue_report *report, const struct message_part *part)
{
	if (report->message->envelope.smtputf8 &&
	    (report_type_is(part, "message", "global") ||
		report_type_is(part, "message", "global-headers")))
		return queue_report_is_utf8(report) ||
		       part->encoding != TRANSFER_8BIT;
	return report_type_is(part, "message", "rfc822") ||
	       report_type_is(part, "text", "rfc822-headers");
}

static inline const char *report_check_parts(const struct queue_report *report,
    struct view text, const struct message *message)
{
	const struct message_part *parts[3] = {NULL};
	size_t count = 0;
	for (uint32_t i = 1; i < message->part_count; i++)
		if (message->parts[i].parent == 0) {
			if (count == 3)
				return "more than three parts";
			parts[count++] = &message->parts[i];
		}
	if (count != 3)
		return "fewer than three parts";
	bool utf8 = queue_report_is_utf8(report);
	if (!report_type_is(parts[0], "text", "plain"))
		return "the first part is not text";
	if (!report_type_is(parts[1], "message",
		utf8 ? "global-delivery-status" : "delivery-status"))
		return "the second part is not the status";
	if (!report_third_is_good(report, parts[2]))
		return "the third part has the wrong type";
	for (size_t i = 0; i < 3; i++)
		if (parts[i]->encoding != TRANSFER_8BIT &&
		    !utf8_is_ascii(report_part_body(text, parts[i])))
			return "8-bit bytes in a part that declares 7 bits";
	if (!utf8 && !utf8_is_ascii(report_part_body(text, parts[1])))
		return "8-bit bytes in a plain status";
	return report_check_status(report, report_part_body(text, parts[1]));
}

static inline const char *report_check_header(struct view header)
{
	static const char *const names[] = {"!From", "!To", "!Subject", "!Date",
	    "!Message-ID", "In-Reply-To", "References", "!Auto-Submitted",
	    "!MIME-Version", "!Content-Type", "Content-Transfer-Encoding"};
	header.len -= 2; // the blank line
	return report_check_fields(header, names, ARRAY_LEN(names));
}

// Returns what is wrong, or NULL.
static inline const char *report_check(const struct queue_report *report,
    struct view text, const struct queue_report_form *form)
{
	struct queue_line_kind kind = queue_line_look(text);
	if (kind.odd || kind.longest > QUEUE_LINE_MAX)
		return "a wrong line end, or a line that is too long";
	if (kind.has_8bit != form->has_8bit)
		return "has_8bit does not say whether there are 8-bit bytes";
	if (form->needs_utf8 != queue_report_is_utf8(report))
		return "the report asks for SMTPUTF8 without need";
	struct message *message = message_parse(text, text.len);
	const char *problem = NULL;
	if (!report_type_is(&message->parts[0], "multipart", "report"))
		problem = "it is not a multipart/report";
	if (!problem)
		problem = report_check_header(
		    view_slice(text, 0, message->header_len));
	if (!problem && !form->needs_utf8 &&
	    !utf8_is_ascii(view_slice(text, 0, message->header_len)))
		problem = "UTF-8 in the header without needs_utf8";
	if (!problem)
		problem = report_check_parts(report, text, message);
	message_free(&message);
	return problem;
}

#endif
