// SPDX-License-Identifier: Apache-2.0
// All debts shrink by the same amount in the same time. So a debt is stored as
// a point on a scale whose floor rises with the clock: what is below the floor
// is paid. Two points can be compared without asking what time it is.
//
// A thread that ends a run counts down `running`, then looks at `waiting`. A
// thread that queues a task counts up `waiting`, then looks at `running`. One
// of them sees what the other did, so no task is left in the queue while its
// party may run.
#include "net/fair.h"

#include <string.h>

#include "base/mem.h"

#define US_PER_MS UINT64_C(1000)

static uint64_t floor_at(uint64_t now_ms)
{
	return now_ms * US_PER_MS / FAIR_FREE_PART;
}

static bool is_heavy(uint64_t key, uint64_t now_ms)
{
	return key > floor_at(now_ms) + FAIR_HEAVY_MS * US_PER_MS;
}

static unsigned quarter(unsigned threads)
{
	return threads < 8 ? 1 : threads / 4;
}

// How many threads all heavy parties together may hold.
static uint32_t heavy_max(const struct fair *fair)
{
	return fair->threads > 1 ? fair->threads - quarter(fair->threads) : 1;
}

void fair_init(struct fair *fair, unsigned threads)
{
	memset(fair, 0, sizeof(*fair));
	fair->threads = threads;
	map_init(&fair->parties);
}

void fair_done(struct fair *fair)
{
	map_done(&fair->parties);
	vec_done(&fair->ready);
}

// ---- Parties ---------------------------------------------------------------

static uint32_t cap_of(const struct fair *fair, enum fair_kind kind)
{
	switch (kind) {
	case FAIR_USER: return quarter(fair->threads);
	case FAIR_ADDRESS: return heavy_max(fair);
	}
	return 1;
}

struct fair_party *fair_party_ref(
    struct fair *fair, enum fair_kind kind, struct view name)
{
	char key[24] = {kind == FAIR_USER ? 'u' : 'a'};
	size_t len = name.len < sizeof(key) - 1 ? name.len : sizeof(key) - 1;
	memcpy(key + 1, name.ptr, len);
	struct view full = view_of(key, len + 1);
	struct fair_party *party = map_get(&fair->parties, full);
	if (!party) {
		party = mem_zalloc(sizeof(*party));
		party->cap = cap_of(fair, kind);
		memcpy(party->name, full.ptr, full.len);
		party->name_len = full.len;
		map_put(&fair->parties, full, party);
	}
	party->refs++;
	return party;
}

void fair_party_unref(struct fair *fair, struct fair_party *party)
{
	if (!party || --party->refs > 0)
		return;
	map_remove(&fair->parties, view_of(party->name, party->name_len));
	free(party);
}

// ---- The heap --------------------------------------------------------------

static bool comes_before(const struct fair_party *a, const struct fair_party *b)
{
	return a->key != b->key ? a->key < b->key : a->turn < b->turn;
}

static void put_at(struct fair *fair, size_t at, struct fair_party *party)
{
	fair->ready.items[at] = party;
	party->place = at + 1;
}

static void sift_up(struct fair *fair, size_t at)
{
	struct fair_party *party = fair->ready.items[at];
	while (at > 0) {
		size_t above = (at - 1) / 2;
		if (!comes_before(party, fair->ready.items[above]))
			break;
		put_at(fair, at, fair->ready.items[above]);
		at = above;
	}
	put_at(fair, at, party);
}

static void sift_down(struct fair *fair, size_t at)
{
	struct fair_party *party = fair->ready.items[at];
	for (;;) {
		size_t below = 2 * at + 1;
		if (below >= fair->ready.count)
			break;
		if (below + 1 < fair->ready.count &&
		    comes_before(
			fair->ready.items[below + 1], fair->ready.items[below]))
			below++;
		if (!comes_before(fair->ready.items[below], party))
			break;
		put_at(fair, at, fair->ready.items[below]);
		at = below;
	}
	put_at(fair, at, party);
}

static void remove_from_ready(struct fair *fair, struct fair_party *party)
{
	size_t at = party->place - 1;
	party->place = 0;
	struct fair_party *last = fair->ready.items[--fair->ready.count];
	if (last == party)
		return;
	put_at(fair, at, last);
	sift_up(fair, at);
	sift_down(fair, last->place - 1);
}

static void add_to_ready(struct fair *fair, struct fair_party *party)
{
	vec_push(&fair->ready, party);
	party->place = fair->ready.count;
	sift_up(fair, fair->ready.count - 1);
}

void fair_settle(struct fair *fair, struct fair_party *party)
{
	if (party->place)
		remove_from_ready(fair, party);
	if (!party->first || atomic_load(&party->running) >= party->cap)
		return;
	party->key = atomic_load(&party->used);
	party->turn = fair->turns++;
	add_to_ready(fair, party);
}

// ---- The queue -------------------------------------------------------------

static void append(
    struct fair_task **first, struct fair_task **last, struct fair_task *task)
{
	task->next = NULL;
	if (*last)
		(*last)->next = task;
	else
		*first = task;
	*last = task;
}

static struct fair_task *take_first(
    struct fair_task **first, struct fair_task **last)
{
	struct fair_task *task = *first;
	*first = task->next;
	if (!*first)
		*last = NULL;
	return task;
}

void fair_push(struct fair *fair, struct fair_task *task, uint64_t now_ms)
{
	struct fair_party *party = task->party;
	atomic_fetch_add(&fair->queued, 1);
	if (!party) {
		append(&fair->own_first, &fair->own_last, task);
		return;
	}
	append(&party->first, &party->last, task);
	atomic_fetch_add(&party->waiting, 1);
	if (party->place)
		return;
	// All who have no debt are equal.
	uint64_t floor = floor_at(now_ms);
	if (atomic_load(&party->used) < floor)
		atomic_store(&party->used, floor);
	fair_settle(fair, party);
}

static bool may_run(
    const struct fair *fair, const struct fair_party *party, uint64_t now_ms)
{
	return !is_heavy(party->key, now_ms) ||
	       atomic_load(&fair->heavy) < heavy_max(fair);
}

bool fair_is_ready(const struct fair *fair, uint64_t now_ms)
{
	if (fair->own_first)
		return true;
	return fair->ready.count && may_run(fair, fair->ready.items[0], now_ms);
}

struct fair_task *fair_pop(
    struct fair *fair, uint64_t now_ms, struct fair_run *ret_run)
{
	if (fair->own_first) {
		atomic_fetch_sub(&fair->queued, 1);
		*ret_run = (struct fair_run){0};
		return take_first(&fair->own_first, &fair->own_last);
	}
	while (fair->ready.count) {
		struct fair_party *party = fair->ready.items[0];
		// The others have larger debts.
		if (!may_run(fair, party, now_ms))
			return NULL;
		if (atomic_fetch_add(&party->running, 1) >= party->cap) {
			// It has begun runs by fair_enter() meanwhile.
			atomic_fetch_sub(&party->running, 1);
			fair_settle(fair, party);
			continue;
		}
		struct fair_task *task =
		    take_first(&party->first, &party->last);
		atomic_fetch_sub(&party->waiting, 1);
		atomic_fetch_sub(&fair->queued, 1);
		*ret_run = (struct fair_run){
		    .party = party, .heavy = is_heavy(party->key, now_ms)};
		if (ret_run->heavy)
			atomic_fetch_add(&fair->heavy, 1);
		fair_settle(fair, party);
		return task;
	}
	return NULL;
}

bool fair_enter(struct fair *fair, const struct fair_task *task,
    uint64_t now_ms, struct fair_run *ret_run)
{
	struct fair_party *party = task->party;
	*ret_run = (struct fair_run){.party = party};
	if (!party)
		return true;
	if (atomic_load_explicit(&fair->queued, memory_order_relaxed) > 0 ||
	    is_heavy(atomic_load_explicit(&party->used, memory_order_relaxed),
		now_ms))
		return false;
	if (atomic_fetch_add(&party->running, 1) < party->cap)
		return true;
	atomic_fetch_sub(&party->running, 1);
	return false;
}

static void charge(struct fair_party *party, uint64_t used_ms, uint64_t now_ms)
{
	uint64_t floor = floor_at(now_ms);
	uint64_t most = floor + FAIR_DEBT_MAX_MS * US_PER_MS;
	uint64_t before = atomic_load(&party->used);
	uint64_t after;
	do {
		after = before > floor ? before : floor;
		after += used_ms * US_PER_MS;
		if (after > most)
			after = most;
	} while (!atomic_compare_exchange_weak(&party->used, &before, after));
}

bool fair_leave(struct fair *fair, const struct fair_run *run, uint64_t used_ms,
    uint64_t now_ms)
{
	struct fair_party *party = run->party;
	if (!party)
		return false;
	if (used_ms > 0)
		charge(party, used_ms, now_ms);
	if (run->heavy)
		atomic_fetch_sub(&fair->heavy, 1);
	atomic_fetch_sub(&party->running, 1);
	return atomic_load(&party->waiting) > 0;
}
