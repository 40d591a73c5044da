// SPDX-License-Identifier: Apache-2.0
// The keeper: what happens when the disk is full or fails.
//
// When a write or a sync of the log fails, RocksDB 7.8 is in an unknown state:
// the log may hold a change whose commit was refused, RocksDB may try to go on
// by itself (SstFileManagerImpl::ClearError), and Debian's library, which is
// built with assertions, aborts at a later write of the same log. So from the
// first failure on nothing is written through this database (`broken`). It can
// be read. As soon as a file can be written again, the keeper
//
// 1. closes the gate, so that no call is under way;
// 2. cuts off the log after the last change that was acknowledged. From then on
//    it is certain that a refused change is not there, and its thread, which
//    waits for that in rocks_settle(), answers;
// 3. closes the database and opens it again, which replays the log and makes
//    everything in it durable;
// 4. opens the gate.
//
// If the database cannot be opened for writing, it is opened for reading, and
// the keeper tries again later.
#include "base/clock.h"
#include "base/thread.h"
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_impl.h"

// How often the keeper looks at the disk.
#define LOOK_MS 1000
// For how long a refused change waits until the log is cut.
#define SETTLE_MS 5000
// After an attempt that failed although the disk can be written, and after one
// that held for less than HELD_MS, the keeper waits: each time twice as long,
// up to 2 seconds. With LOOK_MS and the opening, the server then serves again
// within 5 seconds of the disk's return.
#define AGAIN_MS  500
#define TRIES_MAX 2
#define HELD_MS   10000

void rocks_keeper_init(struct rocks *rocks, uint64_t reserve_bytes)
{
	struct rocks_keeper *keeper = &rocks->keeper;
	pthread_mutex_init(&keeper->lock, NULL);
	thread_cond_init(&keeper->wake);
	thread_cond_init(&keeper->settled);
	atomic_init(&keeper->full, false);
	atomic_init(&keeper->free_bytes, 0);
	atomic_init(&keeper->broken, false);
	atomic_init(&keeper->hurry, false);
	reserve_init(&keeper->reserve, rocks->path, reserve_bytes);
}

void rocks_keeper_failed(struct rocks *rocks, const char *error)
{
	struct rocks_keeper *keeper = &rocks->keeper;
	pthread_mutex_lock(&keeper->lock);
	bool first = !atomic_exchange(&keeper->broken, true);
	// Without a running keeper the database is just being opened: nothing
	// has been written yet that somebody waits for.
	if (first)
		keeper->uncertain = keeper->running;
	pthread_cond_signal(&keeper->wake);
	pthread_mutex_unlock(&keeper->lock);
	if (first)
		log_text(rocks->base.log, LOG_LEVEL_ERROR, "storage",
		    "a write failed, and what it was for is refused: %s",
		    error);
}

void rocks_settle(struct engine *engine)
{
	struct rocks_keeper *keeper = &rocks_of(engine)->keeper;
	struct timespec end = thread_deadline(SETTLE_MS);
	int waited = 0;
	pthread_mutex_lock(&keeper->lock);
	while (keeper->uncertain && !keeper->stopping && waited == 0)
		waited = pthread_cond_timedwait(
		    &keeper->settled, &keeper->lock, &end);
	pthread_mutex_unlock(&keeper->lock);
}

// ---- Opening anew ----------------------------------------------------------

// Called with the gate closed. False: the log cannot be cut.
static bool cut_log(struct rocks *rocks)
{
	struct rocks_keeper *keeper = &rocks->keeper;
	if (!keeper->uncertain)
		return true;
	// No commit is under way, and RocksDB counts only changes that it has
	// applied.
	keeper->last = rocksdb_get_latest_sequence_number(rocks->db);
	if (rocks_log_cut(rocks->path, keeper->last) != RC_OK)
		return false;
	pthread_mutex_lock(&keeper->lock);
	keeper->uncertain = false;
	pthread_cond_broadcast(&keeper->settled);
	pthread_mutex_unlock(&keeper->lock);
	return true;
}

// Called with the gate closed. False: the database can only be read.
static bool exchange(struct rocks *rocks)
{
	rocks_snapshots_give_up(rocks);
	rocks_database_close(rocks);
	atomic_fetch_add(&rocks->base.opening, 1);
	struct fault fault = {0};
	bool writable = rocks_database_try(rocks, &fault) == RC_OK;
	char *error = writable ? NULL : rocks_database_open(rocks, true);
	if (!writable)
		log_text(rocks->base.log, LOG_LEVEL_ERROR, "storage", "%s",
		    fault.text);
	if (error) {
		enum rc rc = rocks_result(rocks, error, "opening again", NULL);
		(void)rc; // it is logged
	}
	rocks->base.gone = !rocks->db;
	return writable;
}

// Before the gate is closed: long work inside ends soon.
static void hurry(struct rocks *rocks)
{
	atomic_store(&rocks->keeper.hurry, true);
	if (rocks->db)
		rocksdb_disable_manual_compaction(rocks->db);
}

// Whether it is time, and a file can be written.
static bool is_worth_trying(struct rocks_keeper *keeper)
{
	if (clock_monotonic_ms() < keeper->again)
		return false;
	if (reserve_can_write(&keeper->reserve))
		return true;
	return reserve_give(&keeper->reserve) &&
	       reserve_can_write(&keeper->reserve);
}

static void tell(struct rocks *rocks, bool broken)
{
	if (rocks->keeper.told == broken)
		return;
	rocks->keeper.told = broken;
	log_text(rocks->base.log, broken ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
	    "storage",
	    broken ? "the disk cannot be written: mail can be read, and "
		     "nothing else, until it can"
		   : "the disk can be written again");
}

static void recover(struct rocks *rocks)
{
	struct rocks_keeper *keeper = &rocks->keeper;
	if (!is_worth_trying(keeper)) {
		tell(rocks, true);
		return;
	}
	hurry(rocks);
	gate_close(&rocks->base.gate);
	bool well = cut_log(rocks) && exchange(rocks);
	if (well)
		atomic_store(&keeper->broken, false);
	atomic_store(&keeper->hurry, false);
	gate_open(&rocks->base.gate);
	tell(rocks, !well);
	uint64_t now = clock_monotonic_ms();
	bool held = well && now - keeper->opened > HELD_MS;
	keeper->opened = well ? now : keeper->opened;
	keeper->tries = held ? 0 : keeper->tries + 1;
	if (keeper->tries > TRIES_MAX)
		keeper->tries = TRIES_MAX;
	keeper->again = held ? 0 : now + ((uint64_t)AGAIN_MS << keeper->tries);
}

// ---- Space -----------------------------------------------------------------

static void look(struct rocks *rocks)
{
	struct rocks_keeper *keeper = &rocks->keeper;
	struct reserve *reserve = &keeper->reserve;
	reserve_look(reserve);
	atomic_store(&keeper->free_bytes, reserve->free_bytes);
	if (atomic_exchange(&keeper->full, reserve->low) == reserve->low)
		return;
	log_text(rocks->base.log,
	    reserve->low ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "storage",
	    reserve->low ? "the disk is full: no new mail is taken until more "
			   "than %llu MiB are free (disk_reserve_mib)"
			 : "%llu MiB are free: new mail is taken again",
	    (unsigned long long)(reserve->low ? reserve->floor
					      : reserve->free_bytes) >>
		20);
}

void rocks_health(struct engine *engine, struct engine_health *ret_health)
{
	struct rocks_keeper *keeper = &rocks_of(engine)->keeper;
	ret_health->state = ENGINE_WELL;
	if (atomic_load(&keeper->full))
		ret_health->state = ENGINE_FULL;
	if (atomic_load(&keeper->broken))
		ret_health->state = ENGINE_READING;
	ret_health->free_bytes = atomic_load(&keeper->free_bytes);
	ret_health->reserve_bytes = keeper->reserve.wanted;
}

enum rc rocks_room(struct engine *engine)
{
	struct rocks_keeper *keeper = &rocks_of(engine)->keeper;
	if (atomic_load(&keeper->broken))
		return RC_IO;
	return atomic_load(&keeper->full) ? RC_FULL : RC_OK;
}

// ---- The thread ------------------------------------------------------------

static void *keep(void *context)
{
	struct rocks *rocks = context;
	struct rocks_keeper *keeper = &rocks->keeper;
	bool was_broken = false;
	pthread_mutex_lock(&keeper->lock);
	while (!keeper->stopping) {
		struct timespec end = thread_deadline(LOOK_MS);
		// A failure that is new is seen to at once.
		int waited = 0;
		while (!keeper->stopping && waited == 0 &&
		       atomic_load(&keeper->broken) == was_broken)
			waited = pthread_cond_timedwait(
			    &keeper->wake, &keeper->lock, &end);
		if (keeper->stopping)
			break;
		pthread_mutex_unlock(&keeper->lock);
		look(rocks);
		if (atomic_load(&keeper->broken))
			recover(rocks);
		pthread_mutex_lock(&keeper->lock);
		was_broken = atomic_load(&keeper->broken);
	}
	pthread_mutex_unlock(&keeper->lock);
	return NULL;
}

enum rc rocks_keeper_start(struct rocks *rocks, struct fault *fault)
{
	struct rocks_keeper *keeper = &rocks->keeper;
	look(rocks);
	if (thread_start(&keeper->thread, keep, rocks) != RC_OK)
		return fault_set(fault, RC_LIMIT,
		    "no thread can be started for the storage");
	keeper->running = true;
	return RC_OK;
}

void rocks_keeper_stop(struct rocks *rocks)
{
	struct rocks_keeper *keeper = &rocks->keeper;
	if (keeper->running) {
		pthread_mutex_lock(&keeper->lock);
		keeper->stopping = true;
		pthread_cond_broadcast(&keeper->wake);
		pthread_cond_broadcast(&keeper->settled);
		pthread_mutex_unlock(&keeper->lock);
		pthread_join(keeper->thread, NULL);
	}
	pthread_cond_destroy(&keeper->wake);
	pthread_cond_destroy(&keeper->settled);
	pthread_mutex_destroy(&keeper->lock);
}
