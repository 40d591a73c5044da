// SPDX-License-Identifier: Apache-2.0
// Settings, start, stop, and figures.
#include "relay/relay.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "relay/impl.h"

#define SMTP_PORT       25
#define SUBMISSION_PORT 587
#define SUBMISSIONS     465

void relay_ring(struct relay *relay)
{
	pthread_mutex_lock(&relay->bell.lock);
	relay->bell.rung = true;
	pthread_cond_signal(&relay->bell.rings);
	pthread_mutex_unlock(&relay->bell.lock);
}

static void on_due(void *context)
{
	relay_ring(context);
}

void relay_domain_list_add(
    struct relay_domain_list *list, struct relay_domain *domain)
{
	domain->next = NULL;
	if (list->last)
		list->last->next = domain;
	else
		list->first = domain;
	list->last = domain;
}

struct relay_domain *relay_domain_list_take(struct relay_domain_list *list)
{
	struct relay_domain *domain = list->first;
	if (domain) {
		list->first = domain->next;
		if (!list->first)
			list->last = NULL;
	}
	return domain;
}

// ---- Settings --------------------------------------------------------------

static void set_default(uint32_t *number, uint32_t usual)
{
	if (*number == 0)
		*number = usual;
}

static void keep(struct relay *relay, struct view *text)
{
	const char *copy =
	    text->len ? arena_string(&relay->arena, *text) : NULL;
	*text = view_of(copy, text->len);
}

static void set_defaults(struct relay_settings *settings)
{
	set_default(&settings->connections_max, 100);
	set_default(&settings->site_connections, 10);
	set_default(&settings->network_connections, 20);
	set_default(&settings->connection_messages, 100);
	set_default(&settings->transaction_recipients, 100);
	set_default(&settings->local_threads, 4);
	set_default(&settings->idle_seconds, 5);
	set_default(&settings->connect_seconds, 30);
	set_default(&settings->first_seconds, 30);
	set_default(&settings->down_first_seconds, 30);
	set_default(&settings->down_last_seconds, 900);
	set_default(&settings->hurry, 1);
	if (settings->smtp_port == 0)
		settings->smtp_port = SMTP_PORT;
	if (settings->tls == RELAY_TLS_DEFAULT)
		settings->tls = settings->tls_client || !settings->net
				    ? RELAY_TLS_OPPORTUNISTIC
				    : RELAY_TLS_NONE;
	if (settings->smart_host.tls == RELAY_TLS_DEFAULT)
		settings->smart_host.tls = RELAY_TLS_REQUIRED;
}

// Splits "host", "host:port", "[v6]:port" or "[v6]".
static bool split_host(
    struct view text, struct view *ret_host, struct view *ret_port)
{
	size_t end;
	if (view_starts_with(text, VIEW("["))) {
		end = view_find_char(text, ']');
		if (end == SIZE_MAX)
			return false;
		*ret_host = view_slice(text, 1, end - 1);
		*ret_port = view_from(text, end + 1);
	} else {
		end = view_find_char(text, ':');
		*ret_host = view_slice(text, 0, end);
		*ret_port = end == SIZE_MAX ? VIEW("") : view_from(text, end);
	}
	if (ret_port->len > 0) {
		if (ret_port->ptr[0] != ':')
			return false;
		*ret_port = view_from(*ret_port, 1);
		return ret_port->len > 0 && ret_host->len > 0;
	}
	return ret_host->len > 0;
}

static enum rc set_smart_host(struct relay *relay, struct fault *fault)
{
	const struct relay_smart_host *smart = &relay->settings.smart_host;
	struct relay_next_hop_rules *rules = &relay->rules;
	struct view host, port_text;
	uint32_t port =
	    smart->user.len > 0 ? SUBMISSION_PORT : relay->settings.smtp_port;
	if (smart->host.len == 0)
		return RC_OK;
	if (!split_host(smart->host, &host, &port_text) ||
	    (port_text.len > 0 &&
		(!view_to_u32(port_text, &port) || port == 0 || port > 65535)))
		return fault_set(fault, RC_INVALID,
		    "\"%.*s\" is not a smart host", VIEW_FMT(smart->host));
	rules->smart_host = arena_string(&relay->arena, host);
	rules->smart_port = (uint16_t)port;
	rules->smart_implicit_tls = smart->implicit_tls || port == SUBMISSIONS;
	rules->smart_tls = smart->tls;
	if (rules->smart_implicit_tls && smart->tls == RELAY_TLS_NONE)
		return fault_set(fault, RC_INVALID,
		    "TLS from the first byte and no TLS exclude each "
		    "other");
	return RC_OK;
}

static enum rc check(const struct relay *relay, struct fault *fault)
{
	const struct relay_settings *settings = &relay->settings;
	bool sends = settings->net != NULL;
	bool tls = settings->tls == RELAY_TLS_REQUIRED ||
		   (settings->smart_host.host.len > 0 &&
		       settings->smart_host.tls != RELAY_TLS_NONE);
	if (!settings->office || !settings->dns || (sends && !settings->queue))
		return fault_set(fault, RC_INVALID,
		    "a part that the relay needs is missing");
	if (settings->helo_name.len == 0)
		return fault_set(
		    fault, RC_INVALID, "the relay needs a name for EHLO");
	if (sends && tls && !settings->tls_client)
		return fault_set(fault, RC_INVALID,
		    "TLS is required, but there is no TLS client");
	if (settings->smart_host.user.len > 0 &&
	    settings->smart_host.tls != RELAY_TLS_REQUIRED)
		return fault_set(fault, RC_INVALID,
		    "a password is sent only with verified TLS");
	if (settings->no_ipv4 && settings->no_ipv6)
		return fault_set(
		    fault, RC_INVALID, "neither IPv4 nor IPv6 may be used");
	return RC_OK;
}

static void set_places(struct relay *relay)
{
	const struct relay_settings *settings = &relay->settings;
	struct relay_place_limits limits = {
	    .all = settings->connections_max,
	    .network = settings->network_connections,
	    .address = settings->site_connections,
	    .first_seconds = settings->first_seconds,
	    .down_first_seconds = settings->down_first_seconds,
	    .down_last_seconds = settings->down_last_seconds,
	};
	relay_places_init(&relay->places, &limits);
}

static void set_rules(struct relay *relay)
{
	struct relay_settings *settings = &relay->settings;
	struct relay_next_hop_rules *rules = &relay->rules;
	keep(relay, &settings->helo_name);
	keep(relay, &settings->bind_ipv4);
	keep(relay, &settings->bind_ipv6);
	keep(relay, &settings->smart_host.host);
	keep(relay, &settings->smart_host.user);
	keep(relay, &settings->smart_host.password);
	rules->dns = settings->dns;
	rules->own_name = settings->helo_name.ptr;
	rules->any_address_allowed = settings->any_address_allowed;
	rules->no_ipv4 = settings->no_ipv4;
	rules->no_ipv6 = settings->no_ipv6;
	rules->port = settings->smtp_port;
	rules->tls = settings->tls;
	relay->own = settings->own ? NULL : relay_own_find();
	const struct relay_own *own =
	    settings->own ? settings->own : relay->own;
	rules->own_addresses = (const char *const *)own->addresses;
	rules->own_address_count = own->count;
}

enum rc relay_new(const struct relay_settings *settings, struct fault *fault,
    struct relay **ret_relay)
{
	struct relay *relay = mem_zalloc(sizeof(*relay));
	relay->settings = *settings;
	arena_init(&relay->arena);
	map_init(&relay->sites);
	pthread_mutex_init(&relay->lock, NULL);
	pthread_mutex_init(&relay->bell.lock, NULL);
	thread_cond_init(&relay->bell.rings);
	thread_cond_init(&relay->changed);
	atomic_store(&relay->references, 1);
	set_defaults(&relay->settings);
	set_places(relay);
	enum rc rc = check(relay, fault);
	if (rc == RC_OK) {
		set_rules(relay);
		rc = set_smart_host(relay, fault);
	}
	if (rc == RC_OK)
		rc = net_networks_parse(
		    relay->settings.networks, &relay->rules.networks, fault);
	relay->settings.networks = VIEW(""); // was the caller's
	if (rc != RC_OK) {
		relay_unref(relay);
		return rc;
	}
	*ret_relay = relay;
	return RC_OK;
}

// ---- Running ---------------------------------------------------------------

enum rc relay_start(struct relay *relay, struct fault *fault)
{
	unsigned count = relay->settings.local_threads;
	if (!relay->settings.net)
		return fault_set(
		    fault, RC_INVALID, "this relay can only explain");
	relay->workers = mem_zalloc(count * sizeof(*relay->workers));
	relay->started =
	    thread_start(&relay->scheduler, relay_schedule, relay) == RC_OK;
	while (relay->started && relay->worker_count < count &&
	       thread_start(&relay->workers[relay->worker_count], relay_work,
		   relay) == RC_OK)
		relay->worker_count++;
	if (!relay->started || relay->worker_count == 0) {
		relay_stop(relay, 0);
		return fault_set(
		    fault, RC_LIMIT, "cannot start the relay's threads");
	}
	queue_watch(relay->settings.queue, on_due, relay);
	relay_ring(relay); // for lots that became due before queue_watch()
	return RC_OK;
}

static void wait_for_links(struct relay *relay, uint32_t seconds)
{
	struct timespec until = thread_deadline(1000ull * seconds);
	int late = 0;
	while (relay->link_count > 0 && late == 0)
		late = pthread_cond_timedwait(
		    &relay->changed, &relay->lock, &until);
}

void relay_stop(struct relay *relay, uint32_t seconds)
{
	if (!relay->started)
		return;
	queue_watch(relay->settings.queue, NULL, NULL);
	pthread_mutex_lock(&relay->lock);
	relay->stopping = true;
	pthread_cond_broadcast(&relay->changed);
	relay_link_stop_waiting(relay);
	for (struct relay_link *link = relay->links; link; link = link->next)
		// An idle session asks for more and gets nothing, so it ends.
		if (link->idle)
			link->waker.wake(link->waker.context);
	pthread_mutex_unlock(&relay->lock);
	relay_ring(relay);
	pthread_join(relay->scheduler, NULL);
	for (unsigned i = 0; i < relay->worker_count; i++)
		pthread_join(relay->workers[i], NULL);
	pthread_mutex_lock(&relay->lock);
	wait_for_links(relay, seconds);
	relay->started = false;
	pthread_mutex_unlock(&relay->lock);
}

static void free_domains(struct relay_domain_list *list)
{
	struct relay_domain *domain;
	while ((domain = relay_domain_list_take(list)))
		free(domain);
}

static void free_sites(struct relay *relay)
{
	size_t position = 0;
	struct view name;
	void *value;
	while (map_next(&relay->sites, &position, &name, &value)) {
		struct relay_site *site = value;
		free_domains(&site->users);
		free_domains(&site->others);
		relay_site_free(site);
	}
	map_done(&relay->sites);
}

void relay_unref(struct relay *relay)
{
	if (atomic_fetch_sub(&relay->references, 1) > 1)
		return;
	free_sites(relay);
	free_domains(&relay->jobs);
	relay_places_done(&relay->places);
	free(relay->workers);
	pthread_mutex_destroy(&relay->lock);
	pthread_mutex_destroy(&relay->bell.lock);
	pthread_cond_destroy(&relay->bell.rings);
	pthread_cond_destroy(&relay->changed);
	relay_own_free(&relay->own);
	arena_done_secret(&relay->arena);
	free(relay);
}

void relay_free(struct relay **relay)
{
	if (!*relay)
		return;
	relay_stop(*relay, 0);
	relay_unref(*relay);
	*relay = NULL;
}

// ---- Figures ---------------------------------------------------------------

void relay_retry_now(struct relay *relay)
{
	size_t position = 0;
	struct view name;
	void *value;
	pthread_mutex_lock(&relay->lock);
	atomic_fetch_add(&relay->retries, 1);
	while (map_next(&relay->sites, &position, &name, &value))
		relay_site_begin_anew(value);
	relay_places_revive(&relay->places);
	pthread_mutex_unlock(&relay->lock);
	relay_ring(relay);
}

static uint64_t count(struct relay *relay, enum queue_outcome outcome)
{
	return atomic_load(&relay->outcomes[outcome]);
}

struct relay_stats relay_stats(struct relay *relay)
{
	struct relay_stats stats = {
	    .relayed = count(relay, QUEUE_RELAYED) + count(relay, QUEUE_PASSED),
	    .local =
		count(relay, QUEUE_DELIVERED) + count(relay, QUEUE_EXPANDED),
	    .later = count(relay, QUEUE_LATER),
	    .failed = count(relay, QUEUE_FAILED),
	};
	size_t position = 0;
	struct view name;
	void *value;
	uint64_t now = clock_monotonic_ms();
	pthread_mutex_lock(&relay->lock);
	stats.connections = relay->places.count.links;
	stats.domains = relay->domain_count;
	for (const struct relay_link *link = relay->links; link;
	     link = link->next)
		stats.idle += link->idle;
	while (map_next(&relay->sites, &position, &name, &value))
		stats.sites_down +=
		    ((struct relay_site *)value)->down_until > now;
	pthread_mutex_unlock(&relay->lock);
	return stats;
}
