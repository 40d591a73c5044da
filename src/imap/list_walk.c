// SPDX-License-Identifier: Apache-2.0
// The walk through the names for LIST and LSUB. Each step goes to the next
// selected name. Before it come those levels above it that the previous name
// did not have. Since the names below a level follow it directly, each level is
// visited once. Subtrees that no pattern can match are skipped.
#include "imap/list_walk.h"

#include "wire/nfc.h"

void imap_list_walk_init(struct imap_list_walk *walk,
    const struct store_asker *asker, struct store_account *account,
    struct arena *arena)
{
	walk->asker = asker;
	walk->account = account;
	walk->arena = arena;
	arena_init(&walk->scratch);
}

void imap_list_walk_done(struct imap_list_walk *walk)
{
	arena_done(&walk->scratch);
}

enum rc imap_list_parse_pattern(
    struct imap_cursor *args, struct view *ret_pattern)
{
	enum rc rc = imap_parse_list_mailbox(args, ret_pattern);
	if (rc != RC_INVALID)
		return rc;
	*ret_pattern = (struct view){0};
	return RC_OK;
}

void imap_list_walk_add(
    struct imap_list_walk *walk, struct view reference, struct view pattern)
{
	struct imap_pattern made;
	struct buf joined;
	struct buf normal;
	if (!pattern.ptr)
		return;
	// Joins reference and pattern, as imap_match.h does, in the spelling in
	// which names are stored (store_name_canonical()).
	buf_init(&joined, IMAP_PATTERN_MAX);
	buf_init(&normal, IMAP_PATTERN_MAX);
	buf_add(&joined, reference);
	buf_add(&joined, pattern);
	enum rc rc = buf_status(&joined);
	if (rc == RC_OK)
		rc = nfc_add(buf_view(&joined), &normal);
	if (rc == RC_OK)
		rc = imap_pattern_make(
		    walk->arena, VIEW(""), buf_view(&normal), &made);
	buf_done(&joined);
	buf_done(&normal);
	if (rc != RC_OK)
		return;
	walk->patterns = arena_grow(walk->arena, walk->patterns,
	    &walk->pattern_capacity, walk->pattern_count + 1, sizeof(made));
	walk->patterns[walk->pattern_count++] = made;
	walk->pattern_bytes += made.text.len;
}

static bool matches(struct imap_list_walk *walk, struct view name)
{
	walk->work += (walk->pattern_bytes + 8) * (name.len + 8);
	for (size_t i = 0; i < walk->pattern_count; i++) {
		if (imap_pattern_matches(&walk->patterns[i], name))
			return true;
	}
	return false;
}

static bool matches_below(struct imap_list_walk *walk, struct view name)
{
	walk->work += (walk->pattern_bytes + 8) * (name.len + 8);
	for (size_t i = 0; i < walk->pattern_count; i++) {
		if (imap_pattern_matches_below(&walk->patterns[i], name))
			return true;
	}
	return false;
}

static bool is_below(struct view name, struct view parent)
{
	return name.len > parent.len && name.ptr[parent.len] == '/' &&
	       view_starts_with(name, parent);
}

// ---- Selected names --------------------------------------------------------

static MUST_CHECK enum rc next_subscribed(struct imap_list_walk *walk,
    struct view after, struct view *ret_name, bool *ret_exists,
    struct store_mailbox_info *ret_info)
{
	for (;;) {
		struct view name;
		enum rc rc = store_subscription_next(
		    walk->asker, walk->account, after, &walk->scratch, &name);
		if (rc != RC_OK)
			return rc;
		rc = store_mailbox_find(walk->asker, walk->account, name,
		    STORE_RIGHT_LOOKUP, &walk->scratch, NULL, ret_info);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return rc;
		bool exists = rc == RC_OK;
		after = name;
		if ((walk->criteria & IMAP_LIST_CHILD_SPECIAL_USE) != 0 &&
		    (!exists || ret_info->special_use == 0))
			continue;
		*ret_name = name;
		*ret_exists = exists;
		return RC_OK;
	}
}

static MUST_CHECK enum rc next_mailbox(struct imap_list_walk *walk,
    struct view after, bool skip_below, struct store_mailbox_info *ret_info)
{
	for (;;) {
		enum rc rc =
		    skip_below
			? store_mailbox_next_sibling(walk->asker, walk->account,
			      after, &walk->scratch, ret_info)
			: store_mailbox_next(walk->asker, walk->account, after,
			      &walk->scratch, ret_info);
		if (rc != RC_OK ||
		    (walk->criteria & IMAP_LIST_CHILD_SPECIAL_USE) == 0 ||
		    ret_info->special_use != 0)
			return rc;
		after = ret_info->name;
		skip_below = false;
	}
}

// Gives the first selected name after `after`, in the scratch arena.
static MUST_CHECK enum rc next_selected(struct imap_list_walk *walk,
    struct view after, bool skip_below, struct view *ret_name, bool *ret_exists,
    struct store_mailbox_info *ret_info)
{
	if (walk->criteria & IMAP_LIST_CHILD_SUBSCRIBED)
		return next_subscribed(
		    walk, after, ret_name, ret_exists, ret_info);
	enum rc rc = next_mailbox(walk, after, skip_below, ret_info);
	if (rc == RC_OK) {
		*ret_name = ret_info->name;
		*ret_exists = true;
	}
	return rc;
}

static struct view current(const struct imap_list_walk *walk)
{
	return view_of(walk->name, walk->name_len);
}

static MUST_CHECK enum rc advance(struct imap_list_walk *walk)
{
	struct view after = current(walk), name;
	bool exists;
	enum rc rc = next_selected(
	    walk, after, walk->skip_below, &name, &exists, &walk->info);
	if (rc != RC_OK)
		return rc;
	if (name.len > STORE_NAME_MAX)
		return RC_CORRUPT;
	if (walk->root_len > 0 &&
	    !is_below(name, view_of(walk->root, walk->root_len)))
		return RC_END;
	memcpy(walk->before, walk->name, walk->name_len);
	walk->before_len = walk->name_len;
	memcpy(walk->name, name.ptr, name.len);
	walk->name_len = name.len;
	walk->info.name = current(walk);
	walk->has_name = true;
	walk->has_mailbox = exists;
	walk->skip_below = false;
	walk->level = 0;
	return RC_OK;
}

// ---- What is known of a name -----------------------------------------------

// Whether there is a mailbox below `name`.
static bool has_mailboxes_below(struct imap_list_walk *walk, struct view name)
{
	struct store_mailbox_info info;
	return store_mailbox_next(walk->asker, walk->account, name,
		   &walk->scratch, &info) == RC_OK &&
	       is_below(info.name, name);
}

// Whether there is a selected name below `name`; with `unmatched`, one that no
// pattern matches.
static bool has_selected_below(
    struct imap_list_walk *walk, struct view name, bool unmatched)
{
	struct view after = name;
	for (int i = 0; i < IMAP_LIST_LOOK_MAX; i++) {
		struct store_mailbox_info info;
		struct view below;
		bool exists;
		if (next_selected(walk, after, false, &below, &exists, &info) !=
			RC_OK ||
		    !is_below(below, name))
			return false;
		if (!unmatched || !matches(walk, below))
			return true;
		after = below;
	}
	return false;
}

// Describes a level above the selected name that is not selected itself.
static bool find_level(struct imap_list_walk *walk, struct view name,
    struct imap_list_found *ret_found)
{
	if (!matches(walk, name))
		return false;
	bool plain = walk->criteria == 0;
	if (!plain &&
	    (!walk->recursive || !has_selected_below(walk, name, true)))
		return false;
	*ret_found = (struct imap_list_found){.name = name};
	if (plain) {
		ret_found->has_children = true; // at least the selected one
		return true;
	}
	ret_found->childinfo = walk->criteria;
	enum rc rc = store_mailbox_find(walk->asker, walk->account, name,
	    STORE_RIGHT_LOOKUP, &walk->scratch, NULL, &ret_found->info);
	ret_found->exists = rc == RC_OK;
	ret_found->subscribed = rc == RC_OK && ret_found->info.subscribed;
	ret_found->has_children = rc == RC_OK ? ret_found->info.has_children
					      : has_mailboxes_below(walk, name);
	return true;
}

static bool find_selected(
    struct imap_list_walk *walk, struct imap_list_found *ret_found)
{
	struct view name = current(walk);
	if (!matches(walk, name))
		return false;
	*ret_found = (struct imap_list_found){
	    .name = name,
	    .exists = walk->has_mailbox,
	};
	if (walk->has_mailbox) {
		ret_found->info = walk->info;
		ret_found->has_children = walk->info.has_children;
	} else {
		ret_found->has_children = has_mailboxes_below(walk, name);
	}
	ret_found->subscribed =
	    (walk->criteria & IMAP_LIST_CHILD_SUBSCRIBED) != 0 ||
	    (walk->has_mailbox && walk->info.subscribed);
	if (walk->recursive && has_selected_below(walk, name, false))
		ret_found->childinfo = walk->criteria;
	return true;
}

// ---- Walking ---------------------------------------------------------------

// Gives the next level of the name, from the top; false when only the name
// itself is left.
static bool next_level(struct imap_list_walk *walk, struct view *ret_level)
{
	struct view name = current(walk);
	size_t from = walk->level == 0 ? 0 : walk->level + 1;
	size_t len = view_find_char(view_from(name, from), '/');
	if (len == SIZE_MAX)
		return false;
	walk->level = from + len;
	*ret_level = view_slice(name, 0, walk->level);
	return true;
}

// Whether the level was visited for the previous name: as one of its levels, or
// as that name.
static bool was_seen(const struct imap_list_walk *walk, struct view level)
{
	struct view before = view_of(walk->before, walk->before_len);
	return view_eq(before, level) || is_below(before, level);
}

// Looks at the rest of the current name; false when nothing of it is shown.
static bool look(struct imap_list_walk *walk, struct imap_list_found *ret_found)
{
	struct view level;
	while (walk->work < IMAP_LIST_WORK_MAX && next_level(walk, &level)) {
		if (!was_seen(walk, level) &&
		    find_level(walk, level, ret_found))
			return true;
	}
	if (walk->work >= IMAP_LIST_WORK_MAX)
		return false; // continue with this name
	walk->has_name = false;
	// Subtrees are skipped only if all mailboxes are walked through.
	walk->skip_below =
	    walk->criteria == 0 && !matches_below(walk, current(walk));
	return find_selected(walk, ret_found);
}

// A pattern without wildcards: finds its one name.
static MUST_CHECK enum rc find_exact(
    struct imap_list_walk *walk, struct imap_list_found *ret_found)
{
	struct view name =
	    store_name_canonical(walk->patterns[0].text, walk->name);
	walk->pattern_count = 0; // nothing comes after it
	if (name.len == 0)
		return RC_END;
	enum rc rc = store_mailbox_find(walk->asker, walk->account, name,
	    STORE_RIGHT_LOOKUP, &walk->scratch, NULL, &walk->info);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	bool below = rc == RC_OK ? walk->info.has_children
				 : has_mailboxes_below(walk, name);
	if (rc == RC_NOT_FOUND && !below)
		return RC_END;
	*ret_found = (struct imap_list_found){
	    .name = name,
	    .exists = rc == RC_OK,
	    .has_children = below,
	};
	if (rc == RC_OK) {
		ret_found->info = walk->info;
		ret_found->subscribed = walk->info.subscribed;
	}
	return RC_OK;
}

// Finds the `root` below which all matches are.
static void set_root(struct imap_list_walk *walk)
{
	struct view text = view_slice(
	    walk->patterns[0].text, 0, walk->patterns[0].literal_len);
	while (text.len > 0 && text.ptr[text.len - 1] != '/')
		text.len--;
	// There INBOX may be in another spelling; then everything is walked
	// through.
	if (text.len < 2 || text.len > STORE_NAME_MAX ||
	    view_starts_with_nocase(text, VIEW("INBOX/")))
		return;
	walk->root_len = text.len - 1;
	walk->name_len = walk->root_len;
	memcpy(walk->name, text.ptr, walk->root_len);
	memcpy(walk->root, text.ptr, walk->root_len);
}

enum rc imap_list_walk_next(
    struct imap_list_walk *walk, struct imap_list_found *ret_found)
{
	arena_reset(&walk->scratch);
	if (walk->pattern_count == 0)
		return RC_END;
	if (walk->pattern_count == 1 && walk->criteria == 0 && !walk->started) {
		const struct imap_pattern *pattern = &walk->patterns[0];
		if (pattern->literal_len == pattern->text.len)
			return find_exact(walk, ret_found);
		set_root(walk);
	}
	walk->started = true;
	for (walk->work = 0; walk->work < IMAP_LIST_WORK_MAX;
	     walk->work += IMAP_LIST_WORK_NAME) {
		if (!walk->has_name) {
			arena_reset(&walk->scratch);
			enum rc rc = advance(walk);
			if (rc != RC_OK)
				return rc;
		}
		if (look(walk, ret_found))
			return RC_OK;
	}
	return RC_MORE;
}
