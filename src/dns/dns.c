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
// How many look-ups libunbound has at a time. The others wait here, and their
// time runs.
#define UNDER_WAY_MAX 400
#define NAME_TEXT_MAX 255

struct lookup {
	struct lookup *next;
	struct lookup *previous;
	struct dns *dns;
	char *name;
	enum dns_type type;
	uint64_t deadline_ms;
	int id; // libunbound's number of the look-up
	void (*done)(void *context, const struct dns_answer *answer);
	void *context;
};

// Oldest first.
struct lookups {
	struct lookup *first;
	struct lookup *last;
	size_t count;
};

struct dns {
	struct ub_ctx *unbound;
	struct log *log;
	uint32_t timeout_ms;
	int bell; // an eventfd
	pthread_mutex_t lock;
	// Protected by the lock.
	struct lookups asked; // the thread has not seen these yet
	bool started;
	bool stop;
	pthread_t thread;
	// Only the thread uses these.
	struct lookups waiting;
	struct lookups under_way;
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
	lookups_remove(&lookup->dns->under_way, lookup);
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

static void begin(struct dns *dns, struct lookup *lookup)
{
	int error = ub_resolve_async(dns->unbound, lookup->name,
	    (int)lookup->type, CLASS_INTERNET, lookup, resolved, &lookup->id);
	if (error != 0)
		answer_failed(lookup, ub_strerror(error));
	else
		lookups_add(&dns->under_way, lookup);
}

// Every look-up has the same time limit, so the oldest one ends first.
static void expire(struct lookups *list, struct dns *dns, bool cancel)
{
	uint64_t now = clock_monotonic_ms();
	while (list->first && list->first->deadline_ms <= now) {
		struct lookup *lookup = list->first;
		lookups_remove(list, lookup);
		if (cancel)
			ub_cancel(dns->unbound, lookup->id);
		answer_failed(lookup, "no answer in time");
	}
}

static int wait_ms(const struct dns *dns)
{
	const struct lookup *first =
	    dns->under_way.first ? dns->under_way.first : dns->waiting.first;
	if (!first)
		return -1;
	uint64_t now = clock_monotonic_ms();
	if (first->deadline_ms <= now)
		return 0;
	// Rounds up, because a part of a millisecond is cut off.
	return (int)(first->deadline_ms - now) + 1;
}

// Returns false when the thread has to stop.
static bool take_asked(struct dns *dns)
{
	pthread_mutex_lock(&dns->lock);
	bool stop = dns->stop;
	struct lookups asked = dns->asked;
	dns->asked = (struct lookups){0};
	pthread_mutex_unlock(&dns->lock);
	while (asked.first) {
		struct lookup *lookup = asked.first;
		lookups_remove(&asked, lookup);
		lookups_add(&dns->waiting, lookup);
	}
	return !stop;
}

static void *run(void *context)
{
	struct dns *dns = context;
	while (take_asked(dns)) {
		expire(&dns->under_way, dns, true);
		expire(&dns->waiting, dns, false);
		while (dns->waiting.first &&
		       dns->under_way.count < UNDER_WAY_MAX) {
			struct lookup *lookup = dns->waiting.first;
			lookups_remove(&dns->waiting, lookup);
			begin(dns, lookup);
		}
		struct pollfd fds[] = {
		    {.fd = dns->bell, .events = POLLIN},
		    // There is a descriptor after the first question.
		    {.fd = dns->under_way.count ? ub_fd(dns->unbound) : -1,
			.events = POLLIN},
		};
		poll(fds, 2, wait_ms(dns));
		uint64_t rung;
		if (fds[0].revents) {
			ssize_t got = read(dns->bell, &rung, sizeof(rung));
			(void)got;
		}
		if (fds[1].revents)
			ub_process(dns->unbound);
	}
	return NULL;
}

// The lock is held.
static bool start(struct dns *dns)
{
	dns->started = thread_start(&dns->thread, run, dns) == RC_OK;
	return dns->started;
}

void dns_lookup(struct dns *dns, struct view name, enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer), void *context)
{
	struct lookup *lookup = mem_zalloc(sizeof(*lookup));
	lookup->dns = dns;
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
		lookups_add(&dns->asked, lookup);
	pthread_mutex_unlock(&dns->lock);
	if (taken)
		ring(dns);
	else
		answer_failed(lookup, "look-ups have been stopped");
}

// ---- Beginning and end -----------------------------------------------------

enum rc dns_new(const struct dns_settings *settings, struct fault *fault,
    struct dns **ret_dns)
{
	struct dns *dns = mem_zalloc(sizeof(*dns));
	dns->log = settings->log;
	dns->timeout_ms =
	    settings->timeout_ms ? settings->timeout_ms : DNS_TIMEOUT_MS;
	pthread_mutex_init(&dns->lock, NULL);
	dns->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	dns->unbound = ub_ctx_create();
	enum rc rc = RC_OK;
	if (dns->bell < 0 || !dns->unbound)
		rc = fault_set(fault, RC_IO,
		    "cannot start the DNS resolver: %s", strerror(errno));
	if (rc == RC_OK)
		rc = dns_set_up(dns->unbound, settings, fault);
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
	// Ends all questions without calling back.
	if (d->unbound)
		ub_ctx_delete(d->unbound);
	fail_all(&d->under_way);
	fail_all(&d->waiting);
	fail_all(&d->asked);
	if (d->bell >= 0)
		close(d->bell);
	pthread_mutex_destroy(&d->lock);
	free(d);
	*dns = NULL;
}
