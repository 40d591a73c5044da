// SPDX-License-Identifier: Apache-2.0
// Queues a report as a message of its own, in the commit of the results that it
// reports.
#include "queue/impl.h"
#include "queue/report.h"
#include "wire/smtp_path.h"

void queue_log_verdict(struct queue *queue, const struct queue_copy *copy,
    const struct queue_verdict *verdict)
{
	struct log_line line;
	char id[QUEUE_ID_TEXT + 1];
	char text[ENHANCED_TEXT_MAX + 1] = "";
	struct buf status;
	const struct queue_recipient_record *record = &verdict->record;
	if (!queue->settings.log)
		return;
	queue_id_print(&copy->id, id);
	buf_init(&status, ENHANCED_TEXT_MAX);
	enhanced_status_print(record->status, &status);
	if (status.len)
		memcpy(text, status.ptr, status.len);
	buf_done(&status);
	log_begin(&line, queue->settings.log, LOG_LEVEL_INFO,
	    verdict->final ? "queue_settled" : "queue_deferred");
	log_add_string(&line, "id", id);
	log_add(&line, "to", record->recipient.address);
	log_add_string(&line, "status", text);
	if (record->remote.len)
		log_add(&line, "remote", record->remote);
	if (record->diagnostic.len)
		log_add(&line, "reply", record->diagnostic);
	if (verdict->action != QUEUE_ACTION_NONE)
		log_add_string(
		    &line, "report", queue_action_name(verdict->action));
	log_end(&line);
}

// RFC 3461 section 6.2: no report is sent about a report, and none about any
// other message with the null path.
static void log_double(struct queue *queue, const struct queue_copy *copy)
{
	struct log_line line;
	char id[QUEUE_ID_TEXT + 1];
	queue_id_print(&copy->id, id);
	log_begin(
	    &line, queue->settings.log, LOG_LEVEL_WARN, "queue_double_bounce");
	log_add_string(&line, "id", id);
	log_end(&line);
}

static bool is_failure(
    const struct queue_copy *copy, const struct queue_verdict *verdicts)
{
	for (size_t i = 0; i < copy->count; i++)
		if (verdicts[i].action == QUEUE_ACTION_FAILED)
			return true;
	return false;
}

// The limits of reports to senders who are not proven. They work with a clock
// that cannot be set, except in tests.
static bool is_allowed(struct queue *queue, const struct queue_copy *copy)
{
	const struct queue_settings *settings = &queue->settings;
	const struct queue_envelope *envelope = &copy->message.envelope;
	struct view domain = queue_domain_of(envelope->sender);
	uint64_t now = settings->clock ? (uint64_t)queue_now(queue) * 1000
				       : clock_monotonic_ms();
	if (queue_sender_is_proven(envelope))
		return true;
	const char *why = NULL;
	if (!tally_allow(queue->reports_by_domain, domain,
		settings->reports_per_domain, now))
		why = "too many to this domain";
	else if (!tally_allow(
		     queue->reports, VIEW(""), settings->reports_per_hour, now))
		why = "too many";
	if (!why)
		return true;
	char id[QUEUE_ID_TEXT + 1];
	struct log_line line;
	queue_id_print(&copy->id, id);
	log_begin(&line, settings->log, LOG_LEVEL_WARN, "queue_report_dropped");
	log_add_string(&line, "id", id);
	log_add(&line, "to", envelope->sender);
	log_add_string(&line, "why", why);
	log_end(&line);
	queue->reports_dropped++;
	return false;
}

static bool is_wanted(struct queue *queue, const struct queue_copy *copy,
    const struct queue_verdict *verdicts)
{
	bool any = false;
	for (size_t i = 0; i < copy->count && !any; i++)
		any = verdicts[i].action != QUEUE_ACTION_NONE;
	if (!any)
		return false;
	if (copy->message.envelope.sender.len > 0)
		return is_allowed(queue, copy);
	if (is_failure(copy, verdicts))
		log_double(queue, copy);
	return false;
}

// Whether the report returns the whole message (RFC 3461 section 4.3): only
// when a recipient failed, the sender asked for it, and the message is not too
// long. Otherwise the report returns the header.
static bool returns_whole(struct queue *queue, const struct queue_copy *copy,
    const struct queue_verdict *verdicts)
{
	return copy->message.envelope.ret == SMTP_RET_FULL &&
	       copy->message.size <= queue->settings.report_full_max &&
	       is_failure(copy, verdicts);
}

static enum rc read_original(struct queue *queue, const struct queue_copy *copy,
    bool whole, struct buf *ret_bytes)
{
	size_t max = QUEUE_REPORT_HEADER_MAX;
	if (whole && copy->message.size > max)
		max = (size_t)copy->message.size;
	enum rc rc =
	    queue_content_read(queue, &copy->message, 0, max, ret_bytes);
	// When the message cannot be read, the failure is still reported.
	if (rc == RC_NOT_FOUND || rc == RC_CORRUPT) {
		log_text(queue->settings.log, LOG_LEVEL_ERROR, "queue",
		    "cannot read a message that is to be returned: %s",
		    rc_text(rc));
		return RC_OK;
	}
	return rc;
}

// The address of the original's sender. Its domain is in the canonical form
// that a destination must have.
static struct view address_of(struct view sender, char to[QUEUE_ADDRESS_MAX])
{
	struct arena arena;
	struct smtp_mailbox mailbox;
	struct buf text;
	arena_init(&arena);
	buf_init(&text, QUEUE_ADDRESS_MAX);
	if (smtp_mailbox_parse(&arena, sender, NULL, &mailbox) == RC_OK)
		smtp_mailbox_print_ascii(&mailbox, &text);
	if (text.len == 0 || text.overflowed) {
		buf_reset(&text);
		buf_add(&text, sender);
	}
	size_t len = text.len;
	memcpy(to, text.ptr, len);
	buf_done(&text);
	arena_done(&arena);
	return view_of(to, len);
}

static void fill(const struct queue_report *report,
    const struct queue_report_form *form, uint64_t size,
    struct queue_bounce *bounce)
{
	bounce->message.envelope = (struct queue_envelope){
	    .body = form->has_8bit ? SMTP_BODY_8BITMIME : SMTP_BODY_7BIT,
	    .smtputf8 = form->needs_utf8,
	    .ret = SMTP_RET_HDRS,
	};
	bounce->message.created = report->now;
	bounce->message.size = size;
	bounce->recipient = (struct queue_recipient_record){
	    .recipient = {.address =
			      address_of(report->message->envelope.sender,
				  bounce->address),
		.notify = SMTP_NOTIFY_NEVER},
	    .class = QUEUE_CLASS_REPORTS,
	    .next_try = report->now,
	};
}

static enum rc compose(struct queue *queue, const struct queue_copy *copy,
    const struct queue_verdict *verdicts, struct buf *original,
    struct buf *text, struct queue_bounce *bounce)
{
	struct queue_report report = {
	    .settings = &queue->settings,
	    .id = &bounce->id,
	    .of = &copy->id,
	    .message = &copy->message,
	    .verdicts = verdicts,
	    .count = copy->count,
	    .now = queue_now(queue),
	    .whole = returns_whole(queue, copy, verdicts),
	};
	struct queue_report_form form;
	enum rc rc = read_original(queue, copy, report.whole, original);
	if (rc != RC_OK)
		return rc;
	report.original = buf_view(original);
	if (report.original.len < copy->message.size &&
	    report.original.len < QUEUE_REPORT_HEADER_MAX)
		report.whole = false; // the message could not be read
	rc = queue_report_compose(&report, text, &form);
	if (rc != RC_OK)
		return rc;
	fill(&report, &form, text->len, bounce);
	bounce->writer =
	    engine_writer_new(queue->engine, &bounce->message.content);
	return engine_writer_append(bounce->writer, buf_view(text));
}

enum rc queue_bounce_make(struct queue *queue, const struct queue_copy *copy,
    const struct queue_verdict *verdicts, struct queue_bounce *ret_bounce)
{
	struct buf original;
	struct buf text;
	*ret_bounce = (struct queue_bounce){0};
	if (!is_wanted(queue, copy, verdicts))
		return RC_OK;
	ret_bounce->wanted = true;
	ret_bounce->id = queue_id_new(
	    queue_now(queue) * 1000, queue_id_partition(&copy->id));
	buf_init(&original, SIZE_MAX / 2);
	buf_init(&text, QUEUE_REPORT_MAX);
	enum rc rc =
	    compose(queue, copy, verdicts, &original, &text, ret_bounce);
	buf_done(&original);
	buf_done(&text);
	if (rc != RC_OK)
		queue_bounce_done(ret_bounce);
	return rc;
}

enum rc queue_bounce_add(
    struct queue_bounce *bounce, struct engine_batch *batch)
{
	if (!bounce->wanted)
		return RC_OK;
	queue_batch_add(
	    batch, &bounce->id, &bounce->message, &bounce->recipient, 1);
	return engine_writer_finish(bounce->writer, batch);
}

void queue_bounce_index(struct queue *queue, const struct queue_bounce *bounce)
{
	if (!bounce->wanted)
		return;
	struct queue_lot_plan lot = {
	    .domain = queue_domain_of(bounce->recipient.recipient.address),
	    .due = bounce->recipient.next_try,
	    .end = 1,
	    .left = 1,
	};
	queue_index_add(
	    &queue->index, &bounce->id, bounce->recipient.class, &lot, 1);
}

void queue_bounce_done(struct queue_bounce *bounce)
{
	if (bounce->wanted)
		engine_writer_free(&bounce->writer);
	bounce->wanted = false;
}
