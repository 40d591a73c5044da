// SPDX-License-Identifier: Apache-2.0
// The data of each message, and the threads made of them. References are linked
// as messages are added (step 1 of RFC 5256 section 3); thread_tree.c does the
// other steps at the end.
#include "store/thread.h"

#include "base/mem.h"
#include "store/email.h"
#include "store/sort_order.h"
#include "store/thread_names.h"
#include "store/thread_tree.h"
#include "wire/fold.h"

struct store_thread {
	struct store_account *account;
	struct store_reader *reader;
	enum search_thread_type type;
	struct thread_message *messages; // owned
	size_t messages_room;
	size_t count;
	struct fold fold;
	struct buf subject; // folded
	struct thread_names subjects;
	// REFERENCES only: message ids, the node of each, and each node's
	// message.
	struct thread_names ids;
	uint32_t *id_nodes; // owned
	size_t id_nodes_room;
	struct thread_forest forest;
	uint32_t *node_messages; // owned; THREAD_NONE: a dummy
	size_t node_messages_room;
	struct store_thread_step *steps; // owned; NULL until finished
};

struct store_thread *store_thread_new(
    struct store_account *account, enum search_thread_type type)
{
	struct store_thread *thread = mem_zalloc(sizeof(*thread));
	thread->account = account;
	thread->reader = store_reader_new(account);
	thread->type = type;
	fold_init(&thread->fold, FOLD_CASEMAP);
	buf_init(&thread->subject, MESSAGE_FIELD_MAX * FOLD_GROWTH_MAX * 4);
	thread_names_init(&thread->subjects);
	thread_names_init(&thread->ids);
	thread_forest_init(&thread->forest);
	return thread;
}

void store_thread_free(struct store_thread **thread)
{
	struct store_thread *old = *thread;
	*thread = NULL;
	if (!old)
		return;
	store_reader_free(&old->reader);
	buf_done(&old->subject);
	thread_names_done(&old->subjects);
	thread_names_done(&old->ids);
	thread_forest_done(&old->forest);
	free(old->id_nodes);
	free(old->node_messages);
	free(old->messages);
	free(old->steps);
	free(old);
}

// Number 0 is the empty subject.

// Number 0 is the empty subject.
static MUST_CHECK enum rc subject_number(
    struct store_thread *thread, struct view subject, uint32_t *ret_number)
{
	uint32_t number = 0;
	if (thread->subjects.count == 0) {
		enum rc rc =
		    thread_names_number(&thread->subjects, VIEW(""), &number);
		if (rc != RC_OK)
			return rc;
	}
	buf_reset(&thread->subject);
	fold_feed(&thread->fold, subject, &thread->subject);
	fold_end(&thread->fold, &thread->subject);
	return thread_names_number(
	    &thread->subjects, buf_view(&thread->subject), ret_number);
}

static uint32_t node_new(struct store_thread *thread)
{
	uint32_t node = thread_forest_add(&thread->forest);
	thread->node_messages =
	    mem_grow(thread->node_messages, &thread->node_messages_room,
		node + (size_t)1, sizeof(thread->node_messages[0]));
	thread->node_messages[node] = THREAD_NONE;
	return node;
}

// Gives the node of this message id; makes one if there is none.
static MUST_CHECK enum rc node_by_id(
    struct store_thread *thread, struct view id, uint32_t *ret_node)
{
	uint32_t number;
	uint32_t known = thread->ids.count;
	enum rc rc = thread_names_number(&thread->ids, id, &number);
	if (rc != RC_OK)
		return rc;
	if (number == known) {
		thread->id_nodes =
		    mem_grow(thread->id_nodes, &thread->id_nodes_room,
			number + (size_t)1, sizeof(thread->id_nodes[0]));
		thread->id_nodes[number] = node_new(thread);
	}
	*ret_node = thread->id_nodes[number];
	return RC_OK;
}

// Gives the message's own node. It is a new node if the message has no valid
// id, or if an earlier message has the same id.
static MUST_CHECK enum rc node_of_message(
    struct store_thread *thread, struct view id, uint32_t *ret_node)
{
	if (id.len) {
		uint32_t node;
		enum rc rc = node_by_id(thread, id, &node);
		if (rc != RC_OK)
			return rc;
		if (thread->node_messages[node] == THREAD_NONE) {
			*ret_node = node;
			return RC_OK;
		}
	}
	*ret_node = node_new(thread);
	return RC_OK;
}

// Step 1.A. Gives the node of the last reference; THREAD_NONE if there is none.
static MUST_CHECK enum rc link_references(
    struct store_thread *thread, struct view references, uint32_t *ret_last)
{
	uint32_t last = THREAD_NONE;
	struct view id;
	while (message_record_next_reference(&references, &id)) {
		uint32_t node;
		enum rc rc = node_by_id(thread, id, &node);
		if (rc != RC_OK)
			return rc;
		if (last != THREAD_NONE &&
		    thread->forest.nodes[node].parent == THREAD_NONE)
			thread_forest_link(&thread->forest, last, node);
		last = node;
	}
	*ret_last = last;
	return RC_OK;
}

static MUST_CHECK enum rc link_message(struct store_thread *thread,
    const struct message_record *record, uint32_t *ret_node)
{
	uint32_t last;
	uint32_t node;
	enum rc rc = link_references(
	    thread, record->text[MESSAGE_RECORD_REFERENCES], &last);
	if (rc == RC_OK)
		rc = node_of_message(
		    thread, record->text[MESSAGE_RECORD_MESSAGE_ID], &node);
	if (rc != RC_OK)
		return rc;
	// Step 1.B
	thread_forest_cut(&thread->forest, node);
	if (last != THREAD_NONE)
		thread_forest_link(&thread->forest, last, node);
	thread->node_messages[node] = (uint32_t)thread->count;
	*ret_node = node;
	return RC_OK;
}

enum rc store_thread_add(
    struct store_thread *thread, const struct store_message *message)
{
	struct message_record record;
	uint64_t thread_id;
	enum rc rc = store_reader_record(
	    thread->reader, message->email_id, &record, &thread_id);
	if (rc != RC_OK)
		return rc;
	struct thread_message added = {
	    .uid = message->uid,
	    .node = THREAD_NONE,
	    .is_reply = record.flags & MESSAGE_RECORD_REPLY,
	    .date = sort_sent_date(&record, message->internal_date),
	};
	rc = subject_number(
	    thread, record.text[MESSAGE_RECORD_SUBJECT_BASE], &added.subject);
	if (rc == RC_OK && thread->type == SEARCH_THREAD_REFERENCES)
		rc = link_message(thread, &record, &added.node);
	if (rc != RC_OK)
		return rc;
	thread->messages = mem_grow(thread->messages, &thread->messages_room,
	    thread->count + 1, sizeof(thread->messages[0]));
	thread->messages[thread->count++] = added;
	return RC_OK;
}

// ---- ORDEREDSUBJECT --------------------------------------------------------

// Of each subject, the message with the earliest date is the parent of all
// others.
static void thread_by_subject(
    const struct store_thread *thread, struct thread_tree *tree)
{
	uint32_t *firsts =
	    mem_alloc((thread->subjects.count + (size_t)1) * sizeof(firsts[0]));
	for (uint32_t i = 0; i < thread->subjects.count; i++)
		firsts[i] = THREAD_NONE;
	for (size_t i = 0; i < thread->count; i++) {
		uint32_t at = tree->by_date[i];
		uint32_t *first = &firsts[thread->messages[at].subject];
		if (*first == THREAD_NONE)
			*first = at;
		else
			tree->members[at].parent = *first;
	}
	free(firsts);
	thread_tree_arrange(tree);
}

// ---- REFERENCES ------------------------------------------------------------

// Steps 2 and 3. A dummy below the root gives its children to its parent; thus
// a message's parent is the nearest message above it. Messages that have only
// dummies above them stay together under the topmost dummy, if there are
// several.
//
// Gives, for each dummy, the node that replaces it: the nearest message above
// it, or the topmost dummy. Each node is visited at most twice.
static uint32_t *dummies_resolve(const struct store_thread *thread)
{
	const struct thread_node *nodes = thread->forest.nodes;
	uint32_t count = thread->forest.count;
	uint32_t *resolved =
	    mem_alloc((count + (size_t)1) * sizeof(resolved[0]));
	for (uint32_t i = 0; i < count; i++)
		resolved[i] =
		    thread->node_messages[i] != THREAD_NONE ? i : THREAD_NONE;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t top = i;
		while (resolved[top] == THREAD_NONE &&
		       nodes[top].parent != THREAD_NONE)
			top = nodes[top].parent;
		uint32_t found =
		    resolved[top] == THREAD_NONE ? top : resolved[top];
		for (uint32_t at = i; at != top; at = nodes[at].parent)
			resolved[at] = found;
		resolved[top] = found;
	}
	return resolved;
}

static void thread_by_references(
    const struct store_thread *thread, struct thread_tree *tree)
{
	uint32_t *resolved = dummies_resolve(thread);
	size_t bytes = (thread->forest.count + (size_t)1) * sizeof(resolved[0]);
	// For each topmost dummy: first the first message below it, then its
	// member.
	uint32_t *firsts = mem_alloc(bytes);
	uint32_t *members = mem_alloc(bytes);
	for (uint32_t i = 0; i < thread->forest.count; i++) {
		firsts[i] = THREAD_NONE;
		members[i] = THREAD_NONE;
	}
	for (uint32_t i = 0; i < tree->message_count; i++) {
		uint32_t node = thread->messages[i].node;
		uint32_t parent = thread->forest.nodes[node].parent;
		if (parent == THREAD_NONE)
			continue;
		parent = resolved[parent];
		if (thread->node_messages[parent] != THREAD_NONE) {
			tree->members[i].parent = thread->node_messages[parent];
		} else if (firsts[parent] == THREAD_NONE) {
			firsts[parent] = i;
		} else {
			uint32_t *member = &members[parent];
			if (*member == THREAD_NONE)
				*member = thread_tree_add_dummy(tree);
			tree->members[firsts[parent]].parent = *member;
			tree->members[i].parent = *member;
		}
	}
	free(members);
	free(firsts);
	free(resolved);
	thread_tree_arrange(tree);
	thread_tree_gather(tree, thread->subjects.count);
}

const struct store_thread_step *store_thread_finish(
    struct store_thread *thread, size_t *ret_count)
{
	struct thread_tree tree;
	thread_tree_init(&tree, thread->messages, thread->count);
	if (thread->type == SEARCH_THREAD_REFERENCES)
		thread_by_references(thread, &tree);
	else
		thread_by_subject(thread, &tree);
	thread->steps = thread_tree_steps(&tree, ret_count);
	thread_tree_done(&tree);
	return thread->steps;
}
