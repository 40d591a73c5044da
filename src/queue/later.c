// SPDX-License-Identifier: Apache-2.0
#include "queue/later.h"

#include "base/mem.h"

struct waits {
	uint64_t account;
	uint64_t size;
};

struct sum {
	uint64_t bytes;
	uint64_t messages;
};

static struct view id_key(const struct queue_id *id)
{
	return view_of((const char *)id->bytes, sizeof(id->bytes));
}

static struct view account_key(const uint64_t *account)
{
	return view_of((const char *)account, sizeof(*account));
}

void queue_later_init(struct queue_later *later)
{
	map_init(&later->messages);
	map_init(&later->accounts);
}

static void free_values(struct map *map)
{
	size_t at = 0;
	struct view key;
	void *value;
	while (map_next(map, &at, &key, &value))
		free(value);
	map_done(map);
}

void queue_later_done(struct queue_later *later)
{
	free_values(&later->messages);
	free_values(&later->accounts);
}

void queue_later_add(struct queue_later *later, const struct queue_id *id,
    uint64_t account, uint64_t size)
{
	struct waits *waits = mem_alloc(sizeof(*waits));
	*waits = (struct waits){account, size};
	map_put(&later->messages, id_key(id), waits);
	struct sum *sum = map_get(&later->accounts, account_key(&account));
	if (!sum) {
		sum = mem_zalloc(sizeof(*sum));
		map_put(&later->accounts, account_key(&account), sum);
	}
	sum->bytes += size;
	sum->messages++;
}

void queue_later_end(struct queue_later *later, const struct queue_id *id)
{
	if (later->messages.count == 0)
		return;
	struct waits *waits = map_remove(&later->messages, id_key(id));
	if (!waits)
		return;
	struct view key = account_key(&waits->account);
	struct sum *sum = map_get(&later->accounts, key);
	sum->bytes -= waits->size;
	if (--sum->messages == 0)
		free(map_remove(&later->accounts, key));
	free(waits);
}

uint64_t queue_later_sum(const struct queue_later *later, uint64_t account)
{
	const struct sum *sum =
	    map_get(&later->accounts, account_key(&account));
	return sum ? sum->bytes : 0;
}
