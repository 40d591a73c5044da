// SPDX-License-Identifier: Apache-2.0
#include "admin/known.h"

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/vec.h"

#define KNOWN_PIECE ((size_t)1 << 20) // bytes read at a time

struct item {
	uint64_t email_id;
	uint32_t size;
	bool hashed;
	bool taken;
	unsigned char hash[KNOWN_HASH];
};

struct known {
	struct store_reader *reader;
	struct item *items; // by size
	size_t count;
};

static int compare_sizes(const void *a, const void *b)
{
	uint32_t x = ((const struct item *)a)->size;
	uint32_t y = ((const struct item *)b)->size;
	return x < y ? -1 : x > y;
}

struct known *known_new(struct store_mailbox *mailbox)
{
	struct known *known = mem_zalloc(sizeof(*known));
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	known->reader = store_reader_new(store_mailbox_account(mailbox));
	known->items = mem_alloc(
	    (store_snapshot_count(snapshot) + 1) * sizeof(*known->items));
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		known->items[known->count++] = (struct item){
		    .email_id = message.email_id, .size = message.size};
	store_snapshot_unref(&snapshot);
	qsort(known->items, known->count, sizeof(*known->items), compare_sizes);
	return known;
}

void known_free(struct known **known)
{
	if (!*known)
		return;
	store_reader_free(&(*known)->reader);
	free((*known)->items);
	free(*known);
	*known = NULL;
}

// Hashes the stored bytes; false when they cannot be read.
static bool hash_stored(struct known *known, struct item *item)
{
	struct buf piece;
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	bool good = EVP_DigestInit_ex(sum, EVP_sha256(), NULL) == 1;
	buf_init(&piece, KNOWN_PIECE);
	for (uint64_t at = 0; good && at < item->size; at += piece.len) {
		buf_reset(&piece);
		good = store_reader_bytes(known->reader, item->email_id, at,
			   KNOWN_PIECE, &piece) == RC_OK &&
		       piece.len > 0 &&
		       EVP_DigestUpdate(sum, piece.ptr, piece.len) == 1;
	}
	good = good && EVP_DigestFinal_ex(sum, item->hash, NULL) == 1;
	buf_done(&piece);
	EVP_MD_CTX_free(sum);
	return good;
}

// The first item of at least this size.
static size_t seek(const struct known *known, uint64_t size)
{
	size_t at;
	LOWER_BOUND(at, known->count, known->items[at].size < size);
	return at;
}

bool known_take(
    struct known *known, uint64_t size, const unsigned char hash[KNOWN_HASH])
{
	for (size_t i = seek(known, size);
	     i < known->count && known->items[i].size == size; i++) {
		struct item *item = &known->items[i];
		if (item->taken)
			continue;
		if (!item->hashed) {
			item->hashed = true;
			// A message that cannot be read matches none.
			item->taken = !hash_stored(known, item);
		}
		if (!item->taken && memcmp(item->hash, hash, KNOWN_HASH) == 0) {
			item->taken = true;
			return true;
		}
	}
	return false;
}
