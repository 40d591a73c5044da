// SPDX-License-Identifier: Apache-2.0
// Changing flags and keywords of messages.
#include "store/change.h"
#include "store/transaction.h"

// What store_flags_change() does in a transaction.
struct flags_edit {
	struct store_mailbox *mailbox;
	const struct rangeset *uids;
	const struct store_flags_change *change;
	unsigned allowed; // system flags that may be changed
	bool keywords_allowed;
	struct store_keyword_set keywords;
	struct rangeset *modified;
	bool changed;
	uint64_t modseq;
};

static bool set_is_empty(const struct store_keyword_set *set)
{
	uint64_t any = 0;
	for (size_t i = 0; i < ARRAY_LEN(set->bits); i++)
		any |= set->bits[i];
	return any == 0;
}

static void apply(const struct flags_edit *edit, struct store_message *message)
{
	const uint64_t *bits = edit->keywords.bits;
	uint64_t *into = message->keywords.bits;
	unsigned system = edit->change->flags.system & edit->allowed;
	switch (edit->change->operation) {
	case STORE_FLAGS_SET:
		message->flags = system | (message->flags & ~edit->allowed);
		if (edit->keywords_allowed)
			message->keywords = edit->keywords;
		break;
	case STORE_FLAGS_ADD:
		message->flags |= system;
		for (size_t i = 0; i < ARRAY_LEN(edit->keywords.bits); i++)
			into[i] |= bits[i];
		break;
	case STORE_FLAGS_REMOVE:
		message->flags &= ~system;
		for (size_t i = 0; i < ARRAY_LEN(edit->keywords.bits); i++)
			into[i] &= ~bits[i];
		break;
	}
	message->has_keywords = !set_is_empty(&message->keywords);
}

static enum node_verdict edit_flags(
    void *context, struct store_message *message)
{
	struct flags_edit *edit = context;
	const struct store_flags_change *change = edit->change;
	if (change->conditional && message->modseq > change->unchanged_since) {
		rangeset_add(edit->modified, message->uid, message->uid);
		return NODE_KEEP;
	}
	struct store_message before = *message;
	apply(edit, message);
	if (message->flags == before.flags &&
	    memcmp(&message->keywords, &before.keywords,
		sizeof(before.keywords)) == 0)
		return NODE_KEEP;
	edit->changed = true;
	return NODE_CHANGED;
}

// RFC 4314 section 4: \Seen needs "s", \Deleted "t", all other flags "w". If
// the asker may change at least one flag that the change names, those that are
// allowed change; the others stay as they are.
static enum rc enter(struct transaction *transaction,
    struct store_mailbox *mailbox, const struct store_flags_change *change,
    struct fault *fault, struct transaction_mailbox **ret_entry)
{
	unsigned system = change->flags.system;
	unsigned wanted = 0;
	if (system & STORE_FLAG_SEEN)
		wanted |= STORE_RIGHT_SEEN;
	if (system & STORE_FLAG_DELETED)
		wanted |= STORE_RIGHT_DELETE_MESSAGES;
	if (system & ~(unsigned)(STORE_FLAG_SEEN | STORE_FLAG_DELETED) ||
	    change->flags.keyword_count)
		wanted |= STORE_RIGHT_WRITE;
	// Setting an empty list of flags removes all flags.
	if (!wanted && change->operation == STORE_FLAGS_SET)
		wanted = STORE_RIGHTS_FLAGS;
	unsigned has = wanted & transaction_rights(mailbox);
	return transaction_enter(
	    transaction, mailbox, has ? has : wanted, fault, ret_entry);
}

// Removing a keyword that the mailbox never had does not create it.
static enum rc resolve_keywords(struct transaction_mailbox *entry,
    const struct store_flags_change *change, bool allowed, struct fault *fault,
    struct store_keyword_set *ret_keywords)
{
	const struct store_flags *flags = &change->flags;
	if (!allowed) {
		*ret_keywords = (struct store_keyword_set){0};
		return RC_OK;
	}
	if (change->operation != STORE_FLAGS_REMOVE)
		return transaction_keywords(entry, flags->keywords,
		    flags->keyword_count, fault, ret_keywords);
	struct store_keyword_set keywords = {0};
	for (size_t i = 0; i < flags->keyword_count; i++) {
		unsigned n;
		if (keywords_find(entry->keywords, flags->keywords[i], &n) ==
		    RC_OK)
			keywords.bits[n / 64] |= (uint64_t)1 << (n % 64);
	}
	*ret_keywords = keywords;
	return RC_OK;
}

static enum rc make_flags_change(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct flags_edit *edit = context;
	struct transaction_mailbox *entry;
	edit->changed = false;
	edit->modseq = transaction->modseq;
	if (edit->modified)
		rangeset_reset(edit->modified);
	enum rc rc =
	    enter(transaction, edit->mailbox, edit->change, fault, &entry);
	if (rc != RC_OK)
		return rc;
	unsigned rights = transaction_rights(edit->mailbox);
	edit->allowed = rights_to_flags(rights);
	edit->keywords_allowed = rights & STORE_RIGHT_WRITE;
	rc = resolve_keywords(entry, edit->change, edit->keywords_allowed,
	    fault, &edit->keywords);
	if (rc == RC_OK)
		transaction_edit(entry, edit->uids, edit_flags, edit);
	// If no message got the new keyword, there is nothing to commit.
	if (rc == RC_OK && !edit->changed)
		entry->record_changed = false;
	return rc;
}

enum rc store_flags_change(struct store_mailbox *mailbox,
    const struct rangeset *uids, const struct store_flags_change *change,
    struct fault *fault, struct rangeset *ret_modified, uint64_t *ret_modseq)
{
	struct flags_edit edit = {.mailbox = mailbox,
	    .uids = uids,
	    .change = change,
	    .modified = ret_modified};
	enum rc rc =
	    transaction_run(mailbox->account, make_flags_change, &edit, fault);
	if (rc == RC_OK)
		*ret_modseq = edit.changed ? edit.modseq : 0;
	return rc;
}
