// SPDX-License-Identifier: Apache-2.0
// Nodes and chunks of the snapshot tree: their references, the stored form of a
// chunk, and how an entry is written and read. node_chunk_decode() checks a
// chunk that comes from the disk, so that nothing after it can fail.
#include "store/node.h"

#include "base/bytes.h"
#include "base/mem.h"

#define KEYWORD_SHIFT 5
#define INLINE_COUNT  26
#define INLINE_MASK   ((1u << INLINE_COUNT) - 1)
#define SYSTEM_MASK   0x1fu
#define HAS_EXTRA     (1u << 31)
#define ZONE_BIAS     1024
#define ZONE_UNIT     2048
#define CHUNK_VERSION 1
#define CHUNK_PRELUDE 8 // version, entries, extras (u16 each), reserved
#define DATE_LIMIT    ((int64_t)1 << 51)

struct store_node *node_ref(struct store_node *node)
{
	if (node)
		atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed);
	return node;
}

// The depth of the recursion is at most STORE_DEPTH_MAX.
void node_unref(struct store_node *node)
{
	if (!node || atomic_fetch_sub_explicit(
			 &node->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (node->height > 0) {
		const struct node_branch *branch = node_as_branch(node);
		for (unsigned i = 0; i < node->slots; i++)
			node_unref(branch->children[i]);
	}
	free(node);
}

const struct node_chunk *node_as_chunk(const struct store_node *node)
{
	return (const struct node_chunk *)node;
}

const struct node_branch *node_as_branch(const struct store_node *node)
{
	return (const struct node_branch *)node;
}

static const struct node_extra *chunk_extras(const struct node_chunk *chunk)
{
	return (const void *)(chunk->entries + chunk->node.slots);
}

static void sums_add_entry(
    struct node_sums *sums, const struct node_entry *entry)
{
	sums->messages++;
	sums->unseen += !(entry->flags & STORE_FLAG_SEEN);
	sums->deleted += !!(entry->flags & STORE_FLAG_DELETED);
	sums->size += entry->size;
	if (entry->modseq > sums->max_modseq)
		sums->max_modseq = entry->modseq;
}

static struct node_chunk *chunk_alloc(unsigned slots, unsigned extras)
{
	struct node_chunk *chunk =
	    mem_alloc(sizeof(*chunk) + slots * sizeof(struct node_entry) +
		      extras * sizeof(struct node_extra));
	chunk->node = (struct store_node){
	    .refs = 1,
	    .slots = (uint8_t)slots,
	    .extras = (uint8_t)extras,
	};
	return chunk;
}

static void chunk_seal(struct node_chunk *chunk, uint32_t chunk_number)
{
	struct store_node *node = &chunk->node;
	node->chunk = chunk_number;
	node->first_uid = chunk->entries[0].uid;
	node->last_uid = chunk->entries[node->slots - 1].uid;
	for (unsigned i = 0; i < node->slots; i++)
		sums_add_entry(&node->sums, &chunk->entries[i]);
}

static bool needs_extra(const struct store_message *message)
{
	const uint64_t *bits = message->keywords.bits;
	uint64_t high = bits[0] >> INLINE_COUNT;
	for (unsigned i = 1; i < ARRAY_LEN(message->keywords.bits); i++)
		high |= bits[i];
	return message->has_keywords && high;
}

static struct node_entry entry_encode(const struct store_message *message)
{
	uint32_t flags = message->flags & SYSTEM_MASK;
	if (needs_extra(message))
		flags |= HAS_EXTRA;
	else if (message->has_keywords)
		flags |= (uint32_t)(message->keywords.bits[0] & INLINE_MASK)
			 << KEYWORD_SHIFT;
	int64_t date = message->internal_date;
	if (date > DATE_LIMIT)
		date = DATE_LIMIT;
	if (date < -DATE_LIMIT)
		date = -DATE_LIMIT;
	// Zones are at most 14 hours off UTC; a date with another one loses its
	// zone.
	int zone = message->zone_minutes;
	if (zone < -ZONE_BIAS || zone >= ZONE_UNIT - ZONE_BIAS)
		zone = 0;
	return (struct node_entry){
	    .modseq = message->modseq,
	    .email_id = message->email_id,
	    .date = date * ZONE_UNIT + zone + ZONE_BIAS,
	    .uid = message->uid,
	    .size = message->size,
	    .save_date = (uint32_t)message->save_date,
	    .flags = flags,
	};
}

void node_entry_decode(const struct node_chunk *chunk, unsigned slot,
    struct store_message *ret_message)
{
	const struct node_entry *entry = &chunk->entries[slot];
	// The arithmetic shift rounds towards the past, which matches the
	// encoding.
	int64_t seconds = entry->date >> 11;
	int zone = (int)(entry->date & (ZONE_UNIT - 1)) - ZONE_BIAS;
	*ret_message = (struct store_message){
	    .uid = entry->uid,
	    .size = entry->size,
	    .modseq = entry->modseq,
	    .email_id = entry->email_id,
	    .internal_date = seconds,
	    .zone_minutes = (int16_t)zone,
	    .save_date = entry->save_date,
	    .flags = entry->flags & SYSTEM_MASK,
	};
	if (entry->flags & HAS_EXTRA) {
		const struct node_extra *extra = chunk_extras(chunk);
		for (unsigned i = 0; i < chunk->node.extras; i++)
			if (extra[i].slot == slot)
				ret_message->keywords = extra[i].keywords;
		ret_message->has_keywords = true;
	} else {
		uint64_t bits = entry->flags >> KEYWORD_SHIFT & INLINE_MASK;
		ret_message->keywords.bits[0] = bits;
		ret_message->has_keywords = bits != 0;
	}
}

struct store_node *node_chunk_new(
    uint32_t chunk_number, const struct store_message *messages, unsigned count)
{
	unsigned extras = 0;
	for (unsigned i = 0; i < count; i++)
		extras += needs_extra(&messages[i]);
	struct node_chunk *chunk = chunk_alloc(count, extras);
	for (unsigned i = 0; i < count; i++)
		chunk->entries[i] = entry_encode(&messages[i]);
	struct node_extra *extra = (void *)(chunk->entries + count);
	for (unsigned i = 0; i < count; i++)
		if (needs_extra(&messages[i]))
			*extra++ = (struct node_extra){i, messages[i].keywords};
	chunk_seal(chunk, chunk_number);
	return &chunk->node;
}

void node_chunk_encode(const struct store_node *node, struct buf *out)
{
	const struct node_chunk *chunk = node_as_chunk(node);
	char prelude[CHUNK_PRELUDE] = {CHUNK_VERSION, 0, (char)node->slots, 0,
	    (char)node->extras, 0, 0, 0};
	buf_add(out, view_of(prelude, sizeof(prelude)));
	buf_add(out, view_of(chunk->entries,
			 node->slots * sizeof(struct node_entry) +
			     node->extras * sizeof(struct node_extra)));
}

static bool chunk_is_sound(const struct node_chunk *chunk)
{
	unsigned wanted = 0;
	for (unsigned i = 0; i < chunk->node.slots; i++) {
		const struct node_entry *entry = &chunk->entries[i];
		if (entry->uid == 0 || entry->modseq == 0 ||
		    (i > 0 && entry->uid <= chunk->entries[i - 1].uid))
			return false;
		wanted += !!(entry->flags & HAS_EXTRA);
	}
	const struct node_extra *extra = chunk_extras(chunk);
	for (unsigned i = 0; i < chunk->node.extras; i++) {
		if (extra[i].slot >= chunk->node.slots ||
		    (i > 0 && extra[i].slot <= extra[i - 1].slot) ||
		    !(chunk->entries[extra[i].slot].flags & HAS_EXTRA))
			return false;
	}
	return wanted == chunk->node.extras;
}

enum rc node_chunk_decode(
    uint32_t chunk_number, struct view record, struct store_node **ret_chunk)
{
	if (record.len < CHUNK_PRELUDE || record.ptr[0] != CHUNK_VERSION)
		return RC_CORRUPT;
	unsigned slots = (unsigned char)record.ptr[2];
	unsigned extras = (unsigned char)record.ptr[4];
	size_t bytes = slots * sizeof(struct node_entry) +
		       extras * sizeof(struct node_extra);
	if (slots == 0 || slots > NODE_CHUNK_MAX || extras > slots ||
	    record.len != CHUNK_PRELUDE + bytes)
		return RC_CORRUPT;
	struct node_chunk *chunk = chunk_alloc(slots, extras);
	memcpy(chunk->entries, record.ptr + CHUNK_PRELUDE, bytes);
	if (!chunk_is_sound(chunk)) {
		free(chunk);
		return RC_CORRUPT;
	}
	chunk_seal(chunk, chunk_number);
	*ret_chunk = &chunk->node;
	return RC_OK;
}
