// SPDX-License-Identifier: Apache-2.0
// Listeners, limits, start and stop.
#include "net/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/server_state.h"

#define DEFAULT_THREADS     16
#define DEFAULT_HANDSHAKE_S 30
#define DEFAULT_STALL_S     300
#define THREADS_MAX         1024

// The resolution of all timeouts. A listener rests for this long when the
// system has no more descriptors.
#define TICK_MS 250

// How often refusals for the same reason are logged.
#define REFUSAL_LOG_MS 60000

// After this many accepted connections others have their turn.
#define ACCEPT_BATCH 64

// Indexes from here on are listeners; smaller ones are connections.
#define LISTENER_INDEX (1u << 31)

static uint32_t or_default(uint32_t value, uint32_t otherwise, uint32_t max)
{
	uint32_t chosen = value ? value : otherwise;
	return chosen < max ? chosen : max;
}

// ---- Counting ----

static bool has_memory(const struct listener *listener)
{
	enum budget_stage stage = budget_stage(listener->server->config.budget);
	switch (listener->config.door) {
	case NET_DOOR_SERVERS:
	case NET_DOOR_WEB: return stage < BUDGET_NO_STRANGERS;
	case NET_DOOR_USERS: return stage < BUDGET_SHED;
	case NET_DOOR_TRUSTED: break;
	}
	return stage < BUDGET_LAST;
}

// Counts one more connection, unless a limit forbids it.
static enum admission_refusal admit(
    struct listener *listener, const struct address *peer)
{
	struct net_server *server = listener->server;
	uint32_t max = listener->config.max_connections;
	enum admission_refusal refusal = ADMISSION_FULL_LISTENER;
	if (!has_memory(listener))
		return ADMISSION_MEMORY;
	pthread_mutex_lock(&server->lock);
	if (max == 0 || listener->count < max)
		refusal = admission_admit(&server->admission,
		    admission_place(listener->config.door, false), peer);
	if (refusal == ADMISSION_ALLOWED) {
		listener->count++;
		server->open++;
	}
	pthread_mutex_unlock(&server->lock);
	return refusal;
}

static void dismiss(
    struct listener *listener, const struct address *peer, bool known)
{
	struct net_server *server = listener->server;
	pthread_mutex_lock(&server->lock);
	admission_dismiss(&server->admission,
	    admission_place(listener->config.door, known), peer);
	listener->count--;
	server->open--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

static void on_known(struct connection_host *host, const struct address *peer,
    const struct net_listener_config *config, bool known)
{
	struct net_server *server = (struct net_server *)host;
	pthread_mutex_lock(&server->lock);
	admission_move(&server->admission,
	    admission_place(config->door, !known),
	    admission_place(config->door, known), peer);
	pthread_mutex_unlock(&server->lock);
}

static void on_leaving(struct connection_host *host)
{
	struct net_server *server = (struct net_server *)host;
	pthread_mutex_lock(&server->lock);
	server->admission.outgoing--;
	pthread_mutex_unlock(&server->lock);
}

static void on_closed(struct connection_host *host, const struct address *peer,
    const struct net_listener_config *config, bool known)
{
	struct net_server *server = (struct net_server *)host;
	for (uint32_t i = 0; config && i < server->listener_count; i++)
		if (&server->listeners[i].config == config) {
			dismiss(&server->listeners[i], peer, known);
			return;
		}
	pthread_mutex_lock(&server->lock);
	server->open--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

// ---- Accepting ----

// How many refusals for this reason the line that is due now reports; 0: no
// line is due.
static uint64_t count_refusal(
    struct net_server *server, enum admission_refusal refusal)
{
	struct refusals *refusals = &server->refusals;
	uint64_t now = clock_monotonic_ms();
	uint64_t count = 0;
	pthread_mutex_lock(&server->lock);
	refusals->more[refusal]++;
	if (now >= refusals->next_ms[refusal]) {
		count = refusals->more[refusal];
		refusals->more[refusal] = 0;
		refusals->next_ms[refusal] = now + REFUSAL_LOG_MS;
	}
	pthread_mutex_unlock(&server->lock);
	return count;
}

static void log_refusal(const struct listener *listener,
    const struct address *peer, enum admission_refusal refusal)
{
	uint64_t count = count_refusal(listener->server, refusal);
	if (count == 0)
		return;
	char text[64];
	address_format(peer, text, sizeof(text));
	struct log_line line;
	log_begin(&line, listener->server->host.log, LOG_LEVEL_WARN, "refused");
	log_add_string(&line, "protocol", listener->config.ops->protocol);
	log_add_string(&line, "peer", text);
	log_add_string(&line, "reason", admission_reason(refusal));
	log_add_u64(&line, "count", count);
	log_end(&line);
}

static void refuse(struct listener *listener, int fd,
    const struct address *peer, enum admission_refusal refusal)
{
	bool own = refusal == ADMISSION_ADDRESS || refusal == ADMISSION_NETWORK;
	struct view words =
	    own ? listener->config.refusal : listener->config.busy;
	atomic_fetch_add(&listener->server->refused, 1);
	if (words.len && !listener->config.implicit_tls)
		(void)!send(
		    fd, words.ptr, words.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	log_refusal(listener, peer, refusal);
}

// A peer that has vanished without a word (its network is gone, it lost power)
// is found by what is sent to it and never acknowledged. Without a limit the
// kernel tries for a quarter of an hour.
static void set_options(int fd, uint32_t stall_ms)
{
	int one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(
	    fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stall_ms, sizeof(stall_ms));
}

static void welcome(
    struct listener *listener, int fd, const struct sockaddr_storage *from)
{
	struct net_server *server = listener->server;
	struct address peer = address_of(from);
	enum admission_refusal refusal = admit(listener, &peer);
	if (refusal != ADMISSION_ALLOWED) {
		refuse(listener, fd, &peer, refusal);
		return;
	}
	struct connection *connection = slots_take(server->host.slots);
	if (!connection) {
		refuse(listener, fd, &peer, ADMISSION_FULL);
		dismiss(listener, &peer, false);
		return;
	}
	if (!peer.is_unix)
		set_options(fd, server->host.stall_ms);
	atomic_fetch_add(&server->accepted, 1);
	connection_open(
	    connection, &server->host, &listener->config, fd, &peer);
}

// The system has no more descriptors or memory. The listener rests until the
// next tick, and clients wait in the kernel's queue.
static void rest(struct listener *listener, int error)
{
	atomic_store(&listener->paused, true);
	log_text(listener->server->host.log, LOG_LEVEL_ERROR, "accept_paused",
	    "cannot accept connections for now: %s", strerror(error));
}

static enum reactor_verdict close_listener(struct listener *listener)
{
	struct net_server *server = listener->server;
	close(listener->config.fd);
	reactor_task_end(&listener->task);
	pthread_mutex_lock(&server->lock);
	listener->open = false;
	server->open_listeners--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	return REACTOR_GONE;
}

static enum reactor_verdict listener_run(
    struct reactor_task *task, struct reactor_thread *thread, uint32_t posted)
{
	struct listener *listener = (struct listener *)task;
	(void)thread;
	if (posted & (REACTOR_STOP | REACTOR_KILL))
		return close_listener(listener);
	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof(from);
		int fd = accept4(listener->config.fd, (void *)&from, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			welcome(listener, fd, &from);
			continue;
		}
		switch (errno) {
		case EAGAIN: return REACTOR_IDLE;
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM: rest(listener, errno); return REACTOR_IDLE;
		default:
			break; // only this one connection has failed
			       // (accept(2))
		}
	}
	return REACTOR_AGAIN;
}

// ---- Called by the reactor -------------------------------------------------

static struct reactor_task *find_task(void *context, uint32_t index)
{
	struct net_server *server = context;
	if (index >= LISTENER_INDEX)
		return &server->listeners[index - LISTENER_INDEX].task;
	struct connection *connection = slots_at(server->host.slots, index);
	return connection ? &connection->task : NULL;
}

static void on_tick(void *context)
{
	struct net_server *server = context;
	slots_expire(server->host.slots, server->host.reactor);
	for (uint32_t i = 0; i < server->listener_count; i++) {
		struct listener *listener = &server->listeners[i];
		if (atomic_exchange(&listener->paused, false))
			reactor_post(
			    server->host.reactor, &listener->task, REACTOR_IN);
	}
}

// ---- Life ----

struct net_server *net_server_new(const struct net_server_config *config)
{
	struct net_server *server = mem_zalloc(sizeof(*server));
	server->config = *config;
	server->config.threads =
	    or_default(config->threads, DEFAULT_THREADS, THREADS_MAX);
	server->host = (struct connection_host){
	    .log = config->log,
	    .handshake_ms = 1000 * or_default(config->handshake_seconds,
				       DEFAULT_HANDSHAKE_S, 86400),
	    .stall_ms = 1000 * or_default(config->stall_seconds,
				   DEFAULT_STALL_S, 86400),
	    .budget = config->budget,
	    .leaving = on_leaving,
	    .known = on_known,
	    .closed = on_closed,
	};
	pthread_mutex_init(&server->lock, NULL);
	thread_cond_init(&server->changed);
	admission_init(&server->admission, config);
	return server;
}

enum rc net_server_listen(struct net_server *server,
    const struct net_listener_config *config, struct fault *fault)
{
	enum rc rc = RC_OK;
	if (server->started)
		rc = fault_set(fault, RC_INVALID, "the server has started");
	else if (server->listener_count == LISTENERS_MAX)
		rc = fault_set(
		    fault, RC_LIMIT, "more than %d listeners", LISTENERS_MAX);
	else if (config->implicit_tls && !config->tls)
		rc = fault_set(fault, RC_INVALID,
		    "TLS is asked for, but there is no certificate");
	if (rc != RC_OK) {
		close(config->fd);
		return rc;
	}
	uint32_t index = server->listener_count++;
	struct listener *listener = &server->listeners[index];
	listener->server = server;
	listener->config = *config;
	listener->open = true;
	listener->task.run = listener_run;
	listener->task.index = LISTENER_INDEX + index;
	server->open_listeners++;
	return RC_OK;
}

static enum rc start_listener(struct listener *listener, struct fault *fault)
{
	struct reactor *reactor = listener->server->host.reactor;
	if (listen(listener->config.fd, SOMAXCONN) != 0)
		return fault_set(fault, errno == EADDRINUSE ? RC_IN_USE : RC_IO,
		    "cannot listen: %s", strerror(errno));
	reactor_task_begin(&listener->task);
	enum rc rc =
	    reactor_watch(reactor, &listener->task, listener->config.fd);
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot wait for connections");
	reactor_push(reactor, &listener->task, true);
	return RC_OK;
}

static void set_connectable(struct net_server *server, bool connectable)
{
	pthread_mutex_lock(&server->lock);
	server->connectable = connectable;
	pthread_mutex_unlock(&server->lock);
}

enum rc net_server_start(struct net_server *server, struct fault *fault)
{
	struct reactor_config config = {
	    .threads = server->config.threads,
	    .tick_ms = TICK_MS,
	    .find = find_task,
	    .tick = on_tick,
	    .context = server,
	    .output_max = NET_OUTPUT_MAX,
	};
	if (server->started)
		return fault_set(fault, RC_INVALID, "the server has started");
	enum rc rc = reactor_new(&config, &server->host.reactor, fault);
	if (rc != RC_OK)
		return rc;
	// Twice max_outgoing, because connections that have told their end
	// still linger.
	server->host.slots = slots_new(server->admission.max_connections +
				       2 * server->admission.max_outgoing);
	for (uint32_t i = 0; i < server->listener_count && rc == RC_OK; i++)
		rc = start_listener(&server->listeners[i], fault);
	if (rc == RC_OK)
		rc = reactor_start(server->host.reactor, fault);
	if (rc == RC_OK) {
		server->started = true;
		set_connectable(server, true);
		return RC_OK;
	}
	reactor_free(&server->host.reactor);
	slots_free(&server->host.slots);
	return rc;
}

// Waits until *count is 0, or until a given moment. Returns whether it is 0.
static bool wait_closed(struct net_server *server, const uint32_t *count,
    const struct timespec *until)
{
	int status = 0;
	pthread_mutex_lock(&server->lock);
	while (*count > 0 && status == 0)
		status =
		    until ? pthread_cond_timedwait(
				&server->changed, &server->lock, until)
			  : pthread_cond_wait(&server->changed, &server->lock);
	bool closed = *count == 0;
	pthread_mutex_unlock(&server->lock);
	return closed;
}

void net_server_stop(struct net_server *server, uint32_t seconds)
{
	if (!server->started)
		return;
	struct reactor *reactor = server->host.reactor;
	struct timespec until = thread_deadline(1000ull * seconds);
	for (uint32_t i = 0; i < server->listener_count; i++)
		reactor_post(reactor, &server->listeners[i].task, REACTOR_STOP);
	set_connectable(server, false);
	wait_closed(server, &server->connecting, NULL);
	wait_closed(server, &server->open_listeners, NULL);
	// From here on there are no new connections.
	slots_post(server->host.slots, reactor, REACTOR_STOP);
	if (!wait_closed(server, &server->open, &until)) {
		slots_post(server->host.slots, reactor, REACTOR_KILL);
		wait_closed(server, &server->open, NULL);
	}
	reactor_free(&server->host.reactor);
	slots_free(&server->host.slots);
	server->started = false;
}

void net_server_free(struct net_server **server)
{
	struct net_server *gone = *server;
	if (!gone)
		return;
	*server = NULL;
	net_server_stop(gone, 0);
	for (uint32_t i = 0; i < gone->listener_count; i++)
		if (gone->listeners[i].open)
			close(gone->listeners[i].config.fd);
	admission_done(&gone->admission);
	pthread_cond_destroy(&gone->changed);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

struct net_server_stats net_server_stats(struct net_server *server)
{
	struct net_server_stats stats = {
	    .accepted = atomic_load(&server->accepted),
	    .refused = atomic_load(&server->refused),
	};
	pthread_mutex_lock(&server->lock);
	stats.open = server->admission.open;
	stats.servers = server->admission.taken[ADMISSION_SERVER];
	stats.strangers = server->admission.taken[ADMISSION_STRANGER];
	stats.visitors = server->admission.taken[ADMISSION_VISITOR];
	stats.outgoing = server->admission.outgoing;
	pthread_mutex_unlock(&server->lock);
	return stats;
}
