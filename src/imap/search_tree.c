// SPDX-License-Identifier: Apache-2.0
// Prepares a parsed search for the store, which knows neither sequence numbers
// nor charsets nor the spelling of ids. The parser limits the depth of the tree
// (IMAP_DEPTH_MAX).
#include "imap/search.h"

#include "wire/charset.h"

// A string may become this many times as long in UTF-8.
#define UTF8_GROWTH 4

struct preparing {
	struct search_run *run;
	struct charset_decoder decoder;
};

static struct rangeset *set_new(struct search_run *run)
{
	struct search_set *set =
	    arena_zalloc(&run->command->arena, sizeof(*set));
	rangeset_init(&set->uids);
	set->next = run->sets;
	run->sets = set;
	return &set->uids;
}

static void become_uids(struct search_key *key, const struct rangeset *uids)
{
	key->type = SEARCH_UIDS;
	key->uids = uids;
}

static void prepare_set(struct search_run *run, struct search_key *key)
{
	struct rangeset *uids = set_new(run);
	imap_view_resolve_existing(
	    run->view, &key->set, key->type == SEARCH_UID, uids);
	become_uids(key, uids);
}

static void prepare_flag(struct search_run *run, struct search_key *key)
{
	if (!view_eq_nocase(key->text, VIEW("\\Recent")))
		return;
	struct rangeset *uids = set_new(run);
	rangeset_copy(uids, &run->view->recent_uids);
	become_uids(key, uids);
}

// "E123" is how FETCH writes an id; anything else matches nothing.
static void prepare_object_id(
    struct search_run *run, struct search_key *key, char kind)
{
	uint64_t number;
	if (key->text.len > 1 && key->text.ptr[0] == kind &&
	    view_to_u64(view_from(key->text, 1), &number))
		key->number = number;
	else
		become_uids(key, set_new(run));
}

static void prepare_text(struct preparing *preparing, struct search_key *key)
{
	if (charset_is_identity(&preparing->decoder, key->text))
		return;
	struct buf text;
	buf_init(&text, key->text.len * UTF8_GROWTH + 16);
	charset_decode(&preparing->decoder, key->text, &text);
	charset_decode_end(&preparing->decoder, &text);
	key->text =
	    arena_copy(&preparing->run->command->arena, buf_view(&text));
	buf_done(&text);
}

static void prepare_key(struct preparing *preparing, struct search_key *key)
{
	struct search_run *run = preparing->run;
	switch (key->type) {
	case SEARCH_SEQUENCE:
	case SEARCH_UID: prepare_set(run, key); return;
	case SEARCH_FLAG: prepare_flag(run, key); return;
	case SEARCH_EMAIL_ID: prepare_object_id(run, key, 'E'); return;
	case SEARCH_THREAD_ID: prepare_object_id(run, key, 'T'); return;
	case SEARCH_HEADER:
	case SEARCH_BODY:
	case SEARCH_TEXT: prepare_text(preparing, key); return;
	case SEARCH_AND:
	case SEARCH_OR:
	case SEARCH_NOT:
		for (struct search_key *child = key->children; child;
		     child = child->next)
			prepare_key(preparing, child);
		return;
	case SEARCH_ALL:
	case SEARCH_UIDS:
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_SENT_BEFORE:
	case SEARCH_SENT_ON:
	case SEARCH_SENT_SINCE:
	case SEARCH_SAVED_BEFORE:
	case SEARCH_SAVED_ON:
	case SEARCH_SAVED_SINCE:
	case SEARCH_SAVED_SUPPORTED:
	case SEARCH_OLDER:
	case SEARCH_YOUNGER:
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
	case SEARCH_MODSEQ:
	case SEARCH_ASK_ENTRY:
	case SEARCH_ASK_RECORD: return;
	}
}

// Finds the smallest set that every match must be in.
static void find_candidates(struct search_run *run)
{
	const struct search_key *root = run->search.root;
	const struct rangeset *best = NULL;
	if (root->type == SEARCH_UIDS)
		best = root->uids;
	if (root->type == SEARCH_AND)
		for (const struct search_key *key = root->children; key;
		     key = key->next)
			if (key->type == SEARCH_UIDS &&
			    (!best ||
				rangeset_size(key->uids) < rangeset_size(best)))
				best = key->uids;
	if (best)
		rangeset_copy(&run->candidates, best);
	else
		rangeset_add(&run->candidates, 1, UINT32_MAX);
}

enum rc search_tree_prepare(struct search_run *run)
{
	struct charset_cache cache;
	charset_cache_init(&cache);
	struct preparing preparing = {.run = run};
	// Without CHARSET it is ASCII; clients also send UTF-8 all the same.
	struct view charset =
	    run->search.has_charset ? run->search.charset : VIEW("");
	enum rc rc = RC_OK;
	if (run->search.has_charset && !charset_is_known(charset))
		rc = RC_CHARSET;
	if (rc == RC_OK)
		rc = charset_decoder_open(&cache, charset, &preparing.decoder);
	if (rc == RC_OK) {
		prepare_key(&preparing, run->search.root);
		find_candidates(run);
	}
	charset_decoder_close(&preparing.decoder);
	charset_cache_done(&cache);
	return rc;
}
