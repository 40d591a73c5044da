// SPDX-License-Identifier: Apache-2.0
// Copying and moving messages between mailboxes of one account; copy_across.c
// does it between two accounts.
#include "base/vec.h"
#include "store/copy_impl.h"

void store_copied_done(struct store_copied *copied)
{
	rangeset_done(&copied->sources);
}

// What store_copy() does in a transaction.
struct copying {
	struct store_mailbox *from;
	const struct rangeset *uids;
	struct store_mailbox *to;
	bool move;
	struct store_copied copied;
};

void taken_add(struct taken *taken, const struct store_message *message)
{
	vec_push(taken, *message);
}

static enum node_verdict take(void *context, struct store_message *message)
{
	struct taken *taken = context;
	taken_add(taken, message);
	return taken->move ? NODE_REMOVE : NODE_KEEP;
}

enum rc taken_translate_keywords(struct taken *taken,
    const struct store_keywords *from, struct transaction_mailbox *target,
    struct fault *fault)
{
	struct store_keyword_set numbers[STORE_KEYWORDS_MAX];
	bool known[STORE_KEYWORDS_MAX] = {false};
	unsigned count = from ? from->count : 0;
	for (size_t i = 0; i < taken->count; i++) {
		struct store_message *message = &taken->items[i];
		if (!message->has_keywords)
			continue;
		struct store_keyword_set there = {0};
		for (unsigned n = 0; n < count; n++) {
			if (!store_keyword_set_has(&message->keywords, n))
				continue;
			if (!known[n]) {
				enum rc rc = transaction_keywords(target,
				    &from->names[n], 1, fault, &numbers[n]);
				if (rc != RC_OK)
					return rc;
				known[n] = true;
			}
			for (size_t w = 0; w < ARRAY_LEN(there.bits); w++)
				there.bits[w] |= numbers[n].bits[w];
		}
		message->keywords = there;
	}
	return RC_OK;
}

void taken_leave_out_flags(struct taken *taken, unsigned rights)
{
	unsigned allowed = rights_to_flags(rights);
	for (size_t i = 0; i < taken->count; i++) {
		struct store_message *message = &taken->items[i];
		message->flags &= allowed;
		if (!(rights & STORE_RIGHT_WRITE)) {
			message->has_keywords = false;
			message->keywords = (struct store_keyword_set){0};
		}
	}
}

// RFC 6851 section 4.2: MOVE needs the rights of COPY, STORE \Deleted and
// EXPUNGE.
static enum rc copy(struct transaction *transaction, struct copying *copying,
    struct taken *taken, struct fault *fault)
{
	struct store_copied *copied = &copying->copied;
	struct store_mailbox *from = copying->from;
	struct store_mailbox *to = copying->to;
	struct transaction_mailbox *source;
	struct transaction_mailbox *target;
	unsigned rights = STORE_RIGHT_READ;
	if (taken->move)
		rights |= STORE_RIGHT_DELETE_MESSAGES | STORE_RIGHT_EXPUNGE;
	enum rc rc = transaction_enter(
	    transaction, to, STORE_RIGHT_INSERT, fault, &target);
	if (rc == RC_OK)
		rc = transaction_enter(
		    transaction, from, rights, fault, &source);
	if (rc != RC_OK)
		return rc;
	transaction_edit(source, copying->uids, take, taken);
	taken_leave_out_flags(taken, transaction_rights(to));
	if (source != target)
		rc = taken_translate_keywords(
		    taken, source->keywords, target, fault);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < taken->count; i++)
		rangeset_add(
		    &copied->sources, taken->items[i].uid, taken->items[i].uid);
	copied->uidvalidity = to->mailbox->uidvalidity;
	copied->first_uid = target->state.uidnext;
	copied->count = (uint32_t)taken->count;
	copied->modseq = transaction->modseq;
	return transaction_append(target, taken->items, taken->count, fault);
}

static enum rc make_copy(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct copying *copying = context;
	struct taken taken = {.move = copying->move};
	rangeset_reset(&copying->copied.sources);
	enum rc rc = copy(transaction, copying, &taken, fault);
	vec_done(&taken);
	return rc;
}

enum rc store_copy(struct store_mailbox *from, const struct rangeset *uids,
    struct store_mailbox *to, bool move, struct fault *fault,
    struct store_copied *ret_copied)
{
	if (from->account != to->account)
		return copy_across(from, uids, to, move, fault, ret_copied);
	struct copying copying = {
	    .from = from, .uids = uids, .to = to, .move = move};
	rangeset_init(&copying.copied.sources);
	enum rc rc = transaction_run(from->account, make_copy, &copying, fault);
	if (rc == RC_OK)
		*ret_copied = copying.copied;
	else
		store_copied_done(&copying.copied);
	return rc;
}
