// SPDX-License-Identifier: Apache-2.0
// Changing many emails by their ids. A commit is planned first (emails_plan.c).
// Then the plan is carried out with one edit and one append for each mailbox.
#include "store/emails_set.h"

#include "base/mem.h"
#include "store/emails_set_impl.h"

// ---- Carrying out ----------------------------------------------------------

static int compare_edits(const void *a, const void *b)
{
	const struct plan_edit *left = a;
	const struct plan_edit *right = b;
	if (left->entry != right->entry)
		return left->entry->mailbox->id < right->entry->mailbox->id ? -1
									    : 1;
	return (left->uid > right->uid) - (left->uid < right->uid);
}

// Edits of one mailbox, by UID.
struct edits {
	const struct plan_edit *items;
	size_t count;
};

static enum node_verdict edit_place(
    void *context, struct store_message *message)
{
	const struct edits *edits = context;
	size_t at;
	LOWER_BOUND(at, edits->count, edits->items[at].uid < message->uid);
	if (at == edits->count || edits->items[at].uid != message->uid)
		return NODE_KEEP;
	if (edits->items[at].remove)
		return NODE_REMOVE;
	*message = edits->items[at].message;
	return NODE_CHANGED;
}

static void carry_out_edits(struct plan *plan)
{
	struct rangeset uids;
	rangeset_init(&uids);
	if (plan->edits.count)
		qsort(plan->edits.items, plan->edits.count,
		    sizeof(*plan->edits.items), compare_edits);
	for (size_t i = 0; i < plan->edits.count;) {
		struct edits edits = {&plan->edits.items[i], 0};
		struct transaction_mailbox *entry = edits.items[0].entry;
		rangeset_reset(&uids);
		for (; i < plan->edits.count &&
		       plan->edits.items[i].entry == entry;
		     i++, edits.count++)
			rangeset_add(&uids, plan->edits.items[i].uid,
			    plan->edits.items[i].uid);
		transaction_edit(entry, &uids, edit_place, &edits);
	}
	rangeset_done(&uids);
}

// What is removed has been removed before, so that only the sum counts for the
// quota.
static enum rc carry_out_added(struct plan *plan, struct fault *fault)
{
	struct transaction *transaction = plan->transaction;
	struct store_message *messages =
	    mem_alloc((plan->added.count + 1) * sizeof(*messages));
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < transaction->mailboxes.count;
	     i++) {
		struct transaction_mailbox *entry =
		    transaction->mailboxes.items[i];
		size_t count = 0;
		for (size_t n = 0; n < plan->added.count; n++)
			if (plan->added.items[n].entry == entry)
				messages[count++] =
				    plan->added.items[n].message;
		rc = transaction_append(entry, messages, count, fault);
	}
	free(messages);
	return rc;
}

// ---- A commit --------------------------------------------------------------

static void plan_done(struct plan *plan)
{
	engine_cursor_close(&plan->cursor);
	engine_snapshot_close(&plan->from);
	vec_done(&plan->places);
	vec_done(&plan->targets);
	vec_done(&plan->names);
	vec_done(&plan->edits);
	vec_done(&plan->added);
	arena_done(&plan->arena);
}

static enum rc plan_open(struct plan *plan, struct fault *fault)
{
	struct store_account *account = plan->transaction->account;
	struct record_key prefix = record_key_kind(RECORD_LOCATION);
	arena_init(&plan->arena);
	enum rc rc = engine_snapshot_open(
	    account->store->options.engine, account->id, &plan->from);
	if (rc == RC_OK &&
	    engine_snapshot_version(plan->from) != account->version) {
		atomic_store(&account->stale, true);
		return RC_CONFLICT; // another handle; it is made again
	}
	if (rc == RC_OK)
		rc = engine_cursor_open(
		    plan->from, record_key_view(&prefix), &plan->cursor);
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot read where messages are");
	return RC_OK;
}

struct setting {
	const struct store_asker *asker;
	struct store_emails_set *set;
	struct store_email_change **changes; // by email id
	const struct plan_source *sources;   // of the new emails
	// What this commit does of both.
	size_t first_made;
	size_t made_end;
	size_t first_change;
	size_t change_end;
	bool guarded;
	// The results.
	uint64_t before;
	bool changed;
};

static enum rc fill(
    struct plan *plan, struct setting *setting, struct fault *fault)
{
	struct store_emails_set *set = setting->set;
	enum rc rc = plan_open(plan, fault);
	for (size_t i = setting->first_made;
	     rc == RC_OK && i < setting->made_end; i++)
		rc = plan_new(plan, &set->made[i], &setting->sources[i], fault);
	for (size_t i = setting->first_change;
	     rc == RC_OK && i < setting->change_end; i++) {
		struct store_email_change *change = setting->changes[i];
		if (i > 0 &&
		    setting->changes[i - 1]->email_id == change->email_id)
			change->result =
			    (struct store_email_result){RC_INVALID, 0};
		else
			rc = plan_change(plan, change);
	}
	if (rc != RC_OK)
		return rc;
	setting->changed = plan->edits.count || plan->added.count;
	carry_out_edits(plan);
	return carry_out_added(plan, fault);
}

static enum rc make_set(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct setting *setting = context;
	struct plan plan = {
	    .asker = setting->asker, .transaction = transaction};
	setting->before = transaction->account->version;
	setting->changed = false;
	if (setting->guarded && setting->before != setting->set->if_version)
		return fault_set(
		    fault, RC_GONE, "the account has been changed since");
	enum rc rc = fill(&plan, setting, fault);
	plan_done(&plan);
	return rc;
}

// ---- All commits -----------------------------------------------------------

static int compare_changes(const void *a, const void *b)
{
	struct store_email_change *const *left = a;
	struct store_email_change *const *right = b;
	if ((*left)->email_id != (*right)->email_id)
		return (*left)->email_id < (*right)->email_id ? -1 : 1;
	return (*left > *right) - (*left < *right);
}

static void fail_rest(struct setting *setting, enum rc rc)
{
	struct store_emails_set *set = setting->set;
	for (size_t i = setting->first_made; i < set->made_count; i++)
		set->made[i].result = (struct store_email_result){rc, 0};
	for (size_t i = setting->first_change; i < set->change_count; i++)
		setting->changes[i]->result =
		    (struct store_email_result){rc, 0};
}

// Chooses what the next commit does; false at the end. The first one is made
// even if there is nothing to do, for the guard.
static bool next_part(struct setting *setting, size_t most, bool first)
{
	const struct store_emails_set *set = setting->set;
	setting->first_made = setting->made_end;
	setting->first_change = setting->change_end;
	size_t made = set->made_count - setting->first_made;
	size_t changes = set->change_count - setting->first_change;
	if (made > most)
		made = most;
	if (changes > most - made)
		changes = most - made;
	setting->made_end += made;
	setting->change_end += changes;
	setting->guarded = first && set->if_version;
	return first || made || changes;
}

static enum rc run_parts(
    struct store_account *account, struct setting *setting, struct fault *fault)
{
	struct store_emails_set *set = setting->set;
	bool first = true;
	while (next_part(setting, account->store->options.commit_max, first)) {
		enum rc rc = transaction_run(account, make_set, setting, fault);
		if (rc != RC_OK) {
			fail_rest(setting, rc);
			return first ? rc : RC_OK;
		}
		if (first)
			set->before = setting->before;
		if (first || setting->changed)
			set->after = setting->before + setting->changed;
		first = false;
	}
	return RC_OK;
}

enum rc store_emails_set(const struct store_asker *asker,
    struct store_account *account, struct store_emails_set *set,
    struct fault *fault)
{
	struct setting setting = {.asker = asker, .set = set};
	setting.changes =
	    mem_alloc((set->change_count + 1) * sizeof(*setting.changes));
	for (size_t i = 0; i < set->change_count; i++)
		setting.changes[i] = &set->changes[i];
	if (set->change_count)
		qsort(setting.changes, set->change_count,
		    sizeof(*setting.changes), compare_changes);
	struct plan_source *sources = plan_sources_read(set);
	setting.sources = sources;
	enum rc rc = run_parts(account, &setting, fault);
	plan_sources_free(sources, set->made_count);
	free(setting.changes);
	return rc;
}
