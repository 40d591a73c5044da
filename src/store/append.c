// SPDX-License-Identifier: Apache-2.0
// Appending messages, and REPLACE, which appends a message and expunges
// another.
#include "base/mem.h"
#include "store/change.h"
#include "store/transaction.h"

static enum rc build_message(struct transaction_mailbox *entry,
    const struct store_append *append, unsigned rights, struct fault *fault,
    struct store_message *ret_message)
{
	struct transaction *transaction = entry->transaction;
	struct store_message message = {
	    .size = (uint32_t)store_draft_size(append->draft),
	    .internal_date =
		append->has_date ? append->internal_date : transaction->now,
	    .zone_minutes =
		append->has_date ? append->zone_minutes : (int16_t)0,
	};
	struct transaction_made made;
	enum rc rc =
	    transaction_flags(entry, &append->flags, rights, fault, &message);
	if (rc == RC_OK)
		rc = transaction_email(
		    transaction, append->draft, VIEW(""), fault, &made);
	if (rc != RC_OK)
		return rc;
	message.email_id = made.email_id;
	*ret_message = message;
	return RC_OK;
}

static enum rc append_all(struct transaction_mailbox *entry,
    const struct store_append *appends, size_t count, unsigned rights,
    struct fault *fault, struct store_appended *ret_appended)
{
	struct store_message *messages = mem_zalloc(count * sizeof(*messages));
	struct store_appended appended = {
	    .uidvalidity = entry->mailbox->uidvalidity,
	    .first_uid = entry->state.uidnext,
	    .modseq = entry->transaction->modseq,
	};
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		rc = build_message(
		    entry, &appends[i], rights, fault, &messages[i]);
	if (rc == RC_OK)
		rc = transaction_append(entry, messages, count, fault);
	free(messages);
	if (rc == RC_OK)
		*ret_appended = appended;
	return rc;
}

// What store_append() and store_replace() do in a transaction.
struct appending {
	struct store_mailbox *mailbox;
	const struct store_append *messages;
	size_t count;
	struct store_mailbox *from; // with a message to be replaced
	uint32_t uid;
	struct store_appended appended;
};

static enum rc make_append(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct appending *appending = context;
	struct transaction_mailbox *entry;
	appending->appended = (struct store_appended){0};
	enum rc rc = transaction_enter(
	    transaction, appending->mailbox, STORE_RIGHT_INSERT, fault, &entry);
	if (rc == RC_OK)
		rc = append_all(entry, appending->messages, appending->count,
		    transaction_rights(appending->mailbox), fault,
		    &appending->appended);
	return rc;
}

enum rc store_append(struct store_mailbox *mailbox,
    const struct store_append *messages, size_t count, struct fault *fault,
    struct store_appended *ret_appended)
{
	struct appending appending = {
	    .mailbox = mailbox, .messages = messages, .count = count};
	enum rc rc =
	    transaction_run(mailbox->account, make_append, &appending, fault);
	if (rc == RC_OK)
		*ret_appended = appending.appended;
	return rc;
}

static enum node_verdict remove_and_count(
    void *context, struct store_message *message)
{
	unsigned *count = context;
	(void)message;
	++*count;
	return NODE_REMOVE;
}

// RFC 8508 section 3: REPLACE does the same as APPEND, STORE \Deleted and UID
// EXPUNGE, and needs their rights (section 4.1).
static enum rc make_replace(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct appending *appending = context;
	struct transaction_mailbox *source;
	struct transaction_mailbox *target;
	appending->appended = (struct store_appended){0};
	enum rc rc = transaction_enter(transaction, appending->mailbox,
	    STORE_RIGHT_INSERT, fault, &target);
	if (rc == RC_OK)
		rc = transaction_enter(transaction, appending->from,
		    STORE_RIGHT_DELETE_MESSAGES | STORE_RIGHT_EXPUNGE, fault,
		    &source);
	if (rc != RC_OK)
		return rc;
	struct rangeset uids;
	unsigned found = 0;
	rangeset_init(&uids);
	rangeset_add(&uids, appending->uid, appending->uid);
	transaction_edit(source, &uids, remove_and_count, &found);
	rangeset_done(&uids);
	if (!found)
		return fault_set(fault, RC_NOT_FOUND,
		    "the message to be replaced does not exist");
	return append_all(target, appending->messages, 1,
	    transaction_rights(appending->mailbox), fault,
	    &appending->appended);
}

enum rc store_replace(struct store_mailbox *from, uint32_t uid,
    struct store_mailbox *mailbox, const struct store_append *message,
    struct fault *fault, struct store_appended *ret_appended)
{
	struct appending appending = {.mailbox = mailbox,
	    .messages = message,
	    .count = 1,
	    .from = from,
	    .uid = uid};
	if (from->account != mailbox->account)
		return fault_set(fault, RC_UNSUPPORTED,
		    "a message cannot be replaced across accounts");
	enum rc rc =
	    transaction_run(mailbox->account, make_replace, &appending, fault);
	if (rc == RC_OK)
		*ret_appended = appending.appended;
	return rc;
}
