// SPDX-License-Identifier: Apache-2.0
// The relay from within. One lock is over everything here but what is said to
// be someone's own; it is never held in a call of the queue, the store or DNS.
//
// A *domain* is a destination that was claimed from the queue. When its next
// hops are known it waits at a *site*: all domains with the same servers share
// one. A *link* is a connection of a site, or the attempt to make one: it takes
// lots of whatever domain waits at its site. Domains that cannot be sent, or
// are our own, are *jobs* for the workers.
#ifndef ROOST_RELAY_IMPL_H
#define ROOST_RELAY_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "net/connect.h"
#include "relay/client.h"
#include "relay/next_hop.h"
#include "relay/relay.h"
#include "relay/window.h"

#define RELAY_DOMAINS_MAX     2000 // claimed at a time
#define RELAY_JOB_LOTS        50   // then the other jobs have their turn
#define RELAY_TROUBLE_SECONDS 60   // a lot that could not be dealt with rests
#define RELAY_OFF_SECONDS     3600 // a lot for others rests, with no_remote

// Why nothing can be sent.
struct relay_verdict {
	enum queue_outcome outcome; // LATER or FAILED
	struct enhanced_status status;
	char text[RELAY_CLIENT_REPLY_MAX + 8];
	char remote[256]; // or ""
};

enum relay_job {
	RELAY_JOB_LOCAL,  // deliver here
	RELAY_JOB_SETTLE, // by the verdict
	RELAY_JOB_DOWN,   // its servers are left alone: put off
	RELAY_JOB_REST,   // later, without a word
	RELAY_JOB_OFF,    // the same, for long: nothing is sent to others
};

struct relay_domain {
	struct relay_domain *next; // at its site, or among the jobs
	struct relay *relay;
	struct relay_site *site;
	unsigned takers; // links that take a lot of it right now
	bool empty;      // nothing is due any more
	enum relay_job job;
	struct relay_verdict verdict;
	uint32_t put_off; // seconds, for RELAY_JOB_DOWN
	unsigned retries; // the relay's, when this was found
	size_t len;
	char name[];
};

struct relay_domain_list {
	struct relay_domain *first;
	struct relay_domain *last;
};

struct relay_site {
	struct relay *relay;
	struct view name;
	struct relay_next_hops *hops; // as last found
	struct relay_domain_list domains;
	unsigned links;
	struct relay_window window; // of links
	struct relay_site *next_starving;
	bool starving;                // wants a link and cannot have one
	unsigned failures;            // in a row
	unsigned fruitless;           // links that broke at their first message
	uint64_t down_until;          // ms; no links before
	struct relay_verdict verdict; // while down
};

struct relay_link {
	struct relay_link *next; // of all
	struct relay_link *previous;
	struct relay *relay;
	struct relay_site *site;
	struct relay_next_hops *hops; // its own
	size_t at;                    // the hop that is tried
	bool plain;                   // TLS broke here: without
	bool ready;
	bool idle;
	bool all_refused; // every hop so far, for good
	struct net_waker waker;
	struct relay_verdict verdict; // the last hop's
	// Its session's own.
	struct queue_lot *lot;
	unsigned letters;
	bool answered; // the first of them, at least
	bool kept;     // was idle before the first
	char address[64];
};

// Wakes the scheduler. It is below no lock: the queue rings it with its own
// held.
struct relay_bell {
	pthread_mutex_t lock;
	pthread_cond_t rings;
	bool rung;
};

struct relay {
	// Its views lie in `arena` and end with NUL; empty ones are NULL.
	struct relay_settings settings;
	struct arena arena;
	struct relay_next_hop_rules rules;
	struct relay_own *own;  // NULL: the settings'
	atomic_uint references; // relay_free()'s, and one a search
	atomic_ullong outcomes[QUEUE_FAILED + 1]; // recipients, by outcome
	atomic_uint retries;                      // words of the administrator
	struct relay_bell bell;

	pthread_mutex_t lock;
	pthread_cond_t changed; // jobs, links, stop
	bool started;           // its threads run
	bool stopping;
	pthread_t scheduler;
	pthread_t *workers;
	unsigned worker_count;
	struct map sites;
	uint64_t sweep_ms; // when sites are swept next
	struct relay_link *links;
	unsigned link_count;
	struct relay_site *starving;
	struct relay_domain_list jobs;
	unsigned domain_count;
};

// ---- relay.c ---------------------------------------------------------------

void relay_ring(struct relay *relay); // wakes the scheduler
void relay_unref(struct relay *relay);
void relay_domain_list_add(
    struct relay_domain_list *list, struct relay_domain *domain);
struct relay_domain *relay_domain_list_take(struct relay_domain_list *list);

// ---- scheduler.c -----------------------------------------------------------

void *relay_schedule(void *relay); // a thread
void *relay_work(void *relay);     // threads
// With the lock held.
void relay_domain_give_to_worker(
    struct relay_domain *domain, enum relay_job job);
// Gives it back to the queue and frees it. Lock not held.
void relay_domain_end(struct relay_domain *domain);

// ---- site.c; lock held -----------------------------------------------------

// The domain waits at the site that `hops` name; takes the hops.
void relay_site_attach(struct relay *relay, struct relay_domain *domain,
    struct relay_next_hops *hops);
// Another link, if there is work for one and room.
void relay_site_want_link(struct relay_site *site);
// All its hops failed.
void relay_site_fail(
    struct relay_site *site, const struct relay_verdict *verdict);
// Gives what waits at a site that is down to the workers.
void relay_site_flush(struct relay_site *site);
void relay_site_answered(struct relay_site *site); // a message was
// It may be tried again, and with as many links as at first.
void relay_site_begin_anew(struct relay_site *site);
// Frees the site when nothing is with it.
void relay_site_release(struct relay_site *site);
void relay_site_free(struct relay_site *site);
void relay_site_sweep(struct relay *relay);
// A lot of a domain at the site, or NULL. Releases the lock meanwhile.
struct queue_lot *relay_site_take(struct relay_site *site);

// ---- link.c; lock held -----------------------------------------------------

void relay_link_new(struct relay_site *site);
bool relay_link_wake_idle(struct relay_site *site); // false: there is none

// ---- outcome.c -------------------------------------------------------------

// Logs each recipient's result, counts it, and settles the lot.
void relay_outcome_settle(struct relay *relay, struct queue_lot **lot,
    const struct queue_result *results, const char *address,
    const struct relay_client_tls *tls);

#endif
