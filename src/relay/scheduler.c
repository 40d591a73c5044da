// SPDX-License-Identifier: Apache-2.0
// The thread that claims due domains and finds out where their mail goes; and
// the workers, which deliver to our own domains and settle mail that cannot be
// sent.
#include "base/mem.h"
#include "base/thread.h"
#include "relay/impl.h"

#define SWEEP_MS 60000 // the longest sleep

// ---- Claims ----------------------------------------------------------------

void relay_domain_end(struct relay_domain *domain)
{
	struct relay *relay = domain->relay;
	queue_unclaim(relay->settings.queue, &domain->claim);
	free(domain);
	pthread_mutex_lock(&relay->lock);
	relay->domain_count--;
	pthread_mutex_unlock(&relay->lock);
	relay_ring(relay);
}

void relay_domain_give_to_worker(
    struct relay_domain *domain, enum relay_job job)
{
	struct relay *relay = domain->relay;
	domain->job = job;
	relay_domain_list_add(&relay->jobs, domain);
	pthread_cond_signal(&relay->changed);
}

static void give(struct relay_domain *domain, enum relay_job job)
{
	struct relay *relay = domain->relay;
	pthread_mutex_lock(&relay->lock);
	relay_domain_give_to_worker(domain, job);
	pthread_mutex_unlock(&relay->lock);
}

// The search has found the next hops. Runs on DNS's thread.
static void found(void *context, struct relay_next_hops *hops)
{
	struct relay_domain *domain = context;
	struct relay *relay = domain->relay;
	pthread_mutex_lock(&relay->lock);
	if (relay->stopping) {
		// The queue may be closed already.
		relay_next_hops_free(&hops);
		free(domain);
	} else if (hops->found == RELAY_NEXT_HOP_FOUND) {
		relay_site_attach(relay, domain, hops);
	} else {
		struct relay_reason *reason = &domain->reason;
		reason->outcome = hops->found == RELAY_NEXT_HOP_FAILED
				      ? QUEUE_FAILED
				      : QUEUE_LATER;
		reason->status = hops->status;
		snprintf(reason->text, sizeof(reason->text), "%s", hops->text);
		relay_next_hops_free(&hops);
		relay_domain_give_to_worker(domain, RELAY_JOB_SETTLE);
	}
	pthread_mutex_unlock(&relay->lock);
	relay_unref(relay);
}

static void begin(struct relay *relay, const struct queue_claim *claim)
{
	struct view name = claim->domain;
	struct relay_domain *domain =
	    mem_zalloc(sizeof(*domain) + name.len + 1);
	bool local = false;
	domain->relay = relay;
	domain->claim = *claim;
	domain->claim.domain = view_of(domain->name, name.len);
	if (name.len > 0)
		memcpy(domain->name, name.ptr, name.len);
	pthread_mutex_lock(&relay->lock);
	relay->domain_count++;
	pthread_mutex_unlock(&relay->lock);
	enum rc rc =
	    route_is_local_domain(relay->settings.office->route, name, &local);
	if (rc != RC_OK) {
		give(domain, RELAY_JOB_REST);
	} else if (local || name.len == 0) {
		give(domain, RELAY_JOB_LOCAL);
	} else if (relay->settings.no_remote) {
		give(domain, RELAY_JOB_OFF);
	} else {
		atomic_fetch_add(&relay->references, 1);
		relay_next_hop_find(&relay->rules, domain->claim.domain,
		    claim->class != QUEUE_CLASS_USERS, found, domain);
	}
}

// How long the scheduler may sleep. The times in the queue are calendar times,
// so this is calculated from the wall clock, and at least every SWEEP_MS again.
static uint64_t wait_of(int64_t next_ms)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (next_ms == 0 || next_ms - now_ms > SWEEP_MS)
		return SWEEP_MS;
	return next_ms > now_ms ? (uint64_t)(next_ms - now_ms) : 1;
}

// Waits until the bell rings or the wall clock shows `next_ms` (0: until the
// next sweep).
static void wait_for_bell(struct relay *relay, int64_t next_ms)
{
	struct timespec until = thread_deadline(wait_of(next_ms));
	pthread_mutex_lock(&relay->bell.lock);
	int late = 0;
	while (!relay->bell.rung && late == 0)
		late = pthread_cond_timedwait(
		    &relay->bell.rings, &relay->bell.lock, &until);
	relay->bell.rung = false;
	pthread_mutex_unlock(&relay->bell.lock);
}

// Returns false when the relay stops. `ret_room`: another domain may be
// claimed. `ret_last`: of which classes.
static bool look(
    struct relay *relay, bool *ret_room, enum queue_class *ret_last)
{
	pthread_mutex_lock(&relay->lock);
	bool kept =
	    relay->domain_count >= RELAY_DOMAINS_MAX - RELAY_DOMAINS_MAX / 4;
	bool go_on = !relay->stopping;
	*ret_room = relay->domain_count < RELAY_DOMAINS_MAX;
	*ret_last = kept ? QUEUE_CLASS_USERS : QUEUE_CLASS_REPORTS;
	relay_site_sweep(relay);
	pthread_mutex_unlock(&relay->lock);
	return go_on;
}

void *relay_schedule(void *context)
{
	struct relay *relay = context;
	struct arena arena;
	bool room;
	enum queue_class last;
	arena_init(&arena);
	while (look(relay, &room, &last)) {
		int64_t next_ms = 0;
		struct queue_claim claim;
		enum rc rc = RC_END;
		if (room)
			rc = queue_claim(relay->settings.queue, &arena, last,
			    &claim, &next_ms);
		if (rc == RC_OK)
			begin(relay, &claim);
		else
			wait_for_bell(relay, rc == RC_END ? next_ms : 0);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return NULL;
}

// ---- Workers ---------------------------------------------------------------

static void settle_by_reason(
    struct relay_domain *domain, struct arena *arena, struct queue_lot **lot)
{
	const struct relay_reason *reason = &domain->reason;
	size_t count = queue_lot_count(*lot);
	struct queue_result *results =
	    arena_alloc(arena, (count + 1) * sizeof(*results));
	for (size_t i = 0; i < count; i++)
		results[i] = (struct queue_result){
		    .outcome = reason->outcome,
		    .status = reason->status,
		    .diagnostic = view_of_string(reason->text),
		    .remote = view_of_string(reason->remote),
		};
	relay_outcome_settle(domain->relay, lot, results, NULL, NULL);
}

// Returns false when the administrator has asked for a retry meanwhile, so that
// the lot was dropped and the domain has to be looked up again.
static bool put_off(struct relay_domain *domain, struct queue_lot **lot)
{
	struct relay *relay = domain->relay;
	const struct relay_reason *reason = &domain->reason;
	struct fault fault;
	struct queue_result why = {
	    .status = reason->status,
	    .diagnostic = view_of_string(reason->text),
	    .remote = view_of_string(reason->remote),
	};
	why.status.class = 4;
	if (atomic_load(&relay->retries) != domain->retries) {
		queue_drop(relay->settings.queue, lot, 0);
		return false;
	}
	if (queue_postpone(relay->settings.queue, lot, domain->put_off, &why,
		&fault) != RC_OK)
		log_text(relay->settings.log, LOG_LEVEL_ERROR, "relay",
		    "cannot put a message off: %s", fault.text);
	return true;
}

static void deliver(
    struct relay_domain *domain, struct arena *arena, struct queue_lot **lot)
{
	struct relay *relay = domain->relay;
	size_t count = queue_lot_count(*lot);
	struct queue_result *results =
	    arena_zalloc(arena, (count + 1) * sizeof(*results));
	delivery_local(relay->settings.office, *lot, arena, results);
	relay_outcome_settle(relay, lot, results, NULL, NULL);
}

static bool is_stopping(struct relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	bool stopping = relay->stopping;
	pthread_mutex_unlock(&relay->lock);
	return stopping;
}

// Returns false when nothing more can be done for this domain now.
static bool do_lot(
    struct relay_domain *domain, struct arena *arena, struct queue_lot **lot)
{
	struct queue *queue = domain->relay->settings.queue;
	switch (domain->job) {
	case RELAY_JOB_LOCAL: deliver(domain, arena, lot); return true;
	case RELAY_JOB_SETTLE:
		settle_by_reason(domain, arena, lot);
		return true;
	case RELAY_JOB_DOWN: return put_off(domain, lot);
	case RELAY_JOB_REST:
		queue_drop(queue, lot, RELAY_TROUBLE_SECONDS);
		break;
	case RELAY_JOB_OFF: queue_drop(queue, lot, RELAY_OFF_SECONDS); break;
	}
	return true;
}

static void do_job(struct relay_domain *domain)
{
	struct relay *relay = domain->relay;
	struct queue_lot *lot;
	struct arena arena;
	bool more = true;
	arena_init(&arena);
	for (int i = 0; more && i < RELAY_JOB_LOTS; i++) {
		more = !is_stopping(relay) &&
		       queue_take(relay->settings.queue, &domain->claim,
			   &lot) == RC_OK &&
		       do_lot(domain, &arena, &lot);
		arena_reset(&arena);
	}
	arena_done(&arena);
	if (more)
		give(domain, domain->job); // after the other jobs
	else
		relay_domain_end(domain);
}

void *relay_work(void *context)
{
	struct relay *relay = context;
	pthread_mutex_lock(&relay->lock);
	while (!relay->stopping) {
		struct relay_domain *domain =
		    relay_domain_list_take(&relay->jobs);
		if (!domain) {
			pthread_cond_wait(&relay->changed, &relay->lock);
			continue;
		}
		pthread_mutex_unlock(&relay->lock);
		do_job(domain);
		pthread_mutex_lock(&relay->lock);
	}
	pthread_cond_broadcast(&relay->changed);
	pthread_mutex_unlock(&relay->lock);
	return NULL;
}
