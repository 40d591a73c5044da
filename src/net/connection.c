// SPDX-License-Identifier: Apache-2.0
// The state machine of a connection. A run goes from step to step until it has
// to wait for the peer, for more input, or for its turn. Only the thread that
// runs the connection touches it; other threads post news (reactor.h).
#include "net/connection.h"

#include "base/budget.h"
#include "base/clock.h"
#include "net/connection_input.h"
#include "net/connection_step.h"

// After this many steps (about as many reads), or a slice of time, a run lets
// others have their turn. The first steps, which are all that most runs have,
// do not look at the clock.
#define RUN_STEPS       64
#define RUN_STEPS_FIRST 3

// How long the connection stays open after its last words, so that the peer can
// read them. Closing at once could lose them: when the peer is still sending,
// the kernel then answers with a reset.
#define LINGER_MS  2000
#define LINGER_MAX ((size_t)4 * 1024 * 1024)

// How long the last words may take to be sent.
#define BYE_MS 10000

// The longest timeout that slots_set_deadline() can tell from a time in the
// past.
#define TIMEOUT_MAX_S (20u * 24 * 60 * 60)

// How many reads are made for what the peer said before it broke the
// connection.
#define HEAR_READS 16

// How many bytes of plaintext may follow STARTTLS before the handshake. More
// than this is an attack, and the rest is not read.
#define INJECTION_MAX ((size_t)256 * 1024)

// The output buffer of a slow reader is made smaller when it uses less than
// this part of it.
#define SHRINK_FACTOR 4

const struct net_session_ops *connection_ops(
    const struct connection *connection)
{
	return connection->listener->ops;
}

void connection_conclude(
    struct connection *connection, enum net_end end, const char *reason)
{
	if (connection->reason)
		return;
	connection->reason = reason;
	connection->end = (uint8_t)end;
}

enum progress connection_die(
    struct connection *connection, enum net_end end, const char *reason)
{
	connection_conclude(connection, end, reason);
	connection->phase = CONNECTION_DEAD;
	return GO_ON;
}

void connection_begin_line(const struct connection *connection,
    struct log_line *line, enum log_level level, const char *event)
{
	log_begin(line, connection->host->log, level, event);
	log_add_u64(line, "session", connection->session_id);
	log_add_string(line, "protocol", connection_ops(connection)->protocol);
}

// ---- Output ----

static bool is_sending(const struct connection *connection)
{
	return connection->out.len > 0 ||
	       transport_is_sending(&connection->transport);
}

static size_t backlog_of(const struct connection *connection)
{
	return connection->out.len - connection->out_sent +
	       connection->transport.wire.len;
}

// Sends output, as much as the peer accepts.
static enum io flush(struct connection *connection)
{
	if (!is_sending(connection))
		return IO_OK;
	struct view rest =
	    view_from(buf_view(&connection->out), connection->out_sent);
	uint64_t before = connection->transport.bytes_out;
	size_t taken;
	enum io io = transport_send(&connection->transport, rest, &taken);
	connection->out_sent += taken;
	if (connection->out_sent == connection->out.len) {
		buf_reset(&connection->out);
		connection->out_sent = 0;
	}
	bool moved = connection->transport.bytes_out != before;
	if (moved || !connection->blocked)
		connection->moved_ms = clock_coarse_ms();
	// When the peer accepts output for which it was waited, that counts as
	// activity. On an outgoing connection all output counts: the peer has
	// its full time to answer, however long both sides were silent before
	// (RFC 5321 section 4.5.3.2).
	if (moved && (connection->blocked || connection->outgoing))
		connection->active_ms = connection->moved_ms;
	connection->blocked = io == IO_BLOCKED;
	return io;
}

// ---- The session's calls ----

// Drops the bytes that came before the handshake. A man in the middle may have
// sent them. They must reach neither the session, where they would seem to have
// come under TLS, nor the handshake (RFC 3501 section 6.2.1, RFC 3207 section
// 6). They are dropped before the reply is sent, because an honest client sends
// nothing until it has the reply.
static void drop_injected(struct connection *connection)
{
	size_t unread = connection->in_len;
	size_t waiting = 0;
	connection_input_drop(connection);
	switch (transport_discard(
	    &connection->transport, INJECTION_MAX, &waiting)) {
	case IO_BLOCKED: break;
	case IO_OK:
		connection_die(
		    connection, NET_END_LOST, "plaintext after STARTTLS");
		break;
	case IO_EOF:
		connection_die(connection, NET_END_PEER, "closed by the peer");
		break;
	case IO_FAILED:
		connection_die(connection, NET_END_LOST, "connection lost");
		break;
	}
	if (unread + waiting == 0)
		return;
	struct log_line line;
	connection_begin_line(
	    connection, &line, LOG_LEVEL_WARN, "starttls_injection");
	log_add_u64(&line, "discarded", unread + waiting);
	log_end(&line);
}

enum progress connection_after_call(
    struct connection *connection, enum net_next next)
{
	if (buf_status(&connection->out) != RC_OK)
		return connection_die(
		    connection, NET_END_LOST, "too much output");
	if (next == NET_WAIT && connection->next != NET_WAIT)
		connection->active_ms = clock_monotonic_ms();
	connection->next = (uint8_t)next;
	if (next == NET_PAUSE)
		connection->paused_ms =
		    clock_monotonic_ms() +
		    connection_ops(connection)->pause_ms(connection->session);
	if (next == NET_START_TLS)
		drop_injected(connection);
	return GO_ON;
}

static enum progress call_input(
    struct connection *connection, struct view unread)
{
	size_t consumed = 0;
	enum net_next next = connection_ops(connection)
				 ->input(connection->session, unread,
				     &connection->out, &consumed);
	connection_input_keep(connection, unread, consumed);
	// There is no output that could carry the acknowledgement, so it is
	// sent now. A client that sends a command in parts may hold back the
	// next part until it gets the acknowledgement (RFC 896), and the kernel
	// would wait 40 ms.
	if (next == NET_READ && connection->out.len == 0)
		transport_acknowledge(&connection->transport);
	connection->unseen = connection->in_len > 0 && next != NET_READ;
	return connection_after_call(connection, next);
}

// ---- The end ----

// Tells the session and the server, once, that the connection has ended.
static void end_session(struct connection *connection)
{
	const struct net_session_ops *ops = connection_ops(connection);
	struct outgoing *outgoing = connection->outgoing;
	enum net_end end = (enum net_end)connection->end;
	void *session = connection->session;
	connection->session = NULL;
	if (outgoing && !outgoing->left)
		connection->host->leaving(connection->host);
	if (outgoing)
		outgoing->left = true;
	if (session && ops->ended)
		ops->ended(session, end, connection->reason);
	if (session)
		ops->free(session);
	if (!outgoing || outgoing->told)
		return;
	outgoing->told = true;
	outgoing->failed(outgoing->shape.context, end, connection->reason);
}

enum progress connection_linger(struct connection *connection)
{
	transport_shut_down(&connection->transport);
	end_session(connection);
	connection_input_drop(connection);
	if (connection->transport.eof)
		return connection_die(
		    connection, NET_END_PEER, "closed by the peer");
	connection->phase = CONNECTION_LINGER;
	connection->active_ms = clock_monotonic_ms();
	return GO_ON;
}

static void last_words(struct connection *connection, enum net_end end,
    const char *reason, void (*say)(void *session, struct buf *out))
{
	say(connection->session, &connection->out);
	connection_conclude(connection, end, reason);
	connection->phase = CONNECTION_BYE;
	if (buf_status(&connection->out) != RC_OK)
		connection_die(connection, end, reason);
}

// ---- The steps, one for each phase -----------------------------------------

static enum progress call_wake(struct connection *connection)
{
	connection->woken = false;
	enum net_next next = connection_ops(connection)
				 ->wake(connection->session, &connection->out);
	// The peer's time begins when it no longer waits for us.
	if (connection->next == NET_WAIT && next != NET_WAIT)
		connection->active_ms = clock_monotonic_ms();
	// The session may have left input that it can accept now.
	connection->unseen = connection->in_len > 0;
	return connection_after_call(connection, next);
}

// Reads at most `max` bytes. GO_ON: bytes were read; otherwise the connection
// waits or ends.
static enum progress read_more(struct connection *connection,
    struct reactor_thread *thread, size_t max, struct view *ret_unread)
{
	*ret_unread = VIEW("");
	switch (connection_input_read(connection, thread, max, ret_unread)) {
	case IO_OK: return GO_ON;
	case IO_BLOCKED: return WAIT;
	case IO_EOF:
		// A peer that has closed its side may still be reading.
		connection_conclude(
		    connection, NET_END_PEER, "closed by the peer");
		connection->next = NET_CLOSE;
		return GO_ON;
	case IO_FAILED: break;
	}
	return connection_die(connection, NET_END_LOST, "connection lost");
}

static enum progress step_read(
    struct connection *connection, struct reactor_thread *thread)
{
	struct view unread;
	if (backlog_of(connection) >= NET_OUTPUT_HIGH)
		return WAIT; // blocked: an edge will follow
	if (connection->woken)
		return call_wake(connection);
	if (connection->unseen)
		return call_input(
		    connection, connection_input_view(connection));
	enum progress progress =
	    read_more(connection, thread, SIZE_MAX, &unread);
	if (unread.len == 0)
		return progress;
	connection->active_ms = clock_coarse_ms();
	return call_input(connection, unread);
}

// Reads a little, so that a peer that goes away is noticed.
static enum progress step_wait(
    struct connection *connection, struct reactor_thread *thread)
{
	struct view unread;
	if (connection->woken)
		return call_wake(connection);
	if (connection->in_len >= NET_WAIT_MAX)
		return WAIT;
	enum progress progress = read_more(
	    connection, thread, NET_WAIT_MAX - connection->in_len, &unread);
	if (unread.len > 0)
		connection_input_keep(connection, unread, 0);
	return progress;
}

// A session that returns NET_DRAIN without output is in the middle of a long
// task.
static enum progress step_resume(struct connection *connection)
{
	enum progress progress = connection_after_call(
	    connection, connection_ops(connection)
			    ->resume(connection->session, &connection->out));
	bool silent = connection->next == NET_DRAIN && connection->out.len == 0;
	return progress == GO_ON && silent ? YIELD : progress;
}

static enum progress step_pause(struct connection *connection)
{
	const struct net_session_ops *ops = connection_ops(connection);
	uint64_t now = clock_monotonic_ms();
	if (now < connection->paused_ms)
		return WAIT;
	if (ops->spoke_early && connection->in_len == 0 &&
	    transport_has_input(&connection->transport))
		ops->spoke_early(connection->session);
	connection->active_ms = now;
	return step_resume(connection);
}

// The peer accepts no more output. Before it closed, it may have said why (RFC
// 5321 section 3.8). That has arrived already, so it is read.
static enum progress hear_out(
    struct connection *connection, struct reactor_thread *thread)
{
	connection_conclude(connection, NET_END_LOST, "connection lost");
	connection->transport.readable = true;
	connection->transport.hup = true;
	for (unsigned i = 0; connection->outgoing && i < HEAR_READS; i++) {
		if (connection->phase == CONNECTION_DEAD ||
		    connection->next == NET_CLOSE ||
		    connection->next == NET_START_TLS)
			break;
		struct view unread = connection_input_view(connection);
		if (!connection->unseen &&
		    connection_input_read(
			connection, thread, SIZE_MAX, &unread) != IO_OK)
			break;
		buf_reset(&connection->out);
		connection->out_sent = 0;
		call_input(connection, unread);
	}
	return connection_die(connection, NET_END_LOST, "connection lost");
}

static enum progress step_open(
    struct connection *connection, struct reactor_thread *thread)
{
	if (connection->stopping) {
		last_words(connection, NET_END_STOPPED, "server stopped",
		    connection_ops(connection)->shut_down);
		return GO_ON;
	}
	enum io io = flush(connection);
	if (io == IO_EOF || io == IO_FAILED)
		return hear_out(connection, thread);
	enum net_next next = connection->next;
	if (next != NET_READ && is_sending(connection))
		return WAIT;
	switch (next) {
	case NET_READ: return step_read(connection, thread);
	case NET_WAIT: return step_wait(connection, thread);
	case NET_PAUSE: return step_pause(connection);
	case NET_DRAIN: return step_resume(connection);
	case NET_START_TLS: return connection_start_tls(connection);
	case NET_COMPRESS:
		if (connection->transport.compress)
			return connection_die(
			    connection, NET_END_LOST, "compressed already");
		transport_start_compress(
		    &connection->transport, connection_input_view(connection));
		connection_input_drop(connection);
		connection->next = NET_READ;
		return GO_ON;
	case NET_CLOSE: connection->phase = CONNECTION_BYE; return GO_ON;
	}
	return WAIT;
}

static enum progress step_bye(
    struct connection *connection, struct reactor_thread *thread)
{
	(void)thread;
	switch (flush(connection)) {
	case IO_OK:
		connection_conclude(
		    connection, NET_END_CLOSED, "closed by the session");
		return connection_linger(connection);
	case IO_BLOCKED: return WAIT;
	case IO_EOF:
	case IO_FAILED: break;
	}
	return connection_die(connection, NET_END_LOST, "connection lost");
}

static enum progress step_linger(
    struct connection *connection, struct reactor_thread *thread)
{
	(void)thread;
	size_t len;
	enum io io = transport_discard(
	    &connection->transport, LINGER_MAX - connection->lingered, &len);
	connection->lingered += (uint32_t)len;
	if (io == IO_BLOCKED)
		return WAIT;
	return connection_die(connection, NET_END_CLOSED, "closed");
}

// ---- Time: when the peer or the session has taken too long; 0: never ----

static uint64_t deadline_connect(const struct connection *connection)
{
	return connection->active_ms + connection->outgoing->connect_ms;
}

static uint64_t deadline_handshake(const struct connection *connection)
{
	const struct outgoing *outgoing = connection->outgoing;
	return connection->active_ms +
	       (outgoing ? outgoing->handshake_ms
			 : connection->host->handshake_ms);
}

// The deadline, or the moment at which the session ends in any case.
static uint64_t at_last(const struct connection *connection, uint64_t deadline)
{
	const struct net_session_ops *ops = connection_ops(connection);
	uint64_t end = ops->end_ms ? ops->end_ms(connection->session) : 0;
	return end > 0 && (deadline == 0 || end < deadline) ? end : deadline;
}

static uint64_t deadline_open(const struct connection *connection)
{
	if (is_sending(connection))
		return at_last(connection,
		    connection->moved_ms + connection->host->stall_ms);
	if (connection->next == NET_PAUSE)
		return connection->paused_ms;
	uint64_t seconds =
	    connection_ops(connection)->timeout(connection->session);
	if (seconds == 0)
		return at_last(connection, 0);
	if (seconds > TIMEOUT_MAX_S)
		seconds = TIMEOUT_MAX_S;
	return at_last(connection, connection->active_ms + seconds * 1000);
}

static uint64_t deadline_bye(const struct connection *connection)
{
	return at_last(connection, connection->moved_ms + BYE_MS);
}

static uint64_t deadline_linger(const struct connection *connection)
{
	return connection->active_ms + LINGER_MS;
}

// ---- The phases ----

struct phase {
	enum progress (*step)(
	    struct connection *connection, struct reactor_thread *thread);
	uint64_t (*deadline)(const struct connection *connection);
	// How the connection ends at the deadline. (An open session that has
	// sent everything says its last words instead.)
	enum net_end end;
	const char *reason;
};

// There is no row for CONNECTION_DEAD, which run() ends.
static const struct phase phases[CONNECTION_DEAD] = {
    [CONNECTION_CONNECT] = {connection_step_connect, deadline_connect,
	NET_END_TIMEOUT, "connection timed out"},
    [CONNECTION_NEW] = {connection_step_new, deadline_handshake,
	NET_END_TIMEOUT, "timed out waiting for a thread"},
    [CONNECTION_HANDSHAKE] = {connection_step_handshake, deadline_handshake,
	NET_END_TLS, "TLS handshake timed out"},
    [CONNECTION_OPEN] = {step_open, deadline_open, NET_END_TIMEOUT,
	"the peer does not read"},
    [CONNECTION_BYE] = {step_bye, deadline_bye, NET_END_TIMEOUT,
	"the peer does not read"},
    [CONNECTION_LINGER] = {step_linger, deadline_linger, NET_END_TIMEOUT,
	"the peer does not read"},
};

static uint64_t deadline_of(const struct connection *connection)
{
	return connection->phase == CONNECTION_DEAD
		   ? 0
		   : phases[connection->phase].deadline(connection);
}

// When the session wants to be woken; 0: not at a certain time.
static uint64_t wake_of(const struct connection *connection)
{
	if (connection->phase != CONNECTION_OPEN || connection->woken ||
	    (connection->next != NET_READ && connection->next != NET_WAIT))
		return 0;
	const struct net_session_ops *ops = connection_ops(connection);
	return ops->wake_ms ? ops->wake_ms(connection->session) : 0;
}

// The next moment at which something has to be done; 0: never.
static uint64_t alarm_of(const struct connection *connection)
{
	uint64_t deadline = deadline_of(connection);
	uint64_t wake = wake_of(connection);
	return wake > 0 && (deadline == 0 || wake < deadline) ? wake : deadline;
}

static void expire(struct connection *connection)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t deadline = deadline_of(connection);
	uint64_t wake = wake_of(connection);
	if (wake > 0 && now >= wake)
		connection->woken = true;
	if (deadline == 0 || now < deadline)
		return; // the connection has moved on meanwhile
	const struct phase *phase = &phases[connection->phase];
	if (connection->phase != CONNECTION_OPEN || is_sending(connection))
		connection_die(connection, phase->end, phase->reason);
	else if (connection->next !=
		 NET_PAUSE) // after NET_PAUSE step_pause() goes on
		last_words(connection, NET_END_TIMEOUT, "timeout",
		    connection_ops(connection)->timed_out);
}

// ---- A run ----

static void absorb(struct connection *connection, uint32_t posted)
{
	struct transport *transport = &connection->transport;
	if (posted & REACTOR_IN)
		transport->readable = true;
	if (posted & REACTOR_OUT)
		transport->writable = true;
	if (posted & REACTOR_HUP)
		transport->hup = true;
	if (posted & REACTOR_WAKE)
		connection->woken = true;
	if (posted & REACTOR_STOP)
		connection->stopping = true;
	if (posted & REACTOR_KILL)
		connection_die(connection, NET_END_STOPPED, "server stopped");
	if (posted & REACTOR_CUT)
		connection_die(connection, NET_END_CLOSED, "cut off");
	if (posted & REACTOR_TIMER)
		expire(connection);
}

// The thread lends its output buffer to the connection, and gets it back empty.
// If the peer is slow, the connection keeps the buffer's unsent bytes.
static void borrow(struct connection *connection, struct reactor_thread *thread)
{
	if (connection->out.ptr)
		return;
	connection->out = thread->output;
	buf_init(&thread->output, NET_OUTPUT_MAX);
}

static void give_back(
    struct connection *connection, struct reactor_thread *thread)
{
	struct buf *out = &connection->out;
	struct view rest = view_from(buf_view(out), connection->out_sent);
	if (rest.len > out->capacity / SHRINK_FACTOR)
		return;
	struct buf kept;
	buf_init(&kept, NET_OUTPUT_MAX);
	buf_add(&kept, rest);
	buf_reset(out);
	buf_done(&thread->output);
	thread->output = *out;
	*out = kept;
	connection->out_sent = 0;
}

static void destroy(
    struct connection *connection, struct reactor_thread *thread)
{
	end_session(connection);
	struct log_line line;
	char peer[64];
	address_format(&connection->peer, peer, sizeof(peer));
	connection_begin_line(connection, &line, LOG_LEVEL_INFO, "disconnect");
	log_add_string(&line, "peer", peer);
	log_add_string(&line, "reason", connection->reason);
	if (connection->transport.ssl)
		log_add_string(
		    &line, "tls", SSL_get_version(connection->transport.ssl));
	log_add_u64(&line, "in", connection->transport.bytes_in);
	log_add_u64(&line, "out", connection->transport.bytes_out);
	log_add_u64(&line, "ms", clock_monotonic_ms() - connection->opened_ms);
	log_end(&line);
	buf_reset(&connection->out);
	connection->out_sent = 0;
	give_back(connection, thread);
	connection_input_drop(connection);
	transport_done(&connection->transport);
	budget_hold(connection->host->budget, connection->held, 0);
	bool known = connection->known;
	struct connection_host *host = connection->host;
	reactor_leave(host->reactor, thread, &connection->task);
	struct address address = connection->peer;
	const struct net_listener_config *listener =
	    connection->outgoing ? NULL : connection->listener;
	free(connection->outgoing);
	slots_give(host->slots, connection);
	// After this call nothing of the server may be used.
	host->closed(host, &address, listener, known);
}

// Until a user logs in, and after that, the threads' time counts for the peer's
// address.
static void join_address(
    struct connection *connection, struct reactor_thread *thread)
{
	reactor_join(connection->host->reactor, thread, &connection->task,
	    FAIR_ADDRESS,
	    connection->peer.is_unix ? VIEW("unix")
				     : address_site(&connection->peer));
}

// When somebody has logged in or out, the time counts for somebody else.
static void follow_owner(
    struct connection *connection, struct reactor_thread *thread)
{
	const struct net_session_ops *ops = connection_ops(connection);
	if (!connection->session || !ops->owner)
		return;
	uint64_t owner = ops->owner(connection->session);
	if (owner == connection->owner)
		return;
	connection->owner = owner;
	if (owner)
		reactor_join(connection->host->reactor, thread,
		    &connection->task, FAIR_USER,
		    view_of((const char *)&owner, sizeof(owner)));
	else
		join_address(connection, thread);
}

static enum reactor_verdict run(
    struct reactor_task *task, struct reactor_thread *thread, uint32_t posted)
{
	struct connection *connection = (struct connection *)task;
	borrow(connection, thread);
	absorb(connection, posted);
	enum progress progress = GO_ON;
	for (unsigned i = 0; i < RUN_STEPS && progress == GO_ON; i++) {
		if (connection->phase == CONNECTION_DEAD) {
			destroy(connection, thread);
			return REACTOR_GONE;
		}
		progress = phases[connection->phase].step(connection, thread);
		if (progress == GO_ON && i >= RUN_STEPS_FIRST &&
		    reactor_slice_over(thread))
			progress = YIELD;
	}
	follow_owner(connection, thread);
	give_back(connection, thread);
	connection_account(connection);
	slots_set_deadline(
	    connection->host->slots, connection, alarm_of(connection));
	return progress == WAIT ? REACTOR_IDLE : REACTOR_AGAIN;
}

static void prepare(struct connection *connection, struct connection_host *host,
    int fd, const struct address *peer)
{
	uint64_t now = clock_monotonic_ms();
	// Clears everything except the task's state, which other threads may be
	// reading.
	memset((char *)connection + sizeof(connection->task), 0,
	    sizeof(*connection) - sizeof(connection->task));
	connection->task.run = run;
	connection->host = host;
	connection->peer = *peer;
	connection->session_id = 1 + atomic_fetch_add(&host->sessions, 1);
	connection->opened_ms = now;
	connection->active_ms = now;
	connection->moved_ms = now;
	transport_init(&connection->transport, fd);
	buf_init(&connection->out, NET_OUTPUT_MAX);
	join_address(connection, NULL);
}

static void watch(struct connection *connection)
{
	if (reactor_watch(connection->host->reactor, &connection->task,
		connection->transport.fd) != RC_OK)
		connection_die(connection, NET_END_LOST,
		    "the system cannot watch more sockets");
}

void connection_open(struct connection *connection,
    struct connection_host *host, const struct net_listener_config *listener,
    int fd, const struct address *peer)
{
	prepare(connection, host, fd, peer);
	connection->listener = listener;
	connection->phase = CONNECTION_NEW;
	watch(connection);
	reactor_push(host->reactor, &connection->task, true);
}

void connection_open_outgoing(struct connection *connection,
    struct connection_host *host, struct outgoing *outgoing, int fd,
    const struct address *peer, int error)
{
	prepare(connection, host, fd, peer);
	connection->listener = &outgoing->shape;
	connection->outgoing = outgoing;
	connection->phase = CONNECTION_CONNECT;
	// An edge will tell when the socket is connected.
	connection->transport.writable = false;
	// The kernel would report a socket that is not connecting as hung up,
	// so the error is posted instead.
	if (error)
		connection_die(connection, outgoing_explain(outgoing, error),
		    outgoing->why);
	else
		watch(connection);
	reactor_push(host->reactor, &connection->task, false);
}
