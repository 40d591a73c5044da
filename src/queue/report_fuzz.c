// SPDX-License-Identifier: Apache-2.0
// Makes reports from hostile addresses, replies and originals, and checks that
// each has the right parts and fields. The input is one byte of switches, then
// texts separated by 0xff.
#include "queue/report_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct view next(struct view *rest, size_t max)
{
	struct view part = VIEW("");
	if (!view_split(rest, (char)0xff, &part))
		return VIEW("");
	return view_slice(part, 0, max);
}

static void compose(const struct queue_report *report)
{
	struct buf text;
	struct queue_report_form form;
	buf_init(&text, QUEUE_REPORT_MAX);
	if (queue_report_compose(report, &text, &form) != RC_OK)
		abort();
	const char *problem = report_check(report, buf_view(&text), &form);
	if (problem) {
		fprintf(stderr, "%s\n%.*s\n", problem, (int)text.len, text.ptr);
		abort();
	}
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct view rest = view_of(data + 2, size - 2);
	struct queue_settings settings = {.server_name = VIEW("mx.example")};
	struct queue_message_record message = {.created = 1700000000};
	struct queue_verdict verdicts[3] = {{0}};
	struct queue_id id = {{0}};
	queue_settings_default(&settings);
	message.envelope.smtputf8 = data[0] & 1;
	message.envelope.proven = !(data[0] & 16);
	message.envelope.body =
	    data[0] & 2 ? SMTP_BODY_8BITMIME : SMTP_BODY_7BIT;
	message.envelope.sender = next(&rest, QUEUE_ADDRESS_MAX);
	message.envelope.envid = next(&rest, QUEUE_ENVID_MAX);
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		struct queue_recipient_record *record = &verdicts[i].record;
		verdicts[i].action =
		    (enum queue_action)((data[1] >> (i * 2)) & 3);
		verdicts[i].expired = data[0] & 4;
		record->recipient.address = next(&rest, QUEUE_ADDRESS_MAX);
		record->recipient.original = next(&rest, QUEUE_ORIGINAL_MAX);
		record->diagnostic = next(&rest, QUEUE_DIAGNOSTIC_MAX);
		record->remote = next(&rest, QUEUE_REMOTE_MAX);
		record->status = ENHANCED(5, data[0] >> 5, data[1] >> 5);
		record->last_try = (int64_t)i * 850000050;
		if (record->recipient.address.len == 0)
			record->recipient.address = VIEW("postmaster");
	}
	message.size = rest.len;
	struct queue_report report = {
	    .settings = &settings,
	    .id = &id,
	    .of = &id,
	    .message = &message,
	    .verdicts = verdicts,
	    .count = 1 + data[1] % 3,
	    .now = 1700001000,
	    .original = rest,
	    .whole = data[0] & 8,
	};
	compose(&report);
	return 0;
}
