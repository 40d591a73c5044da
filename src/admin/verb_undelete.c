// SPDX-License-Identifier: Apache-2.0
// The request "undelete": lists, brings back or removes mail that was expunged.
//
//   {"do":"undelete","user","act":"list", "restore" or "purge"; what is meant:
//    "mailbox","subject","from","since" (seconds),"ids":[…]; "into"}
//   {"note":"kept","id","removed","date","size","mailbox","from","subject"}
//   for each
//
// The answer has "matched" and "done".
#include "admin/verbs.h"

#include "base/vec.h"
#include "store/kept.h"
#include "wire/fold.h"

#define TEXT_MAX ((size_t)64 << 10)

struct match {
	struct store_kept_id id;
	uint64_t mailbox_id;
	struct view mailbox; // in the arena
};

struct undelete {
	struct verb_call *call;
	struct store_account *account;
	struct arena arena;
	const json_t *ids; // NULL: any
	struct view mailbox;
	struct buf subject, from; // folded
	int64_t since;
	VEC(struct match) matches;
	struct buf folded;
};

// ---- Choosing --------------------------------------------------------------

// Whether the text has the (folded) needle in it.
static bool has(struct undelete *undelete, struct view text, struct view needle)
{
	if (needle.len == 0)
		return true;
	buf_reset(&undelete->folded);
	fold_text(FOLD_SEARCH, text, &undelete->folded);
	return view_find(buf_view(&undelete->folded), needle) != SIZE_MAX;
}

static bool is_chosen(const struct undelete *undelete, uint64_t email_id)
{
	const json_t *id;
	size_t i;
	if (!undelete->ids)
		return true;
	json_array_foreach(undelete->ids, i, id)
	{
		if ((uint64_t)json_integer_value(id) == email_id)
			return true;
	}
	return false;
}

static bool matches(struct undelete *undelete, const struct store_kept *kept)
{
	const struct view *text = kept->description.text;
	return kept->id.when >= undelete->since &&
	       is_chosen(undelete, kept->id.email_id) &&
	       (undelete->mailbox.len == 0 ||
		   view_eq(kept->mailbox, undelete->mailbox)) &&
	       has(undelete, text[MESSAGE_RECORD_SUBJECT_BASE],
		   buf_view(&undelete->subject)) &&
	       has(undelete, text[MESSAGE_RECORD_FROM_DISPLAY],
		   buf_view(&undelete->from));
}

static enum rc send_kept(
    struct undelete *undelete, const struct store_kept *kept)
{
	const struct view *text = kept->description.text;
	json_t *note = json_pack("{s:s, s:I, s:I, s:I, s:I}", "note", "kept",
	    "id", (json_int_t)kept->id.email_id, "removed",
	    (json_int_t)kept->id.when, "date", (json_int_t)kept->internal_date,
	    "size", (json_int_t)kept->size);
	json_object_set_new(note, "mailbox", link_text(kept->mailbox));
	json_object_set_new(
	    note, "from", link_text(text[MESSAGE_RECORD_FROM_DISPLAY]));
	json_object_set_new(
	    note, "subject", link_text(text[MESSAGE_RECORD_SUBJECT_BASE]));
	return link_send(undelete->call->link, note, VIEW(""));
}

static enum rc take(void *context, const struct store_kept *kept)
{
	struct undelete *undelete = context;
	if (!matches(undelete, kept))
		return RC_OK;
	vec_push(&undelete->matches,
	    (struct match){kept->id, kept->mailbox_id,
		arena_copy(&undelete->arena, kept->mailbox)});
	return send_kept(undelete, kept);
}

// ---- Doing -----------------------------------------------------------------

static enum rc purge(
    struct undelete *undelete, struct fault *fault, size_t *ret_done)
{
	struct store_kept_id ids[STORE_KEPT_AT_ONCE];
	size_t count = undelete->matches.count, done = 0;
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < count;) {
		size_t n = 0, purged = 0;
		while (i < count && n < STORE_KEPT_AT_ONCE)
			ids[n++] = undelete->matches.items[i++].id;
		rc =
		    store_kept_purge(undelete->account, ids, n, fault, &purged);
		done += purged;
	}
	*ret_done = done;
	return rc;
}

// The name that the mailbox has now, or had when it was deleted.
static struct view name_of(struct undelete *undelete, const struct match *match)
{
	struct store_mailbox_info info = {.name = VIEW("")};
	while (store_mailbox_next(&store_system, undelete->account, info.name,
		   &undelete->arena, &info) == RC_OK)
		if (info.mailbox_id == match->mailbox_id)
			return info.name;
	return match->mailbox;
}

static enum rc open_mailbox(struct undelete *undelete, struct view name,
    struct fault *fault, struct store_mailbox **ret_mailbox)
{
	uint64_t id;
	enum rc rc = store_mailbox_create(
	    &store_system, undelete->account, name, 0, fault, &id);
	if (rc != RC_OK && rc != RC_EXISTS)
		return rc;
	if (rc == RC_OK)
		rc = store_subscribe(
		    &store_system, undelete->account, name, true, fault);
	if (rc != RC_OK && rc != RC_EXISTS)
		return rc;
	return store_mailbox_open(&store_system, undelete->account, name,
	    STORE_RIGHT_INSERT | STORE_RIGHT_WRITE, fault, ret_mailbox);
}

static int compare_matches(const void *a, const void *b)
{
	const struct match *left = a;
	const struct match *right = b;
	if (left->mailbox_id != right->mailbox_id)
		return left->mailbox_id < right->mailbox_id ? -1 : 1;
	return (left->id.email_id > right->id.email_id) -
	       (left->id.email_id < right->id.email_id);
}

// Brings back `count` emails that were in one mailbox.
static enum rc restore_some(struct undelete *undelete, const struct match *from,
    size_t count, struct fault *fault, size_t *ret_done)
{
	struct store_kept_id ids[STORE_KEPT_AT_ONCE];
	struct store_mailbox *mailbox;
	struct view into = link_member(undelete->call->request, "into");
	enum rc rc = open_mailbox(undelete,
	    into.len > 0 ? into : name_of(undelete, from), fault, &mailbox);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < count;) {
		size_t n = 0, restored = 0;
		while (i < count && n < STORE_KEPT_AT_ONCE)
			ids[n++] = from[i++].id;
		rc = store_kept_restore(mailbox, ids, n, fault, &restored);
		*ret_done += restored;
	}
	store_mailbox_close(&mailbox);
	return rc;
}

static enum rc restore(
    struct undelete *undelete, struct fault *fault, size_t *ret_done)
{
	struct match *items = undelete->matches.items;
	size_t count = undelete->matches.count;
	enum rc rc = RC_OK;
	if (count)
		qsort(items, count, sizeof(*items), compare_matches);
	for (size_t i = 0; rc == RC_OK && i < count;) {
		size_t first = i;
		while (
		    i < count && items[i].mailbox_id == items[first].mailbox_id)
			i++;
		rc = restore_some(
		    undelete, &items[first], i - first, fault, ret_done);
	}
	return rc;
}

// ---- The request -----------------------------------------------------------

static enum rc run(struct undelete *undelete, struct fault *fault)
{
	const json_t *request = undelete->call->request;
	struct view act = link_member(request, "act");
	char room[STORE_NAME_MAX];
	size_t done = 0;
	undelete->ids = json_object_get(request, "ids");
	undelete->mailbox =
	    store_name_canonical(link_member(request, "mailbox"), room);
	undelete->since =
	    (int64_t)json_integer_value(json_object_get(request, "since"));
	fold_text(
	    FOLD_SEARCH, link_member(request, "subject"), &undelete->subject);
	fold_text(FOLD_SEARCH, link_member(request, "from"), &undelete->from);
	enum rc rc = store_kept_walk(undelete->account, take, undelete);
	if (rc == RC_OK && view_eq(act, VIEW("restore")))
		rc = restore(undelete, fault, &done);
	if (rc == RC_OK && view_eq(act, VIEW("purge")))
		rc = purge(undelete, fault, &done);
	json_t *answer = undelete->call->answer;
	json_object_set_new(answer, "matched",
	    json_integer((json_int_t)undelete->matches.count));
	json_object_set_new(answer, "done", json_integer((json_int_t)done));
	return rc;
}

enum rc verb_undelete(struct verb_call *call, struct fault *fault)
{
	struct undelete undelete = {.call = call};
	enum rc rc = verb_open_account(call, fault, &undelete.account);
	if (rc != RC_OK)
		return rc;
	arena_init(&undelete.arena);
	buf_init(&undelete.subject, TEXT_MAX);
	buf_init(&undelete.from, TEXT_MAX);
	buf_init(&undelete.folded, (size_t)64 << 20);
	rc = run(&undelete, fault);
	buf_done(&undelete.folded);
	buf_done(&undelete.from);
	buf_done(&undelete.subject);
	vec_done(&undelete.matches);
	arena_done(&undelete.arena);
	store_account_close(&undelete.account);
	return rc;
}
