// SPDX-License-Identifier: Apache-2.0
// Creating, deleting and renaming mailboxes; subscriptions. The table of names
// changes only when the commit is durable: a publish function of the
// transaction does it.
#include "base/mem.h"
#include "base/vec.h"
#include "store/change.h"
#include "store/removal.h"

// ---- Creating --------------------------------------------------------------

struct creation {
	struct mailbox **items; // to be inserted
	size_t count;
	size_t capacity;
};

// Gives a UIDVALIDITY greater than any that a mailbox of this name ever had
// (RFC 9051 section 2.3.1.1): the current time, but always more than the last
// one given out.
static uint32_t next_uidvalidity(struct transaction *transaction)
{
	struct record_account *record = &transaction->record;
	uint32_t fresh = (uint32_t)transaction->now;
	if (fresh <= record->last_uidvalidity)
		fresh = record->last_uidvalidity + 1;
	record->last_uidvalidity = fresh;
	return fresh;
}

static void put_mailbox(
    struct transaction *transaction, const struct mailbox *mailbox)
{
	transaction_put_mailbox(
	    transaction, mailbox, mailbox->name, mailbox->keywords);
	struct record_key key = record_key_u64(RECORD_STATE, mailbox->id);
	struct buf value;
	buf_init(&value, 256);
	record_state_put(&mailbox->state, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

static struct mailbox *plan_mailbox(struct transaction *transaction,
    struct creation *creation, struct view name, unsigned special_use)
{
	struct mailbox *mailbox =
	    mailbox_new(transaction->record.next_mailbox_id++, name);
	transaction->record_changed = true;
	mailbox->uidvalidity = next_uidvalidity(transaction);
	mailbox->special_use = special_use;
	mailbox->state.highestmodseq = transaction->modseq;
	put_mailbox(transaction, mailbox);
	transaction_note_mailbox(
	    transaction, STORE_CHANGE_MAILBOX_MADE, mailbox->id, 0);
	vec_push(creation, mailbox);
	return mailbox;
}

static void publish_creation(struct transaction *transaction)
{
	struct creation *creation = transaction->publish_context;
	for (size_t i = 0; i < creation->count; i++)
		account_table_insert(transaction->account, creation->items[i]);
	creation->count = 0; // the table owns them now
}

// Drops the plan, so that a new one can be made.
static void creation_reset(struct creation *creation)
{
	for (size_t i = 0; i < creation->count; i++)
		mailbox_unref(creation->items[i]);
	creation->count = 0;
}

static void creation_done(struct creation *creation)
{
	creation_reset(creation);
	vec_done(creation);
}

// Called with `change` held, so that nobody else writes the table; `table` is
// not held.
static struct mailbox *mailbox_by_name(
    struct store_account *account, struct view name)
{
	size_t at;
	return account_table_seek(account, name, &at)
		   ? account->mailboxes.items[at]
		   : NULL;
}

// Plans the missing mailboxes above `name` (RFC 9051 section 6.3.4: SHOULD).
static void plan_parents(struct transaction *transaction,
    struct creation *creation, struct view name)
{
	for (size_t i = 0; i < name.len; i++) {
		struct view parent = view_slice(name, 0, i);
		if (name.ptr[i] == '/' &&
		    !mailbox_by_name(transaction->account, parent))
			plan_mailbox(transaction, creation, parent, 0);
	}
}

// Checks the right first: an asker who may not create the mailbox does not
// learn whether it exists.
static enum rc check_new_name(const struct store_asker *asker,
    struct store_account *account, struct view name, struct fault *fault)
{
	enum rc rc = mailbox_need_create(asker, account, name, fault);
	if (rc != RC_OK)
		return rc;
	if (mailbox_by_name(account, name))
		return fault_set(fault, RC_EXISTS,
		    "there is a mailbox of that name already");
	// As many parents as the name can have may be missing.
	if (account->mailboxes.count + STORE_LEVELS_MAX > STORE_MAILBOXES_MAX)
		return fault_set(fault, RC_LIMIT,
		    "an account has at most %d mailboxes", STORE_MAILBOXES_MAX);
	return RC_OK;
}

struct creating {
	const struct store_asker *asker;
	struct view name; // in canonical spelling
	unsigned special_use;
	struct creation creation;
	uint64_t mailbox_id; // the result
};

static enum rc make_creation(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct creating *creating = context;
	creation_reset(&creating->creation);
	transaction->publish = publish_creation;
	transaction->publish_context = &creating->creation;
	enum rc rc = check_new_name(
	    creating->asker, transaction->account, creating->name, fault);
	if (rc != RC_OK)
		return rc;
	plan_parents(transaction, &creating->creation, creating->name);
	creating->mailbox_id = plan_mailbox(transaction, &creating->creation,
	    creating->name, creating->special_use)
				   ->id;
	return RC_OK;
}

enum rc store_mailbox_create(const struct store_asker *asker,
    struct store_account *account, struct view name, unsigned special_use,
    struct fault *fault, uint64_t *ret_mailbox_id)
{
	char room[STORE_NAME_MAX];
	enum rc rc = store_name_check(name, fault);
	if (rc != RC_OK)
		return rc;
	struct creating creating = {.asker = asker,
	    .name = store_name_canonical(name, room),
	    .special_use = special_use};
	rc = transaction_run(account, make_creation, &creating, fault);
	creation_done(&creating.creation);
	if (rc == RC_OK)
		*ret_mailbox_id = creating.mailbox_id;
	return rc;
}

// ---- Deleting --------------------------------------------------------------

// Drops all records of a mailbox but the chunks of its messages.
static void drop_records(struct transaction_mailbox *entry)
{
	struct transaction *transaction = entry->transaction;
	uint64_t id = entry->mailbox->id;
	struct record_key key = record_key_u64(RECORD_TOMBSTONE, id);
	transaction_delete_prefix(transaction, &key);
	key = record_key_u64(RECORD_MOVED, id);
	transaction_delete_prefix(transaction, &key);
	key = record_key_u64(RECORD_STATE, id);
	transaction_delete(transaction, &key);
	key = record_key_u64(RECORD_MAILBOX, id);
	transaction_delete(transaction, &key);
	transaction->record.messages -= entry->state.messages;
	transaction->record.bytes -= entry->state.size;
	transaction->record_changed = true;
	transaction_note_mailbox(transaction, STORE_CHANGE_MAILBOX_GONE, id, 0);
	entry->dropped = true;
}

static void remove_messages(struct transaction_mailbox *entry)
{
	struct record_key key =
	    record_key_u64(RECORD_CHUNK, entry->mailbox->id);
	transaction_remove_all(entry);
	transaction_delete_prefix(entry->transaction, &key);
}

// *ret_leaving: the messages are still to be removed (removal.h).
static enum rc delete_mailbox(struct transaction *transaction,
    struct mailbox *mailbox, struct fault *fault, bool *ret_leaving)
{
	struct transaction_mailbox *entry;
	enum rc rc = transaction_mailbox(transaction, mailbox, fault, &entry);
	if (rc != RC_OK)
		return rc;
	struct store_node *last = node_ref(entry->root);
	uint32_t most = transaction->account->store->options.commit_max;
	*ret_leaving = last && last->sums.messages > most;
	if (*ret_leaving)
		removal_begin(entry);
	else
		remove_messages(entry);
	drop_records(entry);
	// Sessions that have the mailbox open keep their snapshot.
	node_unref(entry->root);
	entry->root = last;
	entry->messages_changed = false;
	return RC_OK;
}

struct deleting {
	const struct store_asker *asker;
	struct view name; // in canonical spelling
	// Instead of the name: its id, and what it may not have.
	uint64_t wanted_id;
	bool with_messages;
	uint64_t mailbox_id; // the results
	bool leaving;
};

// Called with `change` held.
static struct mailbox *mailbox_by_id(
    struct store_account *account, uint64_t mailbox_id)
{
	pthread_mutex_lock(&account->table);
	struct mailbox *mailbox = account_table_find_id(account, mailbox_id);
	pthread_mutex_unlock(&account->table);
	return mailbox;
}

static enum rc check_unused(const struct store_account *account,
    const struct mailbox *mailbox, bool with_messages, struct fault *fault)
{
	const struct record_state *state = &mailbox->state;
	size_t at;
	account_table_seek(account, mailbox->name, &at);
	if (at + 1 < account->mailboxes.count &&
	    name_is_below(
		account->mailboxes.items[at + 1]->name, mailbox->name))
		return fault_set(
		    fault, RC_IN_USE, "there are mailboxes below it");
	if (!with_messages && state->messages > state->deleted)
		return fault_set(fault, RC_IN_USE, "it has messages");
	return RC_OK;
}

static enum rc make_deletion(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct deleting *deleting = context;
	struct store_account *account = transaction->account;
	struct mailbox *mailbox =
	    deleting->wanted_id ? mailbox_by_id(account, deleting->wanted_id)
				: mailbox_by_name(account, deleting->name);
	enum rc rc = mailbox_need(deleting->asker, account, mailbox,
	    STORE_RIGHT_DELETE_MAILBOX, fault);
	if (rc != RC_OK || !mailbox) // without one, rc says so
		return rc;
	if (view_eq(mailbox->name, VIEW("INBOX")))
		return fault_set(fault, RC_DENIED, "INBOX cannot be deleted");
	if (deleting->wanted_id)
		rc = check_unused(
		    account, mailbox, deleting->with_messages, fault);
	if (rc != RC_OK)
		return rc;
	deleting->mailbox_id = mailbox->id;
	return delete_mailbox(transaction, mailbox, fault, &deleting->leaving);
}

static enum rc run_deletion(struct store_account *account,
    struct deleting *deleting, struct fault *fault)
{
	enum rc rc = transaction_run(account, make_deletion, deleting, fault);
	if (rc != RC_OK || !deleting->leaving)
		return rc;
	// The mailbox is deleted. If its messages cannot be removed now, the
	// sweeper tries again.
	struct fault later;
	if (removal_finish(account, deleting->mailbox_id, &later) != RC_OK)
		log_text(account->store->options.log, LOG_LEVEL_WARN, "store",
		    "account %llu: %s", (unsigned long long)account->id,
		    later.text);
	return RC_OK;
}

enum rc store_mailbox_delete(const struct store_asker *asker,
    struct store_account *account, struct view name, struct fault *fault)
{
	char room[STORE_NAME_MAX];
	struct deleting deleting = {
	    .asker = asker, .name = store_name_canonical(name, room)};
	return run_deletion(account, &deleting, fault);
}

enum rc store_mailbox_destroy(const struct store_asker *asker,
    struct store_account *account, uint64_t mailbox_id, bool with_messages,
    struct fault *fault)
{
	struct deleting deleting = {.asker = asker,
	    .wanted_id = mailbox_id,
	    .with_messages = with_messages};
	return run_deletion(account, &deleting, fault);
}

// ---- Renaming --------------------------------------------------------------

struct renaming {
	const struct store_asker *asker;
	struct view from; // in canonical spelling, like `to`
	struct view to;
	struct creation creation; // parents of the new name
	struct mailbox **mailboxes;
	struct view *names; // owned; the new ones
	size_t count;
	size_t capacity;
	// INBOX has messages up to this UID that further commits have to move;
	// 0: none.
	uint32_t left_up_to;
};

static void publish_renaming(struct transaction *transaction)
{
	struct renaming *renaming = transaction->publish_context;
	struct store_account *account = transaction->account;
	for (size_t i = 0; i < renaming->count; i++)
		mailbox_set_name(renaming->mailboxes[i], renaming->names[i]);
	if (!account_table_sort(account))
		abort(); // plan_renames() has checked this
	transaction->publish_context = &renaming->creation;
	publish_creation(transaction);
}

static void renaming_reset(struct renaming *renaming)
{
	creation_reset(&renaming->creation);
	for (size_t i = 0; i < renaming->count; i++)
		free((char *)(uintptr_t)renaming->names[i].ptr);
	renaming->count = 0;
}

static void renaming_done(struct renaming *renaming)
{
	renaming_reset(renaming);
	creation_done(&renaming->creation);
	free(renaming->names);
	free(renaming->mailboxes);
}

static void plan_rename(struct transaction *transaction,
    struct renaming *renaming, struct mailbox *mailbox, size_t prefix,
    struct view to)
{
	struct buf name;
	buf_init(&name, ENGINE_VALUE_MAX);
	buf_add(&name, to);
	buf_add(&name, view_from(mailbox->name, prefix));
	size_t len;
	char *bytes = buf_take(&name, &len);
	size_t capacity = renaming->capacity;
	renaming->mailboxes = mem_grow(renaming->mailboxes, &capacity,
	    renaming->count + 1, sizeof(*renaming->mailboxes));
	renaming->names = mem_grow(renaming->names, &renaming->capacity,
	    renaming->count + 1, sizeof(*renaming->names));
	renaming->mailboxes[renaming->count] = mailbox;
	renaming->names[renaming->count++] = view_of(bytes, len);
	transaction_put_mailbox(
	    transaction, mailbox, view_of(bytes, len), mailbox->keywords);
	// The subscription stays with the old name, so that the mailbox may be
	// subscribed under one name only.
	transaction_note_mailbox(transaction, STORE_CHANGE_MAILBOX, mailbox->id,
	    STORE_CHANGED_NAME | STORE_CHANGED_SUBSCRIPTION);
}

// Plans new names for `from` and all mailboxes below it. `from` itself need not
// exist.
static enum rc plan_renames(struct transaction *transaction,
    struct renaming *renaming, struct fault *fault)
{
	struct store_account *account = transaction->account;
	struct view from = renaming->from;
	size_t at;
	account_table_seek(account, from, &at);
	for (; at < account->mailboxes.count; at++) {
		struct mailbox *mailbox = account->mailboxes.items[at];
		if (!view_eq(mailbox->name, from) &&
		    !name_is_below(mailbox->name, from))
			break;
		plan_rename(
		    transaction, renaming, mailbox, from.len, renaming->to);
		struct view name = renaming->names[renaming->count - 1];
		enum rc rc = store_name_check(name, fault);
		if (rc != RC_OK)
			return rc;
		if (mailbox_by_name(account, name))
			return fault_set(fault, RC_EXISTS,
			    "there is a mailbox of the new name already");
	}
	if (renaming->count == 0)
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no mailbox of that name");
	return RC_OK;
}

struct moving {
	struct store_message *items;
	size_t count;
	size_t capacity;
	size_t most;
	uint32_t left_up_to; // the last UID that has to wait; 0: none
};

static enum node_verdict take_message(
    void *context, struct store_message *message)
{
	struct moving *moving = context;
	if (moving->count == moving->most) {
		moving->left_up_to = message->uid;
		return NODE_KEEP;
	}
	vec_push(moving, *message);
	return NODE_REMOVE;
}

// Renaming INBOX moves its messages to a new mailbox (RFC 9051 section 6.3.6).
// The commit that makes it moves as many as one commit may.
static enum rc move_inbox(struct transaction *transaction,
    struct creation *creation, struct view to, struct fault *fault,
    uint32_t *ret_left_up_to)
{
	struct mailbox *inbox =
	    mailbox_by_name(transaction->account, VIEW("INBOX"));
	struct transaction_mailbox *source;
	struct transaction_mailbox *target;
	if (!inbox)
		return fault_set(fault, RC_NOT_FOUND, "there is no INBOX");
	enum rc rc = transaction_mailbox(transaction, inbox, fault, &source);
	if (rc != RC_OK)
		return rc;
	plan_parents(transaction, creation, to);
	struct mailbox *mailbox = plan_mailbox(transaction, creation, to, 0);
	mailbox->keywords = keywords_ref(inbox->keywords);
	rc = transaction_mailbox(transaction, mailbox, fault, &target);
	if (rc != RC_OK)
		return rc;
	target->record_changed = true;
	struct moving moving = {
	    .most = transaction->account->store->options.commit_max};
	struct rangeset all;
	rangeset_init(&all);
	rangeset_add(&all, 1, UINT32_MAX);
	transaction_edit(source, &all, take_message, &moving);
	rangeset_done(&all);
	rc = transaction_append(target, moving.items, moving.count, fault);
	vec_done(&moving);
	*ret_left_up_to = moving.left_up_to;
	return rc;
}

// Moves those that the first commit has left. The asker's rights have been
// checked for all of it.
static enum rc move_left(struct store_account *account,
    const struct renaming *renaming, struct fault *fault)
{
	struct store_mailbox *from = NULL;
	struct store_mailbox *to = NULL;
	struct store_copied copied;
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, 1, renaming->left_up_to);
	enum rc rc = store_mailbox_open(&store_system, account, renaming->from,
	    STORE_RIGHT_READ, fault, &from);
	if (rc == RC_OK)
		rc = store_mailbox_open(&store_system, account, renaming->to,
		    STORE_RIGHT_INSERT, fault, &to);
	if (rc == RC_OK) {
		rc = store_copy(from, &uids, to, true, fault, &copied);
		store_copied_done(&copied);
	}
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	rangeset_done(&uids);
	return rc;
}

static enum rc make_renaming(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct renaming *renaming = context;
	struct store_account *account = transaction->account;
	bool inbox = view_eq(renaming->from, VIEW("INBOX"));
	renaming_reset(renaming);
	enum rc rc = mailbox_need_rename(
	    renaming->asker, account, renaming->from, fault);
	if (rc == RC_OK)
		rc = check_new_name(
		    renaming->asker, account, renaming->to, fault);
	if (rc == RC_OK && name_is_below(renaming->to, renaming->from) &&
	    !inbox)
		rc = fault_set(fault, RC_INVALID,
		    "a mailbox cannot be moved below itself");
	if (rc != RC_OK)
		return rc;
	if (inbox) {
		transaction->publish = publish_creation;
		transaction->publish_context = &renaming->creation;
		return move_inbox(transaction, &renaming->creation,
		    renaming->to, fault, &renaming->left_up_to);
	}
	transaction->publish = publish_renaming;
	transaction->publish_context = renaming;
	rc = plan_renames(transaction, renaming, fault);
	if (rc == RC_OK)
		plan_parents(transaction, &renaming->creation, renaming->to);
	return rc;
}

enum rc store_mailbox_rename(const struct store_asker *asker,
    struct store_account *account, struct view from, struct view to,
    struct fault *fault)
{
	char from_room[STORE_NAME_MAX];
	char to_room[STORE_NAME_MAX];
	enum rc rc = store_name_check(to, fault);
	if (rc != RC_OK)
		return rc;
	struct renaming renaming = {.asker = asker,
	    .from = store_name_canonical(from, from_room),
	    .to = store_name_canonical(to, to_room)};
	rc = transaction_run(account, make_renaming, &renaming, fault);
	if (rc == RC_OK && renaming.left_up_to)
		rc = move_left(account, &renaming, fault);
	renaming_done(&renaming);
	return rc;
}

// ---- Subscriptions ------------------------------------------

struct subscription {
	struct view name;
	bool subscribe;
};

static void publish_subscription(struct transaction *transaction)
{
	struct subscription *subscription = transaction->publish_context;
	account_subscription_set(
	    transaction->account, subscription->name, subscription->subscribe);
}

static enum rc make_subscription(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct subscription *subscription = context;
	const struct store_account *account = transaction->account;
	struct record_key key = record_key_subscription(subscription->name);
	size_t at;
	bool is = account_subscription_seek(account, subscription->name, &at);
	if (subscription->subscribe && !is &&
	    account->subscriptions.count >= STORE_MAILBOXES_MAX)
		return fault_set(fault, RC_LIMIT, "too many subscriptions");
	if (subscription->subscribe && !is)
		transaction_put(transaction, &key, view_of(NULL, 0));
	else if (!subscription->subscribe && is)
		transaction_delete(transaction, &key);
	struct mailbox *mailbox =
	    mailbox_by_name(transaction->account, subscription->name);
	transaction_note_mailbox(transaction, STORE_CHANGE_MAILBOX,
	    mailbox ? mailbox->id : 0, STORE_CHANGED_SUBSCRIPTION);
	transaction->publish = publish_subscription;
	transaction->publish_context = subscription;
	return RC_OK;
}

enum rc store_subscribe(const struct store_asker *asker,
    struct store_account *account, struct view name, bool subscribe,
    struct fault *fault)
{
	char room[STORE_NAME_MAX];
	enum rc rc = store_name_check(name, fault);
	if (rc == RC_OK && !account_is_own(asker, account))
		rc = fault_set(fault, RC_DENIED,
		    "only the owner of an account has subscriptions there");
	if (rc != RC_OK)
		return rc;
	struct subscription subscription = {
	    store_name_canonical(name, room), subscribe};
	return transaction_run(
	    account, make_subscription, &subscription, fault);
}

// ---- Special uses ----------------------------------------------------------

struct using
{
	const struct store_asker *asker;
	uint64_t mailbox_id;
	unsigned special_use;
	struct mailbox *mailbox; // found
};

static void publish_use(struct transaction *transaction)
{
	const struct using *using = transaction->publish_context;
	using->mailbox->special_use = using->special_use;
}

static enum rc check_use(const struct store_account *account,
    const struct mailbox *mailbox, unsigned special_use, struct fault *fault)
{
	for (size_t i = 0; i < account->mailboxes.count; i++) {
		const struct mailbox *other = account->mailboxes.items[i];
		if (other != mailbox && other->special_use & special_use)
			return fault_set(fault, RC_EXISTS,
			    "another mailbox has this special use");
	}
	return RC_OK;
}

static enum rc make_use(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct using *using = context;
	struct store_account *account = transaction->account;
	struct mailbox *mailbox = mailbox_by_id(account, using->mailbox_id);
	enum rc rc = mailbox_need(
	    using->asker, account, mailbox, STORE_RIGHT_DELETE_MAILBOX, fault);
	if (rc == RC_OK)
		rc = check_use(account, mailbox, using->special_use, fault);
	if (rc != RC_OK || !mailbox)
		return rc;
	struct record_mailbox record = {
	    mailbox->name, mailbox->uidvalidity, using->special_use};
	struct record_key key = record_key_u64(RECORD_MAILBOX, mailbox->id);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_mailbox_put(&record, mailbox->keywords, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
	transaction_note_mailbox(transaction, STORE_CHANGE_MAILBOX, mailbox->id,
	    STORE_CHANGED_SPECIAL_USE);
	using->mailbox = mailbox;
	transaction->publish = publish_use;
	transaction->publish_context = using;
	return RC_OK;
}

enum rc store_mailbox_set_use(const struct store_asker *asker,
    struct store_account *account, uint64_t mailbox_id, unsigned special_use,
    struct fault *fault)
{
	struct using using = {.asker = asker,
	    .mailbox_id = mailbox_id,
	    .special_use = special_use};
	return transaction_run(account, make_use, &using, fault);
}

// ---- A new account ---------------------------------------------------------

static const struct {
	const char *name;
	unsigned special_use;
} defaults[] = {
    {"INBOX", 0},
    {"Archive", STORE_USE_ARCHIVE},
    {"Drafts", STORE_USE_DRAFTS},
    {"Junk", STORE_USE_JUNK},
    {"Sent", STORE_USE_SENT},
    {"Trash", STORE_USE_TRASH},
};

static void publish_defaults(struct transaction *transaction)
{
	publish_creation(transaction);
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		account_subscription_set(transaction->account,
		    view_of_string(defaults[i].name), true);
}

static enum rc make_defaults(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct creation *creation = context;
	creation_reset(creation);
	if (transaction->account->version > 0)
		return fault_set(
		    fault, RC_EXISTS, "the account exists already");
	transaction->record.next_email_id = 1;
	transaction->first_email_id = 1;
	transaction->record.next_mailbox_id = 1;
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		struct view name = view_of_string(defaults[i].name);
		struct record_key key = record_key_subscription(name);
		plan_mailbox(
		    transaction, creation, name, defaults[i].special_use);
		transaction_put(transaction, &key, view_of(NULL, 0));
	}
	transaction->publish = publish_defaults;
	transaction->publish_context = creation;
	return RC_OK;
}

enum rc account_make(struct store_account *account, struct fault *fault)
{
	struct creation creation = {0};
	enum rc rc =
	    transaction_run_first(account, make_defaults, &creation, fault);
	creation_done(&creation);
	return rc;
}

// ---- After a restoration ---------------------------------------------------

static enum rc make_renewal(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct store_account *account = transaction->account;
	(void)context;
	(void)fault;
	transaction->record_changed = true;
	for (size_t i = 0; i < account->mailboxes.count; i++) {
		struct mailbox *mailbox = account->mailboxes.items[i];
		mailbox->uidvalidity = next_uidvalidity(transaction);
		transaction_put_mailbox(
		    transaction, mailbox, mailbox->name, mailbox->keywords);
		transaction_note_mailbox(transaction, STORE_CHANGE_MAILBOX,
		    mailbox->id, STORE_CHANGED_NAME);
	}
	return RC_OK;
}

enum rc store_mailboxes_renew(
    struct store_account *account, struct fault *fault)
{
	return transaction_run(account, make_renewal, NULL, fault);
}
