// SPDX-License-Identifier: Apache-2.0
#include "base/rangeset.h"

#include "base/mem.h"
#include "base/vec.h"

void rangeset_init(struct rangeset *set)
{
	*set = (struct rangeset){0};
}

void rangeset_done(struct rangeset *set)
{
	free(set->ranges);
	rangeset_init(set);
}

void rangeset_reset(struct rangeset *set)
{
	set->count = 0;
}

size_t rangeset_seek(const struct rangeset *set, uint32_t number)
{
	size_t at;
	LOWER_BOUND(at, set->count, set->ranges[at].last < number);
	return at;
}

bool rangeset_has(const struct rangeset *set, uint32_t number)
{
	size_t at = rangeset_seek(set, number);
	return at < set->count && set->ranges[at].first <= number;
}

// Replaces the ranges [from, to) by `count` ranges at `with`.
static void splice(struct rangeset *set, size_t from, size_t to,
    const struct range *with, size_t count)
{
	size_t total = set->count - (to - from) + count;
	set->ranges =
	    mem_grow(set->ranges, &set->capacity, total, sizeof(*set->ranges));
	if (set->count > to)
		memmove(set->ranges + from + count, set->ranges + to,
		    (set->count - to) * sizeof(*set->ranges));
	if (count)
		memcpy(set->ranges + from, with, count * sizeof(*with));
	set->count = total;
}

void rangeset_add(struct rangeset *set, uint32_t first, uint32_t last)
{
	// The first range that touches first..last, or that lies after it.
	size_t from = rangeset_seek(set, first ? first - 1 : 0);
	size_t to = from;
	struct range merged = {first, last};
	while (to < set->count &&
	       (last == UINT32_MAX || set->ranges[to].first <= last + 1)) {
		if (set->ranges[to].first < merged.first)
			merged.first = set->ranges[to].first;
		if (set->ranges[to].last > merged.last)
			merged.last = set->ranges[to].last;
		to++;
	}
	splice(set, from, to, &merged, 1);
}

void rangeset_remove(struct rangeset *set, uint32_t first, uint32_t last)
{
	size_t from = rangeset_seek(set, first);
	size_t to = from;
	struct range rest[2];
	size_t count = 0;
	while (to < set->count && set->ranges[to].first <= last) {
		struct range range = set->ranges[to++];
		if (range.first < first)
			rest[count++] = (struct range){range.first, first - 1};
		if (range.last > last)
			rest[count++] = (struct range){last + 1, range.last};
	}
	if (to > from)
		splice(set, from, to, rest, count);
}

void rangeset_without(const struct rangeset *set,
    const struct rangeset *without, struct rangeset *ret_rest)
{
	size_t at = 0;
	for (size_t i = 0; i < set->count; i++) {
		uint64_t first = set->ranges[i].first;
		uint32_t last = set->ranges[i].last;
		while (at < without->count && without->ranges[at].last < first)
			at++;
		for (size_t n = at; n < without->count && first <= last &&
				    without->ranges[n].first <= last;
		     n++) {
			if (without->ranges[n].first > first)
				rangeset_add(ret_rest, (uint32_t)first,
				    without->ranges[n].first - 1);
			first = (uint64_t)without->ranges[n].last + 1;
		}
		if (first <= last)
			rangeset_add(ret_rest, (uint32_t)first, last);
	}
}

void rangeset_copy(struct rangeset *set, const struct rangeset *from)
{
	splice(set, 0, set->count, from->ranges, from->count);
}

uint64_t rangeset_size(const struct rangeset *set)
{
	uint64_t size = 0;
	for (size_t i = 0; i < set->count; i++)
		size +=
		    (uint64_t)set->ranges[i].last - set->ranges[i].first + 1;
	return size;
}

void rangeset_format(const struct rangeset *set, struct buf *out)
{
	for (size_t i = 0; i < set->count; i++) {
		if (i)
			buf_add_char(out, ',');
		buf_add_u64(out, set->ranges[i].first);
		if (set->ranges[i].last == set->ranges[i].first)
			continue;
		buf_add_char(out, ':');
		buf_add_u64(out, set->ranges[i].last);
	}
}
