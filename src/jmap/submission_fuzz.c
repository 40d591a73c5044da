// SPDX-License-Identifier: Apache-2.0
// Envelopes of submissions: as JSON from a client, and derived from a header
// that anybody may have written; the stored record; and what a header says to
// whom a notification goes.
#include "jmap/mdn_original.h"
#include "jmap/submission.h"
#include "jmap/submission_envelope.h"
#include "wire/json_read.h"

#define VALUES_MAX 10000

static void require(bool holds)
{
	if (!holds)
		abort();
}

// An address that goes to the queue is one, and nothing else.
static void check_mailbox(struct arena *arena, const struct smtp_mailbox *of)
{
	struct buf text;
	struct smtp_mailbox again;
	buf_init(&text, SMTP_MAILBOX_PRINTED_MAX);
	smtp_mailbox_print(of, &text);
	require(buf_status(&text) == RC_OK);
	require(
	    smtp_mailbox_parse(arena, buf_view(&text), NULL, &again) == RC_OK);
	require(view_eq(again.local, of->local));
	buf_done(&text);
}

static void check_envelope(
    struct arena *arena, const struct submission_envelope *envelope)
{
	require(envelope->count > 0 && envelope->count <= 1000);
	require(json_array_size(json_object_get(envelope->json, "rcptTo")) >=
		envelope->count);
	if (!smtp_mailbox_is_null(&envelope->mail.from))
		check_mailbox(arena, &envelope->mail.from);
	for (size_t i = 0; i < envelope->count; i++)
		check_mailbox(arena, &envelope->recipients[i].rcpt.to);
}

static void try_json(
    struct arena *arena, const struct delivery_office *office, struct view text)
{
	struct submission_envelope envelope;
	struct submission_fault fault = {.error = JMAP_ERROR_NONE};
	json_t *json;
	if (json_read(text, VALUES_MAX, NULL, &json) != RC_OK)
		return;
	if (submission_envelope_read(arena, office, json, &envelope, &fault)) {
		check_envelope(arena, &envelope);
		json_decref(envelope.json);
	} else {
		require(fault.error != JMAP_ERROR_NONE);
	}
	vec_done(&fault.recipients);
	json_decref(json);
}

static void try_header(struct arena *arena,
    const struct delivery_office *office, struct view header)
{
	struct submission_envelope envelope;
	struct submission_fault fault = {.error = JMAP_ERROR_NONE};
	if (submission_envelope_derive(arena, office, header,
		VIEW("demo@example.org"), &envelope, &fault)) {
		check_envelope(arena, &envelope);
		json_decref(envelope.json);
	} else {
		require(fault.error != JMAP_ERROR_NONE);
	}
	vec_done(&fault.recipients);
}

// What is repeated in a notification adds no line to it.
static void try_original(struct arena *arena, struct view header)
{
	struct mdn_original original;
	struct smtp_mailbox mailbox;
	if (mdn_original_read(arena, header, &original) != RC_OK)
		return;
	require(original.to_count > 0);
	for (size_t i = 0; i < original.to_count; i++)
		require(smtp_mailbox_parse(
			    arena, original.to[i], NULL, &mailbox) == RC_OK);
	require(!original.may_be_automatic || original.to_count == 1);
	require(original.recipient.len == 0 ||
		mdn_value_is_valid(original.recipient));
	require(view_find_char(original.message_id, '\n') == SIZE_MAX);
	require(view_find_char(original.message_id, '\r') == SIZE_MAX);
}

static void try_record(struct view bytes)
{
	struct submission submission;
	struct buf again;
	if (submission_decode(bytes, &submission) != RC_OK)
		return;
	buf_init(&again, bytes.len + 1);
	submission_encode(&submission, &again);
	require(view_eq(buf_view(&again), bytes));
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct delivery_office office = {.hold_seconds = 86400};
	struct view bytes = view_of((const char *)data, size);
	struct arena arena;
	arena_init(&arena);
	try_json(&arena, &office, bytes);
	try_header(&arena, &office, bytes);
	try_original(&arena, bytes);
	try_record(bytes);
	arena_done(&arena);
	return 0;
}
