// SPDX-License-Identifier: Apache-2.0
// The content locks: a set of taken stripes under a mutex that is held only
// briefly. Threads that want many stripes go before newcomers, who could
// otherwise keep them waiting for ever.
#include "engine/rocksdb_impl.h"

#define STRIPES_BIG 64

void rocks_stripes_add(
    struct rocks_stripes *stripes, const struct engine_content_id *id)
{
	// The end of an id is random.
	uint32_t stripe =
	    (id->bytes[14] * 256u + id->bytes[15]) % ROCKS_STRIPES;
	stripes->bits[stripe / 64] |= (uint64_t)1 << stripe % 64;
}

static bool meet(const struct rocks_stripes *a, const struct rocks_stripes *b)
{
	uint64_t common = 0;
	for (size_t i = 0; i < ARRAY_LEN(a->bits); i++)
		common |= a->bits[i] & b->bits[i];
	return common != 0;
}

static int count(const struct rocks_stripes *stripes)
{
	int bits = 0;
	for (size_t i = 0; i < ARRAY_LEN(stripes->bits); i++)
		bits += __builtin_popcountll(stripes->bits[i]);
	return bits;
}

void rocks_stripes_lock(
    struct rocks *rocks, const struct rocks_stripes *stripes)
{
	bool big = count(stripes) > STRIPES_BIG;
	pthread_mutex_lock(&rocks->stripes_lock);
	rocks->stripes_waiting++;
	rocks->stripes_waiting_big += big;
	while ((!big && rocks->stripes_waiting_big) ||
	       meet(stripes, &rocks->stripes))
		pthread_cond_wait(&rocks->stripes_free, &rocks->stripes_lock);
	rocks->stripes_waiting--;
	rocks->stripes_waiting_big -= big;
	for (size_t i = 0; i < ARRAY_LEN(stripes->bits); i++)
		rocks->stripes.bits[i] |= stripes->bits[i];
	// Newcomers waited because of this thread; if they need other stripes,
	// they can go on now.
	bool wake = big && rocks->stripes_waiting;
	pthread_mutex_unlock(&rocks->stripes_lock);
	if (wake)
		pthread_cond_broadcast(&rocks->stripes_free);
}

void rocks_stripes_unlock(
    struct rocks *rocks, const struct rocks_stripes *stripes)
{
	pthread_mutex_lock(&rocks->stripes_lock);
	for (size_t i = 0; i < ARRAY_LEN(stripes->bits); i++)
		rocks->stripes.bits[i] &= ~stripes->bits[i];
	bool wake = rocks->stripes_waiting != 0;
	pthread_mutex_unlock(&rocks->stripes_lock);
	if (wake)
		pthread_cond_broadcast(&rocks->stripes_free);
}
