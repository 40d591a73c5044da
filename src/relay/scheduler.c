// SPDX-License-Identifier: Apache-2.0
// The thread that claims what is due and finds out where it goes, and the
// workers, which deliver to our own domains and settle what cannot be sent.
#include "base/mem.h"
#include "base/thread.h"
#include "relay/impl.h"

#define SWEEP_MS 60000 // the longest sleep

// ---- Claims ----------------------------------------------------------------

void domain_end(struct domain *domain)
{
	struct relay *relay = domain->relay;
	queue_unclaim(
	    relay->settings.queue, view_of(domain->name, domain->len));
	free(domain);
	pthread_mutex_lock(&relay->lock);
	relay->domain_count--;
	pthread_mutex_unlock(&relay->lock);
	relay_ring(relay);
}

void domain_give_to_worker(struct domain *domain, enum job job)
{
	struct relay *relay = domain->relay;
	domain->job = job;
	domain_list_add(&relay->jobs, domain);
	pthread_cond_signal(&relay->changed);
}

static void give(struct domain *domain, enum job job)
{
	struct relay *relay = domain->relay;
	pthread_mutex_lock(&relay->lock);
	domain_give_to_worker(domain, job);
	pthread_mutex_unlock(&relay->lock);
}

// The search's answer, on DNS's thread.
static void found(void *context, struct next_hops *hops)
{
	struct domain *domain = context;
	struct relay *relay = domain->relay;
	pthread_mutex_lock(&relay->lock);
	if (relay->stopping) {
		// The queue may be closed already.
		next_hops_free(&hops);
		free(domain);
	} else if (hops->verdict == NEXT_HOP_FOUND) {
		site_attach(relay, domain, hops);
	} else {
		struct verdict *verdict = &domain->verdict;
		verdict->outcome = hops->verdict == NEXT_HOP_FAILED
				       ? QUEUE_FAILED
				       : QUEUE_LATER;
		verdict->status = hops->status;
		snprintf(
		    verdict->text, sizeof(verdict->text), "%s", hops->text);
		next_hops_free(&hops);
		domain_give_to_worker(domain, JOB_SETTLE);
	}
	pthread_mutex_unlock(&relay->lock);
	relay_unref(relay);
}

static void begin(struct relay *relay, struct view name)
{
	struct domain *domain = mem_zalloc(sizeof(*domain) + name.len + 1);
	bool local = false;
	domain->relay = relay;
	domain->len = name.len;
	if (name.len > 0)
		memcpy(domain->name, name.ptr, name.len);
	pthread_mutex_lock(&relay->lock);
	relay->domain_count++;
	pthread_mutex_unlock(&relay->lock);
	enum rc rc =
	    route_is_local_domain(relay->settings.office->route, name, &local);
	if (rc != RC_OK) {
		give(domain, JOB_REST);
	} else if (local || name.len == 0) {
		give(domain, JOB_LOCAL);
	} else if (relay->settings.no_remote) {
		give(domain, JOB_OFF);
	} else {
		atomic_fetch_add(&relay->references, 1);
		next_hop_find(&relay->rules, name, found, domain);
	}
}

// How long nothing is due: what is in the queue is due by the calendar, and so
// by the wall clock, which is looked at again after SWEEP_MS at the latest.
static uint64_t wait_of(int64_t next_ms)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (next_ms == 0 || next_ms - now_ms > SWEEP_MS)
		return SWEEP_MS;
	return next_ms > now_ms ? (uint64_t)(next_ms - now_ms) : 1;
}

// Until the bell rings, or it is `next_ms` (wall clock; 0: for a sweep).
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

// False: stop. May one more be claimed?
static bool look(struct relay *relay, bool *ret_room)
{
	pthread_mutex_lock(&relay->lock);
	bool go_on = !relay->stopping;
	*ret_room = relay->domain_count < RELAY_DOMAINS_MAX;
	site_sweep(relay);
	pthread_mutex_unlock(&relay->lock);
	return go_on;
}

void *relay_schedule(void *context)
{
	struct relay *relay = context;
	struct arena arena;
	bool room;
	arena_init(&arena);
	while (look(relay, &room)) {
		int64_t next_ms = 0;
		struct view name;
		enum rc rc = RC_END;
		if (room)
			rc = queue_claim(
			    relay->settings.queue, &arena, &name, &next_ms);
		if (rc == RC_OK)
			begin(relay, name);
		else
			wait_for_bell(relay, rc == RC_END ? next_ms : 0);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return NULL;
}

// ---- Workers ---------------------------------------------------------------

static void settle_by_verdict(
    struct domain *domain, struct arena *arena, struct queue_lot **lot)
{
	const struct verdict *verdict = &domain->verdict;
	size_t count = queue_lot_count(*lot);
	struct queue_result *results =
	    arena_alloc(arena, (count + 1) * sizeof(*results));
	for (size_t i = 0; i < count; i++)
		results[i] = (struct queue_result){
		    .outcome = verdict->outcome,
		    .status = verdict->status,
		    .diagnostic = view_of_string(verdict->text),
		    .remote = view_of_string(verdict->remote),
		};
	outcome_settle(domain->relay, lot, results, NULL, NULL);
}

// False: things have changed, it has to be looked at again.
static bool put_off(struct domain *domain, struct queue_lot **lot)
{
	struct relay *relay = domain->relay;
	const struct verdict *verdict = &domain->verdict;
	struct fault fault;
	struct queue_result why = {
	    .status = verdict->status,
	    .diagnostic = view_of_string(verdict->text),
	    .remote = view_of_string(verdict->remote),
	};
	why.status.class = 4;
	if (atomic_load(&relay->retries) != domain->retries) {
		queue_drop(relay->settings.queue, lot, 0);
		return false;
	}
	if (queue_postpone(relay->settings.queue, lot, domain->put_off, &why,
		&fault) != RC_OK)
		log_text(relay->settings.log, LOG_LEVEL_ERROR, "relay",
		    "a message cannot be put off: %s", fault.text);
	return true;
}

static void deliver(
    struct domain *domain, struct arena *arena, struct queue_lot **lot)
{
	struct relay *relay = domain->relay;
	size_t count = queue_lot_count(*lot);
	struct queue_result *results =
	    arena_zalloc(arena, (count + 1) * sizeof(*results));
	delivery_local(relay->settings.office, *lot, arena, results);
	outcome_settle(relay, lot, results, NULL, NULL);
}

static bool is_stopping(struct relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	bool stopping = relay->stopping;
	pthread_mutex_unlock(&relay->lock);
	return stopping;
}

// False: of this domain nothing more can be done now.
static bool do_lot(
    struct domain *domain, struct arena *arena, struct queue_lot **lot)
{
	struct queue *queue = domain->relay->settings.queue;
	switch (domain->job) {
	case JOB_LOCAL: deliver(domain, arena, lot); return true;
	case JOB_SETTLE: settle_by_verdict(domain, arena, lot); return true;
	case JOB_DOWN: return put_off(domain, lot);
	case JOB_REST: queue_drop(queue, lot, RELAY_TROUBLE_SECONDS); break;
	case JOB_OFF: queue_drop(queue, lot, RELAY_OFF_SECONDS); break;
	}
	return true;
}

static void do_job(struct domain *domain)
{
	struct relay *relay = domain->relay;
	struct view name = view_of(domain->name, domain->len);
	struct queue_lot *lot;
	struct arena arena;
	bool more = true;
	arena_init(&arena);
	for (int i = 0; more && i < RELAY_JOB_LOTS; i++) {
		more = !is_stopping(relay) &&
		       queue_take(relay->settings.queue, name, &lot) == RC_OK &&
		       do_lot(domain, &arena, &lot);
		arena_reset(&arena);
	}
	arena_done(&arena);
	if (more)
		give(domain, domain->job); // behind the others
	else
		domain_end(domain);
}

void *relay_work(void *context)
{
	struct relay *relay = context;
	pthread_mutex_lock(&relay->lock);
	while (!relay->stopping) {
		struct domain *domain = domain_list_take(&relay->jobs);
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
