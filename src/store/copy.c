// SPDX-License-Identifier: Apache-2.0
// Copying and moving messages between mailboxes of one account; copy_across.c
// does it between two accounts.
#include "base/vec.h"
#include "store/copy_impl.h"
#include "store/parts.h"

void store_copied_done(struct store_copied *copied)
{
	rangeset_done(&copied->sources);
	rangeset_done(&copied->copies);
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
	copied->count = (uint32_t)taken->count;
	if (copied->count)
		rangeset_add(&copied->copies, target->state.uidnext,
		    target->state.uidnext + copied->count - 1);
	copied->modseq = transaction->modseq;
	return transaction_append(target, taken->items, taken->count, fault);
}

static enum rc make_copy(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct copying *copying = context;
	struct taken taken = {.move = copying->move};
	rangeset_reset(&copying->copied.sources);
	rangeset_reset(&copying->copied.copies);
	enum rc rc = copy(transaction, copying, &taken, fault);
	vec_done(&taken);
	return rc;
}

static enum rc copy_once(struct store_mailbox *from,
    const struct rangeset *uids, struct store_mailbox *to, bool move,
    struct fault *fault, struct store_copied *ret_copied)
{
	if (from->account != to->account)
		return copy_across(from, uids, to, move, fault, ret_copied);
	struct copying copying = {
	    .from = from, .uids = uids, .to = to, .move = move};
	enum rc rc = transaction_run(from->account, make_copy, &copying, fault);
	if (rc == RC_OK)
		*ret_copied = copying.copied;
	else
		store_copied_done(&copying.copied);
	return rc;
}

// ---- Very many messages ----------------------------------------------------

// Both sets ascend: each part has higher UIDs than the one before, and so have
// its copies.
static void add_ranges(const struct rangeset *from, struct rangeset *to)
{
	for (size_t i = 0; i < from->count; i++)
		rangeset_add(to, from->ranges[i].first, from->ranges[i].last);
}

static void add_copied(
    const struct store_copied *part, struct store_copied *all)
{
	add_ranges(&part->sources, &all->sources);
	add_ranges(&part->copies, &all->copies);
	all->uidvalidity = part->uidvalidity;
	all->count += part->count;
	all->count_before += part->count_before;
	if (part->count)
		all->modseq = part->modseq;
}

static enum rc move_parts(struct store_mailbox *from, struct parts *parts,
    struct store_mailbox *to, struct fault *fault,
    struct store_copied *ret_copied)
{
	enum rc rc = RC_OK;
	while (rc == RC_OK && parts_next(parts)) {
		struct store_copied part;
		rc = copy_once(from, &parts->part, to, true, fault, &part);
		if (rc != RC_OK)
			break;
		add_copied(&part, ret_copied);
		store_copied_done(&part);
	}
	return rc;
}

// RFC 9051 section 6.4.7: COPY copies all messages or none, so it is always one
// commit. RFC 6851 section 3.3 asks only that each message is moved or not.
enum rc store_copy(struct store_mailbox *from, const struct rangeset *uids,
    struct store_mailbox *to, bool move, struct fault *fault,
    struct store_copied *ret_copied)
{
	struct parts parts;
	*ret_copied = (struct store_copied){0};
	parts_init(&parts, from->account);
	if (move && rangeset_size(uids) > parts.most)
		parts_add_existing(&parts, from, uids);
	enum rc rc = parts_is_small(&parts)
			 ? copy_once(from, uids, to, move, fault, ret_copied)
			 : move_parts(from, &parts, to, fault, ret_copied);
	parts_done(&parts);
	return rc;
}
