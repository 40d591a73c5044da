// SPDX-License-Identifier: Apache-2.0
// Building and editing snapshot trees. An edit goes down only where there is
// something to change, makes new nodes on the way back up, and shares all
// others. The new nodes of a level are collected in a list and grouped into
// branches, whose list is the next level, and so on up to a single root.
// Appending, changing and removing all work in this way.
#include "store/node.h"

#include "base/mem.h"
#include "base/vec.h"

// Nodes of one level, in order; the list owns a reference to each.
struct list {
	struct store_node **items;
	size_t count;
	size_t capacity;
};

static struct store_node *branch_new(struct store_node **children, size_t count)
{
	struct node_branch *branch = mem_alloc(sizeof(*branch));
	struct store_node *node = &branch->node;
	*node = (struct store_node){
	    .refs = 1,
	    .height = (uint8_t)(children[0]->height + 1),
	    .slots = (uint8_t)count,
	    .first_uid = children[0]->first_uid,
	    .last_uid = children[count - 1]->last_uid,
	};
	for (size_t i = 0; i < count; i++) {
		const struct node_sums *sums = &children[i]->sums;
		branch->children[i] = children[i];
		branch->first_uid[i] = children[i]->first_uid;
		branch->before[i] = node->sums.messages;
		node->sums.messages += sums->messages;
		node->sums.unseen += sums->unseen;
		node->sums.deleted += sums->deleted;
		node->sums.size += sums->size;
		if (sums->max_modseq > node->sums.max_modseq)
			node->sums.max_modseq = sums->max_modseq;
	}
	return node;
}

// Groups `count` nodes into branches that are all at least half full (unless
// there is only one), and adds the branches to `parents`.
static void group(struct store_node **nodes, size_t count, struct list *parents)
{
	size_t groups = (count + NODE_BRANCH_MAX - 1) / NODE_BRANCH_MAX;
	size_t done = 0;
	for (size_t i = 0; i < groups; i++) {
		size_t take = (count - done) / (groups - i);
		vec_push(parents, branch_new(nodes + done, take));
		done += take;
	}
}

// Builds the levels above `level` up to one root, and frees the list. NULL for
// an empty list.
static struct store_node *raise_root(struct list *level)
{
	while (level->count > 1) {
		struct list parents = {0};
		group(level->items, level->count, &parents);
		vec_done(level);
		*level = parents;
	}
	struct store_node *root = level->count ? level->items[0] : NULL;
	vec_done(level);
	// A root with only one child is not needed.
	while (root && root->height > 0 && root->slots == 1) {
		struct store_node *child =
		    node_ref(node_as_branch(root)->children[0]);
		node_unref(root);
		root = child;
	}
	return root;
}

struct store_node *node_tree_build(struct store_node **chunks, size_t count)
{
	struct list level = {0};
	for (size_t i = 0; i < count; i++)
		vec_push(&level, chunks[i]);
	return raise_root(&level);
}

// ---- Appending -------------------------------------------------------------

// Makes chunks for `messages`; the first of these chunks also gets what is in
// `last` (may be NULL; the caller keeps its reference).
static void append_chunks(struct store_node *last,
    const struct store_message *messages, size_t count,
    const struct node_log *log, struct list *level)
{
	struct store_message room[NODE_CHUNK_MAX];
	unsigned used = 0;
	uint32_t number = messages[0].uid;
	if (last && last->slots < NODE_CHUNK_MAX) {
		number = last->chunk;
		for (; used < last->slots; used++)
			node_entry_decode(
			    node_as_chunk(last), used, &room[used]);
	} else if (last) {
		vec_push(level, node_ref(last));
	}
	for (size_t i = 0; i < count; i++) {
		if (used == NODE_CHUNK_MAX) {
			struct store_node *full =
			    node_chunk_new(number, room, used);
			log->put(log->context, full);
			vec_push(level, full);
			used = 0;
			number = messages[i].uid;
		}
		room[used++] = messages[i];
	}
	struct store_node *chunk = node_chunk_new(number, room, used);
	log->put(log->context, chunk);
	vec_push(level, chunk);
}

// Adds to a list the nodes that replace `node` when `messages` are appended
// below it: one or more, of the same height.
static void append_below(struct store_node *node,
    const struct store_message *messages, size_t count,
    const struct node_log *log, struct list *level)
{
	if (node->height == 0) {
		append_chunks(node, messages, count, log, level);
		return;
	}
	const struct node_branch *branch = node_as_branch(node);
	unsigned last = node->slots - 1u;
	struct list below = {0};
	for (unsigned i = 0; i < last; i++)
		vec_push(&below, node_ref(branch->children[i]));
	append_below(branch->children[last], messages, count, log, &below);
	// Full branches stay full, since mailboxes grow at the end.
	size_t done = 0;
	for (; below.count - done > NODE_BRANCH_MAX; done += NODE_BRANCH_MAX)
		vec_push(
		    level, branch_new(below.items + done, NODE_BRANCH_MAX));
	vec_push(level, branch_new(below.items + done, below.count - done));
	vec_done(&below);
}

struct store_node *node_tree_append(struct store_node *root,
    const struct store_message *messages, size_t count,
    const struct node_log *log)
{
	if (count == 0)
		return node_ref(root);
	struct list level = {0};
	if (root)
		append_below(root, messages, count, log, &level);
	else
		append_chunks(NULL, messages, count, log, &level);
	return raise_root(&level);
}

// ---- Editing ---------------------------------------------------------------

struct edit {
	const struct rangeset *uids;
	enum node_verdict (*ask)(void *context, struct store_message *message);
	void *context;
	const struct node_log *log;
};

static bool touches(const struct rangeset *uids, const struct store_node *node)
{
	size_t at = rangeset_seek(uids, node->first_uid);
	return at < uids->count && uids->ranges[at].first <= node->last_uid;
}

static void edit_chunk(
    const struct edit *edit, struct store_node *node, struct list *level)
{
	struct store_message room[NODE_CHUNK_MAX];
	unsigned kept = 0;
	bool changed = false;
	size_t at = rangeset_seek(edit->uids, node->first_uid);
	for (unsigned i = 0; i < node->slots; i++) {
		struct store_message *message = &room[kept++];
		node_entry_decode(node_as_chunk(node), i, message);
		while (at < edit->uids->count &&
		       edit->uids->ranges[at].last < message->uid)
			at++;
		if (at == edit->uids->count ||
		    edit->uids->ranges[at].first > message->uid)
			continue;
		switch (edit->ask(edit->context, message)) {
		case NODE_KEEP: break;
		case NODE_CHANGED: changed = true; break;
		case NODE_REMOVE:
			changed = true;
			kept--;
			break;
		}
	}
	if (!changed) {
		vec_push(level, node_ref(node));
	} else if (kept == 0) {
		edit->log->drop(edit->log->context, node->chunk);
	} else {
		struct store_node *chunk =
		    node_chunk_new(node->chunk, room, kept);
		edit->log->put(edit->log->context, chunk);
		vec_push(level, chunk);
	}
}

static struct store_node *join_chunks(const struct edit *edit,
    const struct store_node *left, const struct store_node *right)
{
	struct store_message room[NODE_CHUNK_MAX];
	unsigned used = 0;
	for (unsigned i = 0; i < left->slots; i++)
		node_entry_decode(node_as_chunk(left), i, &room[used++]);
	for (unsigned i = 0; i < right->slots; i++)
		node_entry_decode(node_as_chunk(right), i, &room[used++]);
	struct store_node *joined = node_chunk_new(left->chunk, room, used);
	edit->log->drop(edit->log->context, right->chunk);
	edit->log->put(edit->log->context, joined);
	return joined;
}

static struct store_node *join_branches(
    const struct store_node *left, const struct store_node *right)
{
	struct store_node *children[NODE_BRANCH_MAX];
	size_t count = 0;
	for (unsigned i = 0; i < left->slots; i++)
		children[count++] = node_ref(node_as_branch(left)->children[i]);
	for (unsigned i = 0; i < right->slots; i++)
		children[count++] =
		    node_ref(node_as_branch(right)->children[i]);
	return branch_new(children, count);
}

// Joins neighbours that have become small. A mailbox from which many messages
// were expunged would otherwise keep many chunks with few entries.
static void join_small(const struct edit *edit, struct list *level)
{
	size_t kept = 0;
	for (size_t i = 0; i < level->count; i++) {
		struct store_node *node = level->items[i];
		struct store_node *left = kept ? level->items[kept - 1] : NULL;
		bool leaf = node->height == 0;
		unsigned low = leaf ? NODE_CHUNK_LOW : NODE_BRANCH_LOW;
		unsigned most = leaf ? NODE_CHUNK_MAX : NODE_BRANCH_MAX;
		if (!left || (left->slots >= low && node->slots >= low) ||
		    left->slots + node->slots > most) {
			level->items[kept++] = node;
			continue;
		}
		level->items[kept - 1] = leaf ? join_chunks(edit, left, node)
					      : join_branches(left, node);
		node_unref(left);
		node_unref(node);
	}
	level->count = kept;
}

static void edit_below(
    const struct edit *edit, struct store_node *node, struct list *level)
{
	if (!touches(edit->uids, node)) {
		vec_push(level, node_ref(node));
		return;
	}
	if (node->height == 0) {
		edit_chunk(edit, node, level);
		return;
	}
	const struct node_branch *branch = node_as_branch(node);
	struct list below = {0};
	bool same = true;
	for (unsigned i = 0; i < node->slots; i++) {
		size_t before = below.count;
		edit_below(edit, branch->children[i], &below);
		same &= below.count == before + 1 &&
			below.items[before] == branch->children[i];
	}
	if (same) {
		for (size_t i = 0; i < below.count; i++)
			node_unref(below.items[i]);
		vec_push(level, node_ref(node));
	} else if (below.count) {
		join_small(edit, &below);
		vec_push(level, branch_new(below.items, below.count));
	}
	vec_done(&below);
}

struct store_node *node_tree_edit(struct store_node *root,
    const struct rangeset *uids,
    enum node_verdict (*ask)(void *context, struct store_message *message),
    void *context, const struct node_log *log)
{
	if (!root)
		return NULL;
	struct edit edit = {uids, ask, context, log};
	struct list level = {0};
	edit_below(&edit, root, &level);
	return raise_root(&level);
}
