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

bool relay_site_has_mail(const struct relay_site *site)
{
	return site->users.first || site->others.first;
}

static int64_t rank_of(const struct relay_domain_list *list)
{
	return list->first ? list->first->claim.rank : INT64_MAX;
}

int64_t relay_site_rank(const struct relay_site *site)
{
	int64_t users = rank_of(&site->users), others = rank_of(&site->others);
	return users < others ? users : others;
}

static bool is_unused(const struct relay_site *site)
{
	return site->links == 0 && !relay_site_has_mail(site) && !is_down(site);
}

void relay_site_release(struct relay_site *site)
{
	// A site that was down is remembered for a while: see
	// relay_site_sweep().
	if (!is_unused(site) || site->failures > 0)
		return;
	map_remove(&site->relay->sites, site->name);
	relay_site_free(site);
}

// Whether the site has been down long enough ago to begin anew. When strangers
// bring thousands of sites that are down, all of them are forgotten: what is
// known of their addresses is remembered without them.
static bool is_stale(const struct relay_site *site, uint64_t now)
{
	if (site->relay->sites.count > RELAY_SITES_MAX)
		return site->links == 0 && !relay_site_has_mail(site);
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
	if (now < relay->sweep_ms && relay->sites.count <= RELAY_SITES_MAX)
		return;
	relay->sweep_ms = now + SWEEP_MS;
	relay_places_sweep(&relay->places, now);
	// The map must not change during a walk, so the sites are removed
	// afterwards.
	while (map_next(&relay->sites, &position, &name, &value)) {
		struct relay_site *site = value;
		if (!is_stale(site, now))
			continue;
		site->next_stale = stale;
		stale = site;
	}
	while (stale) {
		struct relay_site *next = stale->next_stale;
		map_remove(&relay->sites, stale->name);
		relay_site_free(stale);
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

static struct relay_domain_list *list_of(const struct relay_domain *domain)
{
	struct relay_site *site = domain->site;
	return domain->claim.class == QUEUE_CLASS_USERS ? &site->users
							: &site->others;
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
	relay_domain_list_add(list_of(domain), domain);
	// An idle link is enough. It asks for another link if there is more to
	// do.
	if (!relay_link_wake_idle(site))
		relay_site_want_link(site);
	// A link that waits with other mail may have room with users' mail.
	if (site->waiting && site->users.first == domain)
		relay_link_dispatch(relay);
}

void relay_site_want_link(struct relay_site *site)
{
	// One link that waits is enough: there is no room for a second one.
	if (!site->relay->stopping && relay_site_has_mail(site) &&
	    !is_down(site) && !site->waiting && site->links < site->window.size)
		relay_link_new(site);
}

// Removes the domain from the site, because nothing of it is due any more.
static void leave(struct relay_domain *domain)
{
	struct relay_domain_list kept = {0};
	struct relay_domain_list *list = list_of(domain);
	struct relay_domain *other;
	while ((other = relay_domain_list_take(list)))
		if (other != domain)
			relay_domain_list_add(&kept, other);
	*list = kept;
	domain->empty = true;
}

// The domain of which the link takes a lot now: that with the lower rank of the
// next one with users' mail and the next one with other mail. The connections
// that are kept for users' mail may not take other mail.
static struct relay_domain *choose(struct relay_link *link)
{
	struct relay_site *site = link->site;
	bool users = rank_of(&site->users) <= rank_of(&site->others);
	if (!relay_site_has_mail(site))
		return NULL;
	if (!relay_link_turn(link, users)) {
		if (!site->users.first)
			return NULL;
		users = true;
	}
	struct relay_domain_list *list = users ? &site->users : &site->others;
	struct relay_domain *domain = relay_domain_list_take(list);
	// The domain goes to the end of the list, so that the next link takes a
	// lot of another one.
	relay_domain_list_add(list, domain);
	return domain;
}

struct queue_lot *relay_site_take(struct relay_link *link)
{
	struct relay_site *site = link->site;
	struct relay *relay = site->relay;
	struct queue_lot *lot = NULL;
	while (!lot && !relay->stopping) {
		struct relay_domain *domain = choose(link);
		if (!domain)
			return NULL;
		struct queue_claim claim = domain->claim;
		domain->takers++;
		pthread_mutex_unlock(&relay->lock);
		enum rc rc = queue_take(relay->settings.queue, &claim, &lot);
		bool more =
		    rc == RC_OK && queue_has_due(relay->settings.queue, &claim);
		pthread_mutex_lock(&relay->lock);
		domain->takers--;
		domain->claim.rank = claim.rank;
		if (rc != RC_OK)
			lot = NULL;
		// The domain leaves the site with its last due lot. So mail
		// that comes while that lot is being sent does not have to wait
		// for it.
		if (!more && !domain->empty)
			leave(domain);
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

static void flush_list(struct relay_site *site, struct relay_domain_list *list)
{
	struct relay_domain_list domains = *list;
	struct relay_domain *domain;
	*list = (struct relay_domain_list){0};
	while ((domain = relay_domain_list_take(&domains))) {
		// A link is taking a lot of this domain right now; it flushes
		// the site when it is done.
		if (domain->takers > 0)
			relay_domain_list_add(list, domain);
		else if (site->rests)
			put_off(site, domain);
		else
			settle_domain(site, domain);
	}
}

void relay_site_flush(struct relay_site *site)
{
	if (!is_down(site))
		return;
	flush_list(site, &site->users);
	flush_list(site, &site->others);
}

void relay_site_rest(
    struct relay_site *site, uint64_t until, const struct relay_reason *reason)
{
	site->rests = true;
	site->down_until = until;
	site->reason = *reason;
	relay_site_flush(site);
}

void relay_site_fail(
    struct relay_site *site, const struct relay_reason *reason, bool tried)
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
	site->rests = false;
	relay_window_dead(&site->window);
	site->down_until = clock_monotonic_ms() + seconds * 1000;
	site->reason = *reason;
	relay_site_flush(site);
	if (!tried)
		return;
	struct log_line line;
	log_begin(&line, settings->log, LOG_LEVEL_WARN, "relay_down");
	log_add(&line, "site", site->name);
	log_add_u64(&line, "seconds", seconds);
	log_add_string(&line, "reason", reason->text);
	log_end(&line);
}
