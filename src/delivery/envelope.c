// SPDX-License-Identifier: Apache-2.0
// Turns MAIL's parameters into an envelope. Nothing is looked up here.
#include "delivery/envelope.h"

#include <stdio.h>

MUST_CHECK static enum rc refuse(
    struct delivery_reply *reply, unsigned code, const char *text)
{
	*reply =
	    (struct delivery_reply){.code = code, .status = ENHANCED(5, 5, 4)};
	snprintf(reply->text, sizeof(reply->text), "%s", text);
	return RC_INVALID;
}

// FUTURERELEASE (RFC 4865 section 4.2). A time in the past means now.
MUST_CHECK static enum rc set_hold(const struct delivery_office *office,
    const struct smtp_mail *mail, int64_t now, struct queue_envelope *envelope,
    struct delivery_reply *ret_reply)
{
	char text[80];
	uint64_t seconds = mail->hold_value;
	if (mail->hold == SMTP_HOLD_NONE)
		return RC_OK;
	if (mail->hold == SMTP_HOLD_UNTIL)
		seconds = seconds > (uint64_t)now ? seconds - (uint64_t)now : 0;
	if (seconds > office->hold_seconds) {
		snprintf(text, sizeof(text),
		    "Messages are held for at most %u seconds",
		    (unsigned)office->hold_seconds);
		return refuse(ret_reply, 501, text);
	}
	envelope->hold = mail->hold;
	envelope->hold_value = mail->hold_value;
	if (seconds > 0)
		envelope->release_at = now + (int64_t)seconds;
	return RC_OK;
}

// DELIVERBY (RFC 2852 section 4).
MUST_CHECK static enum rc set_by(const struct smtp_mail *mail, int64_t now,
    struct queue_envelope *envelope, struct delivery_reply *ret_reply)
{
	char text[80];
	bool returns = mail->by == SMTP_BY_RETURN;
	if (mail->by == SMTP_BY_NONE)
		return RC_OK;
	if (returns && mail->by_seconds < (int64_t)DELIVERY_BY_MIN_SECONDS) {
		snprintf(text, sizeof(text), "BY is at least %u seconds here",
		    DELIVERY_BY_MIN_SECONDS);
		return refuse(ret_reply, 555, text);
	}
	envelope->by = mail->by;
	envelope->by_time = now + mail->by_seconds;
	envelope->by_trace = mail->by_trace;
	// RFC 4865 section 5.2.2: the message could only fail.
	if (returns && envelope->by_time <= envelope->release_at)
		return refuse(
		    ret_reply, 501, "BY ends before the message is released");
	return RC_OK;
}

static struct view sender_text(
    struct arena *arena, const struct smtp_mailbox *sender)
{
	struct buf text;
	buf_init(&text, SMTP_PATH_MAX);
	smtp_mailbox_print_ascii(sender, &text);
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

enum rc delivery_envelope_make(const struct delivery_office *office,
    struct arena *arena, const struct smtp_mail *mail,
    struct delivery_envelope *ret_envelope, struct delivery_reply *ret_reply)
{
	int64_t now = clock_wall_seconds(office->clock);
	struct delivery_envelope envelope = {
	    .sender = mail->from,
	    .declared_size = mail->size_given ? mail->size : 0,
	    .queue = {.envid = mail->envid,
		.ret = mail->ret,
		.body = mail->body,
		.smtputf8 = mail->utf8},
	};
	enum rc rc = set_hold(office, mail, now, &envelope.queue, ret_reply);
	if (rc == RC_OK)
		rc = set_by(mail, now, &envelope.queue, ret_reply);
	if (rc != RC_OK)
		return rc;
	envelope.queue.sender = sender_text(arena, &mail->from);
	*ret_envelope = envelope;
	return RC_OK;
}
