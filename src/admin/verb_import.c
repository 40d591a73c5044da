// SPDX-License-Identifier: Apache-2.0
// The request "import": the other side reads the files, and sends messages in
// batches; each batch is one commit.
//
//   {"do":"import","user":…}       -> {"note":"go","message_max":…}
//   {"mailbox":…,"subscribe":…}    -> {"note":"mailbox"}, or with "text" why
//   not
//   {"messages":[{"size","sha256","flags","keywords","date","zone","source"}],
//    "bytes":…} and the bytes      -> {"note":"stored","new","known","bad":[…]}
//   {"end":true}                   -> the result
#include "admin/known.h"
#include "admin/verbs.h"
#include "base/ascii.h"
#include "base/mem.h"
#include "store/change.h"

#define BATCH_MESSAGES_MAX 1024 // in one message of the protocol
#define KEYWORDS_MAX       64   // of one message

struct import {
	struct verb_call *call;
	struct store_account *account;
	struct store_mailbox *mailbox; // NULL before the first
	struct known *known;
	uint64_t stored;
	uint64_t already;
	uint64_t bad;
};

struct batch {
	struct import *import;
	struct arena arena;
	struct store_append *appends;
	struct view *sources; // the sources of the messages in `appends`
	size_t count;
	uint64_t already;
	json_t *bad; // array
};

static void add_bad(struct batch *batch, struct view source, const char *text)
{
	json_t *item = json_object();
	json_object_set_new(item, "source", link_text(source));
	json_object_set_new(item, "text", link_text(view_of_string(text)));
	json_array_append_new(batch->bad, item);
}

// ---- A mailbox -------------------------------------------------------------

static void leave_mailbox(struct import *import)
{
	known_free(&import->known);
	if (import->mailbox)
		store_mailbox_close(&import->mailbox);
}

static enum rc open_mailbox(
    struct import *import, struct view name, struct fault *fault)
{
	uint64_t id;
	enum rc rc = store_mailbox_create(
	    &store_system, import->account, name, 0, fault, &id);
	if (rc != RC_OK && rc != RC_EXISTS)
		return rc;
	rc = store_mailbox_open(&store_system, import->account, name,
	    STORE_RIGHT_READ | STORE_RIGHT_INSERT | STORE_RIGHT_WRITE, fault,
	    &import->mailbox);
	if (rc == RC_OK)
		import->known = known_new(import->mailbox);
	return rc;
}

static enum rc enter_mailbox(struct import *import, const json_t *message)
{
	struct fault fault = {0};
	struct view name = link_member(message, "mailbox");
	leave_mailbox(import);
	enum rc rc = RC_OK;
	if (!json_is_false(json_object_get(message, "create")))
		rc = open_mailbox(import, name, &fault);
	if (rc == RC_OK && json_is_true(json_object_get(message, "subscribe")))
		rc = store_subscribe(
		    &store_system, import->account, name, true, &fault);
	json_t *note = json_object();
	json_object_set_new(note, "note", json_string("mailbox"));
	if (rc != RC_OK)
		json_object_set_new(
		    note, "text", link_text(view_of_string(fault.text)));
	return link_send(import->call->link, note, VIEW(""));
}

// ---- Messages --------------------------------------------------------------

static bool hash_of(const json_t *item, unsigned char ret_hash[KNOWN_HASH])
{
	struct view hex = link_member(item, "sha256");
	if (hex.len != 2 * KNOWN_HASH)
		return false;
	for (size_t i = 0; i < KNOWN_HASH; i++) {
		int high = ascii_hex_value(hex.ptr[2 * i]);
		int low = ascii_hex_value(hex.ptr[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret_hash[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static unsigned system_flag(struct view name)
{
#define X(flag, text)                                                          \
	if (view_eq_nocase(name, VIEW(text)))                                  \
		return flag;
	VERB_FLAG_TABLE(X)
#undef X
	return 0;
}

static void read_flags(
    struct arena *arena, const json_t *item, struct store_flags *ret_flags)
{
	const json_t *names = json_object_get(item, "flags"), *name;
	struct view *keywords =
	    arena_alloc(arena, KEYWORDS_MAX * sizeof(*keywords));
	struct store_flags flags = {.keywords = keywords};
	size_t i;
	json_array_foreach(names, i, name)
	{
		struct view text =
		    view_of(json_string_value(name), json_string_length(name));
		unsigned flag = system_flag(text);
		flags.system |= flag;
		if (!flag && flags.keyword_count < KEYWORDS_MAX)
			keywords[flags.keyword_count++] =
			    arena_copy(arena, text);
	}
	*ret_flags = flags;
}

// Reads a message's bytes from the link and adds them to `draft`. If `draft` is
// NULL, or has refused some bytes (*ret_draft_rc), drops the rest.
static enum rc take_bytes(struct link *link, uint64_t size,
    struct store_draft *draft, enum rc *ret_draft_rc)
{
	*ret_draft_rc = RC_OK;
	while (size > 0) {
		struct view bytes;
		size_t most = size < SIZE_MAX ? (size_t)size : SIZE_MAX;
		enum rc rc = link_read(link, most, &bytes);
		if (rc != RC_OK)
			return rc;
		if (draft && *ret_draft_rc == RC_OK)
			*ret_draft_rc = store_draft_add(draft, bytes);
		size -= bytes.len;
	}
	return RC_OK;
}

static const char *draft_text(enum rc rc)
{
	if (rc == RC_INVALID)
		return "the message is empty";
	if (rc == RC_LIMIT)
		return "the message is longer than message_max_mib allows";
	return rc_text(rc);
}

// Reads one message of the batch. Fails only if the link is lost.
static enum rc take_message(
    struct batch *batch, const json_t *item, uint64_t size)
{
	struct import *import = batch->import;
	struct link *link = import->call->link;
	struct view source = link_member(item, "source");
	unsigned char hash[KNOWN_HASH];
	enum rc draft_rc;
	bool known =
	    !import->known ||
	    (hash_of(item, hash) && known_take(import->known, size, hash));
	if (known) {
		batch->already++;
		return take_bytes(link, size, NULL, &draft_rc);
	}
	struct store_draft *draft = store_draft_new(import->call->host->store);
	enum rc rc = take_bytes(link, size, draft, &draft_rc);
	if (rc == RC_OK && draft_rc == RC_OK)
		draft_rc = store_draft_finish(draft);
	if (rc != RC_OK || draft_rc != RC_OK) {
		if (rc == RC_OK)
			add_bad(batch, source, draft_text(draft_rc));
		store_draft_free(&draft);
		return rc;
	}
	struct store_append *append = &batch->appends[batch->count];
	batch->sources[batch->count++] = source;
	*append = (struct store_append){
	    .draft = draft,
	    .has_date = json_is_integer(json_object_get(item, "date")),
	    .internal_date = json_integer_value(json_object_get(item, "date")),
	    .zone_minutes =
		(int16_t)json_integer_value(json_object_get(item, "zone")),
	};
	read_flags(&batch->arena, item, &append->flags);
	return RC_OK;
}

// Appends one message. If appending all messages together failed, this is
// called for each of them, to find the message that failed.
static void append_single(struct batch *batch, size_t i)
{
	struct store_append append = batch->appends[i];
	struct store_appended appended;
	struct fault fault = {0};
	struct store_mailbox *mailbox = batch->import->mailbox;
	enum rc rc = store_append(mailbox, &append, 1, &fault, &appended);
	if (rc != RC_OK && append.flags.keyword_count > 0) {
		append.flags.keyword_count = 0;
		struct fault second = {0};
		rc = store_append(mailbox, &append, 1, &second, &appended);
		if (rc == RC_OK) {
			char text[FAULT_TEXT_MAX + 40];
			snprintf(text, sizeof(text),
			    "stored without its keywords: %s", fault.text);
			add_bad(batch, batch->sources[i], text);
		}
	}
	if (rc == RC_OK)
		batch->import->stored++;
	else
		add_bad(batch, batch->sources[i], fault.text);
}

static void append_batch(struct batch *batch)
{
	struct store_appended appended;
	struct fault fault;
	if (batch->count == 0)
		return;
	enum rc rc = store_append(batch->import->mailbox, batch->appends,
	    batch->count, &fault, &appended);
	if (rc == RC_OK)
		batch->import->stored += batch->count;
	else
		for (size_t i = 0; i < batch->count; i++)
			append_single(batch, i);
}

static enum rc answer_batch(struct batch *batch, uint64_t stored_before)
{
	struct import *import = batch->import;
	json_t *note = json_object();
	uint64_t stored = import->stored - stored_before;
	import->already += batch->already;
	import->bad += json_array_size(batch->bad);
	json_object_set_new(note, "note", json_string("stored"));
	json_object_set_new(note, "new", json_integer((json_int_t)stored));
	json_object_set_new(
	    note, "known", json_integer((json_int_t)batch->already));
	json_object_set(note, "bad", batch->bad);
	return link_send(import->call->link, note, VIEW(""));
}

static enum rc take_batch(
    struct import *import, const json_t *message, struct fault *fault)
{
	const json_t *items = json_object_get(message, "messages"), *item;
	struct batch batch = {.import = import, .bad = json_array()};
	uint64_t left = link_payload(message), before = import->stored;
	enum rc rc = RC_OK;
	size_t i;
	if (json_array_size(items) > BATCH_MESSAGES_MAX || !import->mailbox)
		rc = fault_set(fault, RC_LIMIT, "not a batch for a mailbox");
	arena_init(&batch.arena);
	batch.appends = arena_alloc(
	    &batch.arena, BATCH_MESSAGES_MAX * sizeof(*batch.appends));
	batch.sources = arena_alloc(
	    &batch.arena, BATCH_MESSAGES_MAX * sizeof(*batch.sources));
	json_array_foreach(items, i, item)
	{
		json_int_t size =
		    json_integer_value(json_object_get(item, "size"));
		if (rc == RC_OK && (size < 0 || (uint64_t)size > left))
			rc = fault_set(fault, RC_SYNTAX,
			    "the sizes do not add up to \"bytes\"");
		if (rc != RC_OK)
			break;
		left -= (uint64_t)size;
		rc = take_message(&batch, item, (uint64_t)size);
	}
	if (rc == RC_OK) {
		append_batch(&batch);
		rc = answer_batch(&batch, before);
	}
	for (size_t j = 0; j < batch.count; j++)
		store_draft_free(&batch.appends[j].draft);
	json_decref(batch.bad);
	arena_done(&batch.arena);
	return rc;
}

// ---- The whole -------------------------------------------------------------

static enum rc run(struct import *import, struct fault *fault)
{
	struct link *link = import->call->link;
	enum rc rc =
	    link_send(link, json_pack("{s:s}", "note", "go"), VIEW(""));
	bool ended = false;
	while (rc == RC_OK && !ended) {
		json_t *message;
		rc = link_receive(link, &message);
		if (rc != RC_OK)
			break;
		if (json_object_get(message, "messages"))
			rc = take_batch(import, message, fault);
		else if (json_object_get(message, "mailbox"))
			rc = enter_mailbox(import, message);
		else
			ended = true;
		json_decref(message);
	}
	return rc;
}

enum rc verb_import(struct verb_call *call, struct fault *fault)
{
	struct import import = {.call = call};
	enum rc rc = verb_open_account(call, fault, &import.account);
	if (rc != RC_OK)
		return rc;
	rc = run(&import, fault);
	leave_mailbox(&import);
	store_account_close(&import.account);
	json_object_set_new(
	    call->answer, "new", json_integer((json_int_t)import.stored));
	json_object_set_new(
	    call->answer, "known", json_integer((json_int_t)import.already));
	json_object_set_new(
	    call->answer, "bad", json_integer((json_int_t)import.bad));
	return rc;
}
