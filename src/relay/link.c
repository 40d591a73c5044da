// SPDX-License-Identifier: Apache-2.0
// Links. A link tries one hop after the other until a session is ready for
// mail. The session then takes the site's lots until there are none. Sessions
// call these functions from the network's threads. A link is freed when its
// session has ended or no hop is left.
#include "base/mem.h"
#include "relay/impl.h"

static void connect_next(struct relay_link *link);

static void set_reason(struct relay_link *link, enum queue_outcome outcome,
    struct enhanced_status status, struct view text)
{
	struct relay_reason *reason = &link->reason;
	reason->outcome = outcome;
	reason->status = status;
	if (outcome == QUEUE_LATER)
		reason->status.class = 4;
	snprintf(reason->text, sizeof(reason->text), "%.*s", VIEW_FMT(text));
	const char *host =
	    link->at < link->hops->count ? link->hops->hops[link->at].host : "";
	snprintf(reason->remote, sizeof(reason->remote), "%s", host);
}

// ---- Beginning and end; lock held ------------------------------------------

static void link_free(struct relay_link *link)
{
	struct relay *relay = link->relay;
	struct relay_site *site = link->site;
	if (link->previous)
		link->previous->next = link->next;
	else
		relay->links = link->next;
	if (link->next)
		link->next->previous = link->previous;
	relay->link_count--;
	site->links--;
	if (--link->hops->users == 0)
		relay_next_hops_free(&link->hops);
	free(link);
	relay_site_flush(site);
	relay_site_want_link(site);
	relay_site_release(site);
	while (relay->starving &&
	       relay->link_count < relay->settings.connections_max) {
		struct relay_site *starving = relay->starving;
		relay->starving = starving->next_starving;
		starving->starving = false;
		relay_site_want_link(starving);
	}
	if (relay->stopping)
		pthread_cond_broadcast(&relay->changed);
}

void relay_link_new(struct relay_site *site)
{
	struct relay *relay = site->relay;
	struct relay_link *link = mem_zalloc(sizeof(*link));
	link->relay = relay;
	link->site = site;
	link->hops = site->hops;
	link->hops->users++;
	link->all_refused = true;
	link->next = relay->links;
	if (link->next)
		link->next->previous = link;
	relay->links = link;
	relay->link_count++;
	site->links++;
	connect_next(link);
}

bool relay_link_wake_idle(struct relay_site *site)
{
	for (struct relay_link *link = site->relay->links; link;
	     link = link->next) {
		if (link->site != site || !link->idle)
			continue;
		link->idle = false;
		link->waker.wake(link->waker.context);
		return true;
	}
	return false;
}

// No hop is left to try.
static void give_up(struct relay_link *link)
{
	struct relay_site *site = link->site;
	if (link->relay->stopping) {
		link_free(link);
		return;
	}
	if (site->links > 1) {
		// Other links have a connection, so the server does not accept
		// more connections.
		relay_window_refused(&site->window, site->links - 1);
	} else {
		// The mail is returned only if every hop refused for good. If
		// one hop may accept mail at another time, the mail waits.
		if (!link->all_refused) {
			link->reason.outcome = QUEUE_LATER;
			link->reason.status.class = 4;
		}
		relay_site_fail(site, &link->reason);
	}
	link_free(link);
}

static void next_hop(struct relay_link *link)
{
	link->at++;
	link->plain = false;
	connect_next(link);
}

// ---- The session's owner ---------------------------------------------------

static const struct queue_recipient *recipient_of(void *lot, size_t n)
{
	return &queue_lot_recipient(lot, n)->recipient;
}

static enum rc read_lot(
    void *lot, uint64_t offset, size_t len, struct buf *ret_bytes)
{
	return queue_lot_read(lot, offset, len, ret_bytes);
}

static enum relay_client_order on_next(
    void *owner, struct relay_client_mail *ret_mail)
{
	struct relay_link *link = owner;
	struct relay *relay = link->relay;
	pthread_mutex_lock(&relay->lock);
	bool idle = link->ready;
	link->ready = true;
	link->idle = false;
	// The previous message is done, and the connection is still open.
	if (link->letters > 0) {
		link->answered = true;
		relay_site_answered(link->site);
	}
	link->lot = relay_site_take(link->site);
	bool wait = !link->lot && !relay->stopping && !relay->starving;
	link->idle = wait;
	pthread_mutex_unlock(&relay->lock);
	if (!link->lot)
		return wait ? RELAY_CLIENT_WAIT : RELAY_CLIENT_QUIT;
	if (link->letters++ == 0)
		link->kept = idle;
	*ret_mail = (struct relay_client_mail){
	    .context = link->lot,
	    .envelope = queue_lot_envelope(link->lot),
	    .size = queue_lot_size(link->lot),
	    .count = queue_lot_count(link->lot),
	    .recipient = recipient_of,
	    .read = read_lot,
	};
	return RELAY_CLIENT_MAIL;
}

static void on_done(void *owner, const struct relay_client_mail *mail,
    const struct queue_result *results, const struct relay_client_tls *tls)
{
	struct relay_link *link = owner;
	(void)mail;
	relay_outcome_settle(
	    link->relay, &link->lot, results, link->address, tls);
}

static void on_back(void *owner, const struct relay_client_mail *mail)
{
	struct relay_link *link = owner;
	(void)mail;
	queue_drop(link->relay->settings.queue, &link->lot, 0);
}

// A link that was ready has ended. The lock is held.
static void end_ready(
    struct relay_link *link, const struct relay_client_report *report)
{
	struct relay_site *site = link->site;
	bool broke = report->text.len > 0;
	// When two links in a row break at their first message, the site counts
	// as failed, so that thousands of messages do not try it in vain.
	if (broke && link->letters > 0 && !link->answered && !link->kept &&
	    ++site->fruitless > 1) {
		set_reason(link, QUEUE_LATER, report->status, report->text);
		relay_site_fail(site, &link->reason);
	}
	link_free(link);
}

static void on_ended(void *owner, const struct relay_client_report *report)
{
	struct relay_link *link = owner;
	struct relay *relay = link->relay;
	pthread_mutex_lock(&relay->lock);
	link->idle = false;
	switch (report->use) {
	case RELAY_CLIENT_READY: end_ready(link, report); break;
	case RELAY_CLIENT_STOPPED: link_free(link); break;
	case RELAY_CLIENT_TLS_BROKE:
		if (link->hops->tls != RELAY_TLS_REQUIRED && !link->plain) {
			// Without verified TLS being required, mail without TLS
			// is better than no mail (RFC 7435).
			link->plain = true;
			connect_next(link);
			break;
		}
		// Fall through.
		__attribute__((fallthrough));
	case RELAY_CLIENT_LATER:
		link->all_refused = false;
		set_reason(link, QUEUE_LATER, report->status, report->text);
		next_hop(link);
		break;
	case RELAY_CLIENT_REFUSED:
		set_reason(link, QUEUE_FAILED, report->status, report->text);
		next_hop(link);
		break;
	}
	pthread_mutex_unlock(&relay->lock);
}

static const struct relay_client_owner owner_ops = {
    .next = on_next, .done = on_done, .back = on_back, .ended = on_ended};

// ---- Connecting ------------------------------------------------------------

static enum relay_tls tls_of(const struct relay_link *link)
{
	if (!link->relay->settings.tls_client || link->plain)
		return RELAY_TLS_NONE;
	return link->hops->tls;
}

static void *on_connected(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	struct relay_link *link = context;
	struct relay *relay = link->relay;
	const struct relay_settings *settings = &relay->settings;
	pthread_mutex_lock(&relay->lock);
	const struct relay_next_hop *hop = &link->hops->hops[link->at];
	link->waker = waker;
	memcpy(link->address, peer->address, sizeof(link->address));
	struct relay_client_config config = {
	    .ops = &owner_ops,
	    .owner = link,
	    .log = settings->log,
	    .helo = settings->helo_name.ptr,
	    .host = hop->host,
	    .tls = tls_of(link),
	    .user = settings->smart_host.user.ptr,
	    .password = settings->smart_host.password.ptr,
	    .messages_max = settings->connection_messages,
	    .recipients_max = settings->transaction_recipients,
	    .idle_seconds = settings->idle_seconds,
	    .hurry = settings->hurry,
	    .dkim = settings->office->dkim,
	    .clock = settings->clock,
	};
	struct relay_client *client = relay_client_new(&config);
	pthread_mutex_unlock(&relay->lock);
	return client;
}

static void on_failed(void *context, enum net_end end, const char *why)
{
	struct relay_link *link = context;
	struct relay *relay = link->relay;
	pthread_mutex_lock(&relay->lock);
	link->all_refused = false;
	// RFC 3463 section 3.5: no answer from the host. For TLS: 4.7.5.
	set_reason(link, QUEUE_LATER,
	    end == NET_END_TLS ? ENHANCED(4, 7, 5) : ENHANCED(4, 4, 1),
	    view_of_string(why));
	if (end == NET_END_STOPPED)
		link_free(link);
	else
		next_hop(link);
	pthread_mutex_unlock(&relay->lock);
}

// The lock is held during net_connect(), which is allowed.
static MUST_CHECK enum rc begin(struct relay_link *link, struct fault *fault)
{
	struct relay *relay = link->relay;
	const struct relay_settings *settings = &relay->settings;
	const struct relay_next_hop *hop = &link->hops->hops[link->at];
	bool v6 = strchr(hop->address, ':') != NULL;
	bool required = link->hops->tls == RELAY_TLS_REQUIRED;
	struct net_connect_config config = {
	    .address = hop->address,
	    .port = hop->port,
	    .local_address =
		v6 ? settings->bind_ipv6.ptr : settings->bind_ipv4.ptr,
	    .connect_seconds = settings->connect_seconds,
	    .tls = settings->tls_client,
	    .check = required ? NET_TLS_REQUIRED : NET_TLS_OPPORTUNISTIC,
	    .implicit_tls = link->hops->implicit_tls,
	    .server_name = hop->host,
	    .ops = &relay_client_session_ops,
	    .session_new = on_connected,
	    .failed = on_failed,
	    .context = link,
	};
	return net_connect(settings->net, &config, fault);
}

static void connect_next(struct relay_link *link)
{
	struct fault fault;
	for (; link->at < link->hops->count; link->at++) {
		if (link->relay->stopping)
			break;
		if (begin(link, &fault) == RC_OK)
			return;
		link->all_refused = false;
		set_reason(link, QUEUE_LATER, ENHANCED(4, 4, 1),
		    view_of_string(fault.text));
	}
	give_up(link);
}
