// SPDX-License-Identifier: Apache-2.0
// The parts of an account's test; inside the room only.
#ifndef ROOST_PROBE_ACCOUNT_IMPL_H
#define ROOST_PROBE_ACCOUNT_IMPL_H

#include "probe/account.h"
#include "probe/lookup.h"
#include "probe/probe.h"

#define PROBE_TRIALS_MAX 240

struct probe_account {
	const struct probe_account_settings *settings;
	struct arena *arena;
	const char *domain; // of the address, as A-labels
	uint64_t begun_ms;
	uint64_t end_ms; // of everything
	struct probe_lookups lookups;
	struct probe_candidates candidates;
	bool no_domain;     // it does not exist
	const char *no_dns; // why the domain could not be looked up; or NULL
	struct probe_link link;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	// Guarded by the lock from when they begin: `ended`, `outcome`.
	struct probe_trial *trials[PROBE_TRIALS_MAX];
	size_t trial_count;
};

// Whether only public addresses may be connected to: whoever owns the domain
// chooses which ones are met.
bool probe_only_public(const struct probe_account *account);

// Finds candidates (discover.c).
void probe_discover(struct probe_account *account);
// Tries all candidates without a log-in, then the best with it (trials.c).
void probe_try_all(struct probe_account *account);
void probe_log_in(struct probe_account *account, struct probe_report *report);
// The trial whose settings are the best for this protocol; NULL: none works.
const struct probe_trial *probe_best(
    const struct probe_account *account, enum probe_protocol protocol);
// Adds a finding, unless the same is there (verdict.c).
void probe_find(struct probe_account *account, struct probe_report *report,
    enum probe_cause cause, const struct probe_candidate *about,
    const char *detail);
// Adds what is wrong, as the trials show.
void probe_judge(struct probe_account *account, struct probe_report *report);

#endif
