// SPDX-License-Identifier: Apache-2.0
// What the trials show. Most of them fail at any provider, because most of the
// usual names and ports do not exist: these failures are no faults. A fault is
// told when
//
// - the setting was given or published, and does not work;
// - a port that is usually for one encryption speaks the other one;
// - something listens at a port of a server that was given, and is broken;
// - nothing works for reading mail, or for sending it: then the trials that
//   came farthest are told.
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "probe/account_impl.h"

#define SLOW_MS 5000
// Of servers that were guessed, at most so many faults are told.
#define FARTHEST_MAX 3

static bool same_words(
    const struct probe_finding *a, const struct probe_words *b)
{
	// Many ports of one server may have the same fault: it is told once.
	return strcmp(a->words.host, b->host) == 0 &&
	       strcmp(a->words.detail, b->detail) == 0;
}

void probe_find(struct probe_account *account, struct probe_report *report,
    enum probe_cause cause, const struct probe_candidate *about,
    const char *detail)
{
	struct arena *arena = account->arena;
	const char *host = about             ? about->host
			   : account->domain ? account->domain
					     : account->settings->address;
	struct probe_words words = {
	    .host = arena_string(arena, view_of_string(host)),
	    .protocol = about ? probe_protocol_name(about->protocol) : "",
	    .port = about ? about->port : 0,
	    .detail = arena_string(arena, view_of_string(detail)),
	};
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].cause == cause &&
		    same_words(&report->findings[i], &words))
			return;
	if (report->finding_count == PROBE_FINDINGS_MAX)
		return;
	report->findings[report->finding_count++] =
	    (struct probe_finding){.cause = cause,
		.protocol = about ? about->protocol : PROBE_PROTOCOLS,
		.words = words};
}

// A copy of a trial that nobody changes any more.
static struct probe_trial settled(struct probe_account *account, size_t number)
{
	pthread_mutex_lock(&account->lock);
	struct probe_trial trial = *account->trials[number];
	pthread_mutex_unlock(&account->lock);
	if (!trial.ended)
		trial.outcome.cause = PROBE_TIME_OVER;
	return trial;
}

static void tell(struct probe_account *account, struct probe_report *report,
    const struct probe_trial *trial)
{
	const struct probe_outcome *outcome = &trial->outcome;
	enum probe_cause causes[PROBE_CERTIFICATE_CAUSES_MAX];
	size_t count = 0;
	if (outcome->cause == outcome->certificate_cause)
		count = probe_certificate_causes(
		    &outcome->certificate, clock_wall_seconds(NULL), causes);
	for (size_t i = 0; i < count; i++) {
		char detail[PROBE_DETAIL_MAX];
		probe_certificate_detail(
		    &outcome->certificate, causes[i], detail);
		probe_find(
		    account, report, causes[i], &trial->candidate, detail);
	}
	if (count == 0)
		probe_find(account, report, outcome->cause, &trial->candidate,
		    outcome->detail);
}

static bool same_place(const struct probe_trial *a, const struct probe_trial *b)
{
	return a->candidate.protocol == b->candidate.protocol &&
	       a->candidate.port == b->candidate.port &&
	       strcmp(a->candidate.host, b->candidate.host) == 0;
}

// Whether the server speaks the other encryption at this port, whatever else
// is wrong with it.
static bool other_works(
    struct probe_account *account, const struct probe_trial *failed)
{
	for (size_t i = 0; i < account->trial_count; i++) {
		struct probe_trial other = settled(account, i);
		if (other.swapped && same_place(&other, failed) &&
		    strcmp(other.address, failed->address) == 0 &&
		    (other.outcome.greeted ||
			other.outcome.tls_version[0] != '\0'))
			return true;
	}
	return false;
}

// Whether another address of the same server works.
static bool other_address_works(
    struct probe_account *account, const struct probe_trial *failed)
{
	for (size_t i = 0; i < account->trial_count; i++) {
		struct probe_trial other = settled(account, i);
		if (other.ipv6 != failed->ipv6 && !other.login &&
		    same_place(&other, failed) && other.outcome.greeted)
			return true;
	}
	return false;
}

static bool is_about_reach(enum probe_cause cause)
{
	return cause == PROBE_REFUSED || cause == PROBE_SILENT ||
	       cause == PROBE_UNREACHABLE;
}

// Tells that one family of addresses does not work, if the other one does.
// True: nothing more is to be told of this trial.
static bool judge_family(struct probe_account *account,
    struct probe_report *report, const struct probe_trial *trial)
{
	if (!is_about_reach(trial->outcome.cause) || !trial->address[0] ||
	    !other_address_works(account, trial))
		return false;
	// Perhaps it is this machine that has no such network.
	if (strcmp(trial->outcome.detail, "network unreachable") != 0)
		probe_find(account, report,
		    trial->ipv6 ? PROBE_IPV6_BROKEN : PROBE_IPV4_BROKEN,
		    &trial->candidate, trial->address);
	return true;
}

static bool is_trusted_source(enum probe_source source)
{
	return source == PROBE_GIVEN || source == PROBE_AUTOCONFIG ||
	       source == PROBE_AUTODISCOVER || source == PROBE_SRV;
}

// Port 25 is for other servers: what users cannot do there is no fault.
static bool is_for_servers(const struct probe_trial *trial)
{
	return trial->candidate.port == 25 &&
	       trial->candidate.source != PROBE_GIVEN;
}

static void judge_trial(struct probe_account *account,
    struct probe_report *report, const struct probe_trial *trial)
{
	const struct probe_outcome *outcome = &trial->outcome;
	if (outcome->greeted && outcome->greeting_ms >= SLOW_MS &&
	    !is_for_servers(trial)) {
		char seconds[16];
		snprintf(seconds, sizeof(seconds), "%u",
		    (outcome->greeting_ms + 500) / 1000);
		probe_find(
		    account, report, PROBE_SLOW, &trial->candidate, seconds);
	}
	if (outcome->cause == PROBE_OK || trial->swapped ||
	    is_for_servers(trial) || judge_family(account, report, trial))
		return;
	if (other_works(account, trial)) {
		probe_find(account, report,
		    trial->security == PROBE_TLS ? PROBE_NOT_TLS
						 : PROBE_NOT_STARTTLS,
		    &trial->candidate, "");
		return;
	}
	bool listens = outcome->stage >= PROBE_CONNECT;
	if (is_trusted_source(trial->candidate.source) ||
	    (trial->candidate.source == PROBE_USUAL && listens))
		tell(account, report, trial);
}

// ---- Nothing works ---------------------------------------------------------

// Tells the trials of these protocols that came farthest.
static void tell_farthest(
    struct probe_account *account, struct probe_report *report, bool sending)
{
	enum probe_stage farthest = PROBE_RESOLVE;
	size_t before = report->finding_count;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < account->trial_count; i++) {
			struct probe_trial trial = settled(account, i);
			bool sends = trial.candidate.protocol == PROBE_SMTP;
			if (sends != sending || trial.login ||
			    trial.outcome.cause == PROBE_OK)
				continue;
			if (pass == 0 && trial.outcome.stage > farthest)
				farthest = trial.outcome.stage;
			if (pass == 1 && trial.outcome.stage == farthest &&
			    report->finding_count < before + FARTHEST_MAX)
				tell(account, report, &trial);
		}
}

static bool works(const struct probe_account *account, bool sending)
{
	if (sending)
		return probe_best(account, PROBE_SMTP) != NULL;
	return probe_best(account, PROBE_IMAP) ||
	       probe_best(account, PROBE_POP3);
}

static bool was_asked(const struct probe_account *account, bool sending)
{
	int only = account->settings->protocol;
	return only < 0 || (only == PROBE_SMTP) == sending;
}

// A finding about one of these protocols was made already.
static bool is_told(const struct probe_report *report, bool sending)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct probe_finding *finding = &report->findings[i];
		if (probe_cause_severity(finding->cause) == PROBE_FAULT &&
		    (finding->protocol == PROBE_SMTP) == sending)
			return true;
	}
	return false;
}

static void judge_whole(
    struct probe_account *account, struct probe_report *report)
{
	if (account->candidates.count == 0 && account->no_dns) {
		probe_find(
		    account, report, PROBE_NO_DNS, NULL, account->no_dns);
		return;
	}
	if (account->candidates.count == 0) {
		probe_find(account, report,
		    account->no_domain ? PROBE_NO_DOMAIN : PROBE_NOTHING_FOUND,
		    NULL, "");
		return;
	}
	for (int sending = 0; sending < 2; sending++)
		if (was_asked(account, sending) && !works(account, sending) &&
		    !is_told(report, sending))
			tell_farthest(account, report, sending);
}

// Faults first; within a severity, in the order in which they were found.
static void sort(struct probe_report *report)
{
	for (size_t i = 1; i < report->finding_count; i++) {
		struct probe_finding moved = report->findings[i];
		size_t at = i;
		while (at > 0 &&
		       probe_cause_severity(report->findings[at - 1].cause) <
			   probe_cause_severity(moved.cause)) {
			report->findings[at] = report->findings[at - 1];
			at--;
		}
		report->findings[at] = moved;
	}
}

// The servers that would be used, but of which nobody who speaks for the domain
// has said that they are its servers.
static void judge_names(
    struct probe_account *account, struct probe_report *report)
{
	for (enum probe_protocol p = 0; p < PROBE_PROTOCOLS; p++) {
		const struct probe_trial *best = probe_best(account, p);
		if (!best || best->candidate.vouched ||
		    account->settings->insecure)
			continue;
		bool page = best->candidate.source == PROBE_AUTOCONFIG_HTTP;
		probe_find(account, report, PROBE_NOT_VOUCHED, &best->candidate,
		    page ? "a page without TLS" : "DNS without DNSSEC");
	}
}

void probe_judge(struct probe_account *account, struct probe_report *report)
{
	for (size_t i = 0; i < account->trial_count; i++) {
		struct probe_trial trial = settled(account, i);
		if (!trial.login)
			judge_trial(account, report, &trial);
	}
	judge_whole(account, report);
	judge_names(account, report);
	if (account->settings->password && !account->settings->insecure)
		for (size_t i = 0; i < report->finding_count; i++) {
			struct probe_finding *finding = &report->findings[i];
			if (probe_cause_part(finding->cause) !=
				PROBE_PART_CERTIFICATE ||
			    finding->cause == PROBE_WITHHELD ||
			    finding->protocol == PROBE_PROTOCOLS ||
			    probe_best(account, finding->protocol))
				continue;
			struct probe_candidate about = {
			    .protocol = finding->protocol,
			    .host = finding->words.host,
			    .port = finding->words.port};
			probe_find(account, report, PROBE_WITHHELD, &about, "");
		}
	sort(report);
}
