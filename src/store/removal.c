// SPDX-License-Identifier: Apache-2.0
#include "store/removal.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/vec.h"

void removal_begin(struct transaction_mailbox *entry)
{
	const struct mailbox *mailbox = entry->mailbox;
	struct record_mailbox record = {
	    mailbox->name, mailbox->uidvalidity, mailbox->special_use};
	struct record_key key = record_key_u64(RECORD_LEAVING, mailbox->id);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_mailbox_put(&record, mailbox->keywords, &value);
	transaction_put(entry->transaction, &key, buf_view(&value));
	buf_done(&value);
}

// ---- One part
// ----------------------------------------------------------------

struct removal {
	uint64_t mailbox_id;
	VEC(struct store_node *) chunks; // referenced
	uint32_t messages;               // in them
	uint32_t most;
	bool more; // there are further chunks; the result
};

static enum rc read_chunk(void *context, struct view key, struct view value)
{
	struct removal *removal = context;
	struct store_node *chunk;
	if (key.len != 13)
		return RC_CORRUPT;
	removal->more = removal->messages >= removal->most;
	if (removal->more)
		return RC_END;
	enum rc rc = node_chunk_decode(get_be32(key.ptr + 9), value, &chunk);
	if (rc != RC_OK)
		return rc;
	removal->messages += chunk->sums.messages;
	vec_push(&removal->chunks, chunk);
	return RC_OK;
}

static enum rc read_leaving(struct transaction *transaction,
    uint64_t mailbox_id, struct mailbox **ret_mailbox)
{
	struct record_key key = record_key_u64(RECORD_LEAVING, mailbox_id);
	struct record_mailbox record;
	struct store_keywords *keywords;
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	enum rc rc = engine_get(transaction->account->store->options.engine,
	    transaction->account->id, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_mailbox_get(buf_view(&value), &record, &keywords);
	if (rc == RC_OK) {
		*ret_mailbox = mailbox_new(mailbox_id, record.name);
		(*ret_mailbox)->uidvalidity = record.uidvalidity;
		(*ret_mailbox)->keywords = keywords;
	}
	buf_done(&value);
	return rc;
}

// The mailbox as it would be if it had only the messages of this part.
static enum rc read_part(struct transaction *transaction,
    struct removal *removal, struct mailbox *mailbox)
{
	struct record_key prefix = record_key_u64(RECORD_CHUNK, mailbox->id);
	removal->chunks.count = 0;
	removal->messages = 0;
	removal->more = false;
	enum rc rc = engine_scan(transaction->account->store->options.engine,
	    transaction->account->id, record_key_view(&prefix), VIEW(""),
	    read_chunk, removal);
	if (rc != RC_OK) {
		for (size_t i = 0; i < removal->chunks.count; i++)
			node_unref(removal->chunks.items[i]);
		return rc;
	}
	struct store_node *root =
	    node_tree_build(removal->chunks.items, removal->chunks.count);
	atomic_store(&mailbox->current,
	    snapshot_new(mailbox->uidvalidity, 1, 1, root, mailbox->keywords));
	return RC_OK;
}

static enum rc make_removal(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct removal *removal = context;
	struct mailbox *mailbox;
	removal->more = false;
	enum rc rc = read_leaving(transaction, removal->mailbox_id, &mailbox);
	if (rc == RC_NOT_FOUND)
		return RC_OK; // somebody else has finished it
	if (rc == RC_OK) {
		rc = read_part(transaction, removal, mailbox);
		if (rc != RC_OK)
			mailbox_unref(mailbox);
	}
	if (rc != RC_OK)
		return fault_set(fault, rc,
		    "the messages of deleted mailbox %llu cannot be read: %s",
		    (unsigned long long)removal->mailbox_id, rc_text(rc));
	transaction_remove_all(transaction_leaving(transaction, mailbox));
	// Whoever reads the change log from here on hears of it again, since
	// the places that go now were in that mailbox.
	transaction_note_mailbox(
	    transaction, STORE_CHANGE_MAILBOX_GONE, removal->mailbox_id, 0);
	if (removal->more)
		return RC_OK;
	struct record_key key =
	    record_key_u64(RECORD_LEAVING, removal->mailbox_id);
	transaction_delete(transaction, &key);
	return RC_OK;
}

enum rc removal_finish(
    struct store_account *account, uint64_t mailbox_id, struct fault *fault)
{
	struct removal removal = {.mailbox_id = mailbox_id,
	    .most = account->store->options.commit_max};
	enum rc rc;
	do
		rc = transaction_run(account, make_removal, &removal, fault);
	while (rc == RC_OK && removal.more);
	vec_done(&removal.chunks);
	return rc;
}

// ---- What a crash left
// ---------------------------------------------------------

static enum rc find_first(void *context, struct view key, struct view value)
{
	uint64_t *mailbox_id = context;
	(void)value;
	if (key.len != 9 || get_be64(key.ptr + 1) <= *mailbox_id)
		return RC_OK;
	*mailbox_id = get_be64(key.ptr + 1);
	return RC_END;
}

enum rc store_mailboxes_finish(
    struct store *store, uint64_t account_id, struct fault *fault)
{
	struct record_key prefix = record_key_kind(RECORD_LEAVING);
	struct store_account *account = NULL;
	uint64_t mailbox_id = 0;
	enum rc rc = RC_OK;
	enum rc damage = RC_OK;
	while (rc == RC_OK) {
		uint64_t before = mailbox_id;
		rc = engine_scan(store->options.engine, account_id,
		    record_key_view(&prefix), VIEW(""), find_first,
		    &mailbox_id);
		if (rc != RC_OK || mailbox_id == before)
			break;
		if (!account)
			rc = store_account_open(
			    store, account_id, fault, &account);
		if (rc == RC_OK)
			rc = removal_finish(account, mailbox_id, fault);
		// One mailbox that is damaged does not keep the others.
		if (rc == RC_CORRUPT) {
			log_text(store->options.log, LOG_LEVEL_ERROR, "store",
			    "account %llu: %s", (unsigned long long)account_id,
			    fault->text);
			damage = rc;
			rc = RC_OK;
		}
	}
	store_account_close(&account);
	return rc == RC_OK ? damage : rc;
}
