// SPDX-License-Identifier: Apache-2.0
#include "probe/account.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/server.h"
#include "probe/account_impl.h"
#include "wire/domain_name.h"

#define THREADS          4
#define CONNECT_SECONDS  5
#define GREETING_SECONDS 12
#define ANSWER_SECONDS   10

// ---- What was given --------------------------------------------------------

// "local@domain"; false if the address is not whole.
static bool take_domain(struct probe_account *account)
{
	struct view address = view_of_string(account->settings->address);
	struct view domain, rest = address;
	size_t at = SIZE_MAX, next;
	while ((next = view_find_char(rest, '@')) != SIZE_MAX) {
		at = address.len - rest.len + next;
		rest = view_from(rest, next + 1);
	}
	for (size_t i = 0; i < address.len; i++)
		if (ascii_is_control(address.ptr[i]))
			return false;
	if (at == SIZE_MAX || at == 0 || at > 64 ||
	    view_find_char(address, ' ') != SIZE_MAX ||
	    view_find_char(address, '<') != SIZE_MAX ||
	    view_find_char(address, '>') != SIZE_MAX ||
	    domain_name_to_ascii(account->arena, view_from(address, at + 1),
		DOMAIN_NAME_HOST, &domain) != RC_OK ||
	    view_find_char(domain, '.') == SIZE_MAX)
		return false;
	account->domain = arena_string(account->arena, domain);
	account->candidates.domain = account->domain;
	return true;
}

// The settings that the user's program was told.
static enum rc add_given(struct probe_account *account, struct fault *fault)
{
	const struct probe_account_settings *settings = account->settings;
	enum probe_protocol protocol = PROBE_IMAP;
	enum probe_security security = PROBE_TLS;
	if (!settings->server)
		return RC_OK;
	bool known = probe_port_usage(settings->port, &protocol, &security);
	if (settings->port > 0 && !known && settings->protocol < 0)
		return fault_set(fault, RC_INVALID,
		    "port %u has no usual protocol: say which one (--protocol)",
		    settings->port);
	if (settings->protocol >= 0)
		protocol = (enum probe_protocol)settings->protocol;
	if (settings->security >= 0)
		security = (enum probe_security)settings->security;
	if (settings->port > 0)
		probe_candidates_add(&account->candidates,
		    &(struct probe_candidate){.protocol = protocol,
			.security = security,
			.host = settings->server,
			.port = settings->port,
			.source = PROBE_GIVEN});
	probe_candidates_add_usual(
	    &account->candidates, settings->server, PROBE_USUAL, true);
	if (account->candidates.count == 0)
		return fault_set(fault, RC_INVALID, "%s is not a server's name",
		    settings->server);
	return RC_OK;
}

// The usual port with another encryption is not tried when the user named one
// for it; and a protocol that was not asked for is not tried.
static void remove_unwanted(struct probe_account *account)
{
	struct probe_candidates *all = &account->candidates;
	const struct probe_account_settings *settings = account->settings;
	size_t kept = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct probe_candidate *item = &all->items[i];
		bool other = settings->protocol >= 0 &&
			     (int)item->protocol != settings->protocol;
		bool twice =
		    item->source == PROBE_USUAL && item->port == settings->port;
		if (!other && !twice)
			all->items[kept++] = *item;
	}
	all->count = kept;
}

bool probe_only_public(const struct probe_account *account)
{
	return !account->settings->private_allowed &&
	       !account->settings->server;
}

// ---- The test --------------------------------------------------------------

static void run(struct probe_account *account, struct probe_report *report)
{
	if (!account->settings->server)
		probe_discover(account);
	remove_unwanted(account);
	probe_try_all(account);
	probe_log_in(account, report);
	probe_judge(account, report);
}

static enum rc with_network(struct probe_account *account, struct fault *fault,
    struct probe_report *report)
{
	const struct probe_account_settings *settings = account->settings;
	struct net_tls_client_config tls = {
	    .authorities_path = settings->authorities, .log = settings->log};
	struct net_tls_client *client = NULL;
	enum rc rc = net_tls_client_new(&tls, &client, fault);
	if (rc != RC_OK)
		return rc;
	struct net_server *net =
	    net_server_new(&(struct net_server_config){.threads = THREADS,
		.max_outgoing = 2 * PROBE_TRIALS_MAX,
		.handshake_seconds = ANSWER_SECONDS,
		.log = settings->log});
	account->link = (struct probe_link){.net = net,
	    .tls = client,
	    .helo = settings->helo,
	    .connect_seconds = CONNECT_SECONDS,
	    .greeting_seconds = GREETING_SECONDS,
	    .answer_seconds = ANSWER_SECONDS,
	    .end_ms = account->end_ms};
	rc = net_server_start(net, fault);
	if (rc == RC_OK)
		run(account, report);
	// Ends what is still under way; nobody is called afterwards.
	net_server_stop(net, 0);
	net_server_free(&net);
	net_tls_client_free(&client);
	return rc;
}

static enum rc with_dns(struct probe_account *account, struct fault *fault,
    struct probe_report *report)
{
	struct dns *dns;
	enum rc rc = dns_new(&account->settings->dns, fault, &dns);
	if (rc != RC_OK)
		return rc;
	probe_lookups_init(&account->lookups, dns);
	pthread_mutex_init(&account->lock, NULL);
	thread_cond_init(&account->cond);
	rc = with_network(account, fault, report);
	dns_free(&dns);
	probe_lookups_done(&account->lookups);
	pthread_cond_destroy(&account->cond);
	pthread_mutex_destroy(&account->lock);
	return rc;
}

enum rc probe_account(struct arena *arena,
    const struct probe_account_settings *settings, struct fault *fault,
    struct probe_report *ret_report)
{
	struct probe_report report = {0};
	struct probe_account *account = arena_zalloc(arena, sizeof(*account));
	uint32_t seconds =
	    settings->seconds ? settings->seconds : PROBE_SECONDS;
	account->settings = settings;
	account->arena = arena;
	account->candidates.arena = arena;
	account->begun_ms = clock_monotonic_ms();
	account->end_ms = account->begun_ms + (uint64_t)seconds * 1000;
	enum rc rc = add_given(account, fault);
	if (rc != RC_OK)
		return rc;
	if (take_domain(account))
		rc = with_dns(account, fault, &report);
	else
		probe_find(account, &report, PROBE_BAD_ADDRESS, NULL,
		    settings->address);
	report.trials = (const struct probe_trial *const *)account->trials;
	report.trial_count = account->trial_count;
	*ret_report = report;
	return rc;
}
