// SPDX-License-Identifier: Apache-2.0
#include "session/session.h"

#include <stdarg.h>
#include <stdio.h>

#include "auth/standing.h"
#include "base/clock.h"
#include "base/mem.h"

void session_init(struct session *session, const struct session_kind *kind,
    const struct session_server *server, const struct net_peer *peer,
    struct net_waker waker)
{
	*session = (struct session){
	    .server = server,
	    .kind = kind,
	    .waker = waker,
	    .id = peer->session_id,
	    .peer_address = mem_strdup(peer->address),
	    .turn = {.wake = waker.wake, .context = waker.context},
	    .since_ms = clock_monotonic_ms(),
	    .next = NET_READ,
	};
	if (server->counts)
		counter_add(&server->counts->sessions, 1);
}

void session_done(struct session *session)
{
	auth_turn_end(session->server->auth, &session->turn);
	session_registry_remove(session);
	free(session->place.client);
	free(session->user);
	free(session->binding);
	free(session->peer_address);
}

// ---- The calls of the network ----------------------------------------------

// Reads the user's record, after somebody was shut out. It is apart from
// is_shut_out(), so that each command does not make room for a user's name.
__attribute__((noinline)) static bool is_user_shut_out(
    struct session *session, uint64_t epoch)
{
	const struct auth *auth = session->server->auth;
	struct auth_user user = {.account = session->account,
	    .epoch = session->epoch,
	    .credential = session->credential};
	snprintf(user.name.text, sizeof(user.name.text), "%s", session->user);
	if (auth_user_check(auth, &user) != RC_OK)
		return true;
	session->seen = epoch;
	return false;
}

// Whether the user was shut out. Usually this compares two numbers.
static bool is_shut_out(struct session *session)
{
	uint64_t epoch = auth_epoch(session->server->auth);
	return epoch != session->seen && is_user_shut_out(session, epoch);
}

// Ends the session if its user may not stay. False: it has ended.
static bool check_standing(struct session *session)
{
	if (session_is_stranger(session) || session->why)
		return true;
	if (is_shut_out(session))
		session_bye(session, "user was shut out",
		    "This login is not valid any more");
	else if (atomic_load_explicit(&session->kicked, memory_order_relaxed))
		session_bye(session, "ended by the administrator",
		    "The administrator has ended this connection");
	else
		return true;
	return false;
}

bool session_enter(struct session *session, struct buf *out)
{
	session->out = out;
	session->traced = out->len;
	session->slice_end_ms = 0;
	// `next` still says what the session was doing, which the last words
	// depend on.
	if (!check_standing(session))
		return false;
	// The network has begun to compress before this call.
	if (session->next == NET_COMPRESS)
		session->next = NET_READ;
	return true;
}

enum net_next session_leave(struct session *session)
{
	session_trace_said(session);
	session->out = NULL;
	return session->next;
}

void session_keep_tls(struct session *session, const struct net_tls_info *tls)
{
	free(session->binding);
	session->binding = NULL;
	session->bad_commands = 0;
	session->next = NET_READ;
	if (tls)
		session->binding =
		    auth_binding_new(view_of(tls->exporter, tls->exporter_len),
			view_of(tls->unique, tls->unique_len),
			view_of(tls->end_point, tls->end_point_len));
}

bool session_slice_over(struct session *session)
{
	uint64_t now_ms = clock_coarse_ms();
	if (session->slice_end_ms == 0)
		session->slice_end_ms = now_ms + NET_SLICE_MS;
	return now_ms >= session->slice_end_ms;
}

void session_breathe(struct session *session, bool more)
{
	if (session->next != NET_READ || !check_standing(session))
		return;
	if (session->out->len >= NET_OUTPUT_HIGH ||
	    (more && session_slice_over(session)))
		session->next = NET_DRAIN;
}

// ---- Who it is -------------------------------------------------------------

bool session_is_known(const void *session)
{
	return !session_is_stranger(session);
}

struct auth_channel session_channel(struct session *session)
{
	struct auth_channel channel = {
	    .protocol = session->kind->protocol,
	    .session_id = session->id,
	    .peer_address = view_of_string(session->peer_address),
	    .tls = session_has_tls(session),
	    .plain_on_loopback = session->server->plain_on_loopback,
	    .scopes = session->kind->scopes,
	    .turn = &session->turn,
	};
	auth_binding_view(session->binding, &channel);
	return channel;
}

bool session_has_place(
    const struct session *session, const struct auth_user *user)
{
	const struct session_server *server = session->server;
	bool tell;
	if (!server->registry || server->user_sessions_max == 0 ||
	    session_registry_has_place(server->registry,
		view_of_string(user->name.text), server->user_sessions_max,
		&tell))
		return true;
	if (!tell)
		return false;
	struct log_line line;
	session_log_begin(session, &line, LOG_LEVEL_WARN, "user_limit");
	log_add_string(&line, "user", user->name.text);
	log_add_string(&line, "peer", session->peer_address);
	log_add_u64(&line, "sessions", server->user_sessions_max);
	log_end(&line);
	return false;
}

enum net_next session_wait(const struct session *session)
{
	return session->turn.pause_ms > 0 ? NET_PAUSE : NET_WAIT;
}

uint32_t session_pause_ms(const struct session *session)
{
	return session->turn.pause_ms;
}

void session_log_in(struct session *session, const struct auth_user *user)
{
	struct session_registry *registry = session->server->registry;
	session_registry_remove(session);
	free(session->user);
	session->user = mem_strdup(user->name.text);
	session->account = user->account;
	session->epoch = user->epoch;
	session->credential = user->credential;
	session->seen = user->seen;
	session->login_failures = 0;
	if (!registry)
		return;
	session_registry_add(registry, session);
	// Whoever shut out the user before this moment did not find the session
	// in the registry to wake it.
	if (auth_epoch(session->server->auth) != session->seen)
		session->waker.wake(session->waker.context);
}

void session_set_client(struct session *session, struct view name)
{
	session_registry_set_client(session, name);
}

void session_log_out(struct session *session)
{
	session_registry_remove(session);
	free(session->user);
	session->user = NULL;
	session->account = 0;
	session->commands = 0;
	session->since_ms = clock_monotonic_ms();
}

uint64_t session_owner(const void *context)
{
	const struct session *session = context;
	return session->user ? session->account : 0;
}

// ---- Time and limits -------------------------------------------------------

uint32_t session_seconds_left(const struct session *session, uint32_t max)
{
	uint64_t stayed = (clock_monotonic_ms() - session->since_ms) / 1000;
	return stayed < max ? max - (uint32_t)stayed : 0;
}

uint32_t session_timeout(
    const struct session *session, uint32_t silent, uint32_t max)
{
	uint32_t left = session_seconds_left(session, max);
	if (left == 0)
		return 1; // 0 would mean: no limit
	return left < silent ? left : silent;
}

uint32_t session_stranger_timeout(const struct session *session)
{
	return session_timeout(
	    session, SESSION_SILENT_SECONDS, SESSION_STRANGER_SECONDS);
}

void session_check_time(struct session *session)
{
	if (session_is_stranger(session) &&
	    session_seconds_left(session, SESSION_STRANGER_SECONDS) == 0)
		session_bye(
		    session, "login timeout", "Nobody logged in in time");
}

bool session_refuse_http(struct session *session, struct view line)
{
	struct view method, target;
	if (!session_is_stranger(session) || !view_split(&line, ' ', &method) ||
	    !view_split(&line, ' ', &target) ||
	    !view_starts_with(line, VIEW("HTTP/")) ||
	    view_find_char(line, ' ') != SIZE_MAX)
		return false;
	session_bye(session, "HTTP", "This is not HTTP");
	return true;
}

// Ends the session if too many commands in a row were bad. A stranger may send
// fewer of them than a user.
static void count_bad(struct session *session, bool bad)
{
	unsigned max = session_is_stranger(session) ? SESSION_BAD_MAX_STRANGER
						    : SESSION_BAD_MAX;
	session->bad_commands = bad ? session->bad_commands + 1 : 0;
	if (session->bad_commands >= max)
		session_bye(session, "too many bad commands",
		    "%u commands in a row were bad", max);
}

// Limits the failed logins and the commands of a stranger. A client that
// guesses passwords or keeps the server busy must then connect again, and net
// and auth limit that.
static void count_strangers(struct session *session)
{
	session->commands++;
	if (session->login_failures >= SESSION_LOGIN_FAILURES_MAX)
		session_bye(session, "too many failed logins",
		    "%u logins have failed", session->login_failures);
	else if (session->commands >= SESSION_STRANGER_COMMANDS_MAX)
		session_bye(session, "too many commands before login",
		    "%u commands and no login", session->commands);
}

void session_note_command(struct session *session)
{
	if (session->server->counts)
		counter_add(&session->server->counts->commands, 1);
}

void session_count_command(struct session *session, bool bad)
{
	session_note_command(session);
	count_bad(session, bad);
	if (session_is_stranger(session) && session->next != NET_CLOSE)
		count_strangers(session);
}

// ---- The end ---------------------------------------------------------------

void session_close(struct session *session, const char *why)
{
	if (!session->why)
		session->why = why;
	session->next = NET_CLOSE;
	// The session has ended, so it must not be woken any more.
	auth_turn_end(session->server->auth, &session->turn);
}

void session_bye(
    struct session *session, const char *why, const char *format, ...)
{
	char text[SESSION_TEXT_MAX];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (session->kind->bye)
		session->kind->bye(
		    session, view_of_string(len < 0 ? "" : text));
	session_close(session, why);
}

// ---- The log ---------------------------------------------------------------

void session_log_begin(const struct session *session, struct log_line *line,
    enum log_level level, const char *event)
{
	log_begin(line, session->server->log, level, event);
	log_add_u64(line, "session", session->id);
	if (session->user)
		log_add_string(line, "user", session->user);
}

void session_log_end(const struct session *session, struct log_line *line)
{
	log_add_string(
	    line, "why", session->why ? session->why : "connection closed");
	log_end(line);
}
