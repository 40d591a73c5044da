// SPDX-License-Identifier: Apache-2.0
// Planning changes of emails by their ids: email by email it is checked whether
// the change is possible, and what it does to the places in each mailbox. Only
// what is possible gets into the plan.
#include "base/bytes.h"
#include "store/emails_set_impl.h"

// ---- Places ----------------------------------------------------------------

// The mailbox with this id, or NULL. Call with `change` held.
static struct mailbox *find_mailbox(struct plan *plan, uint64_t mailbox_id)
{
	struct store_account *account = plan->transaction->account;
	pthread_mutex_lock(&account->table);
	struct mailbox *mailbox = account_table_find_id(account, mailbox_id);
	pthread_mutex_unlock(&account->table);
	return mailbox;
}

// A mailbox that cannot be read hides its places, as in a view.
static enum rc add_place(
    struct plan *plan, uint64_t email_id, uint64_t mailbox_id, uint32_t uid)
{
	struct plan_place place = {.mailbox_id = mailbox_id};
	struct mailbox *mailbox = find_mailbox(plan, mailbox_id);
	if (!mailbox)
		return RC_OK;
	place.rights =
	    mailbox_rights(plan->asker, plan->transaction->account, mailbox);
	if (!(place.rights & STORE_RIGHT_LOOKUP) ||
	    !(place.rights & STORE_RIGHT_READ))
		return RC_OK;
	enum rc rc =
	    transaction_mailbox(plan->transaction, mailbox, NULL, &place.entry);
	if (rc == RC_CORRUPT) {
		plan->broken = true;
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	const struct store_snapshot now = {.root = place.entry->root};
	uint32_t index;
	if (store_snapshot_find(&now, uid, &index) != RC_OK)
		return RC_OK; // the check reports it
	store_snapshot_get(&now, index, &place.message);
	place.visible = !(place.message.flags & STORE_FLAG_DELETED);
	if (place.message.email_id == email_id)
		vec_push(&plan->places, place);
	return RC_OK;
}

static enum rc find_places(struct plan *plan, uint64_t email_id)
{
	struct record_key prefix = record_key_u64(RECORD_LOCATION, email_id);
	struct view key;
	struct view value;
	enum rc rc = RC_OK;
	plan->places.count = 0;
	plan->broken = false;
	engine_cursor_seek(plan->cursor, record_key_view(&prefix));
	while (rc == RC_OK) {
		rc = engine_cursor_next(plan->cursor, &key, &value);
		if (rc == RC_END ||
		    (rc == RC_OK &&
			!view_starts_with(key, record_key_view(&prefix))))
			return RC_OK;
		if (rc == RC_OK && key.len == 21)
			rc = add_place(plan, email_id, get_be64(key.ptr + 9),
			    get_be32(key.ptr + 17));
	}
	return rc;
}

// ---- Room ------------------------------------------------------------------

// As transaction_append() checks it, for each email by itself.
static enum rc check_room(
    const struct plan *plan, int64_t messages, int64_t bytes)
{
	const struct transaction *transaction = plan->transaction;
	const struct store_options *options =
	    &transaction->account->store->options;
	const struct record_account *record = &transaction->record;
	int64_t more_messages = plan->messages + messages;
	int64_t more_bytes = plan->bytes + bytes;
	if (options->quota_bytes && bytes > 0 && more_bytes > 0 &&
	    record->bytes + (uint64_t)more_bytes > options->quota_bytes)
		return RC_QUOTA;
	if (options->quota_messages && messages > 0 && more_messages > 0 &&
	    record->messages + (uint64_t)more_messages >
		options->quota_messages)
		return RC_QUOTA;
	return messages > 0 || bytes > 0 ? engine_room(options->engine, NULL)
					 : RC_OK;
}

// ---- Keywords --------------------------------------------------------------

static bool has_name(const struct store_flags *flags, struct view name)
{
	for (size_t i = 0; i < flags->keyword_count; i++)
		if (view_eq_nocase(flags->keywords[i], name))
			return true;
	return false;
}

static bool has_keyword(const struct store_keywords *keywords,
    const struct store_message *message, struct view name)
{
	unsigned n;
	return message->has_keywords &&
	       keywords_find(keywords, name, &n) == RC_OK &&
	       store_keyword_set_has(&message->keywords, n);
}

// Whether the mailbox has these keywords, or may get them.
static enum rc check_keywords(const struct transaction_mailbox *entry,
    const struct view *names, size_t count)
{
	unsigned there = entry->keywords ? entry->keywords->count : 0;
	for (size_t i = 0; i < count; i++) {
		unsigned n;
		if (keywords_find(entry->keywords, names[i], &n) == RC_OK)
			continue;
		if (!keyword_is_valid(names[i]))
			return RC_SYNTAX;
		if (++there > STORE_KEYWORDS_MAX)
			return RC_LIMIT;
	}
	return RC_OK;
}

static void add_name(struct plan *plan, struct view name)
{
	for (size_t i = 0; i < plan->names.count; i++)
		if (view_eq_nocase(plan->names.items[i], name))
			return;
	// The list of the mailbox may be replaced while the name is needed.
	vec_push(&plan->names, arena_copy(&plan->arena, name));
}

static unsigned changed_flags(
    const struct store_email_change *change, unsigned before)
{
	const unsigned deleted = STORE_FLAG_DELETED;
	unsigned add = change->add.system & ~deleted;
	unsigned remove = change->remove.system & ~deleted;
	return change->only_these_flags ? add | (before & deleted)
					: (before | add) & ~remove;
}

// Collects in `plan->names` the keywords that a place will have which has those
// of `message` now. Called for several places, collects those of all.
static void changed_keywords(struct plan *plan,
    const struct store_email_change *change,
    const struct store_keywords *keywords, const struct store_message *message)
{
	for (size_t i = 0; i < change->add.keyword_count; i++)
		add_name(plan, change->add.keywords[i]);
	unsigned count =
	    change->only_these_flags || !keywords ? 0 : keywords->count;
	for (unsigned n = 0; message->has_keywords && n < count; n++)
		if (store_keyword_set_has(&message->keywords, n) &&
		    !has_name(&change->remove, keywords->names[n]))
			add_name(plan, keywords->names[n]);
}

// Whether the place's keywords are not those of `plan->names`.
static bool keywords_differ(
    const struct plan *plan, const struct plan_place *place)
{
	const struct store_keywords *keywords = place->entry->keywords;
	const struct store_message *message = &place->message;
	size_t set = 0;
	for (size_t w = 0; w < ARRAY_LEN(message->keywords.bits); w++)
		set += message->has_keywords ? (size_t)__builtin_popcountll(
						   message->keywords.bits[w])
					     : 0;
	if (set != plan->names.count)
		return true;
	for (size_t i = 0; i < plan->names.count; i++)
		if (!has_keyword(keywords, message, plan->names.items[i]))
			return true;
	return false;
}

// Gives a message the keywords of `plan->names`. check_keywords() has said that
// it is possible.
static void set_keywords(struct plan *plan, struct transaction_mailbox *entry,
    struct store_message *message)
{
	if (transaction_keywords(entry, plan->names.items, plan->names.count,
		NULL, &message->keywords) != RC_OK)
		abort();
	message->has_keywords = plan->names.count > 0;
}

// ---- A change: is it possible? ---------------------------------------------

static bool has_id(const uint64_t *ids, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static bool stays_in(
    const struct store_email_change *change, uint64_t mailbox_id)
{
	if (change->destroy)
		return false;
	if (has_id(change->into, change->into_count, mailbox_id))
		return true;
	return !change->only_these_mailboxes &&
	       !has_id(change->out_of, change->out_of_count, mailbox_id);
}

static bool is_in(const struct plan *plan, uint64_t mailbox_id)
{
	for (size_t i = 0; i < plan->places.count; i++)
		if (plan->places.items[i].visible &&
		    plan->places.items[i].mailbox_id == mailbox_id)
			return true;
	return false;
}

static enum rc fail_at(
    struct store_email_result *result, enum rc rc, uint64_t mailbox_id)
{
	*result = (struct store_email_result){rc, mailbox_id};
	return rc;
}

// RFC 4314 section 4.
static enum rc check_flags(struct plan *plan,
    const struct store_email_change *change, struct plan_place *place)
{
	const unsigned seen = STORE_FLAG_SEEN;
	unsigned before = place->message.flags;
	unsigned after = changed_flags(change, before);
	unsigned needed = 0;
	plan->names.count = 0;
	changed_keywords(plan, change, place->entry->keywords, &place->message);
	bool keywords = keywords_differ(plan, place);
	place->changes = after != before || keywords;
	if ((after ^ before) & seen)
		needed |= STORE_RIGHT_SEEN;
	if ((after ^ before) & ~seen || keywords)
		needed |= STORE_RIGHT_WRITE;
	if (needed & ~place->rights)
		return RC_DENIED;
	return keywords ? check_keywords(place->entry, plan->names.items,
			      plan->names.count)
			: RC_OK;
}

// Decides for each place whether it goes, and whether it changes.
static enum rc check_places(
    struct plan *plan, struct store_email_change *change, size_t *ret_stay)
{
	const unsigned remove =
	    STORE_RIGHT_DELETE_MESSAGES | STORE_RIGHT_EXPUNGE;
	struct store_email_result *result = &change->result;
	*ret_stay = 0;
	for (size_t i = 0; i < plan->places.count; i++) {
		struct plan_place *place = &plan->places.items[i];
		enum rc rc = RC_OK;
		place->goes =
		    place->visible
			? !stays_in(change, place->mailbox_id)
			: change->destroy && (place->rights & remove) == remove;
		if (place->goes && (place->rights & remove) != remove)
			rc = RC_DENIED;
		else if (place->visible && !place->goes)
			rc = check_flags(plan, change, place);
		if (rc != RC_OK)
			return fail_at(result, rc, place->mailbox_id);
		*ret_stay += place->visible && !place->goes;
	}
	return RC_OK;
}

// Finds a mailbox that the email comes into. Fails for this email only if that
// is written into `result`.
static enum rc check_target(struct plan *plan, uint64_t mailbox_id,
    struct store_email_result *result, struct plan_target *ret_target)
{
	struct mailbox *mailbox = find_mailbox(plan, mailbox_id);
	struct store_account *account = plan->transaction->account;
	enum rc rc = mailbox_need(plan->asker, account, mailbox,
	    STORE_RIGHT_LOOKUP | STORE_RIGHT_INSERT, NULL);
	if (rc != RC_OK || !mailbox) // without one, rc says so
		return fail_at(result, rc, mailbox_id);
	ret_target->rights = mailbox_rights(plan->asker, account, mailbox);
	rc = transaction_mailbox(
	    plan->transaction, mailbox, NULL, &ret_target->entry);
	if (rc == RC_CORRUPT)
		return fail_at(result, rc, mailbox_id);
	if (rc == RC_OK && ret_target->rights & STORE_RIGHT_WRITE) {
		rc = check_keywords(
		    ret_target->entry, plan->names.items, plan->names.count);
		if (rc != RC_OK)
			return fail_at(result, rc, mailbox_id);
	}
	return rc;
}

// Fills `plan->targets`; the keywords are in `plan->names`.
static enum rc check_targets(struct plan *plan, const uint64_t *ids,
    size_t count, struct store_email_result *result)
{
	enum rc rc = RC_OK;
	plan->targets.count = 0;
	if (count > STORE_PLACES_MAX)
		return fail_at(result, RC_LIMIT, 0);
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		struct plan_target target;
		if (is_in(plan, ids[i]) || has_id(ids, i, ids[i]))
			continue;
		rc = check_target(plan, ids[i], result, &target);
		if (rc == RC_OK)
			vec_push(&plan->targets, target);
	}
	return rc;
}

// ---- A change: into the plan -----------------------------------------------

static void plan_place(struct plan *plan,
    const struct store_email_change *change, const struct plan_place *place)
{
	struct plan_edit edit = {.entry = place->entry,
	    .uid = place->message.uid,
	    .message = place->message,
	    .remove = place->goes};
	if (place->goes) {
		plan->messages--;
		plan->bytes -= place->message.size;
	} else {
		edit.message.flags =
		    changed_flags(change, place->message.flags);
		plan->names.count = 0;
		changed_keywords(
		    plan, change, place->entry->keywords, &place->message);
		set_keywords(plan, place->entry, &edit.message);
	}
	vec_push(&plan->edits, edit);
}

// Flags and keywords that the asker may not set there are left out (RFC 4314
// section 4).
static void plan_added(struct plan *plan, const struct store_message *message)
{
	for (size_t i = 0; i < plan->targets.count; i++) {
		const struct plan_target *target = &plan->targets.items[i];
		struct plan_added added = {target->entry, *message};
		added.message.flags &= rights_to_flags(target->rights);
		added.message.keywords = (struct store_keyword_set){0};
		added.message.has_keywords = false;
		if (target->rights & STORE_RIGHT_WRITE)
			set_keywords(plan, target->entry, &added.message);
		vec_push(&plan->added, added);
		plan->messages++;
		plan->bytes += message->size;
	}
}

// The message that a new place gets: what all visible places say together.
// Collects their keywords, too.
static struct store_message all_together(
    struct plan *plan, const struct store_email_change *change)
{
	struct store_message all = {0};
	bool first = true;
	plan->names.count = 0;
	for (size_t i = 0; i < plan->places.count; i++) {
		const struct plan_place *place = &plan->places.items[i];
		unsigned flags = all.flags;
		if (!place->visible)
			continue;
		if (first)
			all = place->message;
		all.flags = flags | place->message.flags;
		changed_keywords(
		    plan, change, place->entry->keywords, &place->message);
		first = false;
	}
	all.flags = changed_flags(change, all.flags);
	return all;
}

// The first visible place; NULL: there is none.
static const struct plan_place *first_visible(const struct plan *plan)
{
	for (size_t i = 0; i < plan->places.count; i++)
		if (plan->places.items[i].visible)
			return &plan->places.items[i];
	return NULL;
}

// Whether a change names more keywords than an email can get or have. Each of
// them is compared with all others.
static bool names_too_many(const struct store_email_change *change)
{
	return change->add.keyword_count > STORE_KEYWORDS_MAX ||
	       change->remove.keyword_count >
		   (size_t)STORE_KEYWORDS_MAX * STORE_PLACES_MAX;
}

// Whether what the change adds fits. It is judged with what it removes.
static enum rc check_change_room(
    const struct plan *plan, const struct store_message *message)
{
	int64_t messages = (int64_t)plan->targets.count;
	int64_t bytes = messages * message->size;
	for (size_t i = 0; i < plan->places.count; i++) {
		if (!plan->places.items[i].goes)
			continue;
		messages--;
		bytes -= plan->places.items[i].message.size;
	}
	return check_room(plan, messages, bytes);
}

// A failure of this email alone is in its result, and RC_OK is returned.
static enum rc own_failure(enum rc rc, const struct store_email_result *result)
{
	return rc == result->rc ? RC_OK : rc;
}

enum rc plan_change(struct plan *plan, struct store_email_change *change)
{
	struct store_email_result *result = &change->result;
	size_t stay;
	*result = (struct store_email_result){RC_OK, 0};
	enum rc rc = find_places(plan, change->email_id);
	if (rc != RC_OK)
		return rc;
	const struct plan_place *visible = first_visible(plan);
	if (!visible) {
		result->rc = plan->broken ? RC_CORRUPT : RC_NOT_FOUND;
		return RC_OK;
	}
	if (names_too_many(change)) {
		*result =
		    (struct store_email_result){RC_LIMIT, visible->mailbox_id};
		return RC_OK;
	}
	rc = check_places(plan, change, &stay);
	if (rc != RC_OK)
		return own_failure(rc, result);
	struct store_message all = all_together(plan, change);
	rc = check_targets(plan, change->into,
	    change->destroy ? 0 : change->into_count, result);
	if (rc != RC_OK)
		return own_failure(rc, result);
	if (!change->destroy && stay + plan->targets.count == 0)
		rc = RC_INVALID;
	else
		rc = check_change_room(plan, &all);
	if (rc != RC_OK) {
		result->rc = rc;
		return RC_OK;
	}
	// The keywords of new places first: they are in `plan->names` now.
	plan_added(plan, &all);
	for (size_t i = 0; i < plan->places.count; i++)
		if (plan->places.items[i].goes || plan->places.items[i].changes)
			plan_place(plan, change, &plan->places.items[i]);
	return RC_OK;
}

// ---- New emails ------------------------------------------------------------

static enum rc make_email(struct plan *plan, const struct store_email_new *new,
    const struct plan_source *source, struct fault *fault,
    struct transaction_made *ret_made)
{
	if (new->draft)
		return transaction_email(
		    plan->transaction, new->draft, VIEW(""), fault, ret_made);
	struct email_records records = {
	    buf_view(&source->email), buf_view(&source->head), source->lacks};
	return transaction_adopt(plan->transaction, &records, ret_made);
}

static struct store_message new_message(const struct plan *plan,
    const struct store_email_new *new, const struct plan_source *source)
{
	struct store_message message = {
	    .size = new->draft ? (uint32_t)store_draft_size(new->draft)
			       : source->size,
	    .internal_date =
		new->draft ? plan->transaction->now : source->internal_date,
	    .zone_minutes = new->draft ? (int16_t)0 : source->zone_minutes,
	    .flags = new->flags.system & ~(unsigned)STORE_FLAG_DELETED,
	};
	if (new->has_date) {
		message.internal_date = new->received_at;
		message.zone_minutes = new->zone_minutes;
	}
	return message;
}

enum rc plan_new(struct plan *plan, struct store_email_new *new,
    const struct plan_source *source, struct fault *fault)
{
	struct store_email_result *result = &new->result;
	struct transaction_made made;
	*result = (struct store_email_result){source->rc, 0};
	if (source->rc != RC_OK)
		return RC_OK;
	if (new->flags.keyword_count > STORE_KEYWORDS_MAX) {
		*result = (struct store_email_result){
		    RC_LIMIT, new->mailbox_count ? new->mailboxes[0] : 0};
		return RC_OK;
	}
	plan->places.count = 0;
	plan->names.count = 0;
	for (size_t i = 0; i < new->flags.keyword_count; i++)
		add_name(plan, new->flags.keywords[i]);
	enum rc rc =
	    check_targets(plan, new->mailboxes, new->mailbox_count, result);
	if (rc != RC_OK)
		return own_failure(rc, result);
	struct store_message message = new_message(plan, new, source);
	rc = plan->targets.count ? check_change_room(plan, &message)
				 : RC_INVALID;
	if (rc != RC_OK) {
		result->rc = rc;
		return RC_OK;
	}
	rc = make_email(plan, new, source, fault, &made);
	if (rc != RC_OK)
		return rc;
	message.email_id = made.email_id;
	plan_added(plan, &message);
	new->email_id = made.email_id;
	new->thread_id = made.thread_id;
	new->size = message.size;
	return RC_OK;
}
