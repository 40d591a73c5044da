// SPDX-License-Identifier: Apache-2.0
#include "store/kept.h"

#include "base/bytes.h"
#include "store/change.h"
#include "store/kept_impl.h"
#include "store/ragged.h"

// A commit keeps no more than this: a batch has a limit, and an expunge must
// never fail for what it keeps.
#define KEPT_BYTES_MAX ((size_t)96 << 20)

static struct engine *engine_of(const struct transaction *transaction)
{
	return transaction->account->store->options.engine;
}

// ---- Keeping ---------------------------------------------------------------

static void add_keywords(const struct store_keywords *keywords,
    const struct store_message *message, struct buf *out)
{
	unsigned count = keywords ? keywords->count : 0;
	for (unsigned n = 0; message->has_keywords && n < count; n++) {
		if (!store_keyword_set_has(&message->keywords, n))
			continue;
		if (out->len > 0)
			buf_add_char(out, ' ');
		buf_add(out, keywords->names[n]);
	}
}

// What was said of the email at its last place, by the state before the
// transaction.
static bool find_message(const struct transaction *transaction,
    const struct transaction_location *at, const struct mailbox **ret_mailbox,
    struct store_message *ret_message)
{
	for (size_t i = 0; i < transaction->mailboxes.count; i++) {
		const struct mailbox *mailbox =
		    transaction->mailboxes.items[i]->mailbox;
		const struct store_snapshot *before =
		    atomic_load(&mailbox->current);
		uint32_t index;
		if (mailbox->id != at->mailbox_id || !before ||
		    store_snapshot_find(before, at->uid, &index) != RC_OK)
			continue;
		store_snapshot_get(before, index, ret_message);
		*ret_mailbox = mailbox;
		return true;
	}
	return false;
}

bool kept_put(struct transaction *transaction,
    const struct transaction_location *at, struct view email)
{
	const struct mailbox *mailbox;
	struct store_message message;
	struct buf keywords, value;
	if (transaction->account->store->options.kept_seconds == 0 ||
	    transaction->kept_bytes + email.len > KEPT_BYTES_MAX ||
	    !find_message(transaction, at, &mailbox, &message))
		return false;
	buf_init(&keywords, (STORE_KEYWORD_NAME_MAX + 1) * STORE_KEYWORDS_MAX);
	buf_init(&value, ENGINE_VALUE_MAX);
	add_keywords(mailbox->keywords, &message, &keywords);
	struct record_kept record = {
	    .mailbox_id = mailbox->id,
	    .flags = message.flags & ~(unsigned)STORE_FLAG_DELETED,
	    .internal_date = message.internal_date,
	    .zone_minutes = message.zone_minutes,
	    .size = message.size,
	    .name = mailbox->name,
	    .keywords = buf_view(&keywords),
	    .email = email,
	};
	record_kept_put(&record, &value);
	bool good = buf_status(&value) == RC_OK;
	struct record_key key = record_key_kept(transaction->now, at->email_id);
	if (good) {
		transaction_put(transaction, &key, buf_view(&value));
		transaction->kept_bytes += value.len;
	}
	buf_done(&keywords);
	buf_done(&value);
	return good;
}

// ---- Listing ---------------------------------------------------------------

struct walking {
	store_kept_each *each;
	void *context;
};

static enum rc show(void *context, struct view key, struct view value)
{
	const struct walking *walking = context;
	struct record_kept record;
	struct record_email email;
	struct view description;
	struct store_kept kept;
	if (!record_kept_id(key, &kept.id) ||
	    record_kept_get(value, &record) != RC_OK ||
	    record_email_get(record.email, &email, &description) != RC_OK ||
	    message_record_open(description, &kept.description) != RC_OK)
		return RC_OK; // the check reports it
	kept.mailbox_id = record.mailbox_id;
	kept.mailbox = record.name;
	kept.flags = record.flags;
	kept.keywords = record.keywords;
	kept.internal_date = record.internal_date;
	kept.zone_minutes = record.zone_minutes;
	kept.size = record.size;
	return walking->each(walking->context, &kept);
}

enum rc store_kept_walk(
    struct store_account *account, store_kept_each *each, void *context)
{
	struct walking walking = {each, context};
	struct record_key prefix = record_key_kind(RECORD_KEPT);
	return engine_scan(account->store->options.engine, account->id,
	    record_key_view(&prefix), VIEW(""), show, &walking);
}

// ---- Removing for good -----------------------------------------------------

// Reads a record of the account, as it is before the transaction.
static enum rc read(const struct transaction *transaction,
    const struct record_key *key, struct buf *ret_value)
{
	return engine_get(engine_of(transaction), transaction->account->id,
	    record_key_view(key), ret_value);
}

// Deletes the records, and gives up the content.
static enum rc drop(
    struct transaction *transaction, const struct store_kept_id *id)
{
	struct record_key head_key = record_key_u64(RECORD_HEAD, id->email_id);
	struct record_key key = record_key_kept(id->when, id->email_id);
	struct record_head head;
	struct view bytes;
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	enum rc rc = read(transaction, &head_key, &value);
	if (rc == RC_OK)
		rc = record_head_get(buf_view(&value), &head, &bytes);
	if (rc == RC_OK && head.has_content)
		engine_batch_disown(transaction->batch, &head.content);
	buf_done(&value);
	if (rc != RC_OK && rc != RC_NOT_FOUND && rc != RC_CORRUPT)
		return rc;
	transaction_delete(transaction, &head_key);
	transaction_delete(transaction, &key);
	return RC_OK;
}

struct choice {
	struct store_mailbox *mailbox; // NULL: they are removed
	const struct store_kept_id *ids;
	size_t count;
	size_t done; // the result
};

static enum rc make_purge(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct choice *choice = context;
	struct buf value;
	enum rc rc = RC_OK;
	choice->done = 0;
	buf_init(&value, ENGINE_VALUE_MAX);
	for (size_t i = 0; rc == RC_OK && i < choice->count; i++) {
		const struct store_kept_id *id = &choice->ids[i];
		struct record_key key = record_key_kept(id->when, id->email_id);
		buf_reset(&value);
		rc = read(transaction, &key, &value);
		if (rc == RC_OK)
			rc = drop(transaction, id);
		choice->done += rc == RC_OK;
		if (rc == RC_NOT_FOUND)
			rc = RC_OK;
	}
	buf_done(&value);
	return rc == RC_OK ? rc
			   : fault_set(fault, rc,
				 "cannot read what was "
				 "expunged");
}

enum rc store_kept_purge(struct store_account *account,
    const struct store_kept_id *ids, size_t count, struct fault *fault,
    size_t *ret_purged)
{
	struct choice choice = {.ids = ids, .count = count};
	enum rc rc = transaction_run(account, make_purge, &choice, fault);
	if (rc == RC_OK)
		*ret_purged = choice.done;
	return rc;
}

struct expiring {
	int64_t before;
	struct store_kept_id ids[STORE_KEPT_AT_ONCE];
	size_t count;
};

static enum rc find_old(void *context, struct view key, struct view value)
{
	struct expiring *expiring = context;
	struct store_kept_id id;
	(void)value;
	if (!record_kept_id(key, &id))
		return RC_OK; // the check reports it
	if (id.when >= expiring->before ||
	    expiring->count == STORE_KEPT_AT_ONCE)
		return RC_END;
	expiring->ids[expiring->count++] = id;
	return RC_OK;
}

enum rc store_kept_expire(struct store *store, uint64_t account_id,
    int64_t before, struct fault *fault, uint64_t *ret_purged)
{
	struct record_key prefix = record_key_kind(RECORD_KEPT);
	struct store_account *account = NULL;
	enum rc rc = RC_OK;
	*ret_purged = 0;
	for (;;) {
		struct expiring expiring = {.before = before};
		size_t purged;
		rc = engine_scan(store->options.engine, account_id,
		    record_key_view(&prefix), VIEW(""), find_old, &expiring);
		if (rc != RC_OK || expiring.count == 0)
			break;
		if (!account)
			rc = store_account_open(
			    store, account_id, fault, &account);
		if (rc == RC_OK)
			rc = store_kept_purge(account, expiring.ids,
			    expiring.count, fault, &purged);
		if (rc != RC_OK)
			break;
		*ret_purged += purged;
	}
	store_account_close(&account);
	return rc;
}

// ---- Bringing back ---------------------------------------------------------

static enum rc take_keywords(struct transaction_mailbox *mailbox,
    struct view names, struct fault *fault, struct store_message *message)
{
	struct view list[STORE_KEYWORDS_MAX];
	size_t count = 0;
	while (
	    count < STORE_KEYWORDS_MAX && view_split(&names, ' ', &list[count]))
		count += list[count].len > 0;
	enum rc rc = transaction_keywords(
	    mailbox, list, count, fault, &message->keywords);
	// A mailbox that has no room for further keywords takes the message
	// without them.
	if (rc == RC_LIMIT)
		return RC_OK;
	message->has_keywords = count > 0;
	return rc;
}

// Makes an email of the two records.
static enum rc adopt(struct transaction_mailbox *mailbox,
    const struct record_kept *record, struct view head_value,
    struct fault *fault, struct store_message *ret_message)
{
	struct transaction *transaction = mailbox->transaction;
	struct store_message message = {
	    .flags = record->flags,
	    .internal_date = record->internal_date,
	    .zone_minutes = record->zone_minutes,
	    .size = record->size,
	};
	struct email_records records = {
	    .email = record->email, .head = head_value};
	struct record_head head;
	struct view bytes;
	enum rc rc = record_head_get(head_value, &head, &bytes);
	if (rc == RC_OK)
		rc = ragged_measure(
		    engine_of(transaction), &head, bytes, true, &records.lacks);
	struct transaction_made made = {0};
	if (rc == RC_OK)
		rc = transaction_adopt(transaction, &records, &made);
	message.email_id = made.email_id;
	if (rc == RC_OK)
		rc = take_keywords(mailbox, record->keywords, fault, &message);
	if (rc == RC_OK)
		*ret_message = message;
	return rc;
}

static enum rc restore_one(struct transaction_mailbox *mailbox,
    const struct store_kept_id *id, struct fault *fault,
    struct store_message *ret_message)
{
	struct transaction *transaction = mailbox->transaction;
	struct record_key key = record_key_kept(id->when, id->email_id);
	struct record_key head_key = record_key_u64(RECORD_HEAD, id->email_id);
	struct record_kept record;
	struct buf value, head;
	buf_init(&value, ENGINE_VALUE_MAX);
	buf_init(&head, ENGINE_VALUE_MAX);
	enum rc rc = read(transaction, &key, &value);
	if (rc == RC_OK)
		rc = record_kept_get(buf_view(&value), &record);
	if (rc == RC_OK) {
		rc = read(transaction, &head_key, &head);
		if (rc == RC_NOT_FOUND)
			rc = RC_CORRUPT;
	}
	if (rc == RC_OK)
		rc = adopt(
		    mailbox, &record, buf_view(&head), fault, ret_message);
	if (rc == RC_OK)
		rc = drop(transaction, id);
	buf_done(&value);
	buf_done(&head);
	return rc;
}

static enum rc make_restore(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct choice *choice = context;
	struct transaction_mailbox *mailbox;
	struct store_message messages[STORE_KEPT_AT_ONCE];
	choice->done = 0;
	enum rc rc = transaction_enter(
	    transaction, choice->mailbox, STORE_RIGHT_INSERT, fault, &mailbox);
	for (size_t i = 0; rc == RC_OK && i < choice->count; i++) {
		rc = restore_one(
		    mailbox, &choice->ids[i], fault, &messages[choice->done]);
		choice->done += rc == RC_OK;
		if (rc == RC_NOT_FOUND) // it is not kept any more
			rc = RC_OK;
		else if (rc == RC_CORRUPT)
			rc = fault_set(fault, rc,
			    "email %llu, which was expunged, is damaged",
			    (unsigned long long)choice->ids[i].email_id);
	}
	return rc == RC_OK
		   ? transaction_append(mailbox, messages, choice->done, fault)
		   : rc;
}

enum rc store_kept_restore(struct store_mailbox *mailbox,
    const struct store_kept_id *ids, size_t count, struct fault *fault,
    size_t *ret_restored)
{
	struct choice choice = {.mailbox = mailbox, .ids = ids, .count = count};
	enum rc rc =
	    transaction_run(mailbox->account, make_restore, &choice, fault);
	if (rc == RC_OK)
		*ret_restored = choice.done;
	return rc;
}
