// SPDX-License-Identifier: Apache-2.0
// Connections in chunks. Their deadlines are stored side by side, apart from
// the connections. To check the deadlines of 100,000 idle connections, 400 KB
// are read in order. That costs less than keeping the deadlines sorted at each
// command.
#include <stdatomic.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/connection.h"

#define CHUNK_SIZE 128

struct chunk {
	// Milliseconds since `epoch_ms`, modulo 2^32; 0: none.
	_Atomic uint32_t deadlines[CHUNK_SIZE];
	struct connection connections[CHUNK_SIZE];
};

struct slots {
	uint32_t max;
	uint64_t epoch_ms;
	_Atomic uint32_t count; // slots that were used at least once
	pthread_mutex_t lock;   // protects `free` and the growth
	struct connection *free;
	struct chunk *_Atomic *chunks;
};

struct slots *slots_new(uint32_t max)
{
	struct slots *slots = mem_zalloc(sizeof(*slots));
	slots->max = max;
	slots->epoch_ms = clock_monotonic_ms();
	slots->chunks =
	    mem_zalloc((max / CHUNK_SIZE + 1) * sizeof(slots->chunks[0]));
	pthread_mutex_init(&slots->lock, NULL);
	return slots;
}

void slots_free(struct slots **slots)
{
	struct slots *gone = *slots;
	if (!gone)
		return;
	*slots = NULL;
	for (uint32_t i = 0; i <= gone->max / CHUNK_SIZE; i++)
		free(atomic_load(&gone->chunks[i]));
	free(gone->chunks);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

static struct chunk *chunk_at(const struct slots *slots, uint32_t index)
{
	return atomic_load_explicit(
	    &slots->chunks[index / CHUNK_SIZE], memory_order_acquire);
}

struct connection *slots_at(const struct slots *slots, uint32_t index)
{
	if (index >= slots->max)
		return NULL;
	struct chunk *chunk = chunk_at(slots, index);
	return chunk ? &chunk->connections[index % CHUNK_SIZE] : NULL;
}

static struct connection *grow(struct slots *slots)
{
	uint32_t index = atomic_load(&slots->count);
	if (index >= slots->max)
		return NULL;
	if (index % CHUNK_SIZE == 0)
		atomic_store_explicit(&slots->chunks[index / CHUNK_SIZE],
		    mem_zalloc(sizeof(struct chunk)), memory_order_release);
	atomic_store(&slots->count, index + 1);
	struct connection *connection = slots_at(slots, index);
	connection->task.index = index;
	return connection;
}

struct connection *slots_take(struct slots *slots)
{
	pthread_mutex_lock(&slots->lock);
	struct connection *connection = slots->free;
	if (connection)
		slots->free = (void *)connection->task.turn.next;
	else
		connection = grow(slots);
	pthread_mutex_unlock(&slots->lock);
	if (connection)
		reactor_task_begin(&connection->task);
	return connection;
}

void slots_give(struct slots *slots, struct connection *connection)
{
	slots_set_deadline(slots, connection, 0);
	pthread_mutex_lock(&slots->lock);
	reactor_task_end(&connection->task);
	connection->task.turn.next = (void *)slots->free;
	slots->free = connection;
	pthread_mutex_unlock(&slots->lock);
}

void slots_set_deadline(struct slots *slots,
    const struct connection *connection, uint64_t deadline_ms)
{
	uint32_t index = connection->task.index;
	uint32_t deadline = (uint32_t)(deadline_ms - slots->epoch_ms);
	if (deadline == 0)
		deadline = 1;
	if (deadline_ms == 0)
		deadline = 0;
	atomic_store_explicit(
	    &chunk_at(slots, index)->deadlines[index % CHUNK_SIZE], deadline,
	    memory_order_relaxed);
}

void slots_expire(struct slots *slots, struct reactor *reactor)
{
	uint32_t now = (uint32_t)(clock_monotonic_ms() - slots->epoch_ms);
	uint32_t count = atomic_load(&slots->count);
	for (uint32_t i = 0; i < count; i++) {
		struct chunk *chunk = chunk_at(slots, i);
		uint32_t deadline = atomic_load_explicit(
		    &chunk->deadlines[i % CHUNK_SIZE], memory_order_relaxed);
		// A deadline is at most 2^31 ms (24 days) before or after now.
		if (deadline && (int32_t)(deadline - now) <= 0)
			reactor_post(reactor,
			    &chunk->connections[i % CHUNK_SIZE].task,
			    REACTOR_TIMER);
	}
}

void slots_post(struct slots *slots, struct reactor *reactor, uint32_t news)
{
	uint32_t count = atomic_load(&slots->count);
	for (uint32_t i = 0; i < count; i++)
		reactor_post(reactor, &slots_at(slots, i)->task, news);
}
