// SPDX-License-Identifier: Apache-2.0
// INBOX as a maildrop. It shows messages that have the flag \Deleted too: only
// EXPUNGE of an IMAP client removes them.
#include "pop3/maildrop.h"

#include "base/mem.h"
#include "base/vec.h"
#include "store/change.h"
#include "store/email.h"

// A message that gets longer when its line ends are completed.
struct ragged {
	uint32_t index;
	uint64_t lacks; // bytes that are added
};

struct pop3_maildrop {
	struct store_mailbox *mailbox;
	struct store_snapshot *snapshot;
	uint32_t count;        // in the snapshot
	uint32_t left;         // not marked as deleted
	uint64_t octets;       // of the messages not marked as deleted
	uint64_t octets_whole; // of all messages
	struct ragged *ragged; // owned, by index
	size_t ragged_count;
	uint64_t *deleted; // owned: a bit for each index; NULL: none is set
	uint64_t *seen;    // the same
};

// ---- Marks -----------------------------------------------------------------

static bool bit_has(const uint64_t *bits, uint32_t index)
{
	return bits && (bits[index / 64] >> (index % 64) & 1) != 0;
}

static void bit_set(uint64_t **bits, uint32_t index, uint32_t count)
{
	if (!*bits)
		*bits = mem_zalloc(((size_t)count / 64 + 1) * sizeof(**bits));
	(*bits)[index / 64] |= (uint64_t)1 << (index % 64);
}

void pop3_maildrop_mark_deleted(struct pop3_maildrop *maildrop, uint32_t index,
    const struct store_message *message)
{
	bit_set(&maildrop->deleted, index, maildrop->count);
	maildrop->left--;
	maildrop->octets -= pop3_message_octets(maildrop, index, message);
}

void pop3_maildrop_mark_seen(struct pop3_maildrop *maildrop, uint32_t index)
{
	bit_set(&maildrop->seen, index, maildrop->count);
}

void pop3_maildrop_unmark_deleted(struct pop3_maildrop *maildrop)
{
	free(maildrop->deleted);
	maildrop->deleted = NULL;
	maildrop->left = maildrop->count;
	maildrop->octets = maildrop->octets_whole;
}

// ---- Sizes -----------------------------------------------------------------

// An email that gets longer, and by how many bytes.
struct ragged_email {
	uint64_t email_id;
	uint64_t lacks;
};

// All of the account, in the order of ids.
struct emails {
	struct ragged_email *items;
	size_t count;
	size_t capacity;
};

static void note_email(void *context, uint64_t email_id, uint64_t lacks)
{
	struct emails *emails = context;
	vec_push(emails, (struct ragged_email){email_id, lacks});
}

static bool find_email(
    const struct emails *emails, uint64_t email_id, uint64_t *ret_lacks)
{
	size_t at;
	LOWER_BOUND(at, emails->count, emails->items[at].email_id < email_id);
	if (at == emails->count || emails->items[at].email_id != email_id)
		return false;
	*ret_lacks = emails->items[at].lacks;
	return true;
}

// Keeps those that are in the maildrop.
static void pick_ragged(
    struct pop3_maildrop *maildrop, const struct emails *emails)
{
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	uint64_t lacks;
	size_t capacity = 0;
	store_walk_init(&walk, maildrop->snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		if (!find_email(emails, message.email_id, &lacks))
			continue;
		maildrop->ragged = mem_grow(maildrop->ragged, &capacity,
		    maildrop->ragged_count + 1, sizeof(*maildrop->ragged));
		maildrop->ragged[maildrop->ragged_count++] =
		    (struct ragged){index, lacks};
		maildrop->octets_whole += lacks;
	}
}

static MUST_CHECK enum rc learn_sizes(
    struct pop3_maildrop *maildrop, struct store_account *account)
{
	struct emails emails = {0};
	enum rc rc = store_account_ragged(account, note_email, &emails);
	maildrop->octets_whole = store_snapshot_size(maildrop->snapshot);
	if (rc == RC_OK && emails.count > 0)
		pick_ragged(maildrop, &emails);
	maildrop->octets = maildrop->octets_whole;
	vec_done(&emails);
	return rc;
}

uint64_t pop3_message_octets(const struct pop3_maildrop *maildrop,
    uint32_t index, const struct store_message *message)
{
	size_t at;
	LOWER_BOUND(
	    at, maildrop->ragged_count, maildrop->ragged[at].index < index);
	if (at < maildrop->ragged_count && maildrop->ragged[at].index == index)
		return message->size + maildrop->ragged[at].lacks;
	return message->size;
}

// ---- Opening ---------------------------------------------------------------

enum rc pop3_maildrop_open(const struct store_asker *asker,
    struct store_account *account, struct fault *fault,
    struct pop3_maildrop **ret_maildrop)
{
	struct store_mailbox *mailbox;
	enum rc rc = store_mailbox_open(asker, account, VIEW("INBOX"),
	    STORE_RIGHT_READ | STORE_RIGHT_SEEN | STORE_RIGHT_DELETE_MESSAGES |
		STORE_RIGHT_EXPUNGE,
	    fault, &mailbox);
	if (rc != RC_OK)
		return rc;
	struct pop3_maildrop *maildrop = mem_zalloc(sizeof(*maildrop));
	maildrop->mailbox = mailbox;
	maildrop->snapshot = store_mailbox_snapshot(mailbox);
	maildrop->count = store_snapshot_count(maildrop->snapshot);
	maildrop->left = maildrop->count;
	rc = learn_sizes(maildrop, account);
	if (rc == RC_OK)
		*ret_maildrop = maildrop;
	else
		pop3_maildrop_close(&maildrop);
	return rc;
}

void pop3_maildrop_close(struct pop3_maildrop **maildrop)
{
	struct pop3_maildrop *old = *maildrop;
	*maildrop = NULL;
	if (!old)
		return;
	store_snapshot_unref(&old->snapshot);
	store_mailbox_close(&old->mailbox);
	free(old->ragged);
	free(old->deleted);
	free(old->seen);
	free(old);
}

// ---- Looking ---------------------------------------------------------------

uint32_t pop3_maildrop_left(const struct pop3_maildrop *maildrop)
{
	return maildrop->left;
}

uint64_t pop3_maildrop_octets(const struct pop3_maildrop *maildrop)
{
	return maildrop->octets;
}

uint32_t pop3_maildrop_count(const struct pop3_maildrop *maildrop)
{
	return maildrop->count;
}

void pop3_message_add_uidl(const struct pop3_maildrop *maildrop,
    const struct store_message *message, struct buf *out)
{
	buf_printf(out, "%08X%08X", message->uid,
	    store_snapshot_uidvalidity(maildrop->snapshot));
}

void pop3_maildrop_walk_init(struct pop3_maildrop_walk *walk,
    const struct pop3_maildrop *maildrop, uint32_t index)
{
	walk->maildrop = maildrop;
	store_walk_init(&walk->walk, maildrop->snapshot, index);
}

bool pop3_maildrop_walk_next(struct pop3_maildrop_walk *walk,
    uint32_t *ret_index, struct store_message *ret_message)
{
	while (store_walk_next(&walk->walk, ret_index, ret_message)) {
		if (!bit_has(walk->maildrop->deleted, *ret_index))
			return true;
	}
	return false;
}

enum rc pop3_maildrop_find(const struct pop3_maildrop *maildrop,
    struct view number, uint32_t *ret_index, struct store_message *ret_message)
{
	uint32_t n;
	for (size_t i = 0; i < number.len; i++) {
		if (number.ptr[i] < '0' || number.ptr[i] > '9')
			return RC_SYNTAX;
	}
	if (number.len == 0)
		return RC_SYNTAX;
	// A number that does not fit is larger than any message's.
	if (!view_to_u32(number, &n) || n == 0 || n > maildrop->count ||
	    bit_has(maildrop->deleted, n - 1))
		return RC_NOT_FOUND;
	store_snapshot_get(maildrop->snapshot, n - 1, ret_message);
	*ret_index = n - 1;
	return RC_OK;
}

bool pop3_maildrop_has_lost(
    const struct pop3_maildrop *maildrop, const struct store_message *message)
{
	if (store_mailbox_is_current(maildrop->mailbox, maildrop->snapshot))
		return false;
	struct store_snapshot *now = store_mailbox_snapshot(maildrop->mailbox);
	uint32_t index;
	bool lost = store_snapshot_find(now, message->uid, &index) != RC_OK;
	store_snapshot_unref(&now);
	return lost;
}

// ---- The UPDATE state ------------------------------------------------------

enum rc pop3_maildrop_update(
    struct pop3_maildrop *maildrop, struct fault *fault, uint32_t *ret_deleted)
{
	struct rangeset deleted, seen;
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	uint64_t modseq;
	enum rc rc = RC_OK;
	rangeset_init(&deleted);
	rangeset_init(&seen);
	if (maildrop->deleted || maildrop->seen) {
		store_walk_init(&walk, maildrop->snapshot, 0);
		while (store_walk_next(&walk, &index, &message)) {
			if (bit_has(maildrop->deleted, index))
				rangeset_add(
				    &deleted, message.uid, message.uid);
			else if (bit_has(maildrop->seen, index) &&
				 !(message.flags & STORE_FLAG_SEEN))
				rangeset_add(&seen, message.uid, message.uid);
		}
	}
	// Messages that other clients have expunged meanwhile are no error.
	if (deleted.count > 0 || seen.count > 0)
		rc = store_take_away(
		    maildrop->mailbox, &deleted, &seen, fault, &modseq);
	if (rc == RC_OK)
		*ret_deleted = maildrop->count - maildrop->left;
	rangeset_done(&deleted);
	rangeset_done(&seen);
	return rc;
}
