// SPDX-License-Identifier: Apache-2.0
// The search computes a hash for each prefix of the line. It looks into the
// bucket of a prefix only if some boundary has the same length. The hash has a
// seed but is simple, because at most MESSAGE_DEPTH_MAX boundaries are open.
#include "wire/message_boundary.h"

#include "base/ascii.h"
#include "base/map.h"

static uint64_t hash_step(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * 0x9e3779b97f4a7c15u;
}

static size_t hash_bucket(uint64_t hash)
{
	return (size_t)(hash >> 57) % BOUNDARY_BUCKETS;
}

void boundary_set_init(struct boundary_set *set)
{
	*set = (struct boundary_set){.seed = map_hash(VIEW("boundary"))};
}

void boundary_set_add(struct boundary_set *set, struct boundary *boundary)
{
	boundary->hash = set->seed;
	for (size_t i = 0; i < boundary->text.len; i++)
		boundary->hash =
		    hash_step(boundary->hash, boundary->text.ptr[i]);
	struct boundary **bucket = &set->buckets[hash_bucket(boundary->hash)];
	boundary->next = *bucket;
	*bucket = boundary;
	set->of_len[boundary->text.len]++;
	set->count++;
}

void boundary_set_remove(struct boundary_set *set, struct boundary *boundary)
{
	struct boundary **at = &set->buckets[hash_bucket(boundary->hash)];
	while (*at != boundary)
		at = &(*at)->next;
	*at = boundary->next;
	set->of_len[boundary->text.len]--;
	set->count--;
}

static struct boundary *find_exact(
    const struct boundary_set *set, uint64_t hash, struct view text)
{
	struct boundary *at = set->buckets[hash_bucket(hash)];
	while (at && (at->hash != hash || !view_eq(at->text, text)))
		at = at->next;
	return at;
}

// Tells whether `tail` may come after a boundary. After a boundary that was
// cut, any text may come.
static bool is_tail(struct view tail, size_t boundary_len)
{
	return !tail.len || ascii_is_space(*tail.ptr) ||
	       view_starts_with(tail, VIEW("--")) ||
	       boundary_len == MESSAGE_BOUNDARY_MAX;
}

struct boundary *boundary_set_find(
    const struct boundary_set *set, struct view line, bool *ret_closes)
{
	struct boundary *longest = NULL;
	uint64_t hash = set->seed;
	for (size_t len = 1; len <= line.len && len <= MESSAGE_BOUNDARY_MAX;
	     len++) {
		hash = hash_step(hash, line.ptr[len - 1]);
		if (!set->of_len[len] || !is_tail(view_from(line, len), len))
			continue;
		struct boundary *found =
		    find_exact(set, hash, view_slice(line, 0, len));
		if (found)
			longest = found;
	}
	if (longest)
		*ret_closes = view_starts_with(
		    view_from(line, longest->text.len), VIEW("--"));
	return longest;
}
