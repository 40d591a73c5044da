// SPDX-License-Identifier: Apache-2.0
// Verifies what the queue has stored: every record can be read, and the records
// that belong together are all there.
#include "queue/impl.h"

struct checking {
	struct engine *engine;
	struct engine_snapshot *snapshot;
	struct queue_id before; // the message of the record before this one
	void (*problem)(void *context, const char *text);
	void *context;
};

static void report(struct checking *checking, const struct queue_id *id,
    const char *what, const char *why)
{
	char name[QUEUE_ID_TEXT + 1];
	char text[200];
	queue_id_print(id, name);
	snprintf(text, sizeof(text), "message %s: %s%s%s", name, what,
	    why[0] ? ": " : "", why);
	checking->problem(checking->context, text);
}

static bool is_there(struct checking *checking, struct view key)
{
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	enum rc rc = engine_snapshot_get(checking->snapshot, key, &value);
	buf_done(&value);
	return rc == RC_OK;
}

static enum rc note_key(void *context, struct view key, struct view value)
{
	bool *has = context;
	(void)key;
	(void)value;
	*has = true;
	return RC_END;
}

// Checks that the message's content has the size that its record says, and that
// the message has a recipient.
static void check_message(
    struct checking *checking, const struct queue_id *id, struct view value)
{
	struct queue_message_record message;
	bool goes_to_someone = false;
	uint64_t size;
	enum rc rc = queue_message_decode(value, &message);
	if (rc != RC_OK) {
		report(checking, id, "its record", rc_text(rc));
		return;
	}
	rc = engine_content_size(checking->engine, &message.content, &size);
	if (rc != RC_OK)
		report(checking, id, "its content", rc_text(rc));
	else if (size != message.size - message.head.len)
		report(checking, id,
		    "its content does not have the recorded size", "");
	struct queue_key to = queue_key(QUEUE_KEY_RECIPIENT, id);
	rc = engine_snapshot_scan(checking->snapshot, queue_key_view(&to),
	    VIEW(""), note_key, &goes_to_someone);
	if (rc != RC_OK)
		report(checking, id, "its recipients", rc_text(rc));
	else if (!goes_to_someone)
		report(checking, id, "it has no recipients", "");
}

static void check_recipient(
    struct checking *checking, const struct queue_id *id, struct view value)
{
	struct queue_recipient_record recipient;
	struct queue_key of = queue_key(QUEUE_KEY_MESSAGE, id);
	enum rc rc = queue_recipient_decode(value, &recipient);
	if (rc != RC_OK)
		report(checking, id, "a recipient's record", rc_text(rc));
	if (!queue_id_eq(id, &checking->before) &&
	    !is_there(checking, queue_key_view(&of)))
		report(checking, id, "it has recipients but no message record",
		    "");
}

static void check_note(
    struct checking *checking, const struct queue_id *id, struct view value)
{
	struct queue_note note;
	enum rc rc = queue_note_decode(value, &note);
	if (rc != RC_OK)
		report(checking, id, "a note about it", rc_text(rc));
}

static enum rc check_record(void *context, struct view key, struct view value)
{
	struct checking *checking = context;
	struct queue_id id = {{0}};
	uint16_t number;
	if (queue_key_parse(key, key.ptr[0], &id, &number) != RC_OK)
		report(checking, &id, "a key that cannot be read", "");
	else if (key.ptr[0] == QUEUE_KEY_MESSAGE)
		check_message(checking, &id, value);
	else if (key.ptr[0] == QUEUE_KEY_NOTE)
		check_note(checking, &id, value);
	else
		check_recipient(checking, &id, value);
	checking->before = id;
	return RC_OK;
}

static enum rc check_kind(struct checking *checking, char kind)
{
	checking->before = (struct queue_id){{0}};
	return engine_snapshot_scan(checking->snapshot, view_of(&kind, 1),
	    VIEW(""), check_record, checking);
}

enum rc queue_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context)
{
	struct checking checking = {
	    .engine = engine, .problem = problem, .context = context};
	enum rc rc = RC_OK;
	for (uint64_t i = 0; rc == RC_OK && i < QUEUE_PARTITIONS; i++) {
		rc = engine_snapshot_open(
		    engine, QUEUE_PARTITION_FIRST + i, &checking.snapshot);
		if (rc != RC_OK)
			break;
		rc = check_kind(&checking, QUEUE_KEY_MESSAGE);
		if (rc == RC_OK)
			rc = check_kind(&checking, QUEUE_KEY_RECIPIENT);
		if (rc == RC_OK)
			rc = check_kind(&checking, QUEUE_KEY_NOTE);
		engine_snapshot_close(&checking.snapshot);
	}
	return rc;
}
