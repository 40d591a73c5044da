// SPDX-License-Identifier: Apache-2.0
// Tries the candidates side by side: each address of each server. When the
// encryption that a candidate names fails where the other one could work, the
// other one is tried too.
#include <arpa/inet.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/vec.h"
#include "probe/account_impl.h"
#include "wire/ip_address.h"

#define TICK_MS 100
// A server that says nothing for so long perhaps waits for TLS.
#define SWAP_MS 2000

struct run { // of one trial
	struct probe_account *account;
	struct probe_trial *trial;
	uint64_t connected_ms; // guarded by the account's lock; 0: not yet
	bool greeted;
};

// ---- One trial -------------------------------------------------------------

static void on_step(void *owner, enum probe_stage stage)
{
	struct run *run = owner;
	pthread_mutex_lock(&run->account->lock);
	if (stage == PROBE_CONNECT)
		run->connected_ms = clock_monotonic_ms();
	if (stage == PROBE_GREETING)
		run->greeted = true;
	pthread_mutex_unlock(&run->account->lock);
}

static void on_done(void *owner, const struct probe_outcome *outcome)
{
	struct run *run = owner;
	pthread_mutex_lock(&run->account->lock);
	run->trial->outcome = *outcome;
	run->trial->ended = true;
	pthread_cond_broadcast(&run->account->cond);
	pthread_mutex_unlock(&run->account->lock);
}

static struct run *begin(struct probe_account *account,
    const struct probe_candidate *candidate, const char *address, bool ipv6,
    enum probe_security security, const struct probe_login *login)
{
	if (account->trial_count == PROBE_TRIALS_MAX)
		return NULL;
	struct probe_trial *trial =
	    arena_zalloc(account->arena, sizeof(*trial));
	struct run *run = arena_zalloc(account->arena, sizeof(*run));
	run->account = account;
	run->trial = trial;
	trial->candidate = *candidate;
	trial->security = security;
	trial->swapped = security != candidate->security;
	trial->ipv6 = ipv6;
	trial->login = login != NULL;
	snprintf(trial->address, sizeof(trial->address), "%s", address);
	account->trials[account->trial_count++] = trial;
	probe_begin(&account->link,
	    &(struct probe_target){.protocol = candidate->protocol,
		.security = security,
		.host = candidate->host,
		.address = trial->address,
		.port = candidate->port},
	    login, on_step, on_done, run);
	return run;
}

// ---- All of them -----------------------------------------------------------

// A trial that ended before it began: the name leads nowhere, or to where it
// may not.
static void note_unresolved(struct probe_account *account,
    const struct probe_candidate *candidate, enum probe_cause cause,
    const char *why)
{
	if (account->trial_count == PROBE_TRIALS_MAX)
		return;
	struct probe_trial *trial =
	    arena_zalloc(account->arena, sizeof(*trial));
	trial->candidate = *candidate;
	trial->security = candidate->security;
	trial->ended = true;
	trial->outcome.cause = cause;
	snprintf(
	    trial->outcome.detail, sizeof(trial->outcome.detail), "%s", why);
	account->trials[account->trial_count++] = trial;
}

struct runs {
	VEC(struct run *) all;
};

static void begin_run(struct runs *runs, struct run *run)
{
	if (run)
		vec_push(&runs->all, run);
}

static bool may_meet(const struct probe_account *account, const char *address)
{
	struct ip_address parsed;
	return !probe_only_public(account) ||
	       (ip_address_parse(address, &parsed) == RC_OK &&
		   ip_address_kind(&parsed) == IP_ADDRESS_PUBLIC);
}

static void begin_address(struct probe_account *account, struct runs *runs,
    const struct probe_candidate *candidate, const char *address, bool ipv6)
{
	if (may_meet(account, address))
		begin_run(runs, begin(account, candidate, address, ipv6,
				    candidate->security, NULL));
	else
		note_unresolved(
		    account, candidate, PROBE_PRIVATE_ADDRESS, address);
}

static void begin_addresses(struct probe_account *account, struct runs *runs,
    const struct probe_candidate *candidate)
{
	static const enum dns_type types[] = {DNS_AAAA, DNS_A};
	enum probe_cause why = PROBE_NO_ADDRESS;
	const char *detail = "";
	bool any = false;
	for (size_t t = 0; t < ARRAY_LEN(types); t++) {
		struct probe_lookup *lookup =
		    probe_lookup(&account->lookups, candidate->host, types[t]);
		if (!probe_lookup_done(lookup)) {
			why = PROBE_NO_DNS;
			detail = "no answer in time";
			continue;
		}
		if (lookup->status == DNS_NO_NAME)
			why = PROBE_NO_NAME;
		if (lookup->status == DNS_FAILED) {
			why = PROBE_NO_DNS;
			detail = lookup->reason;
		}
		for (size_t i = 0; i < lookup->count && i < 2; i++) {
			any = true;
			begin_address(account, runs, candidate,
			    lookup->records[i].value.ptr, types[t] == DNS_AAAA);
		}
	}
	if (!any)
		note_unresolved(account, candidate, why, detail);
}

static bool is_numeric(const char *host, bool *ret_ipv6)
{
	unsigned char bytes[16];
	*ret_ipv6 = inet_pton(AF_INET6, host, bytes) == 1;
	return *ret_ipv6 || inet_pton(AF_INET, host, bytes) == 1;
}

static void begin_candidate(struct probe_account *account, struct runs *runs,
    const struct probe_candidate *candidate)
{
	bool ipv6;
	if (is_numeric(candidate->host, &ipv6))
		begin_address(account, runs, candidate, candidate->host, ipv6);
	else
		begin_addresses(account, runs, candidate);
}

// The other encryption, if it may be the right one.
static bool other_security(
    const struct run *run, uint64_t now, enum probe_security *ret_security)
{
	const struct probe_trial *trial = run->trial;
	enum probe_cause cause = trial->outcome.cause;
	if (trial->swapped)
		return false;
	if (trial->security == PROBE_TLS) {
		*ret_security = PROBE_STARTTLS;
		return trial->ended && cause == PROBE_NOT_TLS;
	}
	*ret_security = PROBE_TLS;
	if (trial->ended)
		return cause == PROBE_NO_GREETING ||
		       cause == PROBE_NOT_STARTTLS ||
		       (cause == PROBE_HUNG_UP && !trial->outcome.greeted);
	return run->connected_ms > 0 && !run->greeted &&
	       now - run->connected_ms > SWAP_MS;
}

static bool was_swapped(const struct runs *runs, const struct run *run)
{
	const struct probe_trial *own = run->trial;
	for (size_t i = 0; i < runs->all.count; i++) {
		const struct probe_trial *other = runs->all.items[i]->trial;
		if (other->swapped &&
		    other->candidate.host == own->candidate.host &&
		    other->candidate.port == own->candidate.port &&
		    other->candidate.protocol == own->candidate.protocol &&
		    strcmp(other->address, own->address) == 0)
			return true;
	}
	return false;
}

// Begins further trials; returns whether some trial is under way. Called with
// the lock held; it is released meanwhile.
static bool go_on(struct probe_account *account, struct runs *runs)
{
	bool busy = false;
	uint64_t now = clock_monotonic_ms();
	for (size_t i = 0; i < runs->all.count; i++) {
		struct run *run = runs->all.items[i];
		enum probe_security security;
		if (other_security(run, now, &security) &&
		    !was_swapped(runs, run)) {
			pthread_mutex_unlock(&account->lock);
			begin_run(runs, begin(account, &run->trial->candidate,
					    run->trial->address,
					    run->trial->ipv6, security, NULL));
			pthread_mutex_lock(&account->lock);
		}
		busy = busy || !run->trial->ended;
	}
	return busy;
}

static void wait_for(
    struct probe_account *account, struct runs *runs, uint64_t end_ms)
{
	pthread_mutex_lock(&account->lock);
	while (go_on(account, runs) && clock_monotonic_ms() < end_ms) {
		struct timespec until = thread_deadline(TICK_MS);
		pthread_cond_timedwait(&account->cond, &account->lock, &until);
	}
	pthread_mutex_unlock(&account->lock);
}

void probe_try_all(struct probe_account *account)
{
	struct runs runs = {0};
	uint64_t now = clock_monotonic_ms();
	uint64_t left = account->end_ms > now ? account->end_ms - now : 0;
	for (size_t i = 0; i < account->candidates.count; i++) {
		const char *host = account->candidates.items[i].host;
		bool ipv6;
		if (is_numeric(host, &ipv6))
			continue;
		probe_lookup(&account->lookups, host, DNS_A);
		probe_lookup(&account->lookups, host, DNS_AAAA);
	}
	probe_lookups_wait(&account->lookups, now + left / 3);
	for (size_t i = 0; i < account->candidates.count; i++)
		begin_candidate(account, &runs, &account->candidates.items[i]);
	uint64_t end_ms = account->end_ms;
	if (account->settings->password)
		end_ms = now + left * 3 / 4; // some time for the log-in
	wait_for(account, &runs, end_ms);
	vec_done(&runs.all);
}

// ---- The best --------------------------------------------------------------

// An outcome that a reader may use: the trial may be under way.
static bool read_outcome(const struct probe_account *account,
    const struct probe_trial *trial, struct probe_outcome *ret_outcome)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&account->lock;
	pthread_mutex_lock(lock);
	bool ended = trial->ended;
	*ret_outcome = trial->outcome;
	pthread_mutex_unlock(lock);
	return ended;
}

static int score(const struct probe_trial *trial)
{
	int points = 1000 - 20 * (int)trial->candidate.source;
	if (!trial->candidate.vouched)
		points -= 400;
	if (trial->security == PROBE_TLS)
		points += 10; // RFC 8314 section 3
	if (trial->swapped)
		points -= 15;
	if (trial->candidate.port == 25)
		points -= 300;
	if (trial->security == PROBE_PLAIN)
		points -= 600;
	return points;
}

const struct probe_trial *probe_best(
    const struct probe_account *account, enum probe_protocol protocol)
{
	const struct probe_trial *best = NULL;
	for (size_t i = 0; i < account->trial_count; i++) {
		const struct probe_trial *trial = account->trials[i];
		struct probe_outcome outcome;
		if (trial->candidate.protocol != protocol ||
		    !read_outcome(account, trial, &outcome))
			continue;
		bool good = outcome.cause == PROBE_OK;
		// With --insecure a certificate's fault is no hindrance.
		if (account->settings->insecure &&
		    outcome.certificate_cause != PROBE_OK &&
		    outcome.cause == outcome.certificate_cause)
			good = true;
		if (good && (!best || score(trial) > score(best)))
			best = trial;
	}
	return best;
}

// ---- Log-in ----------------------------------------------------------------

static bool log_in_as(struct probe_account *account,
    const struct probe_trial *at, const char *user,
    struct probe_outcome *ret_outcome)
{
	struct runs runs = {0};
	struct probe_login login = {.user = user,
	    .password = account->settings->password,
	    .sender = account->settings->address,
	    .insecure = account->settings->insecure};
	struct probe_candidate candidate = at->candidate;
	candidate.security = at->security;
	struct run *run = begin(
	    account, &candidate, at->address, at->ipv6, at->security, &login);
	*ret_outcome = (struct probe_outcome){.cause = PROBE_TIME_OVER};
	if (!run)
		return false;
	begin_run(&runs, run);
	wait_for(account, &runs, account->end_ms);
	if (!read_outcome(account, run->trial, ret_outcome))
		ret_outcome->cause = PROBE_TIME_OVER;
	vec_done(&runs.all);
	return ret_outcome->logged_in;
}

// The names to try, the likeliest first; returns how many.
static size_t list_names(struct probe_account *account,
    const struct probe_trial *at, const char *known, const char *ret_names[2])
{
	const struct probe_account_settings *settings = account->settings;
	struct view address = view_of_string(settings->address);
	size_t count = 0;
	if (settings->user)
		ret_names[count++] = settings->user;
	else if (known)
		ret_names[count++] = known;
	else if (at->candidate.user)
		ret_names[count++] = at->candidate.user;
	if (count > 0)
		return count;
	ret_names[count++] = settings->address;
	ret_names[count++] = arena_string(account->arena,
	    view_slice(address, 0, view_find_char(address, '@')));
	return count;
}

static void add_working(struct probe_account *account,
    const struct probe_trial *trial, const char *user, bool logged_in,
    struct probe_report *report)
{
	struct probe_outcome outcome;
	struct probe_working *working =
	    &report->working[report->working_count++];
	bool ended = read_outcome(account, trial, &outcome);
	*working = (struct probe_working){
	    .protocol = trial->candidate.protocol,
	    .security = trial->security,
	    .host = trial->candidate.host,
	    .port = trial->candidate.port,
	    .user = user,
	    .logged_in = logged_in,
	    .source = trial->candidate.source,
	    .certificate_end = ended ? outcome.certificate.not_after : 0,
	};
	memcpy(working->tls_version, outcome.tls_version,
	    sizeof(working->tls_version));
}

static const char *usual_name(
    const struct probe_account *account, const struct probe_trial *trial)
{
	if (account->settings->user)
		return account->settings->user;
	return trial->candidate.user ? trial->candidate.user
				     : account->settings->address;
}

void probe_log_in(struct probe_account *account, struct probe_report *report)
{
	const char *known = NULL; // the name with which a log-in worked
	bool wrong = false;       // a server refused the password
	for (enum probe_protocol p = 0; p < PROBE_PROTOCOLS; p++) {
		const struct probe_trial *best = probe_best(account, p);
		const char *names[2];
		struct probe_outcome outcome = {0}, first = {0};
		bool good = false;
		if (!best)
			continue;
		if (!account->settings->password) {
			add_working(account, best, usual_name(account, best),
			    false, report);
			continue;
		}
		// Servers count wrong passwords, so a wrong one is tried
		// little.
		if (wrong && p == PROBE_POP3)
			continue;
		// RFC 6186 section 6: the user has to say whether a server
		// is right that only an answer without proof has named.
		if (!best->candidate.vouched && !account->settings->insecure) {
			add_working(account, best, usual_name(account, best),
			    false, report);
			continue;
		}
		size_t count = list_names(account, best, known, names), i = 0;
		if (wrong)
			count = 1;
		for (; i < count && !good; i++) {
			good = log_in_as(account, best, names[i], &outcome);
			if (i == 0)
				first = outcome;
			if (outcome.cause != PROBE_WRONG_PASSWORD)
				break;
		}
		wrong = wrong || (!good && first.cause == PROBE_WRONG_PASSWORD);
		if (good) {
			known = names[i];
			first = outcome;
		}
		if (good && (first.cause == PROBE_OK ||
				first.cause == first.certificate_cause))
			add_working(account, best, known, true, report);
		if (first.cause != PROBE_OK)
			probe_find(account, report, first.cause,
			    &best->candidate, first.detail);
	}
}
