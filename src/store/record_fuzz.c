// SPDX-License-Identifier: Apache-2.0
// Any bytes as each record of an account's partition: they are refused, or read
// and written back as the same bytes behind the eight reserved ones.
#include "store/record.h"

#include <stdlib.h>

#include "store/moved.h"
#include "store/node.h"

#define PRELUDE 8 // the version and reserved bytes

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

// Compares what was written from the position `from` on, and empties `again`.
static void same(struct buf *again, struct view bytes, size_t from)
{
	require(buf_status(again) == RC_OK);
	require(
	    view_eq(view_from(buf_view(again), from), view_from(bytes, from)));
	buf_reset(again);
}

// ---- Records of one size ---------------------------------------------------

static void try_fixed(struct view bytes, struct buf *again)
{
	struct record_account account;
	struct record_state state;
	struct record_thread thread;
	struct record_objects objects;
	uint64_t lacks;
	int64_t when;
	if (record_account_get(bytes, &account) == RC_OK) {
		record_account_put(&account, again);
		same(again, bytes, PRELUDE);
	}
	if (record_state_get(bytes, &state) == RC_OK) {
		require(state.uidnext > 0);
		record_state_put(&state, again);
		same(again, bytes, PRELUDE);
	}
	if (record_thread_get(bytes, &thread) == RC_OK) {
		record_thread_put(&thread, again);
		same(again, bytes, PRELUDE);
	}
	if (record_lines_get(bytes, &lacks) == RC_OK) {
		record_lines_put(lacks, again);
		same(again, bytes, PRELUDE);
	}
	if (record_objects_get(bytes, &objects) == RC_OK) {
		require(objects.next_id > 0);
		record_objects_put(&objects, again);
		same(again, bytes, PRELUDE);
	}
	if (record_delivered_get(bytes, &when) == RC_OK) {
		record_delivered_put(when, again);
		same(again, bytes, PRELUDE);
	}
}

// ---- Emails ----------------------------------------------------------------

static void try_email(struct view bytes, struct buf *again)
{
	struct record_email email;
	struct record_head head;
	struct view rest;
	if (record_email_get(bytes, &email, &rest) == RC_OK) {
		record_email_put(&email, again);
		buf_add(again, rest);
		same(again, bytes, 0);
	}
	if (record_head_get(bytes, &head, &rest) == RC_OK) {
		require(rest.len == head.head_len &&
			head.has_content == (rest.len < head.size));
		record_head_put(&head, again);
		buf_add(again, rest);
		same(again, bytes, PRELUDE);
	}
}

static void try_object(struct view bytes, struct buf *again)
{
	uint64_t version;
	struct view rest;
	if (record_object_get(bytes, &version, &rest) != RC_OK)
		return;
	record_object_put(version, rest, again);
	same(again, bytes, PRELUDE);
}

// ---- Mailboxes -------------------------------------------------------------

static void try_mailbox(struct view bytes, struct buf *again)
{
	struct record_mailbox mailbox;
	struct store_keywords *keywords;
	if (record_mailbox_get(bytes, &mailbox, &keywords) != RC_OK)
		return;
	require(mailbox.name.len > 0 && mailbox.name.len <= STORE_NAME_MAX);
	record_mailbox_put(&mailbox, keywords, again);
	same(again, bytes, PRELUDE);
	keywords_unref(keywords);
}

// Ranges that touch are joined, so only the second writing is the same.
static void try_tombstone(struct view bytes, struct buf *again)
{
	struct rangeset uids, read;
	struct buf written;
	rangeset_init(&uids);
	rangeset_init(&read);
	buf_init(&written, SIZE_MAX / 2);
	if (record_tombstone_get(bytes, &uids) == RC_OK) {
		record_tombstone_put(&uids, &written);
		require(
		    record_tombstone_get(buf_view(&written), &read) == RC_OK);
		record_tombstone_put(&read, again);
		same(again, buf_view(&written), 0);
	}
	buf_done(&written);
	rangeset_done(&uids);
	rangeset_done(&read);
}

static void try_moved(struct view bytes, struct buf *again)
{
	struct moved moved;
	if (moved_get(bytes, &moved) != RC_OK)
		return;
	for (size_t i = 0; i < moved.count; i++) {
		const struct moved_run *run = &moved.items[i];
		uint32_t last = run->count - 1;
		require(moved_find(&moved, run->source) == run->target);
		require(moved_find(&moved, run->source + last) ==
			run->target + last);
	}
	moved_put(&moved, again);
	same(again, bytes, 0);
	moved_done(&moved);
}

// ---- Chunks ----------------------------------------------------------------

// The messages of a chunk make a chunk again.
static void rebuild(const struct store_node *node)
{
	struct store_message messages[NODE_CHUNK_MAX];
	struct store_node *read;
	struct buf out;
	buf_init(&out, NODE_CHUNK_BYTES);
	for (unsigned i = 0; i < node->slots; i++) {
		node_entry_decode(node_as_chunk(node), i, &messages[i]);
		require(messages[i].uid >= node->first_uid &&
			messages[i].uid <= node->last_uid);
	}
	struct store_node *made = node_chunk_new(7, messages, node->slots);
	node_chunk_encode(made, &out);
	require(buf_status(&out) == RC_OK);
	require(node_chunk_decode(7, buf_view(&out), &read) == RC_OK);
	require(read->sums.size == node->sums.size &&
		read->sums.unseen == node->sums.unseen &&
		read->sums.deleted == node->sums.deleted &&
		read->sums.max_modseq == node->sums.max_modseq);
	node_unref(read);
	node_unref(made);
	buf_done(&out);
}

static void try_chunk(struct view bytes, struct buf *again)
{
	struct store_node *chunk;
	if (node_chunk_decode(7, bytes, &chunk) != RC_OK)
		return;
	require(chunk->slots > 0 && chunk->sums.messages == chunk->slots);
	node_chunk_encode(chunk, again);
	same(again, bytes, PRELUDE);
	rebuild(chunk);
	node_unref(chunk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_of(data, size);
	struct buf again;
	buf_init(&again, SIZE_MAX / 2);
	try_fixed(bytes, &again);
	try_email(bytes, &again);
	try_object(bytes, &again);
	try_mailbox(bytes, &again);
	try_tombstone(bytes, &again);
	try_moved(bytes, &again);
	try_chunk(bytes, &again);
	buf_done(&again);
	return 0;
}
