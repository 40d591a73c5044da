// SPDX-License-Identifier: Apache-2.0
// Explains to a person where mail for a domain would go.
#include "relay/impl.h"
#include "wire/domain_name.h"

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t ready;
	struct relay_next_hops *hops;
};

static void found(void *context, struct relay_next_hops *hops)
{
	struct wait *wait = context;
	pthread_mutex_lock(&wait->lock);
	wait->hops = hops;
	pthread_cond_signal(&wait->ready);
	pthread_mutex_unlock(&wait->lock);
}

static struct relay_next_hops *find(struct relay *relay, struct view domain)
{
	struct wait wait = {.lock = PTHREAD_MUTEX_INITIALIZER,
	    .ready = PTHREAD_COND_INITIALIZER};
	relay_next_hop_find(&relay->rules, domain, false, found, &wait);
	pthread_mutex_lock(&wait.lock);
	while (!wait.hops)
		pthread_cond_wait(&wait.ready, &wait.lock);
	pthread_mutex_unlock(&wait.lock);
	pthread_mutex_destroy(&wait.lock);
	pthread_cond_destroy(&wait.ready);
	return wait.hops;
}

static const char *tls_text(const struct relay_next_hops *hops)
{
	switch (hops->tls) {
	case RELAY_TLS_DEFAULT:
	case RELAY_TLS_NONE: return "without TLS";
	case RELAY_TLS_OPPORTUNISTIC: return "TLS when offered";
	case RELAY_TLS_REQUIRED:
		return hops->implicit_tls ? "TLS from the first byte, verified"
					  : "verified TLS required";
	}
	return "";
}

static void add_hops(
    struct relay *relay, const struct relay_next_hops *hops, struct buf *out)
{
	for (size_t i = 0; i < hops->count; i++) {
		const struct relay_next_hop *hop = &hops->hops[i];
		buf_printf(out, "%zu. %s", i + 1, hop->host);
		if (!relay->rules.smart_host)
			buf_printf(out, " (preference %u)", hop->preference);
		buf_printf(out, " at %s port %u\n", hop->address, hop->port);
	}
	buf_printf(out, "%s\n", tls_text(hops));
}

// Adds what the relay knows about these servers from its attempts.
static void add_health(
    struct relay *relay, const struct relay_next_hops *hops, struct buf *out)
{
	pthread_mutex_lock(&relay->lock);
	const struct relay_site *site = map_get(&relay->sites, hops->site);
	if (site && site->failures > 0)
		buf_printf(
		    out, "did not answer lately: %s\n", site->reason.text);
	if (site && site->links > 0)
		buf_printf(out, "connections now: %u\n", site->links);
	pthread_mutex_unlock(&relay->lock);
}

bool relay_is_off(struct relay *relay, struct view domain)
{
	bool local = false;
	if (!relay->settings.no_remote || domain.len == 0)
		return false;
	return route_is_local_domain(
		   relay->settings.office->route, domain, &local) == RC_OK &&
	       !local;
}

static enum relay_way explain_hops(
    struct relay *relay, struct view domain, struct buf *out)
{
	enum relay_way way = RELAY_WAY_FOUND;
	struct relay_next_hops *hops = find(relay, domain);
	if (relay->settings.no_remote)
		buf_add_literal(out, "mail for other domains is not sent "
				     "(relay = no): it waits in the "
				     "queue\n");
	if (relay->rules.smart_host)
		buf_printf(out, "all mail for other domains goes to %s\n",
		    relay->rules.smart_host);
	if (hops->found == RELAY_NEXT_HOP_FOUND) {
		add_hops(relay, hops, out);
		add_health(relay, hops, out);
	} else {
		bool later = hops->found == RELAY_NEXT_HOP_LATER;
		way = later ? RELAY_WAY_LATER : RELAY_WAY_NOWHERE;
		buf_printf(
		    out, "%s: %s\n", later ? "not now" : "nowhere", hops->text);
	}
	relay_next_hops_free(&hops);
	return way;
}

enum relay_way relay_explain(
    struct relay *relay, struct view domain, struct buf *out)
{
	struct arena arena;
	bool local = false;
	arena_init(&arena);
	// An address literal is not a domain name.
	if (!view_starts_with(domain, VIEW("[")) &&
	    domain_name_to_ascii(
		&arena, domain, DOMAIN_NAME_UNDERSCORE, &domain) != RC_OK) {
		buf_printf(
		    out, "%.*s is not a domain name\n", VIEW_FMT(domain));
		arena_done(&arena);
		return RELAY_WAY_NOWHERE;
	}
	enum rc rc = route_is_local_domain(
	    relay->settings.office->route, domain, &local);
	enum relay_way way = RELAY_WAY_FOUND;
	if (rc == RC_OK && local)
		buf_printf(out,
		    "%.*s is one of our domains: its mail is delivered here\n",
		    VIEW_FMT(domain));
	else
		way = explain_hops(relay, domain, out);
	arena_done(&arena);
	return way;
}
