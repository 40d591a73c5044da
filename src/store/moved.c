// SPDX-License-Identifier: Apache-2.0
#include "store/moved.h"

#include "base/bytes.h"
#include "base/vec.h"

#define RUN_BYTES 12

void moved_done(struct moved *moved)
{
	vec_done(moved);
}

// Gives the position of the first run that begins after `source`.
static size_t after(const struct moved *moved, uint32_t source)
{
	size_t at;
	LOWER_BOUND(at, moved->count, moved->items[at].source <= source);
	return at;
}

uint32_t moved_find(const struct moved *moved, uint32_t source)
{
	size_t at = after(moved, source);
	if (at == 0)
		return 0;
	const struct moved_run *run = &moved->items[at - 1];
	uint32_t offset = source - run->source;
	return offset < run->count ? run->target + offset : 0;
}

void moved_add(struct moved *moved, uint32_t source, uint32_t target)
{
	size_t at = after(moved, source);
	struct moved_run *before = at ? &moved->items[at - 1] : NULL;
	if (before && source - before->source < before->count)
		abort(); // callers have checked that there is no copy yet
	if (before && source - before->source == before->count &&
	    target - before->target == before->count) {
		before->count++;
		return;
	}
	vec_insert(moved, at, (struct moved_run){source, target, 1});
}

void moved_put(const struct moved *moved, struct buf *out)
{
	for (size_t i = 0; i < moved->count; i++) {
		char bytes[RUN_BYTES];
		put_le32(bytes, moved->items[i].source);
		put_le32(bytes + 4, moved->items[i].target);
		put_le32(bytes + 8, moved->items[i].count);
		buf_add(out, view_of(bytes, sizeof(bytes)));
	}
}

enum rc moved_get(struct view record, struct moved *ret_moved)
{
	struct moved moved = {0};
	uint64_t next = 1; // the lowest source that the next run may begin with
	if (record.len == 0 || record.len % RUN_BYTES)
		return RC_CORRUPT;
	vec_reserve(&moved, record.len / RUN_BYTES);
	for (; record.len; record = view_from(record, RUN_BYTES)) {
		struct moved_run run = {
		    .source = get_le32(record.ptr),
		    .target = get_le32(record.ptr + 4),
		    .count = get_le32(record.ptr + 8),
		};
		uint64_t end = (uint64_t)run.source + run.count;
		if (run.source < next || run.target == 0 || run.count == 0 ||
		    end > UINT32_MAX ||
		    (uint64_t)run.target + run.count > UINT32_MAX) {
			moved_done(&moved);
			return RC_CORRUPT;
		}
		next = end;
		vec_push(&moved, run);
	}
	*ret_moved = moved;
	return RC_OK;
}
