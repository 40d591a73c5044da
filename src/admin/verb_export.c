// SPDX-License-Identifier: Apache-2.0
// The request "export": sends a user's mail, or only the "mailbox" that the
// request names; the other side writes the files.
//
//   {"note":"mailbox","name","uidvalidity","uidnext","messages"} for each, then
//   {"note":"message","uid","date","zone","flags":[…],"size"} for each of its
//   messages, then the message's bytes in
//   {"note":"piece","bytes":…}. If they cannot be read,
//   {"note":"bad","text":…} follows; if the message has been expunged
//   meanwhile,
//   {"note":"gone"}. In both cases the receiver drops the message's bytes.
//   {"note":"subscriptions","names":[…]}
#include "admin/verbs.h"
#include "store/email.h"
#include "store/snapshot.h"

#define EXPORT_PIECE ((size_t)1 << 20) // bytes sent at a time

struct outgoing {
	struct verb_call *call;
	struct store_account *account;
	struct store_reader *reader;
	struct view only; // a mailbox; empty: all
	struct buf piece;
	uint64_t messages;
	uint64_t bad;
};

static json_t *note_new(const char *note)
{
	return json_pack("{s:s}", "note", note);
}

static void set_u64(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *flag_names(
    const struct store_snapshot *snapshot, const struct store_message *message)
{
	json_t *names = json_array();
#define X(flag, text)                                                          \
	if (message->flags & flag)                                             \
		json_array_append_new(names, json_string(text));
	VERB_FLAG_TABLE(X)
#undef X
	unsigned count = store_snapshot_keyword_count(snapshot);
	for (unsigned n = 0; message->has_keywords && n < count; n++)
		if (store_keyword_set_has(&message->keywords, n))
			json_array_append_new(names,
			    link_text(store_snapshot_keyword(snapshot, n)));
	return names;
}

static enum rc send_bytes(
    struct outgoing *out, const struct store_message *message)
{
	struct link *link = out->call->link;
	uint64_t at = 0;
	while (at < message->size) {
		buf_reset(&out->piece);
		enum rc rc = store_reader_bytes(out->reader, message->email_id,
		    at, EXPORT_PIECE, &out->piece);
		if (rc == RC_OK && out->piece.len == 0)
			rc = RC_CORRUPT;
		if (rc == RC_GONE) // it was expunged after the walk began
			return link_send(link, note_new("gone"), VIEW(""));
		if (rc != RC_OK) {
			json_t *note = note_new("bad");
			json_object_set_new(
			    note, "text", json_string(rc_text(rc)));
			out->bad++;
			return link_send(link, note, VIEW(""));
		}
		at += out->piece.len;
		rc = link_send(link, note_new("piece"), buf_view(&out->piece));
		if (rc != RC_OK)
			return rc;
	}
	out->messages++;
	return RC_OK;
}

static enum rc send_message(struct outgoing *out,
    const struct store_snapshot *snapshot, const struct store_message *message)
{
	json_t *note = note_new("message");
	set_u64(note, "uid", message->uid);
	set_u64(note, "size", message->size);
	json_object_set_new(note, "date", json_integer(message->internal_date));
	json_object_set_new(note, "zone", json_integer(message->zone_minutes));
	json_object_set_new(note, "flags", flag_names(snapshot, message));
	enum rc rc = link_send(out->call->link, note, VIEW(""));
	return rc == RC_OK ? send_bytes(out, message) : rc;
}

static enum rc send_messages(struct outgoing *out, struct view name,
    const struct store_snapshot *snapshot)
{
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	json_t *note = note_new("mailbox");
	json_object_set_new(note, "name", link_text(name));
	set_u64(note, "uidvalidity", store_snapshot_uidvalidity(snapshot));
	set_u64(note, "uidnext", store_snapshot_uidnext(snapshot));
	set_u64(note, "messages", store_snapshot_count(snapshot));
	enum rc rc = link_send(out->call->link, note, VIEW(""));
	store_walk_init(&walk, snapshot, 0);
	while (rc == RC_OK && store_walk_next(&walk, &index, &message))
		rc = send_message(out, snapshot, &message);
	return rc;
}

static enum rc send_mailbox(
    struct outgoing *out, struct view name, struct fault *fault)
{
	struct store_mailbox *mailbox;
	enum rc rc = store_mailbox_open(&store_system, out->account, name,
	    STORE_RIGHT_READ, fault, &mailbox);
	if (rc == RC_NOT_FOUND || rc == RC_GONE)
		return RC_OK; // deleted meanwhile
	if (rc != RC_OK)
		return rc;
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	// A reader sees what existed when it was made, and nothing that came
	// later.
	out->reader = store_reader_new(out->account);
	rc = send_messages(out, name, snapshot);
	store_reader_free(&out->reader);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
	return rc;
}

static enum rc send_mailboxes(
    struct outgoing *out, struct arena *arena, struct fault *fault)
{
	char last[STORE_NAME_MAX];
	struct store_mailbox_info info = {0};
	for (;;) {
		// A name in the arena is valid only until the next name is
		// read.
		size_t len = info.name.len;
		if (len > 0)
			memcpy(last, info.name.ptr, len);
		arena_reset(arena);
		enum rc rc = store_mailbox_next(&store_system, out->account,
		    view_of(last, len), arena, &info);
		if (rc != RC_OK)
			return rc == RC_END ? RC_OK : rc;
		if (out->only.len > 0 && !view_eq(info.name, out->only))
			continue;
		rc = send_mailbox(out, info.name, fault);
		if (rc != RC_OK)
			return rc;
	}
}

static enum rc send_subscriptions(struct outgoing *out, struct arena *arena)
{
	json_t *names = json_array();
	struct view name = VIEW("");
	enum rc rc;
	while ((rc = store_subscription_next(
		    &store_system, out->account, name, arena, &name)) == RC_OK)
		json_array_append_new(names, link_text(name));
	json_t *note = note_new("subscriptions");
	json_object_set_new(note, "names", names);
	return link_send(out->call->link, note, VIEW(""));
}

enum rc verb_export(struct verb_call *call, struct fault *fault)
{
	struct outgoing out = {
	    .call = call, .only = link_member(call->request, "mailbox")};
	struct arena arena;
	enum rc rc = verb_open_account(call, fault, &out.account);
	if (rc != RC_OK)
		return rc;
	arena_init(&arena);
	buf_init(&out.piece, EXPORT_PIECE);
	rc = send_mailboxes(&out, &arena, fault);
	if (rc == RC_OK)
		rc = send_subscriptions(&out, &arena);
	buf_done(&out.piece);
	arena_done(&arena);
	store_account_close(&out.account);
	set_u64(call->answer, "messages", out.messages);
	set_u64(call->answer, "bad", out.bad);
	return rc;
}
