// SPDX-License-Identifier: Apache-2.0
// Decodes any bytes as a stored record. They are either refused, or encoding
// gives the same bytes again.
#include "queue/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(struct buf *again, struct view bytes)
{
	if (!view_eq(buf_view(again), bytes))
		abort();
	buf_done(again);
}

static void try_message(struct view bytes)
{
	struct queue_message_record message;
	struct buf again;
	if (queue_message_decode(bytes, &message) != RC_OK)
		return;
	if (queue_message_check(&message, NULL) != RC_OK)
		abort();
	buf_init(&again, (size_t)1 << 20);
	queue_message_encode(&message, &again);
	expect_same(&again, bytes);
}

static void try_recipient(struct view bytes)
{
	struct queue_recipient_record recipient;
	struct buf again;
	if (queue_recipient_decode(bytes, &recipient) != RC_OK)
		return;
	if (queue_recipient_check(&recipient.recipient, NULL) != RC_OK)
		abort();
	struct view address = recipient.recipient.address;
	if (!view_ends_with(address, queue_domain_of(address)))
		abort();
	buf_init(&again, (size_t)1 << 20);
	queue_recipient_encode(&recipient, &again);
	expect_same(&again, bytes);
}

static void try_note(struct view bytes)
{
	struct queue_note note;
	struct buf again;
	if (queue_note_decode(bytes, &note) != RC_OK)
		return;
	buf_init(&again, (size_t)1 << 20);
	queue_note_encode(&note, &again);
	expect_same(&again, bytes);
}

static void try_id(struct view text)
{
	struct queue_id id;
	char printed[QUEUE_ID_TEXT + 1];
	if (queue_id_parse(text, &id) != RC_OK)
		return;
	queue_id_print(&id, printed);
	if (!view_eq_nocase(view_of_string(printed), text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_of(data, size);
	struct queue_id id;
	uint16_t number;
	try_message(bytes);
	try_recipient(bytes);
	try_note(bytes);
	try_id(bytes);
	if (queue_key_parse(bytes, QUEUE_KEY_RECIPIENT, &id, &number) ==
	    RC_OK) {
		struct queue_key key = queue_key_recipient(&id, number);
		if (!view_eq(queue_key_view(&key), bytes))
			abort();
	}
	return 0;
}
