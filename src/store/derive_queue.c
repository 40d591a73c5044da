// SPDX-License-Identifier: Apache-2.0
// The worker of derived data, and the accounts that wait for it. The worker
// does one piece of work for an account and then goes to the next one. After
// each piece it rests for as long as the piece took.
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/derive_impl.h"

#define REST_MS_MIN 2
#define REST_MS_MAX 1000

struct store_deriver {
	struct store *store;
	pthread_t thread;
	uint64_t last_failed; // account
};

// ---- The queue -------------------------------------------------------------

void derive_queue_init(struct derive_queue *queue)
{
	*queue = (struct derive_queue){.count = 0};
	pthread_mutex_init(&queue->lock, NULL);
	thread_cond_init(&queue->moved);
}

void derive_queue_done(struct derive_queue *queue)
{
	pthread_cond_destroy(&queue->moved);
	pthread_mutex_destroy(&queue->lock);
}

static struct derive_wish *wish_at(struct derive_queue *queue, unsigned n)
{
	return &queue->wishes[(queue->first + n) % DERIVE_QUEUE_MAX];
}

void derive_queue_add(
    struct derive_queue *queue, uint64_t account_id, unsigned make)
{
	unsigned n = 0;
	pthread_mutex_lock(&queue->lock);
	while (n < queue->count && wish_at(queue, n)->account_id != account_id)
		n++;
	if (n < queue->count) {
		wish_at(queue, n)->make |= make;
	} else if (n < DERIVE_QUEUE_MAX) {
		*wish_at(queue, n) = (struct derive_wish){account_id, make};
		queue->count++;
	} else {
		queue->look_at_all = true;
	}
	pthread_cond_signal(&queue->moved);
	pthread_mutex_unlock(&queue->lock);
}

void derive_changed(struct store_account *account)
{
	if (atomic_load(&account->derives))
		derive_queue_add(&account->store->derive_queue, account->id, 0);
}

void derive_want(
    struct store_account *account, const struct derive_tenant *tenant)
{
	atomic_store(&account->derives, true);
	derive_queue_add(
	    &account->store->derive_queue, account->id, 1U << tenant->number);
}

// ---- The worker ------------------------------------------------------------

// Gives the next account: one that waits or, when all derived data is looked
// at, that of the next partition after `*walk`. False when the worker is to
// end.
static bool next_wish(
    struct store_deriver *deriver, uint64_t *walk, struct derive_wish *ret_wish)
{
	struct derive_queue *queue = &deriver->store->derive_queue;
	struct engine *engine = deriver->store->options.engine;
	bool found = false;
	pthread_mutex_lock(&queue->lock);
	while (!found && !queue->stopping) {
		if (queue->look_at_all && *walk == 0) {
			queue->look_at_all = false;
			*walk = DERIVE_FIRST - 1;
		}
		if (queue->count > 0) {
			*ret_wish = *wish_at(queue, 0);
			queue->first = (queue->first + 1) % DERIVE_QUEUE_MAX;
			queue->count--;
			found = true;
		} else if (*walk) {
			pthread_mutex_unlock(&queue->lock);
			*ret_wish = (struct derive_wish){.make = 0};
			found = engine_partition_next(engine, *walk, walk) ==
				    RC_OK &&
				store_derived_of(*walk, &ret_wish->account_id);
			if (!found)
				*walk = 0;
			pthread_mutex_lock(&queue->lock);
		} else {
			pthread_cond_wait(&queue->moved, &queue->lock);
		}
	}
	found &= !queue->stopping;
	pthread_mutex_unlock(&queue->lock);
	return found;
}

static void rest(struct derive_queue *queue, uint64_t ms)
{
	ms = ms < REST_MS_MIN ? REST_MS_MIN : ms;
	struct timespec end =
	    thread_deadline(ms > REST_MS_MAX ? REST_MS_MAX : ms);
	int waited = 0;
	pthread_mutex_lock(&queue->lock);
	while (!queue->stopping && waited == 0)
		waited =
		    pthread_cond_timedwait(&queue->moved, &queue->lock, &end);
	pthread_mutex_unlock(&queue->lock);
}

// The worker tries again at the account's next change. It logs one line for
// each account.
static void report(
    struct store_deriver *deriver, uint64_t account_id, enum rc rc)
{
	struct log_line line;
	if (!deriver->store->options.log || deriver->last_failed == account_id)
		return;
	deriver->last_failed = account_id;
	log_begin(&line, deriver->store->options.log, LOG_LEVEL_ERROR,
	    "derived_data");
	log_add_u64(&line, "account", account_id);
	log_add_string(&line, "result", rc_name(rc));
	log_end(&line);
}

static void *run(void *context)
{
	struct store_deriver *deriver = context;
	struct derive_queue *queue = &deriver->store->derive_queue;
	struct derive_wish wish;
	uint64_t walk = 0;
	while (next_wish(deriver, &walk, &wish)) {
		uint64_t began = clock_monotonic_ms();
		bool more;
		enum rc rc = derive_step(
		    deriver->store, wish.account_id, wish.make, &more);
		if (rc != RC_OK)
			report(deriver, wish.account_id, rc);
		else if (more)
			derive_queue_add(queue, wish.account_id, wish.make);
		rest(queue, clock_monotonic_ms() - began);
	}
	return NULL;
}

enum rc store_deriver_new(struct store *store, struct fault *fault,
    struct store_deriver **ret_deriver)
{
	struct store_deriver *deriver = mem_zalloc(sizeof(*deriver));
	deriver->store = store;
	// Accounts may have changed while there was no worker.
	store->derive_queue.look_at_all = true;
	store->derive_queue.stopping = false;
	if (thread_start(&deriver->thread, run, deriver) != RC_OK) {
		free(deriver);
		return fault_set(fault, RC_LIMIT,
		    "no thread can be started for derived data");
	}
	*ret_deriver = deriver;
	return RC_OK;
}

void store_deriver_free(struct store_deriver **deriver)
{
	struct store_deriver *old = *deriver;
	*deriver = NULL;
	if (!old)
		return;
	struct derive_queue *queue = &old->store->derive_queue;
	pthread_mutex_lock(&queue->lock);
	queue->stopping = true;
	pthread_cond_signal(&queue->moved);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(old->thread, NULL);
	free(old);
}
