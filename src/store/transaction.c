// SPDX-License-Identifier: Apache-2.0
// Running a change: beginning, committing and publishing it, and doing it again
// when another handle on the engine committed first. The transaction changes
// nothing outside itself before the engine has said that the commit is durable.
// A failure leaves the account as it was.
#include "store/transaction.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/vec.h"
#include "store/derive_impl.h"

// Of several that collide, one always succeeds. So this many tries fail only if
// others never stop committing.
#define TRIES_MAX 1000

static void begin(
    struct transaction *transaction, struct store_account *account)
{
	*transaction = (struct transaction){
	    .account = account,
	    .batch = engine_batch_new(account->store->options.engine),
	    .modseq = account->version + 1,
	    .now = account_now(account),
	};
	pthread_mutex_lock(&account->table);
	transaction->record = account->record;
	pthread_mutex_unlock(&account->table);
	transaction->first_email_id = transaction->record.next_email_id;
	map_init(&transaction->threads);
}

void transaction_put(struct transaction *transaction,
    const struct record_key *key, struct view value)
{
	engine_batch_put(transaction->batch, record_key_view(key), value);
	transaction->dirty = true;
}

void transaction_delete(
    struct transaction *transaction, const struct record_key *key)
{
	engine_batch_delete(transaction->batch, record_key_view(key));
	transaction->dirty = true;
}

void transaction_delete_prefix(
    struct transaction *transaction, const struct record_key *prefix)
{
	// The first key after all that begin with `prefix`. There always is
	// one, as a prefix begins with a letter.
	struct record_key end = *prefix;
	while ((unsigned char)end.bytes[end.len - 1] == 0xff)
		end.len--;
	end.bytes[end.len - 1]++;
	engine_batch_delete_range(
	    transaction->batch, record_key_view(prefix), record_key_view(&end));
	transaction->dirty = true;
}

static struct transaction_mailbox *add_mailbox(
    struct transaction *transaction, struct mailbox *mailbox)
{
	struct transaction_mailbox *entry = mem_alloc(sizeof(*entry));
	vec_push(&transaction->mailboxes, entry);
	// Only a holder of `change` writes this.
	struct store_snapshot *current = atomic_load(&mailbox->current);
	*entry = (struct transaction_mailbox){
	    .transaction = transaction,
	    .mailbox = mailbox,
	    .state = mailbox->state,
	    .root = node_ref(current->root),
	    .keywords = keywords_ref(mailbox->keywords),
	};
	return entry;
}

struct transaction_mailbox *transaction_leaving(
    struct transaction *transaction, struct mailbox *mailbox)
{
	struct transaction_mailbox *entry = add_mailbox(transaction, mailbox);
	entry->dropped = true;
	entry->leaving = true;
	return entry;
}

enum rc transaction_mailbox(struct transaction *transaction,
    struct mailbox *mailbox, struct fault *fault,
    struct transaction_mailbox **ret_mailbox)
{
	for (size_t i = 0; i < transaction->mailboxes.count; i++) {
		if (transaction->mailboxes.items[i]->mailbox == mailbox) {
			*ret_mailbox = transaction->mailboxes.items[i];
			return RC_OK;
		}
	}
	if (mailbox->gone)
		return fault_set(
		    fault, RC_GONE, "the mailbox has been deleted");
	enum rc rc = mailbox_load(transaction->account, mailbox, fault);
	if (rc != RC_OK)
		return rc;
	*ret_mailbox = add_mailbox(transaction, mailbox);
	return RC_OK;
}

unsigned transaction_rights(const struct store_mailbox *mailbox)
{
	return mailbox_rights(
	    &mailbox->asker, mailbox->account, mailbox->mailbox);
}

// A deleted mailbox has no rights to be checked.
enum rc transaction_enter(struct transaction *transaction,
    struct store_mailbox *mailbox, unsigned rights, struct fault *fault,
    struct transaction_mailbox **ret_mailbox)
{
	struct transaction_mailbox *entry;
	enum rc rc =
	    transaction_mailbox(transaction, mailbox->mailbox, fault, &entry);
	if (rc == RC_OK)
		rc = mailbox_need(&mailbox->asker, mailbox->account,
		    mailbox->mailbox, rights, fault);
	if (rc == RC_OK)
		*ret_mailbox = entry;
	return rc;
}

// ---- Committing ------------------------------------------------------------

void transaction_put_mailbox(struct transaction *transaction,
    const struct mailbox *mailbox, struct view name,
    const struct store_keywords *keywords)
{
	struct record_mailbox record = {
	    name, mailbox->uidvalidity, mailbox->special_use};
	struct record_key key = record_key_u64(RECORD_MAILBOX, mailbox->id);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_mailbox_put(&record, keywords, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

struct pruning {
	struct transaction_mailbox *entry;
	size_t key_len; // length of a tombstone's key
	uint64_t last;  // MODSEQ of the last one that is dropped; 0: none
};

static enum rc prune_one(void *context, struct view key, struct view value)
{
	struct pruning *pruning = context;
	struct record_state *state = &pruning->entry->state;
	const struct store_options *options =
	    &pruning->entry->transaction->account->store->options;
	(void)value;
	if (key.len != pruning->key_len)
		return RC_END; // `roost check` reports it
	pruning->last = get_be64(key.ptr + key.len - 8);
	state->tombstones--;
	return state->tombstones > options->tombstones_max ? RC_OK : RC_END;
}

// Drops a quarter of the maximum of tombstones at a time, so that finding the
// oldest ones costs little for each expunge.
static enum rc prune_tombstones(struct transaction *transaction,
    struct transaction_mailbox *entry, struct fault *fault)
{
	const struct store_options *options =
	    &transaction->account->store->options;
	uint32_t most = options->tombstones_max;
	if (entry->state.tombstones <= most + most / 4)
		return RC_OK;
	struct record_key prefix =
	    record_key_u64(RECORD_TOMBSTONE, entry->mailbox->id);
	struct pruning pruning = {entry, prefix.len + 8, 0};
	enum rc rc = engine_scan(options->engine, transaction->account->id,
	    record_key_view(&prefix), VIEW(""), prune_one, &pruning);
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot read the expunge history");
	if (pruning.last == 0)
		return RC_OK;
	entry->state.horizon = pruning.last;
	struct record_key end =
	    record_key_tombstone(entry->mailbox->id, pruning.last + 1);
	engine_batch_delete_range(transaction->batch, record_key_view(&prefix),
	    record_key_view(&end));
	return RC_OK;
}

static enum rc put_expunged(struct transaction *transaction,
    struct transaction_mailbox *entry, struct fault *fault)
{
	if (entry->expunged.count == 0)
		return RC_OK;
	struct record_key key =
	    record_key_tombstone(entry->mailbox->id, transaction->modseq);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_tombstone_put(&entry->expunged, &value);
	transaction_put(transaction, &key, buf_view(&value));
	enum rc rc = buf_status(&value);
	buf_done(&value);
	if (rc != RC_OK)
		return fault_set(fault, rc, "too many messages at once");
	entry->state.tombstones++;
	return prune_tombstones(transaction, entry, fault);
}

static void put_state(
    struct transaction *transaction, struct transaction_mailbox *entry)
{
	struct node_sums sums =
	    entry->root ? entry->root->sums : (struct node_sums){0};
	struct record_state *state = &entry->state;
	// A change of flags does not change the account's totals.
	if (sums.messages != state->messages || sums.size != state->size) {
		transaction->record.messages += sums.messages;
		transaction->record.messages -= state->messages;
		transaction->record.bytes += sums.size;
		transaction->record.bytes -= state->size;
		transaction->record_changed = true;
	}
	state->messages = sums.messages;
	state->unseen = sums.unseen;
	state->deleted = sums.deleted;
	state->size = sums.size;
	state->highestmodseq = transaction->modseq;
	struct record_key key =
	    record_key_u64(RECORD_STATE, entry->mailbox->id);
	struct buf value;
	buf_init(&value, 256);
	record_state_put(state, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

static void put_account(struct transaction *transaction)
{
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct buf value;
	buf_init(&value, 256);
	record_account_put(&transaction->record, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

static enum rc commit(struct transaction *transaction, struct fault *fault)
{
	enum rc rc = transaction_release_emails(transaction, fault);
	for (size_t i = 0; i < transaction->mailboxes.count; i++) {
		struct transaction_mailbox *entry =
		    transaction->mailboxes.items[i];
		if (rc == RC_OK && entry->messages_changed && !entry->dropped)
			rc = put_expunged(transaction, entry, fault);
		if (rc != RC_OK)
			return rc;
		if (entry->record_changed && !entry->dropped)
			transaction_put_mailbox(transaction, entry->mailbox,
			    entry->mailbox->name, entry->keywords);
		if (entry->messages_changed && !entry->dropped)
			put_state(transaction, entry);
	}
	if (transaction->record_changed)
		put_account(transaction);
	if (!transaction->dirty)
		return RC_OK;
	transaction_put_changes(transaction);
	struct store_account *account = transaction->account;
	atomic_store(&account->committing, transaction->modseq);
	rc = engine_commit(account->store->options.engine, account->id,
	    account->version, transaction->batch, fault);
	atomic_store(&account->committing, 0);
	if (rc == RC_OK)
		account->version = transaction->modseq;
	else // the watch may have mistaken another's commit for this one
		atomic_store(&account->stale, true);
	return rc;
}

// ---- Publishing ------------------------------------------------------------

static void publish_mailbox(struct transaction_mailbox *entry)
{
	struct mailbox *mailbox = entry->mailbox;
	struct store_snapshot *old = NULL;
	if (entry->leaving)
		return;
	if (entry->messages_changed || entry->record_changed) {
		struct store_keywords *keywords = mailbox->keywords;
		mailbox->keywords = keywords_ref(entry->keywords);
		keywords_unref(keywords);
		mailbox->state = entry->state;
		struct store_snapshot *fresh =
		    snapshot_new(mailbox->uidvalidity, entry->state.uidnext,
			entry->state.highestmodseq, node_ref(entry->root),
			entry->keywords);
		old = atomic_exchange(&mailbox->current, fresh);
	}
	if (entry->dropped) {
		account_table_remove(entry->transaction->account, mailbox);
		mailbox->gone = true;
	}
	mailbox_tell(mailbox);
	store_snapshot_unref(&old);
	if (entry->dropped)
		mailbox_unref(mailbox); // the reference that the table had
}

static void publish(struct transaction *transaction)
{
	struct store_account *account = transaction->account;
	pthread_mutex_lock(&account->table);
	account->record = transaction->record;
	account->shown = transaction->modseq;
	if (transaction->publish)
		transaction->publish(transaction);
	for (size_t i = 0; i < transaction->mailboxes.count; i++)
		publish_mailbox(transaction->mailboxes.items[i]);
	account_tell(account);
	derive_changed(account);
	pthread_mutex_unlock(&account->table);
}

static void release(struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->mailboxes.count; i++) {
		struct transaction_mailbox *entry =
		    transaction->mailboxes.items[i];
		node_unref(entry->root);
		keywords_unref(entry->keywords);
		rangeset_done(&entry->expunged);
		rangeset_done(&entry->changed);
		if (entry->leaving)
			mailbox_unref(entry->mailbox);
		free(entry);
	}
	vec_done(&transaction->mailboxes);
	free(transaction->added.items);
	free(transaction->hidden.items);
	free(transaction->shown.items);
	free(transaction->removed.items);
	free(transaction->notes.items);
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&transaction->threads, &position, &key, &value))
		free(value);
	map_done(&transaction->threads);
	engine_batch_free(&transaction->batch);
}

static enum rc try(struct store_account *account, transaction_make *make,
    void *context, struct fault *fault)
{
	struct transaction transaction;
	begin(&transaction, account);
	enum rc rc = make(&transaction, context, fault);
	if (rc == RC_OK)
		rc = commit(&transaction, fault);
	if (rc == RC_OK && transaction.dirty)
		publish(&transaction);
	release(&transaction);
	return rc;
}

static enum rc run(struct store_account *account, bool may_be_missing,
    transaction_make *make, void *context, struct fault *fault)
{
	enum rc rc = RC_CONFLICT;
	account_lock_change(account);
	for (int i = 0; rc == RC_CONFLICT && i < TRIES_MAX; i++) {
		rc = account_refresh(account, fault);
		if (rc == RC_OK || (rc == RC_NOT_FOUND && may_be_missing))
			rc = try(account, make, context, fault);
	}
	pthread_mutex_unlock(&account->change);
	if (rc == RC_CONFLICT)
		return fault_set(
		    fault, rc, "others keep changing the account; try again");
	return rc;
}

enum rc transaction_run(struct store_account *account, transaction_make *make,
    void *context, struct fault *fault)
{
	return run(account, false, make, context, fault);
}

enum rc transaction_run_first(struct store_account *account,
    transaction_make *make, void *context, struct fault *fault)
{
	return run(account, true, make, context, fault);
}
