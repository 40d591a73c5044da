// SPDX-License-Identifier: Apache-2.0
// Only the room's own thread calls libunbound after it has started (libunbound
// has a worker of its own besides). Other threads put their look-ups into a
// list and ring the bell.
#include "dns/dns.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "dns/rdata.h"
#include "dns/set_up.h"

#define CLASS_INTERNET 1
// How many look-ups a lane's libunbound has at a time. The others wait here,
// and their time runs.
#define UNDER_WAY_MAX 400
// While others wait, a look-up has so many milliseconds. Nearly all answers
// come within one second. libunbound goes on with such a question for a few
// seconds more, so this must not be much shorter: then it would have more
// questions than sockets (set_up.c).
#define PATIENCE_MS   8000
#define NAME_TEXT_MAX 255

struct lookup {
	struct lookup *next;
	struct lookup *previous;
	struct dns *dns;
	struct lane *lane;
	char *name;
	enum dns_type type;
	uint64_t deadline_ms;
	uint64_t begun_ms; // when libunbound was asked
	int id;            // libunbound's number of the look-up
	void (*done)(void *context, const struct dns_answer *answer);
	void *context;
};

// Oldest first.
struct lookups {
	struct lookup *first;
	struct lookup *last;
	size_t count;
};

// Look-ups of one kind. Each kind has its own libunbound with its own thread,
// so that one kind cannot fill the tables of the other.
struct lane {
	struct ub_ctx *unbound;
	struct lookups asked; // the thread has not seen these; needs the lock
	// Only the thread uses these.
	struct lookups waiting;
	struct lookups under_way;
};

enum { LANE_USUAL, LANE_BULK, LANES };

struct dns {
	struct log *log;
	uint32_t timeout_ms;
	int bell; // an eventfd
	pthread_mutex_t lock;
	// Protected by the lock.
	bool started;
	bool stop;
	pthread_t thread;
	struct lane lanes[LANES];
};

// ---- Lists -----------------------------------------------------------------

static void lookups_add(struct lookups *list, struct lookup *lookup)
{
	lookup->next = NULL;
	lookup->previous = list->last;
	if (list->last)
		list->last->next = lookup;
	else
		list->first = lookup;
	list->last = lookup;
	list->count++;
}

static void lookups_remove(struct lookups *list, struct lookup *lookup)
{
	if (lookup->previous)
		lookup->previous->next = lookup->next;
	else
		list->first = lookup->next;
	if (lookup->next)
		lookup->next->previous = lookup->previous;
	else
		list->last = lookup->previous;
	list->count--;
}

// ---- Answers ---------------------------------------------------------------

// Calls `done` and frees the look-up, which must be in no list.
static void answer(struct lookup *lookup, const struct dns_answer *answer)
{
	if (answer->status == DNS_FAILED) {
		struct log_line line;
		log_begin(
		    &line, lookup->dns->log, LOG_LEVEL_DEBUG, "dns_failed");
		log_add_string(&line, "name", lookup->name);
		log_add_u64(&line, "type", lookup->type);
		log_add_string(&line, "reason", answer->reason);
		log_end(&line);
	}
	lookup->done(lookup->context, answer);
	free(lookup->name);
	free(lookup);
}

static void answer_failed(struct lookup *lookup, const char *reason)
{
	answer(lookup,
	    &(struct dns_answer){.status = DNS_FAILED, .reason = reason});
}

static bool has_preference(enum dns_type type)
{
	return type == DNS_MX || type == DNS_SRV;
}

// Sorts in place. There are few records; equal ones keep their order.
static void sort(struct dns_record *records, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct dns_record record = records[i];
		size_t at = i;
		for (; at > 0; at--) {
			if (records[at - 1].preference <= record.preference)
				break;
			records[at] = records[at - 1];
		}
		records[at] = record;
	}
}

static void take_records(struct arena *arena, enum dns_type type,
    const struct ub_result *result, struct dns_answer *answer)
{
	size_t count = 0;
	while (count < DNS_RECORDS_MAX && result->data[count])
		count++;
	answer->records =
	    arena_zalloc(arena, (count + 1) * sizeof(*answer->records));
	for (size_t i = 0; i < count; i++) {
		struct view rdata = view_of(result->data[i],
		    result->len[i] > 0 ? (size_t)result->len[i] : 0);
		if (dns_rdata_parse(arena, type, rdata,
			&answer->records[answer->count]) == RC_OK)
			answer->count++;
	}
	if (has_preference(type))
		sort(answer->records, answer->count);
}

static const char *rcode_text(int rcode)
{
	switch (rcode) {
	case 1: return "the server found the question malformed";
	case 2: return "SERVFAIL";
	case 4: return "the server cannot answer such questions";
	case 5: return "the server refused to answer";
	default: return "the server failed";
	}
}

static void read_result(struct arena *arena, enum dns_type type,
    const struct ub_result *result, struct dns_answer *ret_answer)
{
	struct dns_answer answer = {.secure = result->secure && !result->bogus,
	    .ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0};
	if (result->bogus) {
		answer.status = DNS_FAILED;
		answer.reason =
		    result->why_bogus ? result->why_bogus : "DNSSEC: bogus";
	} else if (result->nxdomain) {
		answer.status = DNS_NO_NAME;
	} else if (result->rcode != 0) {
		answer.status = DNS_FAILED;
		answer.reason = rcode_text(result->rcode);
	} else if (!result->havedata || !result->data) {
		answer.status = DNS_NO_DATA;
	} else {
		take_records(arena, type, result, &answer);
		// Records that are all malformed are a failure; they do not
		// mean that there are none.
		answer.status = answer.count > 0 ? DNS_FOUND : DNS_FAILED;
		answer.reason =
		    answer.count > 0 ? NULL : "the records are malformed";
	}
	*ret_answer = answer;
}

// The callback of libunbound, called by ub_process().
static void resolved(void *context, int error, struct ub_result *result)
{
	struct lookup *lookup = context;
	lookups_remove(&lookup->lane->under_way, lookup);
	if (error != 0 || !result) {
		answer_failed(lookup, ub_strerror(error));
	} else {
		struct dns_answer found;
		struct arena arena;
		arena_init(&arena);
		read_result(&arena, lookup->type, result, &found);
		answer(lookup, &found);
		arena_done(&arena);
	}
	ub_resolve_free(result);
}

// ---- The thread ------------------------------------------------------------

static void ring(struct dns *dns)
{
	uint64_t one = 1;
	ssize_t written = write(dns->bell, &one, sizeof(one));
	(void)written; // fails only when the counter is full: the bell rings
		       // already
}

static void begin(struct lane *lane, struct lookup *lookup)
{
	int error = ub_resolve_async(lane->unbound, lookup->name,
	    (int)lookup->type, CLASS_INTERNET, lookup, resolved, &lookup->id);
	lookup->begun_ms = clock_monotonic_ms();
	if (error != 0)
		answer_failed(lookup, ub_strerror(error));
	else
		lookups_add(&lane->under_way, lookup);
}

// When a look-up under way ends; UINT64_MAX: `lookup` is NULL.
static uint64_t end_of(const struct lane *lane, const struct lookup *lookup)
{
	if (!lookup)
		return UINT64_MAX;
	uint64_t patience = lookup->begun_ms + PATIENCE_MS;
	return lane->waiting.first && patience < lookup->deadline_ms
		   ? patience
		   : lookup->deadline_ms;
}

// Every look-up has the same time limit, so the oldest one ends first.
static void expire(struct lane *lane)
{
	uint64_t now = clock_monotonic_ms();
	struct lookup *lookup;
	while (end_of(lane, lookup = lane->under_way.first) <= now) {
		lookups_remove(&lane->under_way, lookup);
		ub_cancel(lane->unbound, lookup->id);
		answer_failed(lookup, "no answer in time");
	}
	while ((lookup = lane->waiting.first) && lookup->deadline_ms <= now) {
		lookups_remove(&lane->waiting, lookup);
		answer_failed(lookup, "too many other look-ups");
	}
}

static void begin_waiting(struct lane *lane)
{
	while (lane->waiting.first && lane->under_way.count < UNDER_WAY_MAX) {
		struct lookup *lookup = lane->waiting.first;
		lookups_remove(&lane->waiting, lookup);
		begin(lane, lookup);
	}
}

// What waits is asked before, or ends with, the first that is under way.
static int wait_ms(const struct dns *dns)
{
	uint64_t end = UINT64_MAX;
	for (size_t i = 0; i < LANES; i++) {
		const struct lane *lane = &dns->lanes[i];
		uint64_t first = end_of(lane, lane->under_way.first);
		if (first < end)
			end = first;
		if (lane->waiting.first &&
		    lane->waiting.first->deadline_ms < end)
			end = lane->waiting.first->deadline_ms;
	}
	if (end == UINT64_MAX)
		return -1;
	uint64_t now = clock_monotonic_ms();
	// Rounds up, because a part of a millisecond is cut off.
	return end <= now ? 0 : (int)(end - now) + 1;
}

static void take_asked(struct lane *lane)
{
	while (lane->asked.first) {
		struct lookup *lookup = lane->asked.first;
		lookups_remove(&lane->asked, lookup);
		lookups_add(&lane->waiting, lookup);
	}
}

// Returns false when the thread has to stop.
static bool take_all_asked(struct dns *dns)
{
	pthread_mutex_lock(&dns->lock);
	bool stop = dns->stop;
	for (size_t i = 0; i < LANES; i++)
		take_asked(&dns->lanes[i]);
	pthread_mutex_unlock(&dns->lock);
	return !stop;
}

static void *run(void *context)
{
	struct dns *dns = context;
	while (take_all_asked(dns)) {
		struct pollfd fds[LANES + 1] = {
		    [LANES] = {.fd = dns->bell, .events = POLLIN}};
		for (size_t i = 0; i < LANES; i++) {
			struct lane *lane = &dns->lanes[i];
			expire(lane);
			begin_waiting(lane);
			// There is a descriptor after the first question.
			bool asks = lane->under_way.count > 0;
			fds[i] = (struct pollfd){
			    .fd = asks ? ub_fd(lane->unbound) : -1,
			    .events = POLLIN};
		}
		poll(fds, LANES + 1, wait_ms(dns));
		uint64_t rung;
		if (fds[LANES].revents) {
			ssize_t got = read(dns->bell, &rung, sizeof(rung));
			(void)got;
		}
		for (size_t i = 0; i < LANES; i++)
			if (fds[i].revents)
				ub_process(dns->lanes[i].unbound);
	}
	return NULL;
}

// The lock is held.
static bool start(struct dns *dns)
{
	dns->started = thread_start(&dns->thread, run, dns) == RC_OK;
	return dns->started;
}

static void ask(struct dns *dns, struct lane *lane, struct view name,
    enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer), void *context)
{
	struct lookup *lookup = mem_zalloc(sizeof(*lookup));
	lookup->dns = dns;
	lookup->lane = lane;
	lookup->name = mem_strndup(name.ptr, name.len);
	lookup->type = type;
	lookup->done = done;
	lookup->context = context;
	lookup->deadline_ms = clock_monotonic_ms() + dns->timeout_ms;
	if (name.len == 0 || name.len > NAME_TEXT_MAX ||
	    view_find_char(name, '\0') != SIZE_MAX) {
		answer(lookup, &(struct dns_answer){.status = DNS_NO_NAME});
		return;
	}
	pthread_mutex_lock(&dns->lock);
	bool taken = !dns->stop && (dns->started || start(dns));
	if (taken)
		lookups_add(&lane->asked, lookup);
	pthread_mutex_unlock(&dns->lock);
	if (taken)
		ring(dns);
	else
		answer_failed(lookup, "look-ups have been stopped");
}

void dns_lookup(struct dns *dns, struct view name, enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer), void *context)
{
	ask(dns, &dns->lanes[LANE_USUAL], name, type, done, context);
}

void dns_lookup_bulk(struct dns *dns, struct view name, enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer), void *context)
{
	ask(dns, &dns->lanes[LANE_BULK], name, type, done, context);
}

// ---- Beginning and end -----------------------------------------------------

static enum rc open_lane(
    struct lane *lane, const struct dns_settings *settings, struct fault *fault)
{
	lane->unbound = ub_ctx_create();
	if (!lane->unbound)
		return fault_set(fault, RC_IO,
		    "cannot start the DNS resolver: %s", strerror(errno));
	return dns_set_up(lane->unbound, settings, fault);
}

enum rc dns_new(const struct dns_settings *settings, struct fault *fault,
    struct dns **ret_dns)
{
	struct dns *dns = mem_zalloc(sizeof(*dns));
	dns->log = settings->log;
	dns->timeout_ms =
	    settings->timeout_ms ? settings->timeout_ms : DNS_TIMEOUT_MS;
	pthread_mutex_init(&dns->lock, NULL);
	dns->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	enum rc rc = RC_OK;
	if (dns->bell < 0)
		rc = fault_set(fault, RC_IO,
		    "cannot start the DNS resolver: %s", strerror(errno));
	for (size_t i = 0; rc == RC_OK && i < LANES; i++)
		rc = open_lane(&dns->lanes[i], settings, fault);
	if (rc != RC_OK) {
		dns_free(&dns);
		return rc;
	}
	*ret_dns = dns;
	return RC_OK;
}

static void fail_all(struct lookups *list)
{
	while (list->first) {
		struct lookup *lookup = list->first;
		lookups_remove(list, lookup);
		answer_failed(lookup, "look-ups have been stopped");
	}
}

void dns_free(struct dns **dns)
{
	struct dns *d = *dns;
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	bool started = d->started;
	pthread_mutex_unlock(&d->lock);
	if (started) {
		ring(d);
		pthread_join(d->thread, NULL);
	}
	for (size_t i = 0; i < LANES; i++) {
		struct lane *lane = &d->lanes[i];
		// Ends all questions without calling back.
		if (lane->unbound)
			ub_ctx_delete(lane->unbound);
		fail_all(&lane->under_way);
		fail_all(&lane->waiting);
		fail_all(&lane->asked);
	}
	if (d->bell >= 0)
		close(d->bell);
	pthread_mutex_destroy(&d->lock);
	free(d);
	*dns = NULL;
}
