// SPDX-License-Identifier: Apache-2.0
#include "probe/own.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "probe/probe.h"

#define CONNECT_SECONDS  5
#define GREETING_SECONDS 15
#define ANSWER_SECONDS   15
#define RUN_SECONDS      60
#define FAMILY_MAX       2 // addresses of one family; further ones are ignored
#define ADDRESSES_MAX    (2 * FAMILY_MAX + 1)
#define LOOPBACK         "127.0.0.1"

struct probe_own {
	struct probe_own_settings settings;
	// Recursive: a connection that cannot be begun says so at once, and
	// then the next address is tried from within. Taken before a run's.
	pthread_mutex_t lock;
	bool stopped;
	struct probe_run *runs[PROBE_OWN_RUNS_MAX];
};

struct address {
	char text[64];
	bool loopback;
};

struct leg { // the test of one service
	struct probe_run *run;
	size_t service;
	size_t at; // the address that is tried
	// What became of the first address that failed; one that failed for
	// want of such a network counts only if all did.
	struct probe_outcome failure;
	size_t failed; // its number
	size_t failures;
};

struct found { // by a look-up
	enum dns_status status;
	char reason[120];
	struct address addresses[FAMILY_MAX];
	size_t count;
};

struct lookup {
	struct probe_run *run;
	struct found found;
};

struct probe_run {
	struct probe_own *own;
	atomic_uint users; // whoever still holds it
	struct arena arena;
	const char *host;
	struct probe_login login;
	struct probe_own_service services[PROBE_OWN_SERVICES_MAX];
	size_t service_count;
	struct lookup lookups[2]; // AAAA, A
	atomic_uint lookups_left;
	atomic_uint legs_left;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	struct leg legs[PROBE_OWN_SERVICES_MAX];
	struct probe_link link;
	// Guards what follows.
	pthread_mutex_t lock;
	VEC(struct probe_own_event) events;
	size_t taken;                // of the events
	void (*wake)(void *context); // NULL: nobody listens any more
	void *context;
};

// ---- The server's part -----------------------------------------------------

struct probe_own *probe_own_new(const struct probe_own_settings *settings)
{
	struct probe_own *own = mem_zalloc(sizeof(*own));
	pthread_mutexattr_t kind;
	own->settings = *settings;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&own->lock, &kind);
	pthread_mutexattr_destroy(&kind);
	return own;
}

void probe_own_stop(struct probe_own *own)
{
	pthread_mutex_lock(&own->lock);
	own->stopped = true;
	pthread_mutex_unlock(&own->lock);
}

void probe_own_free(struct probe_own **ret_own)
{
	if (!*ret_own)
		return;
	pthread_mutex_destroy(&(*ret_own)->lock);
	free(*ret_own);
	*ret_own = NULL;
}

// Finds a place for the run.
static enum rc enter(struct probe_own *own, struct probe_run *run)
{
	struct probe_run **place = NULL;
	enum rc rc = RC_OK;
	pthread_mutex_lock(&own->lock);
	if (own->stopped)
		rc = RC_CLOSED;
	for (size_t i = 0; i < PROBE_OWN_RUNS_MAX; i++) {
		if (!own->runs[i])
			place = &own->runs[i];
		else if (strcmp(own->runs[i]->login.user, run->login.user) == 0)
			rc = RC_LIMIT;
	}
	if (rc == RC_OK && !place)
		rc = RC_LIMIT;
	if (rc == RC_OK)
		*place = run;
	pthread_mutex_unlock(&own->lock);
	return rc;
}

static void leave(struct probe_own *own, const struct probe_run *run)
{
	pthread_mutex_lock(&own->lock);
	for (size_t i = 0; i < PROBE_OWN_RUNS_MAX; i++)
		if (own->runs[i] == run)
			own->runs[i] = NULL;
	pthread_mutex_unlock(&own->lock);
}

static void release(struct probe_run *run)
{
	if (atomic_fetch_sub(&run->users, 1) > 1)
		return;
	leave(run->own, run);
	pthread_mutex_destroy(&run->lock);
	vec_done(&run->events);
	arena_done_secret(&run->arena);
	free(run);
}

// ---- Events ----------------------------------------------------------------

static void push(struct probe_run *run, const struct probe_own_event *event)
{
	pthread_mutex_lock(&run->lock);
	if (run->wake) {
		vec_push(&run->events, *event);
		run->wake(run->context);
	}
	pthread_mutex_unlock(&run->lock);
}

static void tell(struct probe_run *run, size_t service, enum probe_stage stage,
    enum probe_cause cause, const char *detail)
{
	struct probe_own_event event = {
	    .service = service, .stage = stage, .cause = cause};
	snprintf(event.detail, sizeof(event.detail), "%.*s",
	    (int)sizeof(event.detail) - 1, detail);
	push(run, &event);
}

static void end_leg(struct probe_run *run)
{
	if (atomic_fetch_sub(&run->legs_left, 1) == 1)
		push(run, &(struct probe_own_event){
			      .service = PROBE_OWN_ALL, .end = true});
	release(run);
}

bool probe_run_next(struct probe_run *run, struct probe_own_event *ret_event)
{
	pthread_mutex_lock(&run->lock);
	bool there = run->taken < run->events.count;
	if (there)
		*ret_event = run->events.items[run->taken++];
	pthread_mutex_unlock(&run->lock);
	return there;
}

void probe_run_end(struct probe_run **ret_run)
{
	struct probe_run *run = *ret_run;
	if (!run)
		return;
	*ret_run = NULL;
	pthread_mutex_lock(&run->lock);
	run->wake = NULL;
	pthread_mutex_unlock(&run->lock);
	release(run);
}

// ---- One service -----------------------------------------------------------

static const struct address *address_of(const struct leg *leg)
{
	return &leg->run->addresses[leg->at];
}

static bool is_ipv6(const char *address)
{
	return strchr(address, ':') != NULL;
}

static bool lacks_network(const struct probe_outcome *outcome)
{
	return strcmp(outcome->detail, "network unreachable") == 0;
}

static void note_failure(struct leg *leg, const struct probe_outcome *outcome)
{
	if (leg->failures++ > 0 && !lacks_network(&leg->failure))
		return;
	if (address_of(leg)->loopback && leg->failures > 1)
		return;
	leg->failure = *outcome;
	leg->failed = leg->at;
}

// The service is reached: tells which addresses before this one were not.
static void tell_reach(struct leg *leg)
{
	struct probe_run *run = leg->run;
	const char *failed = run->addresses[leg->failed].text;
	const struct address *now = address_of(leg);
	if (leg->failures > 0 && now->loopback)
		tell(run, leg->service, PROBE_RESOLVE, PROBE_FROM_INSIDE,
		    failed);
	// Perhaps it is only this machine that has no such network.
	else if (leg->failures > 0 && !lacks_network(&leg->failure))
		tell(run, leg->service, PROBE_RESOLVE,
		    is_ipv6(failed) ? PROBE_IPV6_BROKEN : PROBE_IPV4_BROKEN,
		    failed);
	tell(run, leg->service, PROBE_CONNECT, PROBE_OK, now->text);
}

static void on_step(void *owner, enum probe_stage stage)
{
	struct leg *leg = owner;
	if (stage == PROBE_CONNECT)
		tell_reach(leg);
	else if (stage != PROBE_OFFER && stage != PROBE_DONE)
		tell(leg->run, leg->service, stage, PROBE_OK, "");
}

static void try_address(struct leg *leg);

static void on_done(void *owner, const struct probe_outcome *outcome)
{
	struct leg *leg = owner;
	struct probe_run *run = leg->run;
	bool reached = outcome->cause != PROBE_REFUSED &&
		       outcome->cause != PROBE_SILENT &&
		       outcome->cause != PROBE_UNREACHABLE;
	if (!reached)
		note_failure(leg, outcome);
	if (!reached && leg->at + 1 < run->address_count) {
		leg->at++;
		try_address(leg);
		return;
	}
	// What the first address said counts: it is the one in DNS.
	const struct probe_outcome *told = reached ? outcome : &leg->failure;
	if (told->cause != PROBE_OK)
		tell(run, leg->service, told->stage, told->cause, told->detail);
	end_leg(run);
}

static void try_address(struct leg *leg)
{
	struct probe_run *run = leg->run;
	struct probe_own *own = run->own;
	const struct probe_own_service *service = &run->services[leg->service];
	struct probe_target target = {
	    .protocol = service->protocol,
	    .security = service->security,
	    .host = run->host,
	    .address = address_of(leg)->text,
	    .port = service->port,
	};
	pthread_mutex_lock(&own->lock);
	bool stopped = own->stopped;
	if (!stopped)
		probe_begin(
		    &run->link, &target, &run->login, on_step, on_done, leg);
	pthread_mutex_unlock(&own->lock);
	if (stopped)
		on_done(leg, &(struct probe_outcome){.cause = PROBE_STOPPED});
}

// ---- The name --------------------------------------------------------------

static void take_addresses(struct probe_run *run, struct buf *ret_list)
{
	for (size_t i = 0; i < ARRAY_LEN(run->lookups); i++) {
		const struct found *found = &run->lookups[i].found;
		for (size_t j = 0; j < found->count; j++) {
			run->addresses[run->address_count++] =
			    found->addresses[j];
			buf_printf(ret_list, "%s%s",
			    ret_list->len > 0 ? ", " : "",
			    found->addresses[j].text);
		}
	}
}

static void tell_unresolved(struct probe_run *run)
{
	enum probe_cause cause = PROBE_NO_ADDRESS;
	const char *detail = "";
	for (size_t i = 0; i < ARRAY_LEN(run->lookups); i++) {
		const struct found *found = &run->lookups[i].found;
		if (found->status == DNS_NO_NAME)
			cause = PROBE_NO_NAME;
		if (found->status == DNS_FAILED) {
			cause = PROBE_NO_DNS;
			detail = found->reason;
		}
	}
	tell(run, PROBE_OWN_ALL, PROBE_RESOLVE, cause, detail);
}

static void begin_legs(struct probe_run *run)
{
	char text[PROBE_DETAIL_MAX];
	struct buf list;
	buf_init(&list, sizeof(text));
	take_addresses(run, &list);
	snprintf(text, sizeof(text), "%.*s", VIEW_FMT(buf_view(&list)));
	buf_done(&list);
	if (run->address_count > 0)
		tell(run, PROBE_OWN_ALL, PROBE_RESOLVE, PROBE_OK, text);
	else
		tell_unresolved(run);
	run->addresses[run->address_count++] =
	    (struct address){.text = LOOPBACK, .loopback = true};
	// A leg may be over before the next one begins.
	atomic_fetch_add(&run->users, (unsigned)run->service_count);
	for (size_t i = 0; i < run->service_count; i++) {
		run->legs[i] = (struct leg){.run = run, .service = i};
		try_address(&run->legs[i]);
	}
}

static void on_answer(void *context, const struct dns_answer *answer)
{
	struct lookup *lookup = context;
	struct probe_run *run = lookup->run;
	struct found *found = &lookup->found;
	found->status = answer->status;
	snprintf(found->reason, sizeof(found->reason), "%s",
	    answer->reason ? answer->reason : "no answer");
	for (size_t i = 0; i < answer->count && found->count < FAMILY_MAX; i++)
		snprintf(found->addresses[found->count++].text,
		    sizeof(found->addresses[0].text), "%.*s",
		    VIEW_FMT(answer->records[i].value));
	if (atomic_fetch_sub(&run->lookups_left, 1) == 1)
		begin_legs(run);
	release(run);
}

// ---- Beginning -------------------------------------------------------------

static struct probe_run *make_run(
    struct probe_own *own, const struct probe_own_order *order)
{
	struct probe_run *run = mem_zalloc(sizeof(*run));
	arena_init(&run->arena);
	pthread_mutex_init(&run->lock, NULL);
	run->own = own;
	run->host = arena_string(&run->arena, order->host);
	run->login.user = arena_string(&run->arena, order->address);
	run->login.password = arena_string(&run->arena, order->password);
	run->login.sender = run->login.user;
	memcpy(run->services, order->services, sizeof(run->services));
	run->service_count = order->service_count;
	run->wake = order->wake;
	run->context = order->context;
	run->link = (struct probe_link){
	    .net = own->settings.net,
	    .tls = own->settings.tls,
	    .helo = own->settings.helo,
	    .connect_seconds = CONNECT_SECONDS,
	    .greeting_seconds = GREETING_SECONDS,
	    .answer_seconds = ANSWER_SECONDS,
	    .end_ms = clock_monotonic_ms() + RUN_SECONDS * 1000,
	};
	atomic_store(&run->lookups_left, 2);
	atomic_store(&run->legs_left, (unsigned)run->service_count);
	atomic_store(&run->users, 1);
	return run;
}

enum rc probe_own_begin(struct probe_own *own,
    const struct probe_own_order *order, struct probe_run **ret_run)
{
	static const enum dns_type types[] = {DNS_AAAA, DNS_A};
	struct probe_run *run = make_run(own, order);
	enum rc rc = enter(own, run);
	if (rc != RC_OK) {
		release(run);
		return rc;
	}
	atomic_fetch_add(&run->users, 2);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		run->lookups[i].run = run;
		dns_lookup(own->settings.dns, order->host, types[i], on_answer,
		    &run->lookups[i]);
	}
	*ret_run = run;
	return RC_OK;
}
