// SPDX-License-Identifier: Apache-2.0
// What a transaction does to the messages of a mailbox: adding, changing and
// removing them in the tree, and the stored chunks accordingly.
#include "store/transaction.h"

#include "base/ascii.h"
#include "base/vec.h"
#include "store/change.h"

static void put_chunk(void *context, const struct store_node *chunk)
{
	struct transaction_mailbox *mailbox = context;
	struct record_key key =
	    record_key_chunk(mailbox->mailbox->id, chunk->chunk);
	struct buf value;
	buf_init(&value, NODE_CHUNK_BYTES);
	node_chunk_encode(chunk, &value);
	transaction_put(mailbox->transaction, &key, buf_view(&value));
	buf_done(&value);
}

static void drop_chunk(void *context, uint32_t chunk_number)
{
	struct transaction_mailbox *mailbox = context;
	struct record_key key =
	    record_key_chunk(mailbox->mailbox->id, chunk_number);
	transaction_delete(mailbox->transaction, &key);
}

static struct node_log chunk_log(struct transaction_mailbox *mailbox)
{
	return (struct node_log){put_chunk, drop_chunk, mailbox};
}

static void replace_root(
    struct transaction_mailbox *mailbox, struct store_node *root)
{
	node_unref(mailbox->root);
	mailbox->root = root;
}

static void note_location(struct transaction_locations *locations,
    const struct transaction_mailbox *mailbox,
    const struct store_message *message)
{
	vec_push(locations,
	    (struct transaction_location){.email_id = message->email_id,
		.mailbox_id = mailbox->mailbox->id,
		.uid = message->uid,
		.hidden = message->flags & STORE_FLAG_DELETED});
}

// Only the sum of what the transaction adds and removes counts: in a full
// account, a MOVE or a REPLACE by a smaller message is possible (RFC 6851
// section 4.1, RFC 8508 section 3.4).
static enum rc check_quota(const struct transaction *transaction,
    const struct store_message *messages, size_t count, struct fault *fault)
{
	const struct store_options *options =
	    &transaction->account->store->options;
	const struct record_account *record = &transaction->record;
	uint64_t bytes = record->bytes;
	uint64_t total = record->messages + count;
	for (size_t i = 0; i < count; i++)
		bytes += messages[i].size;
	for (size_t i = 0; i < transaction->mailboxes.count; i++) {
		const struct transaction_mailbox *entry =
		    transaction->mailboxes.items[i];
		if (entry->root) {
			bytes += entry->root->sums.size;
			total += entry->root->sums.messages;
		}
		bytes -= entry->state.size;
		total -= entry->state.messages;
	}
	if (options->quota_bytes && bytes > options->quota_bytes &&
	    bytes > record->bytes)
		return fault_set(fault, RC_QUOTA,
		    "the account is full: it may hold %llu MB of mail",
		    (unsigned long long)options->quota_bytes >> 20);
	if (options->quota_messages && total > options->quota_messages &&
	    total > record->messages)
		return fault_set(fault, RC_QUOTA,
		    "the account is full: it may hold %llu messages",
		    (unsigned long long)options->quota_messages);
	// On a full disk, too, what does not add is possible.
	if (bytes > record->bytes || total > record->messages)
		return engine_room(options->engine, fault);
	return RC_OK;
}

enum rc transaction_append(struct transaction_mailbox *mailbox,
    struct store_message *messages, size_t count, struct fault *fault)
{
	struct transaction *transaction = mailbox->transaction;
	if (count == 0)
		return RC_OK;
	if (count >= UINT32_MAX - mailbox->state.uidnext)
		return fault_set(
		    fault, RC_LIMIT, "the mailbox has no UIDs left");
	enum rc rc = check_quota(transaction, messages, count, fault);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		messages[i].uid = mailbox->state.uidnext++;
		messages[i].modseq = transaction->modseq;
		messages[i].save_date = transaction->now;
		note_location(&transaction->added, mailbox, &messages[i]);
	}
	struct node_log log = chunk_log(mailbox);
	replace_root(
	    mailbox, node_tree_append(mailbox->root, messages, count, &log));
	mailbox->messages_changed = true;
	return RC_OK;
}

struct edit {
	struct transaction_mailbox *mailbox;
	enum node_verdict (*ask)(void *context, struct store_message *message);
	void *context;
	bool changed;
};

// `before`: \Deleted, as it was.
static void note_change(struct transaction_mailbox *mailbox,
    const struct store_message *message, unsigned before)
{
	struct transaction *transaction = mailbox->transaction;
	unsigned after = message->flags & STORE_FLAG_DELETED;
	if (after == before)
		rangeset_add(&mailbox->changed, message->uid, message->uid);
	else
		note_location(
		    after ? &transaction->hidden : &transaction->shown, mailbox,
		    message);
}

static enum node_verdict edit_message(
    void *context, struct store_message *message)
{
	struct edit *edit = context;
	struct transaction *transaction = edit->mailbox->transaction;
	unsigned before = message->flags & STORE_FLAG_DELETED;
	enum node_verdict verdict = edit->ask(edit->context, message);
	switch (verdict) {
	case NODE_KEEP: break;
	case NODE_CHANGED:
		message->modseq = transaction->modseq;
		note_change(edit->mailbox, message, before);
		edit->changed = true;
		break;
	case NODE_REMOVE:
		rangeset_add(
		    &edit->mailbox->expunged, message->uid, message->uid);
		note_location(&transaction->removed, edit->mailbox, message);
		edit->changed = true;
		break;
	}
	return verdict;
}

void transaction_edit(struct transaction_mailbox *mailbox,
    const struct rangeset *uids,
    enum node_verdict (*ask)(void *context, struct store_message *message),
    void *context)
{
	struct edit edit = {mailbox, ask, context, false};
	struct node_log log = chunk_log(mailbox);
	struct store_node *root =
	    node_tree_edit(mailbox->root, uids, edit_message, &edit, &log);
	replace_root(mailbox, root);
	mailbox->messages_changed |= edit.changed;
}

static enum node_verdict remove_any(
    void *context, struct store_message *message)
{
	(void)context;
	(void)message;
	return NODE_REMOVE;
}

void transaction_remove_all(struct transaction_mailbox *mailbox)
{
	struct rangeset all;
	rangeset_init(&all);
	rangeset_add(&all, 1, UINT32_MAX);
	transaction_edit(mailbox, &all, remove_any, NULL);
	rangeset_done(&all);
}

// ---- Keywords --------------------------------------------------------------

// flag-keyword is an atom (RFC 9051 section 9).
bool keyword_is_valid(struct view name)
{
	if (name.len == 0 || name.len > STORE_KEYWORD_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c <= ' ' || c == 0x7f || c == '(' || c == ')' || c == '{' ||
		    c == '%' || c == '*' || c == '"' || c == '\\' || c == ']')
			return false; // bytes over 0x7f are negative
	}
	return true;
}

enum rc transaction_keywords(struct transaction_mailbox *mailbox,
    const struct view *names, size_t count, struct fault *fault,
    struct store_keyword_set *ret_keywords)
{
	struct store_keyword_set keywords = {0};
	for (size_t i = 0; i < count; i++) {
		unsigned number;
		if (keywords_find(mailbox->keywords, names[i], &number) !=
		    RC_OK) {
			if (!keyword_is_valid(names[i]))
				return fault_set(fault, RC_INVALID,
				    "\"%.*s\" cannot be a keyword",
				    (int)(names[i].len < 64 ? names[i].len
							    : 64),
				    names[i].ptr);
			number =
			    mailbox->keywords ? mailbox->keywords->count : 0;
			if (number == STORE_KEYWORDS_MAX)
				return fault_set(fault, RC_LIMIT,
				    "a mailbox has at most %d keywords",
				    STORE_KEYWORDS_MAX);
			struct store_keywords *more =
			    keywords_with(mailbox->keywords, names[i]);
			keywords_unref(mailbox->keywords);
			mailbox->keywords = more;
			mailbox->record_changed = true;
		}
		keywords.bits[number / 64] |= (uint64_t)1 << (number % 64);
	}
	*ret_keywords = keywords;
	return RC_OK;
}

enum rc transaction_flags(struct transaction_mailbox *mailbox,
    const struct store_flags *flags, unsigned rights, struct fault *fault,
    struct store_message *message)
{
	struct store_keyword_set keywords;
	size_t count = rights & STORE_RIGHT_WRITE ? flags->keyword_count : 0;
	enum rc rc = transaction_keywords(
	    mailbox, flags->keywords, count, fault, &keywords);
	if (rc != RC_OK)
		return rc;
	message->flags |= flags->system & rights_to_flags(rights);
	message->has_keywords |= count > 0;
	for (size_t i = 0; i < ARRAY_LEN(keywords.bits); i++)
		message->keywords.bits[i] |= keywords.bits[i];
	return RC_OK;
}
