// SPDX-License-Identifier: Apache-2.0
// Snapshots: making and freeing them, and finding messages in the tree. See
// node.h.
#include "store/snapshot_impl.h"

#include "base/mem.h"

// ---- Keyword names ---------------------------------------------------------

struct store_keywords *keywords_with(
    const struct store_keywords *keywords, struct view name)
{
	unsigned count = keywords ? keywords->count : 0;
	size_t bytes = name.len;
	for (unsigned i = 0; i < count; i++)
		bytes += keywords->names[i].len;
	struct store_keywords *more = mem_alloc(
	    sizeof(*more) + (count + 1) * sizeof(struct view) + bytes);
	more->refs = 1;
	more->count = count + 1;
	char *at = (char *)(more->names + more->count);
	for (unsigned i = 0; i <= count; i++) {
		struct view from = i < count ? keywords->names[i] : name;
		if (from.len > 0)
			memcpy(at, from.ptr, from.len);
		more->names[i] = view_of(at, from.len);
		at += from.len;
	}
	return more;
}

struct store_keywords *keywords_ref(struct store_keywords *keywords)
{
	if (keywords)
		atomic_fetch_add_explicit(
		    &keywords->refs, 1, memory_order_relaxed);
	return keywords;
}

void keywords_unref(struct store_keywords *keywords)
{
	if (keywords && atomic_fetch_sub_explicit(
			    &keywords->refs, 1, memory_order_acq_rel) == 1)
		free(keywords);
}

enum rc keywords_find(const struct store_keywords *keywords, struct view name,
    unsigned *ret_number)
{
	for (unsigned i = 0; keywords && i < keywords->count; i++) {
		if (view_eq_nocase(keywords->names[i], name)) {
			*ret_number = i;
			return RC_OK;
		}
	}
	return RC_NOT_FOUND;
}

// ---- Life ------------------------------------------------------------------

struct store_snapshot *snapshot_new(uint32_t uidvalidity, uint32_t uidnext,
    uint64_t highestmodseq, struct store_node *root,
    struct store_keywords *keywords)
{
	struct store_snapshot *snapshot = mem_alloc(sizeof(*snapshot));
	*snapshot = (struct store_snapshot){
	    .refs = 1,
	    .uidvalidity = uidvalidity,
	    .uidnext = uidnext,
	    .highestmodseq = highestmodseq,
	    .root = root,
	    .keywords = keywords_ref(keywords),
	};
	return snapshot;
}

struct store_snapshot *store_snapshot_ref(struct store_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
	return snapshot;
}

void store_snapshot_unref(struct store_snapshot **snapshot)
{
	struct store_snapshot *old = *snapshot;
	*snapshot = NULL;
	if (!old ||
	    atomic_fetch_sub_explicit(&old->refs, 1, memory_order_acq_rel) != 1)
		return;
	node_unref(old->root);
	keywords_unref(old->keywords);
	free(old);
}

// ---- What it says of itself ------------------------------------------------

static struct node_sums sums(const struct store_snapshot *snapshot)
{
	return snapshot->root ? snapshot->root->sums : (struct node_sums){0};
}

uint32_t store_snapshot_count(const struct store_snapshot *snapshot)
{
	return sums(snapshot).messages;
}

uint32_t store_snapshot_uidvalidity(const struct store_snapshot *snapshot)
{
	return snapshot->uidvalidity;
}

uint32_t store_snapshot_uidnext(const struct store_snapshot *snapshot)
{
	return snapshot->uidnext;
}

uint64_t store_snapshot_highestmodseq(const struct store_snapshot *snapshot)
{
	return snapshot->highestmodseq;
}

uint64_t store_snapshot_size(const struct store_snapshot *snapshot)
{
	return sums(snapshot).size;
}

enum rc store_snapshot_first_unseen(
    const struct store_snapshot *snapshot, uint32_t *ret_index)
{
	if (sums(snapshot).unseen == 0)
		return RC_NOT_FOUND;
	const struct store_node *node = snapshot->root;
	uint32_t index = 0;
	while (node->height > 0) {
		const struct node_branch *branch = node_as_branch(node);
		unsigned i = 0;
		while (branch->children[i]->sums.unseen == 0)
			i++;
		index += branch->before[i];
		node = branch->children[i];
	}
	const struct node_entry *entry = node_as_chunk(node)->entries;
	while (entry->flags & STORE_FLAG_SEEN) {
		entry++;
		index++;
	}
	*ret_index = index;
	return RC_OK;
}

unsigned store_snapshot_keyword_count(const struct store_snapshot *snapshot)
{
	return snapshot->keywords ? snapshot->keywords->count : 0;
}

struct view store_snapshot_keyword(
    const struct store_snapshot *snapshot, unsigned n)
{
	return n < store_snapshot_keyword_count(snapshot)
		   ? snapshot->keywords->names[n]
		   : view_of(NULL, 0);
}

enum rc store_snapshot_keyword_find(const struct store_snapshot *snapshot,
    struct view name, unsigned *ret_number)
{
	return keywords_find(snapshot->keywords, name, ret_number);
}

// ---- Finding ---------------------------------------------------------------

// Gives the last of `count` ascending numbers that is <= `wanted`; the first
// one always is.
static unsigned last_up_to(
    const uint32_t *numbers, unsigned count, uint32_t wanted)
{
	unsigned low = 0;
	unsigned high = count;
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;
		if (numbers[middle] <= wanted)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void store_snapshot_get(const struct store_snapshot *snapshot, uint32_t index,
    struct store_message *ret_message)
{
	struct store_walk walk;
	uint32_t at;
	store_walk_init(&walk, snapshot, index);
	if (!store_walk_next(&walk, &at, ret_message))
		abort(); // the caller must give an index below the count
}

uint32_t store_snapshot_rank(
    const struct store_snapshot *snapshot, uint32_t uid)
{
	const struct store_node *node = snapshot->root;
	if (!node || uid <= node->first_uid)
		return 0;
	uint32_t rank = 0;
	while (node->height > 0) {
		const struct node_branch *branch = node_as_branch(node);
		unsigned i = last_up_to(branch->first_uid, node->slots, uid);
		rank += branch->before[i];
		node = branch->children[i];
	}
	const struct node_entry *entries = node_as_chunk(node)->entries;
	for (unsigned i = 0; i < node->slots && entries[i].uid < uid; i++)
		rank++;
	return rank;
}

enum rc store_snapshot_find(
    const struct store_snapshot *snapshot, uint32_t uid, uint32_t *ret_index)
{
	uint32_t rank = store_snapshot_rank(snapshot, uid);
	if (rank >= store_snapshot_count(snapshot))
		return RC_NOT_FOUND;
	struct store_message message;
	store_snapshot_get(snapshot, rank, &message);
	if (message.uid != uid)
		return RC_NOT_FOUND;
	*ret_index = rank;
	return RC_OK;
}

// ---- Walking ---------------------------------------------------------------

void store_walk_init(struct store_walk *walk,
    const struct store_snapshot *snapshot, uint32_t index)
{
	*walk = (struct store_walk){.snapshot = snapshot, .index = index};
	const struct store_node *node = snapshot->root;
	if (!node || index >= node->sums.messages)
		return;
	for (;;) {
		if (walk->depth == STORE_DEPTH_MAX)
			abort(); // deeper than any mailbox can be
		walk->path[walk->depth] = node;
		if (node->height == 0)
			break;
		const struct node_branch *branch = node_as_branch(node);
		unsigned i = last_up_to(branch->before, node->slots, index);
		walk->slot[walk->depth++] = (uint8_t)i;
		index -= branch->before[i];
		node = branch->children[i];
	}
	walk->slot[walk->depth++] = (uint8_t)index;
}

void store_walk_init_changed(struct store_walk *walk,
    const struct store_snapshot *snapshot, uint64_t since)
{
	store_walk_init(walk, snapshot, 0);
	walk->since = since;
	// Check from the root on: the first leaf may be one to skip.
	if (walk->depth > 0) {
		walk->depth = 1;
		walk->slot[0] = 0;
	}
}

// Moves to the next leaf that has messages to give; false at the end.
static bool walk_to_leaf(struct store_walk *walk)
{
	while (walk->depth > 0) {
		const struct store_node *node = walk->path[walk->depth - 1];
		uint8_t *slot = &walk->slot[walk->depth - 1];
		if (*slot >= node->slots) {
			if (--walk->depth > 0)
				walk->slot[walk->depth - 1]++;
			continue;
		}
		if (node->height == 0)
			return true;
		const struct store_node *child =
		    node_as_branch(node)->children[*slot];
		if (child->sums.max_modseq <= walk->since) {
			walk->index += child->sums.messages;
			++*slot;
			continue;
		}
		if (walk->depth == STORE_DEPTH_MAX)
			abort(); // as above
		walk->path[walk->depth] = child;
		walk->slot[walk->depth++] = 0;
	}
	return false;
}

bool store_walk_next(struct store_walk *walk, uint32_t *ret_index,
    struct store_message *ret_message)
{
	while (walk_to_leaf(walk)) {
		const struct node_chunk *chunk =
		    node_as_chunk(walk->path[walk->depth - 1]);
		unsigned slot = walk->slot[walk->depth - 1]++;
		uint32_t index = walk->index++;
		if (chunk->entries[slot].modseq <= walk->since)
			continue;
		node_entry_decode(chunk, slot, ret_message);
		*ret_index = index;
		return true;
	}
	return false;
}

// ---- Comparing -------------------------------------------------------------

// Walks through two trees side by side, by UID. A node that is in both trees is
// skipped whole.
struct side {
	const struct store_node *path[STORE_DEPTH_MAX];
	unsigned slot[STORE_DEPTH_MAX];
	int depth;
};

static void side_init(struct side *side, const struct store_node *root)
{
	*side = (struct side){0};
	if (root) {
		side->path[0] = root;
		side->depth = 1;
	}
}

// Gives the node, or the entry of a leaf, that comes next; NULL at the end.
static const struct store_node *side_node(struct side *side)
{
	while (side->depth > 0 && side->slot[side->depth - 1] >=
				      side->path[side->depth - 1]->slots) {
		if (--side->depth > 0)
			side->slot[side->depth - 1]++;
	}
	return side->depth > 0 ? side->path[side->depth - 1] : NULL;
}

static uint32_t side_uid(const struct side *side)
{
	const struct store_node *node = side->path[side->depth - 1];
	unsigned slot = side->slot[side->depth - 1];
	return node->height > 0 ? node_as_branch(node)->first_uid[slot]
				: node_as_chunk(node)->entries[slot].uid;
}

static const struct store_node *side_child(const struct side *side)
{
	const struct store_node *node = side->path[side->depth - 1];
	return node->height > 0
		   ? node_as_branch(node)->children[side->slot[side->depth - 1]]
		   : NULL;
}

static void side_enter(struct side *side, const struct store_node *child)
{
	if (side->depth == STORE_DEPTH_MAX)
		abort(); // deeper than any mailbox can be
	side->path[side->depth] = child;
	side->slot[side->depth++] = 0;
}

static void side_skip(struct side *side)
{
	side->slot[side->depth - 1]++;
}

// Adds the UIDs of `before`, from here up to `limit`, that are not in `after`.
// This is one step of the comparison; false at the end of `before`.
static bool compare_step(
    struct side *before, struct side *after, struct rangeset *ret_uids)
{
	if (!side_node(before))
		return false;
	const struct store_node *old = side_child(before);
	if (!side_node(after)) {
		if (old) {
			side_enter(before, old);
		} else {
			rangeset_add(
			    ret_uids, side_uid(before), side_uid(before));
			side_skip(before);
		}
		return true;
	}
	const struct store_node *new = side_child(after);
	if (old && old == new) {
		side_skip(before);
		side_skip(after);
	} else if (new && (!old || new->height > old->height)) {
		// Skip a node that is wholly before the other side; look into
		// one that is not.
		if (new->last_uid < side_uid(before))
			side_skip(after);
		else
			side_enter(after, new);
	} else if (old && (!new || old->height > new->height)) {
		side_enter(before, old);
	} else if (old) {
		if (new->last_uid < old->first_uid) {
			side_skip(after);
		} else {
			side_enter(before, old);
			side_enter(after, new);
		}
	} else if (side_uid(before) < side_uid(after)) {
		rangeset_add(ret_uids, side_uid(before), side_uid(before));
		side_skip(before);
	} else {
		if (side_uid(before) == side_uid(after))
			side_skip(before);
		side_skip(after);
	}
	return true;
}

void store_snapshot_vanished(const struct store_snapshot *before,
    const struct store_snapshot *after, struct rangeset *ret_uids)
{
	if (before->root == after->root)
		return;
	struct side old;
	struct side new;
	side_init(&old, before->root);
	side_init(&new, after->root);
	while (compare_step(&old, &new, ret_uids))
		;
}
