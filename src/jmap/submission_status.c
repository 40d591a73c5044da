// SPDX-License-Identifier: Apache-2.0
// DeliveryStatus and undoStatus (RFC 8621 section 7): how they follow what the
// queue notes about each recipient.
#include "base/ascii.h"
#include "jmap/submission.h"
#include "wire/json_read.h"

#define REPLY_MAX (QUEUE_DIAGNOSTIC_MAX + 100)

static json_t *status_new(const char *reply, const char *delivered)
{
	return json_pack("{s:s, s:s, s:s}", "smtpReply", reply, "delivered",
	    delivered, "displayed", "unknown");
}

json_t *submission_status_new(void)
{
	return status_new("250 2.0.0 Queued", "queued");
}

static const char *delivered_of(enum queue_note_kind kind)
{
	switch (kind) {
	case QUEUE_NOTE_WAITS: return "queued";
	case QUEUE_NOTE_DELIVERED: return "yes";
	// Another server has it: nobody knows whether it reaches a mailbox.
	case QUEUE_NOTE_PASSED_ON: return "unknown";
	case QUEUE_NOTE_FAILED: return "no";
	case QUEUE_NOTE_TAKEN_BACK: return "no";
	}
	return "unknown";
}

static bool is_reply(struct view text)
{
	return text.len > 4 && ascii_is_digit(text.ptr[0]) &&
	       ascii_is_digit(text.ptr[1]) && ascii_is_digit(text.ptr[2]) &&
	       (text.ptr[3] == ' ' || text.ptr[3] == '-');
}

// The server's reply. What is none becomes one: a code, an enhanced code, and a
// text (RFC 8621 section 7).
static json_t *reply_of(const struct queue_note *note)
{
	static const struct {
		unsigned code, class;
		const char *text;
	} others[] = {
	    [QUEUE_NOTE_WAITS] = {450, 4, "Not delivered yet"},
	    [QUEUE_NOTE_DELIVERED] = {250, 2, "Delivered"},
	    [QUEUE_NOTE_PASSED_ON] = {250, 2, "Passed on"},
	    [QUEUE_NOTE_FAILED] = {550, 5, "Not delivered"},
	    [QUEUE_NOTE_TAKEN_BACK] = {550, 5, "Taken back by the sender"},
	};
	struct view text = note->reply;
	struct enhanced_status status = note->status;
	bool taken_back = note->kind == QUEUE_NOTE_TAKEN_BACK;
	struct buf reply;
	if (is_reply(text) && !taken_back)
		return json_stringn(text.ptr, text.len);
	if (taken_back)
		status = ENHANCED_NONE;
	if (text.len == 0 || taken_back)
		text = view_of_string(others[note->kind].text);
	buf_init(&reply, REPLY_MAX);
	buf_printf(&reply, "%u ", others[note->kind].code);
	if (status.class == others[note->kind].class)
		enhanced_status_print(status, &reply);
	else
		buf_printf(&reply, "%u.0.0", others[note->kind].class);
	buf_add_char(&reply, ' ');
	buf_add(&reply, text);
	json_t *json = json_stringn(reply.ptr, reply.len);
	buf_done(&reply);
	return json;
}

// Of all addresses to which a recipient led, the state that matters most.
static const char *worst(json_t *addresses)
{
	static const char *const order[] = {"no", "queued", "unknown"};
	const char *key;
	json_t *value;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		json_object_foreach(addresses, key,
		    value) if (view_eq(json_view(value),
				   view_of_string(order[i]))) return order[i];
	return "yes";
}

static bool set_status(
    json_t *status, json_t *addresses, const struct queue_note *note)
{
	json_t *reply = reply_of(note);
	const char *before =
	    json_string_value(json_object_get(status, "delivered"));
	const char *after = worst(addresses);
	bool failed = note->kind == QUEUE_NOTE_FAILED;
	// The reply that explains the state.
	bool replaces = !before || failed || strcmp(after, "no") != 0 ||
			note->kind == QUEUE_NOTE_TAKEN_BACK;
	bool changed = !before || strcmp(before, after) != 0 ||
		       (replaces && !json_equal(reply,
					json_object_get(status, "smtpReply")));
	json_object_set_new(status, "delivered", json_string(after));
	if (replaces)
		json_object_set(status, "smtpReply", reply);
	json_decref(reply);
	return changed;
}

static bool set_undo(struct submission *submission, enum queue_note_kind kind)
{
	enum submission_undo before = submission->undo;
	if (kind == QUEUE_NOTE_TAKEN_BACK)
		submission->undo = SUBMISSION_CANCELED;
	else if (kind != QUEUE_NOTE_WAITS)
		submission->undo = SUBMISSION_FINAL;
	return submission->undo != before;
}

bool submission_status_apply(
    struct submission *submission, json_t *rest, const struct queue_note *note)
{
	json_t *all = json_object_get(rest, "deliveryStatus");
	json_t *to = json_object_get(rest, "to");
	const char *email;
	json_t *addresses;
	bool changed = set_undo(submission, note->kind);
	json_object_foreach(to, email, addresses)
	{
		if (!json_object_getn(
			addresses, note->address.ptr, note->address.len))
			continue;
		json_object_setn_new(addresses, note->address.ptr,
		    note->address.len, json_string(delivered_of(note->kind)));
		changed |=
		    set_status(json_object_get(all, email), addresses, note);
	}
	return changed;
}

bool submission_status_is_over(json_t *rest)
{
	const char *email;
	json_t *status;
	json_object_foreach(
	    json_object_get(rest, "deliveryStatus"), email, status)
	{
		json_t *delivered = json_object_get(status, "delivered");
		if (view_eq(json_view(delivered), VIEW("queued")))
			return false;
	}
	return true;
}

void submission_status_cancel(struct submission *submission, json_t *rest)
{
	const struct queue_note note = {.kind = QUEUE_NOTE_TAKEN_BACK};
	const char *email;
	json_t *status;
	submission->undo = SUBMISSION_CANCELED;
	json_object_foreach(
	    json_object_get(rest, "deliveryStatus"), email, status)
	{
		json_object_set_new(status, "delivered", json_string("no"));
		json_object_set_new(status, "smtpReply", reply_of(&note));
	}
}
