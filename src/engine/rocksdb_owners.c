// SPDX-License-Identifier: Apache-2.0
// Who owns which content. A record for each partition and content counts the
// ownership; it is only used with the partition locked. The records of a
// content that partitions share (ROCKS_SHARED, ROCKS_ORPHAN, the head) are only
// used with the content's stripe locked, from reading them until the change is
// written. So a sweep never deletes content that a commit is just about to own.
#include "base/clock.h"
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_impl.h"

// One content, while the operations of a batch on it are added up.
struct tally {
	const struct engine_content_id *id;
	uint64_t partition;
	uint64_t before; // how often the partition owned it before
	uint64_t count;  // how often it will own it
	uint64_t size;
	const struct batch_content
	    *finish;     // NULL: the batch does not complete it
	bool complete;   // it has a head
	bool head_known; // `complete` and `size` were read
};

// Reads the head: whether the content is complete, and its size.
static enum rc look_at_head(struct rocks *rocks, struct tally *tally)
{
	if (tally->head_known)
		return RC_OK;
	uint64_t size;
	enum rc rc = rocks_content_size(&rocks->base, tally->id, &size);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	tally->head_known = true;
	tally->complete = rc == RC_OK;
	if (tally->complete)
		tally->size = size;
	return RC_OK;
}

static enum rc tally_begin(struct rocks *rocks, struct tally *tally,
    uint64_t partition, const struct engine_content_id *id)
{
	*tally = (struct tally){.id = id, .partition = partition};
	struct rocks_name name = rocks_owned_name(partition, id);
	enum rc rc = rocks_get_pair(
	    rocks, ROCKS_OWNERS, &name, &tally->before, &tally->size);
	if (rc == RC_OK) {
		tally->count = tally->before;
		tally->complete = true;
		tally->head_known = true;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc tally_add(struct rocks *rocks, struct tally *tally,
    const struct batch_content *op, struct fault *fault)
{
	enum rc rc = RC_OK;
	switch (op->kind) {
	case BATCH_FINISH:
		rc = look_at_head(rocks, tally);
		if (!tally->complete && !tally->finish)
			tally->finish = op;
		tally->count++;
		break;
	case BATCH_OWN:
		rc = look_at_head(rocks, tally);
		if (rc == RC_OK && !tally->complete && !tally->finish)
			return fault_set(fault, RC_NOT_FOUND,
			    "the content to own does not exist");
		tally->count++;
		break;
	case BATCH_DISOWN:
		if (tally->count == 0)
			return fault_set(fault, RC_NOT_FOUND,
			    "the partition does not own the content");
		tally->count--;
		break;
	}
	return rc;
}

// ---- What it comes to ------------------------------------------------------

static enum rc finish(struct rocks *rocks, struct tally *tally,
    const struct engine_batch *batch, rocksdb_writebatch_t *to,
    struct fault *fault)
{
	const struct batch_content *op = tally->finish;
	struct view tail = batch_tail(batch, op);
	struct rocks_name head = rocks_head_name(tally->id);
	tally->size = op->size;
	if (op->tail_chunk == 0) {
		rocks_content_put(rocks, to, &head,
		    view_of((const char[]){ROCKS_HEAD_WHOLE}, 1), tail);
		return RC_OK;
	}
	// Chunks were not synced, and so perhaps did not survive that the
	// database was opened anew.
	if (op->opening != atomic_load(&rocks->base.opening))
		return fault_set(
		    fault, RC_IO, "the disk failed during the upload");
	struct rocks_name orphan = rocks_id_name(ROCKS_ORPHAN, tally->id);
	uint64_t since;
	uint64_t size;
	enum rc rc =
	    rocks_get_pair(rocks, ROCKS_OWNERS, &orphan, &since, &size);
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, RC_GONE, "the upload was swept before its commit");
	if (rc != RC_OK)
		return rc;
	rocks_batch_delete(rocks, to, ROCKS_OWNERS, &orphan);
	struct rocks_name chunk = rocks_chunk_name(tally->id, op->tail_chunk);
	rocks_content_put(rocks, to, &chunk, tail, view_of(NULL, 0));
	char value[9] = {ROCKS_HEAD_CHUNKED};
	put_le64(value + 1, op->size);
	rocks_content_put(
	    rocks, to, &head, view_of(value, sizeof(value)), view_of(NULL, 0));
	return RC_OK;
}

// Counts the partitions that own a complete content.
static enum rc count_owners(struct rocks *rocks,
    const struct engine_content_id *id, uint64_t *ret_owners)
{
	struct rocks_name shared = rocks_id_name(ROCKS_SHARED, id);
	enum rc rc = rocks_get_u64(rocks, rocks->newest, ROCKS_OWNERS,
	    rocks_name_view(&shared), ret_owners);
	if (rc != RC_NOT_FOUND)
		return rc;
	struct rocks_name orphan = rocks_id_name(ROCKS_ORPHAN, id);
	uint64_t since;
	uint64_t size;
	rc = rocks_get_pair(rocks, ROCKS_OWNERS, &orphan, &since, &size);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	*ret_owners = rc == RC_OK ? 0 : 1;
	return RC_OK;
}

static void put_shared(struct rocks *rocks, const struct engine_content_id *id,
    uint64_t owners, rocksdb_writebatch_t *to)
{
	struct rocks_name shared = rocks_id_name(ROCKS_SHARED, id);
	char value[8];
	put_le64(value, owners);
	rocks_batch_put(
	    rocks, to, ROCKS_OWNERS, &shared, view_of(value, sizeof(value)));
}

static enum rc owner_comes(struct rocks *rocks,
    const struct engine_content_id *id, rocksdb_writebatch_t *to)
{
	uint64_t owners;
	enum rc rc = count_owners(rocks, id, &owners);
	if (rc != RC_OK)
		return rc;
	if (owners > 0) {
		put_shared(rocks, id, owners + 1, to);
		return RC_OK;
	}
	struct rocks_name orphan = rocks_id_name(ROCKS_ORPHAN, id);
	rocks_batch_delete(rocks, to, ROCKS_OWNERS, &orphan);
	return RC_OK;
}

enum rc rocks_owner_leaves(struct rocks *rocks,
    const struct engine_content_id *id, uint64_t size, rocksdb_writebatch_t *to)
{
	uint64_t owners;
	enum rc rc = count_owners(rocks, id, &owners);
	if (rc != RC_OK)
		return rc;
	if (owners > 2) {
		put_shared(rocks, id, owners - 1, to);
	} else if (owners == 2) {
		struct rocks_name shared = rocks_id_name(ROCKS_SHARED, id);
		rocks_batch_delete(rocks, to, ROCKS_OWNERS, &shared);
	} else {
		struct rocks_name orphan = rocks_id_name(ROCKS_ORPHAN, id);
		rocks_batch_put_pair(rocks, to, &orphan,
		    (uint64_t)clock_wall_seconds(NULL), size);
	}
	return RC_OK;
}

static enum rc tally_end(struct rocks *rocks, struct tally *tally,
    const struct engine_batch *batch, rocksdb_writebatch_t *to,
    struct fault *fault)
{
	if (tally->count == tally->before)
		return RC_OK;
	struct rocks_name name = rocks_owned_name(tally->partition, tally->id);
	if (tally->count == 0) {
		rocks_batch_delete(rocks, to, ROCKS_OWNERS, &name);
		return rocks_owner_leaves(rocks, tally->id, tally->size, to);
	}
	enum rc rc = RC_OK;
	if (tally->finish)
		rc = finish(rocks, tally, batch, to, fault);
	else if (tally->before == 0)
		rc = owner_comes(rocks, tally->id, to);
	rocks_batch_put_pair(rocks, to, &name, tally->count, tally->size);
	return rc;
}

enum rc rocks_owners_apply(struct rocks *rocks, uint64_t partition,
    const struct engine_batch *batch, rocksdb_writebatch_t *to,
    struct fault *fault)
{
	const struct batch_content *ops = batch->contents;
	size_t at = 0;
	while (at < batch->content_count) {
		struct tally tally;
		const struct engine_content_id *id = &ops[at].id;
		enum rc rc = tally_begin(rocks, &tally, partition, id);
		for (; rc == RC_OK && at < batch->content_count &&
		       memcmp(&ops[at].id, id, sizeof(*id)) == 0;
		     at++)
			rc = tally_add(rocks, &tally, &ops[at], fault);
		if (rc == RC_OK)
			rc = tally_end(rocks, &tally, batch, to, fault);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

enum rc rocks_content_owned(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id, uint64_t *ret_count)
{
	struct rocks_name name = rocks_owned_name(partition, id);
	uint64_t count = 0;
	uint64_t size;
	enum rc rc = rocks_get_pair(
	    rocks_of(engine), ROCKS_OWNERS, &name, &count, &size);
	if (rc == RC_NOT_FOUND) {
		count = 0;
		rc = RC_OK;
	}
	if (rc == RC_OK)
		*ret_count = count;
	return rc;
}
