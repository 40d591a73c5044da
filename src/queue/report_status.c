// SPDX-License-Identifier: Apache-2.0
// message/delivery-status (RFC 3464 section 2) and, for senders whose address
// needs SMTPUTF8, message/global-delivery-status (RFC 6533 section 4.1).
#include "base/ascii.h"
#include "queue/report.h"
#include "wire/date.h"
#include "wire/utf8.h"
#include "wire/xtext.h"

const char *queue_action_name(enum queue_action action)
{
	switch (action) {
	case QUEUE_ACTION_NONE: return "none";
	case QUEUE_ACTION_FAILED: return "failed";
	case QUEUE_ACTION_DELAYED: return "delayed";
	case QUEUE_ACTION_DELIVERED: return "delivered";
	case QUEUE_ACTION_RELAYED: return "relayed";
	case QUEUE_ACTION_EXPANDED: return "expanded";
	}
	return "none";
}

struct writer {
	const struct queue_report *report;
	struct buf *out;
	struct buf value; // reset for each field
	bool utf8;        // UTF-8 is allowed
};

static void add_field(struct writer *writer, const char *name)
{
	struct buf *out = writer->out;
	size_t start = out->len;
	if (view_trim(buf_view(&writer->value)).len == 0) {
		buf_reset(&writer->value);
		return; // some readers take a field of blanks for the end of a
			// group
	}
	buf_add_string(out, name);
	buf_add_literal(out, ": ");
	// An address of usual length is written in one line, with its blanks.
	if (strcmp(name, "Diagnostic-Code") != 0 && writer->value.len < 900) {
		buf_add(out, buf_view(&writer->value));
		buf_add_literal(out, "\r\n");
	} else {
		queue_line_wrap(
		    out, out->len - start, " ", buf_view(&writer->value));
	}
	buf_reset(&writer->value);
}

static void add_date(struct writer *writer, const char *name, int64_t seconds)
{
	date_format_rfc5322((struct date){.seconds = seconds}, &writer->value);
	add_field(writer, name);
}

static void add_address(
    struct writer *writer, struct view type, struct view address)
{
	struct buf clean;
	bool ascii = utf8_is_ascii(address);
	buf_init(&clean, QUEUE_ORIGINAL_MAX * 4);
	queue_line_clean(&clean, address, false);
	buf_add(&writer->value, type);
	buf_add_literal(&writer->value, "; ");
	// RFC 6533 section 3: the type is "utf-8". The address is written as it
	// is where UTF-8 is allowed, otherwise with \x{…}.
	if (view_eq_nocase(type, VIEW("utf-8")) && writer->utf8)
		utf8_addr_unitext_encode(buf_view(&clean), &writer->value);
	else if (view_eq_nocase(type, VIEW("utf-8")))
		utf8_addr_xtext_encode(buf_view(&clean), &writer->value);
	else if (ascii)
		buf_add(&writer->value, buf_view(&clean));
	else
		queue_line_clean(
		    &writer->value, buf_view(&clean), !writer->utf8);
	buf_done(&clean);
}

static bool is_type(struct view type)
{
	for (size_t i = 0; i < type.len; i++)
		if (!ascii_is_alnum(type.ptr[i]) && type.ptr[i] != '-')
			return false;
	return type.len > 0;
}

static void add_original(
    struct writer *writer, const struct queue_recipient *recipient)
{
	struct view address = recipient->original;
	size_t semicolon = view_find_char(address, ';');
	if (address.len == 0 || semicolon == SIZE_MAX)
		return;
	struct view type = view_slice(address, 0, semicolon);
	if (!is_type(type))
		return;
	add_address(writer, type, view_trim(view_from(address, semicolon + 1)));
	add_field(writer, "Original-Recipient");
}

static void add_diagnostic(struct writer *writer, struct view diagnostic)
{
	if (diagnostic.len == 0)
		return;
	// RFC 3464 section 2.3.6: "smtp" is the type of a text that an SMTP
	// server replied.
	if (queue_line_is_reply(diagnostic))
		buf_add_literal(&writer->value, "smtp; ");
	else
		buf_add_literal(&writer->value, "X-Roost; ");
	queue_line_clean(&writer->value, diagnostic, !writer->utf8);
	add_field(writer, "Diagnostic-Code");
}

// RFC 3464 section 2.1.2: "dns" is the type of host names and of addresses in
// brackets.
static void add_remote(struct writer *writer, struct view remote)
{
	bool v6 = view_find_char(remote, ':') != SIZE_MAX;
	bool literal = true;
	for (size_t i = 0; i < remote.len && !v6; i++)
		literal = literal && (ascii_is_digit(remote.ptr[i]) ||
					 remote.ptr[i] == '.');
	buf_add_literal(&writer->value, "dns; ");
	if (literal)
		buf_add_string(&writer->value, v6 ? "[IPv6:" : "[");
	queue_line_clean(&writer->value, remote, !writer->utf8);
	if (literal)
		buf_add_char(&writer->value, ']');
	add_field(writer, "Remote-MTA");
}

static void add_recipient(
    struct writer *writer, const struct queue_verdict *verdict)
{
	const struct queue_recipient_record *record = &verdict->record;
	struct view address = record->recipient.address;
	buf_add_literal(writer->out, "\r\n");
	add_original(writer, &record->recipient);
	add_address(writer,
	    utf8_is_ascii(address) ? VIEW("rfc822") : VIEW("utf-8"), address);
	add_field(writer, "Final-Recipient");
	buf_add_string(&writer->value, queue_action_name(verdict->action));
	add_field(writer, "Action");
	enhanced_status_print(record->status, &writer->value);
	if (writer->value.len == 0) // a delay without a known reason
		buf_add_literal(&writer->value, "4.0.0");
	add_field(writer, "Status");
	if (record->remote.len)
		add_remote(writer, record->remote);
	add_diagnostic(writer, record->diagnostic);
	if (record->last_try)
		add_date(writer, "Last-Attempt-Date", record->last_try);
	if (verdict->action == QUEUE_ACTION_DELAYED)
		add_date(writer, "Will-Retry-Until",
		    queue_schedule_expiry(
			writer->report->settings, writer->report->message));
}

// RFC 4865 section 5.1.2: what the sender asked for, as it was given.
static void add_hold(
    struct writer *writer, const struct queue_envelope *envelope)
{
	switch (envelope->hold) {
	case SMTP_HOLD_NONE: return;
	case SMTP_HOLD_FOR:
		buf_printf(&writer->value, "for;%llu",
		    (unsigned long long)envelope->hold_value);
		break;
	case SMTP_HOLD_UNTIL:
		buf_add_literal(&writer->value, "until;");
		date_format_rfc3339(
		    (int64_t)envelope->hold_value, &writer->value);
		break;
	}
	add_field(writer, "Future-Release-Request");
}

void queue_report_status(
    const struct queue_report *report, struct queue_report_part *ret_part)
{
	const struct queue_envelope *envelope = &report->message->envelope;
	struct writer writer = {
	    .report = report,
	    .out = &ret_part->body,
	    .utf8 = queue_report_is_utf8(report),
	};
	buf_init(&ret_part->body, QUEUE_REPORT_MAX);
	buf_init(&writer.value, 16384);
	buf_add_literal(&writer.value, "dns; ");
	queue_line_clean(&writer.value, report->settings->server_name, true);
	add_field(&writer, "Reporting-MTA");
	if (envelope->envid.len) {
		queue_line_clean(&writer.value, envelope->envid, !writer.utf8);
		add_field(&writer, "Original-Envelope-Id");
	}
	add_date(&writer, "Arrival-Date", report->message->created);
	add_hold(&writer, envelope);
	for (size_t i = 0; i < report->count; i++)
		if (report->verdicts[i].action != QUEUE_ACTION_NONE)
			add_recipient(&writer, &report->verdicts[i]);
	buf_done(&writer.value);
	bool ascii = utf8_is_ascii(buf_view(&ret_part->body));
	ret_part->type = writer.utf8 ? "message/global-delivery-status"
				     : "message/delivery-status";
	ret_part->encoding = ascii ? NULL : "8bit";
}
