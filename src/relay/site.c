// SPDX-License-Identifier: Apache-2.0
// Sites: which domains wait for which servers, and whether these servers
// answer. The lock is held in all calls.
#include "base/clock.h"
#include "base/mem.h"
#include "relay/impl.h"

#define SWEEP_MS 60000 // how often unused sites are removed

static void hops_unref(struct relay_next_hops *hops)
{
	if (hops && --hops->users == 0)
		relay_next_hops_free(&hops);
}

static bool is_down(const struct relay_site *site)
{
	return site->down_until > clock_monotonic_ms();
}

static struct relay_site *site_of(struct relay *relay, struct view name)
{
	struct relay_site *site = map_get(&relay->sites, name);
	if (site)
		return site;
	site = mem_zalloc(sizeof(*site));
	site->relay = relay;
	site->name = view_of(mem_strndup(name.ptr, name.len), name.len);
	relay_window_init(&site->window, relay->settings.site_connections);
	map_put(&relay->sites, site->name, site);
	return site;
}

void relay_site_free(struct relay_site *site)
{
	hops_unref(site->hops);
	free((void *)(uintptr_t)site->name.ptr);
	free(site);
}

static void unstarve(struct relay_site *site)
{
	struct relay_site **at = &site->relay->starving;
	while (*at && *at != site)
		at = &(*at)->next_starving;
	if (*at)
		*at = site->next_starving;
	site->starving = false;
}

static bool is_unused(const struct relay_site *site)
{
	return site->links == 0 && !site->domains.first && !is_down(site);
}

void relay_site_release(struct relay_site *site)
{
	// A site that was down is remembered for a while: see
	// relay_site_sweep().
	if (!is_unused(site) || site->failures > 0)
		return;
	if (site->starving)
		unstarve(site);
	map_remove(&site->relay->sites, site->name);
	relay_site_free(site);
}

// Whether the site has been down long enough ago to begin anew.
static bool is_stale(const struct relay_site *site, uint64_t now)
{
	return is_unused(site) &&
	       now > site->down_until +
			 1000ull * site->relay->settings.down_last_seconds;
}

void relay_site_sweep(struct relay *relay)
{
	uint64_t now = clock_monotonic_ms();
	size_t position = 0;
	struct view name;
	void *value;
	struct relay_site *stale = NULL;
	if (now < relay->sweep_ms)
		return;
	relay->sweep_ms = now + SWEEP_MS;
	// The map must not change during a walk, so the sites are removed
	// afterwards.
	while (map_next(&relay->sites, &position, &name, &value)) {
		struct relay_site *site = value;
		if (!is_stale(site, now))
			continue;
		if (site->starving)
			unstarve(site);
		site->next_starving = stale;
		stale = site;
	}
	while (stale) {
		struct relay_site *next = stale->next_starving;
		stale->failures = 0;
		relay_site_release(stale);
		stale = next;
	}
}

// ---- Domains ---------------------------------------------------------------

static void settle_domain(struct relay_site *site, struct relay_domain *domain)
{
	domain->reason = site->reason;
	domain->site = NULL;
	relay_domain_give_to_worker(domain, RELAY_JOB_SETTLE);
}

// Puts the domain's lots off until the site is tried again. That is not an
// attempt.
static void put_off(struct relay_site *site, struct relay_domain *domain)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t left = site->down_until > now ? site->down_until - now : 0;
	domain->reason = site->reason;
	domain->put_off = (uint32_t)(left / 1000 + 1);
	domain->retries = atomic_load(&site->relay->retries);
	relay_domain_give_to_worker(domain, RELAY_JOB_DOWN);
}

void relay_site_attach(struct relay *relay, struct relay_domain *domain,
    struct relay_next_hops *hops)
{
	struct relay_site *site = site_of(relay, hops->site);
	hops_unref(site->hops);
	hops->users = 1;
	site->hops = hops;
	if (is_down(site)) {
		put_off(site, domain);
		return;
	}
	domain->site = site;
	relay_domain_list_add(&site->domains, domain);
	// An idle link is enough. It asks for another link if there is more to
	// do.
	if (!relay_link_wake_idle(site))
		relay_site_want_link(site);
}

// Makes room for a link of another site by ending a connection that is idle.
static void end_an_idle_link(struct relay *relay)
{
	for (struct relay_link *link = relay->links; link; link = link->next) {
		if (!link->idle || link->site->domains.first)
			continue;
		link->waker.wake(link->waker.context);
		return;
	}
}

void relay_site_want_link(struct relay_site *site)
{
	struct relay *relay = site->relay;
	if (relay->stopping || !site->domains.first || is_down(site) ||
	    site->links >= site->window.size)
		return;
	if (relay->link_count < relay->settings.connections_max) {
		relay_link_new(site);
		return;
	}
	if (!site->starving) {
		struct relay_site **at = &relay->starving;
		while (*at)
			at = &(*at)->next_starving;
		*at = site;
		site->next_starving = NULL;
		site->starving = true;
	}
	end_an_idle_link(relay);
}

// Removes the domain from the site, because nothing of it is due any more.
static void leave(struct relay_site *site, struct relay_domain *domain)
{
	struct relay_domain_list kept = {0};
	struct relay_domain *other;
	while ((other = relay_domain_list_take(&site->domains)))
		if (other != domain)
			relay_domain_list_add(&kept, other);
	site->domains = kept;
	domain->empty = true;
}

struct queue_lot *relay_site_take(struct relay_site *site)
{
	struct relay *relay = site->relay;
	struct queue_lot *lot = NULL;
	while (!lot && !relay->stopping) {
		struct relay_domain *domain =
		    relay_domain_list_take(&site->domains);
		if (!domain)
			return NULL;
		// The domain goes to the end of the list, so that the next link
		// takes a lot of another one.
		relay_domain_list_add(&site->domains, domain);
		domain->takers++;
		pthread_mutex_unlock(&relay->lock);
		struct view name = view_of(domain->name, domain->len);
		enum rc rc = queue_take(relay->settings.queue, name, &lot);
		bool more =
		    rc == RC_OK && queue_has_due(relay->settings.queue, name);
		pthread_mutex_lock(&relay->lock);
		domain->takers--;
		if (rc != RC_OK)
			lot = NULL;
		// The domain leaves the site with its last due lot. So mail
		// that comes while that lot is being sent does not have to wait
		// for it.
		if (!more && !domain->empty)
			leave(site, domain);
		if (more)
			relay_site_want_link(site);
		if (!domain->empty || domain->takers > 0)
			continue; // the last link that takes from the domain
				  // ends it, with or without a lot
		pthread_mutex_unlock(&relay->lock);
		relay_domain_end(domain);
		pthread_mutex_lock(&relay->lock);
	}
	return lot;
}

// ---- Health ----------------------------------------------------------------

static void is_well(struct relay_site *site)
{
	site->failures = 0;
	site->fruitless = 0;
	site->down_until = 0;
}

void relay_site_answered(struct relay_site *site)
{
	is_well(site);
	relay_window_answered(&site->window, site->links);
}

void relay_site_begin_anew(struct relay_site *site)
{
	is_well(site);
	relay_window_init(&site->window, site->window.max);
}

void relay_site_flush(struct relay_site *site)
{
	struct relay_domain_list domains = site->domains;
	struct relay_domain *domain;
	if (!is_down(site))
		return;
	site->domains = (struct relay_domain_list){0};
	while ((domain = relay_domain_list_take(&domains))) {
		// A link is taking a lot of this domain right now; it flushes
		// the site when it is done.
		if (domain->takers > 0)
			relay_domain_list_add(&site->domains, domain);
		else
			settle_domain(site, domain);
	}
}

void relay_site_fail(struct relay_site *site, const struct relay_reason *reason)
{
	struct relay *relay = site->relay;
	const struct relay_settings *settings = &relay->settings;
	uint64_t seconds = settings->down_first_seconds;
	for (unsigned i = 0; i < site->failures; i++)
		if (seconds < settings->down_last_seconds)
			seconds *= 2;
	if (seconds > settings->down_last_seconds)
		seconds = settings->down_last_seconds;
	site->failures++;
	site->fruitless = 0;
	relay_window_dead(&site->window);
	site->down_until = clock_monotonic_ms() + seconds * 1000;
	site->reason = *reason;
	relay_site_flush(site);
	struct log_line line;
	log_begin(&line, settings->log, LOG_LEVEL_WARN, "relay_down");
	log_add(&line, "site", site->name);
	log_add_u64(&line, "seconds", seconds);
	log_add_string(&line, "reason", reason->text);
	log_end(&line);
}
