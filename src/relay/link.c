// SPDX-License-Identifier: Apache-2.0
// Links. A link tries one hop after the other until a session is ready for
// mail. The session then takes the site's lots until there are none. Sessions
// call these functions from the network's threads. A link is freed when its
// session has ended or no hop is left.
//
// When there is no room for a connection to its hop, a link waits. It has no
// connection then.
#include "base/clock.h"
#include "base/mem.h"
#include "relay/impl.h"

static void go(struct relay_link *link);

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

// ---- Waiting for room; lock held -------------------------------------------

static void add_waiting(struct relay_link *link)
{
	struct relay *relay = link->relay;
	link->next_waiting = NULL;
	if (relay->waiting_last)
		relay->waiting_last->next_waiting = link;
	else
		relay->waiting = link;
	relay->waiting_last = link;
}

static void wait_for_room(struct relay_link *link)
{
	add_waiting(link);
	link->waits = true;
	link->waited = true;
	link->site->waiting = true;
}

static void stop_waiting(struct relay_link *link)
{
	struct relay *relay = link->relay;
	struct relay_link **at = &relay->waiting, *before = NULL;
	for (; *at != link; at = &(*at)->next_waiting)
		before = *at;
	*at = link->next_waiting;
	if (relay->waiting_last == link)
		relay->waiting_last = before;
	link->waits = false;
	link->site->waiting = false;
}

static struct relay_place *place_of(const struct relay_link *link)
{
	return relay_place_get(&link->relay->places,
	    link->hops->hops[link->at].address, clock_monotonic_ms());
}

// The connection of a link that begins now is for users' mail if there is any.
static bool is_for_users(const struct relay_link *link)
{
	return link->site->users.first != NULL;
}

static enum relay_room room_of(const struct relay_link *link)
{
	const struct relay_place *place = place_of(link);
	return place ? relay_place_room(
			   place, is_for_users(link), clock_monotonic_ms())
		     : RELAY_ROOM_FREE; // net_connect() will refuse it
}

// Whether links that wait need the end of this link's connection.
static bool is_in_the_way(const struct relay_link *link)
{
	for (const struct relay_link *other = link->relay->waiting; other;
	     other = other->next_waiting) {
		const struct relay_place *place = place_of(other);
		if (place && relay_place_blocks(link->place, place))
			return true;
	}
	return false;
}

// Ends a connection that is idle and that the link, which waits, needs the end
// of.
static void end_an_idle_link(const struct relay_link *waiting)
{
	const struct relay_place *place = place_of(waiting);
	for (struct relay_link *link = waiting->relay->links; link;
	     link = link->next) {
		if (!link->idle || !place ||
		    !relay_place_blocks(link->place, place))
			continue;
		link->waker.wake(link->waker.context);
		return;
	}
}

// The link that waits and has room now; of several that with the lowest rank.
static struct relay_link *next_to_go(struct relay *relay)
{
	struct relay_link *best = NULL;
	int64_t best_rank = INT64_MAX;
	for (struct relay_link *link = relay->waiting; link;
	     link = link->next_waiting) {
		int64_t rank = relay_site_rank(link->site);
		if ((!best || rank < best_rank) &&
		    room_of(link) == RELAY_ROOM_FREE) {
			best = link;
			best_rank = rank;
		}
	}
	return best;
}

static void link_free(struct relay_link *link);

// Moves the links on that need not wait any more: the hop is dead, or others
// have sent the site's mail. There may be a thousand of them at once.
static void move_on(struct relay *relay)
{
	struct relay_link *link = relay->waiting, *next;
	relay->waiting = relay->waiting_last = NULL;
	for (; link; link = next) {
		next = link->next_waiting;
		bool mail = relay_site_has_mail(link->site);
		if (mail && room_of(link) != RELAY_ROOM_DEAD) {
			add_waiting(link);
			continue;
		}
		link->waits = false;
		link->site->waiting = false;
		if (mail)
			go(link);
		else
			link_free(link);
	}
}

void relay_link_dispatch(struct relay *relay)
{
	struct relay_link *link;
	if (relay->dispatching)
		return; // what happens meanwhile is seen below
	relay->dispatching = true;
	move_on(relay);
	while (!relay->stopping && (link = next_to_go(relay))) {
		stop_waiting(link);
		go(link);
		move_on(relay);
	}
	relay->dispatching = false;
}

void relay_link_stop_waiting(struct relay *relay)
{
	while (relay->waiting)
		link_free(relay->waiting);
}

// ---- Connections as they are counted; lock held ----------------------------

static void enter(struct relay_link *link, struct relay_place *place)
{
	link->place = place;
	link->users = is_for_users(link);
	relay_place_enter(place, link->users);
}

// Returns the place. It may be used until the next place is asked for.
static struct relay_place *leave(struct relay_link *link)
{
	struct relay_place *place = link->place;
	relay_place_leave(place, link->users, link->greeted);
	link->place = NULL;
	link->greeted = false;
	return place;
}

bool relay_link_turn(struct relay_link *link, bool users)
{
	if (link->users == users)
		return true;
	if (!relay_place_turn(link->place, users))
		return false;
	link->users = users;
	if (users)
		relay_link_dispatch(link->relay); // there is room for others
	return true;
}

static void log_dead(
    const struct relay_link *link, uint32_t seconds, const char *why)
{
	struct log_line line;
	if (seconds == 0)
		return;
	log_begin(&line, link->relay->settings.log, LOG_LEVEL_WARN,
	    "relay_address_down");
	log_add_string(&line, "address", link->hops->hops[link->at].address);
	log_add_string(&line, "host", link->hops->hops[link->at].host);
	log_add_u64(&line, "seconds", seconds);
	log_add_string(&line, "reason", why);
	log_end(&line);
}

// ---- Beginning and end; lock held ------------------------------------------

static void link_free(struct relay_link *link)
{
	struct relay *relay = link->relay;
	struct relay_site *site = link->site;
	if (link->place)
		leave(link);
	if (link->waits)
		stop_waiting(link);
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
	relay_link_dispatch(relay);
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
	go(link);
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
	} else if (!link->tried && !link->waited) {
		relay_site_rest(site, link->dead_until, &link->reason);
	} else {
		// The mail is returned only if every hop refused for good. If
		// one hop may accept mail at another time, the mail waits.
		if (!link->all_refused) {
			link->reason.outcome = QUEUE_LATER;
			link->reason.status.class = 4;
		}
		relay_site_fail(site, &link->reason, link->tried);
	}
	link_free(link);
}

static void next_hop(struct relay_link *link)
{
	struct relay *relay = link->relay;
	link->at++;
	link->plain = false;
	go(link); // may free the link
	relay_link_dispatch(relay);
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

static void on_greeted(void *owner)
{
	struct relay_link *link = owner;
	struct relay *relay = link->relay;
	pthread_mutex_lock(&relay->lock);
	link->greeted = true;
	relay_place_greeted(link->place);
	relay_link_dispatch(relay);
	pthread_mutex_unlock(&relay->lock);
}

// The previous message is done, and the connection is still open.
static void note_answer(struct relay_link *link)
{
	unsigned before = link->place->window.size;
	link->answered = true;
	relay_site_answered(link->site);
	relay_place_answered(link->place);
	if (link->place->window.size > before)
		relay_link_dispatch(link->relay);
}

// Whether a link that got no lot stays open. Where there is mail that it may
// not take, another link has to take it.
static bool may_idle(struct relay_link *link)
{
	if (link->relay->stopping)
		return false;
	if (relay_site_has_mail(link->site)) {
		relay_site_want_link(link->site);
		return false;
	}
	relay_link_turn(link, true); // it takes no room from others
	return !is_in_the_way(link);
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
	if (link->letters > 0)
		note_answer(link);
	link->lot = relay_site_take(link);
	bool wait = !link->lot && may_idle(link);
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
	struct relay_place *place = leave(link);
	bool broke = report->text.len > 0;
	char why[RELAY_PLACE_TEXT_MAX];
	if (report->slow) {
		snprintf(why, sizeof(why), "%.*s", VIEW_FMT(report->text));
		log_dead(link,
		    relay_place_stalled(
			place, clock_monotonic_ms(), report->status, why),
		    why);
	}
	// When two links in a row break at their first message, the site counts
	// as failed, so that thousands of messages do not try it in vain.
	if (broke && link->letters > 0 && !link->answered && !link->kept &&
	    ++site->fruitless > 1) {
		set_reason(link, QUEUE_LATER, report->status, report->text);
		relay_site_fail(site, &link->reason, true);
	}
	link_free(link);
}

// The server did not answer, so its address is dead for a while. That is known
// to all sites.
static void note_failure(struct relay_link *link, struct relay_place *place)
{
	const struct relay_reason *reason = &link->reason;
	log_dead(link,
	    relay_place_failed(
		place, clock_monotonic_ms(), reason->status, reason->text),
	    reason->text);
}

// The session ended before it was ready.
static void end_early(
    struct relay_link *link, const struct relay_client_report *report)
{
	bool dead = report->slow || !link->greeted;
	struct relay_place *place = leave(link);
	bool refused = report->use == RELAY_CLIENT_REFUSED;
	bool tls_broke = report->use == RELAY_CLIENT_TLS_BROKE;
	if (tls_broke && link->hops->tls != RELAY_TLS_REQUIRED &&
	    !link->plain) {
		// Without verified TLS being required, mail without TLS is
		// better than no mail (RFC 7435).
		link->plain = true;
		go(link);
		return;
	}
	link->all_refused &= refused;
	set_reason(link, refused ? QUEUE_FAILED : QUEUE_LATER, report->status,
	    report->text);
	if (dead && !refused && !tls_broke)
		note_failure(link, place);
	next_hop(link);
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
	case RELAY_CLIENT_LATER:
	case RELAY_CLIENT_REFUSED: end_early(link, report); break;
	}
	pthread_mutex_unlock(&relay->lock);
}

static const struct relay_client_owner owner_ops = {.greeted = on_greeted,
    .next = on_next,
    .done = on_done,
    .back = on_back,
    .ended = on_ended};

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
	struct relay_patience patience = relay_place_patience(link->place);
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
	    .greeting_seconds = patience.greeting,
	    .hello_seconds = patience.hello,
	    .letter_seconds = patience.letter,
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
	struct relay_place *place = leave(link);
	link->all_refused = false;
	// RFC 3463 section 3.5: no answer from the host. For TLS: 4.7.5.
	set_reason(link, QUEUE_LATER,
	    end == NET_END_TLS ? ENHANCED(4, 7, 5) : ENHANCED(4, 4, 1),
	    view_of_string(why));
	if (end == NET_END_REFUSED || end == NET_END_TIMEOUT)
		note_failure(link, place);
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

// The address of the hop is known to be dead.
static void pass_over(struct relay_link *link, const struct relay_place *place)
{
	link->all_refused = false;
	if (link->dead_until == 0 || place->dead_until < link->dead_until)
		link->dead_until = place->dead_until;
	set_reason(
	    link, QUEUE_LATER, place->status, view_of_string(place->text));
}

// Begins a connection to the hop. Returns false when that is not possible.
static bool try_hop(struct relay_link *link, struct relay_place *place)
{
	struct fault fault;
	link->tried = true;
	enter(link, place);
	enum rc rc = begin(link, &fault);
	if (rc == RC_OK)
		return true;
	leave(link);
	link->all_refused = false;
	if (rc_is_internal(rc))
		log_text(link->relay->settings.log, LOG_LEVEL_ERROR, "relay",
		    "cannot open a connection: %s", fault.text);
	// The sender may read this in a report.
	set_reason(link, QUEUE_LATER, ENHANCED(4, 4, 1),
	    view_of_string(fault_public_text(&fault, rc)));
	return false;
}

// Tries the hops, from the one at which the link is, until a connection has
// begun or the link has to wait. When no hop is left, the link is freed.
static void go(struct relay_link *link)
{
	for (; link->at < link->hops->count; link->at++) {
		struct relay_place *place = place_of(link);
		if (link->relay->stopping)
			break;
		if (!place)
			continue; // addresses of records and literals are
				  // numeric
		switch (relay_place_room(
		    place, is_for_users(link), clock_monotonic_ms())) {
		case RELAY_ROOM_DEAD: pass_over(link, place); break;
		case RELAY_ROOM_FULL:
			wait_for_room(link);
			end_an_idle_link(link);
			return;
		case RELAY_ROOM_FREE:
			if (try_hop(link, place))
				return;
		}
	}
	give_up(link);
}
