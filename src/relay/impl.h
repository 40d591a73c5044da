// SPDX-License-Identifier: Apache-2.0
// The inside of the relay. One lock protects everything in this file, except
// what a comment gives to one owner. It is never held in a call of the queue,
// the store or DNS.
//
// A *domain* is a destination that was claimed from the queue. When its next
// hops are known, it waits at a *site*. Domains with the same servers share one
// site. A *link* is a connection of a site, or the attempt to make one. It
// takes lots of any domain that waits at its site. Domains to which nothing can
// be sent now, and our own domains, are *jobs* for the workers.
#ifndef ROOST_RELAY_IMPL_H
#define ROOST_RELAY_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "net/connect.h"
#include "relay/client.h"
#include "relay/next_hop.h"
#include "relay/place.h"
#include "relay/relay.h"
#include "relay/window.h"

#define RELAY_DOMAINS_MAX                                                      \
	2000                 // claimed at the same time; a quarter of them
			     // are kept for users' mail
#define RELAY_SITES_MAX 4000 // then those that are only remembered go
#define RELAY_JOB_LOTS  50   // then the next job has its turn
#define RELAY_TROUBLE_SECONDS                                                  \
	60 // how long a lot waits that could not be handled
#define RELAY_OFF_SECONDS                                                      \
	3600 // how long a lot for another domain waits, with no_remote

// Why mail cannot be sent.
struct relay_reason {
	enum queue_outcome outcome; // LATER or FAILED
	struct enhanced_status status;
	char text[RELAY_CLIENT_REPLY_MAX + 8];
	char remote[256]; // "" when no server said it
};

enum relay_job {
	RELAY_JOB_LOCAL,  // deliver the lots here
	RELAY_JOB_SETTLE, // settle the lots with the domain's reason
	RELAY_JOB_DOWN,   // put the lots off, because the servers are not tried
			  // now
	RELAY_JOB_REST,   // try again later, without a result
	RELAY_JOB_OFF,    // the same, for longer: mail for other domains is not
			  // sent
};

struct relay_domain { // users' mail, other mail or reports for one domain
	struct relay_domain *next; // at its site, or among the jobs
	struct relay *relay;
	struct relay_site *site;
	unsigned takers; // links that are taking a lot of it right now
	bool empty;      // nothing more is due
	enum relay_job job;
	struct relay_reason reason;
	uint32_t put_off; // seconds; for RELAY_JOB_DOWN
	unsigned retries; // the relay's `retries` when the site was found down
	struct queue_claim claim; // its domain is `name`
	char name[];
};

struct relay_domain_list {
	struct relay_domain *first;
	struct relay_domain *last;
};

struct relay_site {
	struct relay *relay;
	struct view name;
	struct relay_next_hops *hops;    // as the last search found them
	struct relay_domain_list users;  // domains with users' mail
	struct relay_domain_list others; // the same domains, or others, with
					 // other mail
	unsigned links;
	struct relay_window window; // how many links it may have
	bool waiting;               // one of its links waits for room
	struct relay_site *next_stale;
	unsigned failures;   // failures of the site in a row
	unsigned fruitless;  // links that broke at their first message
	uint64_t down_until; // ms; no links are made before this time
	bool rests; // it is down because its addresses are known to be dead
	struct relay_reason reason; // why the site is down
};

struct relay_link {
	struct relay_link *next; // in the list of all links
	struct relay_link *previous;
	struct relay *relay;
	struct relay_site *site;
	struct relay_next_hops *hops; // as they were when the link began
	size_t at;                    // index of the hop that is tried
	struct relay_link *next_waiting;
	bool waits;          // for room at its hop; it has no connection
	bool waited;         // it has done so
	uint64_t dead_until; // when the first of the hops that were passed over
			     // may be tried again (ms)
	bool tried;          // it has tried to connect to a hop
	// Where it has a connection, or makes one; NULL: nowhere.
	struct relay_place *place;
	bool users;   // the connection counts as one for users' mail
	bool greeted; // the server has greeted over this connection
	bool plain;   // TLS failed at this hop, so it is tried without
	bool ready;
	bool idle;
	bool all_refused; // every hop so far refused mail with 5xx
	struct net_waker waker;
	struct relay_reason reason; // why the last hop failed
	// These belong to the link's session.
	struct queue_lot *lot;
	unsigned letters;
	bool answered; // at least its first message was answered
	bool kept;     // it was idle before its first message
	char address[64];
};

// Wakes the scheduler. It has a lock of its own, which is the innermost one,
// because the queue rings the bell with its own lock held.
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
	struct relay_own *own; // NULL: the addresses come from the settings
	atomic_uint
	    references; // one until relay_free(), and one for each search
	atomic_ullong outcomes[QUEUE_FAILED + 1]; // recipients, by outcome
	atomic_uint retries; // how often the administrator asked for a retry
	struct relay_bell bell;

	pthread_mutex_t lock;
	pthread_cond_t changed; // signalled for jobs, links and the stop
	bool started;           // its threads are running
	bool stopping;
	pthread_t scheduler;
	pthread_t *workers;
	unsigned worker_count;
	struct map sites;
	uint64_t sweep_ms; // when the sites are swept next
	struct relay_places places;
	struct relay_link *links;
	unsigned link_count; // with those that wait
	// Links that wait for room, the oldest first.
	struct relay_link *waiting;
	struct relay_link *waiting_last;
	bool dispatching; // relay_link_dispatch() is running
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

void *relay_schedule(void *relay); // the thread's function
void *relay_work(void *relay);     // the function of several threads
// The lock is held.
void relay_domain_give_to_worker(
    struct relay_domain *domain, enum relay_job job);
// Gives the domain back to the queue and frees it. The lock is not held.
void relay_domain_end(struct relay_domain *domain);

// ---- site.c; lock held -----------------------------------------------------

// Lets the domain wait at the site that `hops` name. The site owns the hops
// afterwards.
void relay_site_attach(struct relay *relay, struct relay_domain *domain,
    struct relay_next_hops *hops);
// Makes another link, if there is work for it and the limits allow it.
void relay_site_want_link(struct relay_site *site);
// All hops of the site failed. Without `tried` others had tried the same
// addresses, which have been logged.
void relay_site_fail(
    struct relay_site *site, const struct relay_reason *reason, bool tried);
// All addresses of the site are known to be dead until this time (ms), and none
// was tried.
void relay_site_rest(
    struct relay_site *site, uint64_t until, const struct relay_reason *reason);
bool relay_site_has_mail(const struct relay_site *site);
// The rank of the mail that is sent first (struct queue_claim).
int64_t relay_site_rank(const struct relay_site *site);
// If the site is down, gives the domains that wait there to the workers.
void relay_site_flush(struct relay_site *site);
void relay_site_answered(
    struct relay_site *site); // the server answered a message
// The site may be tried again, and with as many links as at the start.
void relay_site_begin_anew(struct relay_site *site);
// Frees the site when nothing uses it any more.
void relay_site_release(struct relay_site *site);
void relay_site_free(struct relay_site *site);
void relay_site_sweep(struct relay *relay);
// Takes a lot of a domain at the link's site; NULL when there is none that the
// link may send. Unlocks the lock during calls of the queue.
struct queue_lot *relay_site_take(struct relay_link *link);

// ---- link.c; lock held -----------------------------------------------------

void relay_link_new(struct relay_site *site);
bool relay_link_wake_idle(struct relay_site *site); // false: no link is idle
// Lets the links that wait begin, as far as there is room: those first whose
// mail has the lowest rank.
void relay_link_dispatch(struct relay *relay);
// Makes the connection count as one for users' mail, or for other mail. Returns
// false when there is no room for that.
bool relay_link_turn(struct relay_link *link, bool users);
void relay_link_stop_waiting(struct relay *relay); // ends the links that wait

// ---- outcome.c -------------------------------------------------------------

// Logs each recipient's result, counts it, and settles the lot.
void relay_outcome_settle(struct relay *relay, struct queue_lot **lot,
    const struct queue_result *results, const char *address,
    const struct relay_client_tls *tls);

#endif
