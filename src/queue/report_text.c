// SPDX-License-Identifier: Apache-2.0
// The part of a report for people: what happened, to which recipient, why, and
// what they can do.
#include "base/ascii.h"
#include "queue/report.h"
#include "wire/date.h"
#include "wire/encoded_word.h"
#include "wire/header.h"
#include "wire/utf8.h"

#define TEXT_MAX    ((size_t)4 << 20) // 100 recipients need a tenth of this
#define SUBJECT_MAX 200

// Explains a status code to somebody who has never seen one (RFC 3463 section
// 3, RFC 7505 section 4.2, RFC 6531 section 3.5).
static const struct reason {
	uint16_t subject;
	uint16_t detail;
	const char *text;
} reasons[] = {
    {1, 1, "There is no such mailbox. Check the address for typing mistakes."},
    {1, 2,
	"The part after the @ is not the name of a mail domain. Check it for "
	"typing mistakes."},
    {1, 3, "This is not a valid address."},
    {1, 6, "The recipient has moved and left no new address."},
    {1, 10, "This domain says that it accepts no mail at all."},
    {2, 1, "The mailbox is switched off and accepts no mail."},
    {2, 2,
	"The recipient's mailbox is full. Try again later, or tell them in "
	"another way."},
    {2, 3,
	"The message is larger than the recipient may receive. Send less at a "
	"time, or a link."},
    {3, 4,
	"The message is too large for the recipient's server. Send less at a "
	"time, or a link."},
    {4, 1, "The recipient's server does not answer."},
    {4, 2, "The connection to the recipient's server broke off."},
    {4, 3, "The domain's mail servers could not be looked up."},
    {4, 4, "No server for the recipient's domain could be found."},
    {4, 6, "The message went round in circles."},
    {5, 3, "The message has too many recipients."},
    {6, 3, "The recipient's server cannot accept a message of this kind."},
    {6, 7,
	"The recipient's server cannot accept addresses with letters beyond "
	"A to Z. Ask for another address."},
    {7, 1,
	"The recipient's server refuses the message by its rules; its answer "
	"may say why."},
    {7, 26, "The recipient's server could not verify who sent the message."},
};

static const char *reason_of(struct enhanced_status status)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].subject == status.subject &&
		    reasons[i].detail == status.detail)
			return reasons[i].text;
	if (status.subject == 7)
		return "The recipient's server refuses the message by its "
		       "rules; its answer may say why.";
	return NULL;
}

static void add_span(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *one;
		const char *many;
	} units[] = {
	    {24 * 3600, "one day", "days"},
	    {3600, "one hour", "hours"},
	    {60, "one minute", "minutes"},
	    {1, "one second", "seconds"},
	};
	size_t unit = 0;
	while (unit + 1 < ARRAY_LEN(units) && seconds < units[unit].seconds)
		unit++;
	int64_t count =
	    (seconds + units[unit].seconds / 2) / units[unit].seconds;
	if (count == 1)
		buf_add_string(out, units[unit].one);
	else
		buf_printf(out, "%lld %s", (long long)count, units[unit].many);
}

// ---- One recipient ---------------------------------------------------------

#define INDENT "      "

static void add_sentence(struct buf *out, const char *sentence)
{
	buf_add_literal(out, INDENT);
	queue_line_wrap(
	    out, sizeof(INDENT) - 1, INDENT, view_of_string(sentence));
}

static void add_reason(const struct queue_report *report,
    const struct queue_verdict *verdict, struct buf *out)
{
	const struct queue_message_record *message = report->message;
	struct buf text;
	buf_init(&text, 1024);
	if (verdict->expired && verdict->record.status.class == 5) {
		buf_add_literal(&text,
		    "It could not be delivered by the time that was set when "
		    "it was sent.");
	} else if (verdict->removed) {
		buf_add_literal(&text,
		    "The administrator of this server removed it before it "
		    "could be delivered.");
	} else if (verdict->expired) {
		buf_add_literal(&text, "It was tried for ");
		add_span(&text, report->now - message->created);
		buf_add_literal(&text, " without success.");
	} else {
		const char *reason = reason_of(verdict->record.status);
		buf_add_string(&text, reason ? reason : "");
	}
	if (text.len) {
		buf_add_literal(out, INDENT);
		queue_line_wrap(
		    out, sizeof(INDENT) - 1, INDENT, buf_view(&text));
	}
	buf_done(&text);
}

static void add_reply(
    const struct queue_recipient_record *record, struct buf *out)
{
	struct buf text;
	if (record->diagnostic.len == 0)
		return;
	buf_init(&text, 8192);
	if (record->remote.len) {
		queue_line_clean(&text, record->remote, false);
		// A failure on the way to the server is not an answer of the
		// server.
		buf_add_string(&text, queue_line_is_reply(record->diagnostic)
					  ? " answered: "
					  : ": ");
	}
	queue_line_clean(&text, record->diagnostic, false);
	buf_add_literal(out, INDENT);
	queue_line_wrap(out, sizeof(INDENT) - 1, INDENT, buf_view(&text));
	buf_done(&text);
}

static void add_recipient(const struct queue_report *report,
    const struct queue_verdict *verdict, struct buf *out)
{
	const struct queue_recipient_record *record = &verdict->record;
	buf_add_literal(out, "\r\n  ");
	queue_line_clean(out, record->recipient.address, false);
	buf_add_literal(out, "\r\n");
	switch (verdict->action) {
	case QUEUE_ACTION_NONE: break;
	case QUEUE_ACTION_FAILED:
	case QUEUE_ACTION_DELAYED:
		add_reason(report, verdict, out);
		add_reply(record, out);
		break;
	case QUEUE_ACTION_DELIVERED:
		add_sentence(out, "It is in the mailbox.");
		break;
	case QUEUE_ACTION_RELAYED:
		add_sentence(out, "It was passed on to a server that does not "
				  "report what becomes of it.");
		break;
	case QUEUE_ACTION_EXPANDED:
		add_sentence(out,
		    "This address is a list of other addresses; the message "
		    "was sent on to them.");
		break;
	}
}

// ---- Groups ----------------------------------------------------------------

static const struct group {
	enum queue_action action;
	const char *before;
	const char *after; // what the sender can do; may be NULL
} groups[] = {
    {QUEUE_ACTION_FAILED, "It could not be delivered to:",
	"Nothing more will be done for these. When you have found the cause, "
	"please send the message again."},
    {QUEUE_ACTION_DELAYED, "It has not been delivered yet to:", NULL},
    {QUEUE_ACTION_DELIVERED, "It has been delivered to:", NULL},
    {QUEUE_ACTION_RELAYED, "It has been passed on for:", NULL},
    {QUEUE_ACTION_EXPANDED, "It has been sent on for:", NULL},
};

static void add_delay(const struct queue_report *report, struct buf *out)
{
	struct buf text;
	int64_t expiry =
	    queue_schedule_expiry(report->settings, report->message);
	buf_init(&text, 1024);
	buf_add_literal(
	    &text, "You do not have to do anything: delivery is tried again");
	if (expiry > report->now) {
		buf_add_literal(&text, " for ");
		add_span(&text, expiry - report->now);
		buf_add_literal(&text, " more");
	}
	buf_add_literal(
	    &text, ". If it does not succeed, you will be told once more.");
	buf_add_literal(out, "\r\n");
	queue_line_wrap(out, 0, "", buf_view(&text));
	buf_done(&text);
}

static void add_group(const struct queue_report *report,
    const struct group *group, struct buf *out)
{
	size_t count = 0;
	for (size_t i = 0; i < report->count; i++) {
		const struct queue_verdict *verdict = &report->verdicts[i];
		if (verdict->action != group->action)
			continue;
		if (count++ == 0) {
			buf_add_literal(out, "\r\n");
			buf_add_string(out, group->before);
			buf_add_literal(out, "\r\n");
		}
		if (count <= QUEUE_REPORT_NAMED_MAX)
			add_recipient(report, verdict, out);
	}
	if (count > QUEUE_REPORT_NAMED_MAX)
		buf_printf(out,
		    "\r\n  and %zu others, who are named in the details "
		    "below\r\n",
		    count - QUEUE_REPORT_NAMED_MAX);
	if (count && group->action == QUEUE_ACTION_DELAYED)
		add_delay(report, out);
	if (count && group->after) {
		buf_add_literal(out, "\r\n");
		queue_line_wrap(out, 0, "", view_of_string(group->after));
	}
}

// ---- The whole part --------------------------------------------------------

static void add_subject(const struct queue_report *report, struct buf *out)
{
	struct header_field field;
	struct charset_cache cache;
	struct buf decoded;
	if (!header_find(report->original, VIEW("Subject"), &field))
		return;
	charset_cache_init(&cache);
	buf_init(&decoded, (size_t)1 << 20);
	encoded_word_decode(&cache, view_slice(field.value, 0, 4096), &decoded);
	charset_cache_done(&cache);
	struct view subject =
	    utf8_truncate(view_trim(buf_view(&decoded)), SUBJECT_MAX);
	if (subject.len) {
		buf_add_literal(out, "  Subject: ");
		struct buf clean;
		buf_init(&clean, SUBJECT_MAX * 4);
		queue_line_clean(&clean, subject, false);
		queue_line_wrap(out, 11, "           ", buf_view(&clean));
		buf_done(&clean);
	}
	buf_done(&decoded);
}

void queue_report_text(
    const struct queue_report *report, struct queue_report_part *ret_part)
{
	struct buf text;
	char id[QUEUE_ID_TEXT + 1];
	buf_init(&text, TEXT_MAX);
	buf_init(&ret_part->body, TEXT_MAX * 3);
	buf_add_literal(&text, "This is the mail server ");
	queue_line_clean(&text, report->settings->server_name, true);
	buf_add_literal(&text, ". It is about a message from you:\r\n\r\n");
	if (queue_sender_is_proven(&report->message->envelope))
		add_subject(report, &text);
	buf_add_literal(&text, "  Arrived here: ");
	date_format_rfc5322(
	    (struct date){.seconds = report->message->created}, &text);
	queue_id_print(report->of, id);
	buf_printf(&text, "\r\n  Known here as: %s\r\n", id);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		add_group(report, &groups[i], &text);
	buf_add_literal(&text,
	    "\r\nThe details for your mail administrator, and what we kept of "
	    "the\r\nmessage, are attached.\r\n");
	ret_part->type = "text/plain; charset=utf-8";
	if (utf8_is_ascii(buf_view(&text))) {
		ret_part->encoding = NULL;
		buf_add(&ret_part->body, buf_view(&text));
	} else {
		ret_part->encoding = "quoted-printable";
		queue_line_quote(&ret_part->body, buf_view(&text));
	}
	if (buf_status(&text) != RC_OK)
		ret_part->body.overflowed = true;
	buf_done(&text);
}
