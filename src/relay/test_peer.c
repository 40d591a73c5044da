// SPDX-License-Identifier: Apache-2.0
// A session of the network, as every server has.
#include "relay/test_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/test_port.h"

#define LETTERS_MAX ((size_t)64 << 20)
#define LINE_BYTES  70

struct session {
	struct test_peer *peer;
	bool turned_away;
	bool in_data;
	bool secure;
	bool authenticated;
	uint64_t chunk; // bytes of the current BDAT that are still to come
	bool last;
	struct buf envelope;
	struct buf content;
};

static void *session_new(
    void *context, const struct net_peer *net_peer, struct net_waker waker)
{
	struct test_peer *peer = context;
	struct session *session = mem_zalloc(sizeof(*session));
	(void)net_peer, (void)waker;
	session->peer = peer;
	buf_init(&session->envelope, LETTERS_MAX);
	buf_init(&session->content, LETTERS_MAX);
	atomic_fetch_add(&peer->connections, 1);
	unsigned open = atomic_fetch_add(&peer->open, 1) + 1;
	unsigned most = atomic_load(&peer->most_open);
	unsigned room = atomic_load(&peer->room);
	session->turned_away = room > 0 && open > room;
	if (session->turned_away) {
		atomic_fetch_add(&peer->turned_away, 1);
		return session;
	}
	while (open > most &&
	       !atomic_compare_exchange_weak(&peer->most_open, &most, open))
		;
	return session;
}

static void say(struct buf *out, const char *reply, const char *otherwise)
{
	buf_add_string(out, reply ? reply : otherwise);
	buf_add_literal(out, "\r\n");
}

static enum net_next start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct session *session = context;
	session->secure = tls != NULL;
	if (session->turned_away) {
		say(out, "421 4.7.0 too many connections", "");
		return NET_CLOSE;
	}
	say(out, session->peer->greeting, "220 peer.test ESMTP");
	return NET_READ;
}

static void say_capabilities(const struct session *session, struct buf *out)
{
	struct view lines = view_of_string(session->peer->capabilities), line;
	buf_add_literal(out, "250-peer.test\r\n");
	while (view_split(&lines, '\n', &line))
		buf_printf(out, "250-%.*s\r\n", VIEW_FMT(line));
	if (session->peer->tls && !session->secure)
		buf_add_literal(out, "250-STARTTLS\r\n");
	if (session->peer->auth)
		buf_add_literal(out, "250-AUTH PLAIN\r\n");
	buf_add_literal(out, "250 HELP\r\n");
}

// Whether one more is to be handled in this way.
static bool count_down(atomic_uint *left)
{
	unsigned count = atomic_load(left);
	while (
	    count > 0 && !atomic_compare_exchange_weak(left, &count, count - 1))
		;
	return count > 0;
}

static void take_letter(struct session *session, struct buf *out)
{
	struct test_peer *peer = session->peer;
	const char *reply = peer->end;
	if (count_down(&peer->mute))
		return;
	if (!reply || reply[0] == '2') {
		pthread_mutex_lock(&peer->lock);
		buf_add(&peer->letters, buf_view(&session->envelope));
		buf_add_char(&peer->letters, '\n');
		buf_add(&peer->letters, buf_view(&session->content));
		buf_add_literal(&peer->letters, ".\n");
		pthread_mutex_unlock(&peer->lock);
		atomic_fetch_add(&peer->messages, 1);
		if (session->secure)
			atomic_fetch_add(&peer->secure, 1);
		if (session->authenticated)
			atomic_fetch_add(&peer->authenticated, 1);
	}
	buf_reset(&session->envelope);
	buf_reset(&session->content);
	say(out, reply, "250 2.0.0 taken");
}

static void take_line(
    struct session *session, struct view line, struct buf *out)
{
	if (view_eq(line, VIEW("."))) {
		session->in_data = false;
		take_letter(session, out);
		return;
	}
	if (view_starts_with(line, VIEW(".")))
		line = view_from(line, 1);
	buf_add(&session->content, line);
	buf_add_literal(&session->content, "\r\n");
}

// Notes the address between the angle brackets.
static void note_path(struct session *session, struct view line, char before)
{
	size_t start = view_find_char(line, '<') + 1;
	size_t end = view_find_char(line, '>');
	if (before)
		buf_add_char(&session->envelope, before);
	buf_add(&session->envelope, view_slice(line, start, end - start));
}

static void begin_chunk(struct session *session, struct view line)
{
	struct view rest = view_from(line, 5), number;
	session->last = view_ends_with(line, VIEW(" LAST"));
	if (!view_split(&rest, ' ', &number) ||
	    !view_to_u64(number, &session->chunk))
		session->chunk = 0;
}

static enum net_next on_mail(
    struct session *session, struct view line, struct buf *out)
{
	struct test_peer *peer = session->peer;
	if (peer->hangs_up)
		return NET_CLOSE;
	if (peer->auth && !session->authenticated) {
		say(out, NULL, "530 5.7.0 who are you?");
		return NET_READ;
	}
	if (!peer->mail || peer->mail[0] == '2')
		note_path(session, line, '\0');
	say(out, peer->mail, "250 2.1.0 ok");
	return NET_READ;
}

static enum net_next obey(
    struct session *session, struct view line, struct buf *out)
{
	struct test_peer *peer = session->peer;
	if (view_starts_with(line, VIEW("EHLO "))) {
		say_capabilities(session, out);
	} else if (view_eq(line, VIEW("STARTTLS")) && peer->tls) {
		say(out, NULL, "220 go");
		return peer->tls_breaks ? NET_CLOSE : NET_START_TLS;
	} else if (view_starts_with(line, VIEW("AUTH "))) {
		// "\0user\0secret" in base64
		session->authenticated =
		    view_eq(line, VIEW("AUTH PLAIN AHVzZXIAc2VjcmV0"));
		say(out, NULL,
		    session->authenticated ? "235 ok" : "535 5.7.8 no");
	} else if (view_starts_with(line, VIEW("MAIL "))) {
		return on_mail(session, line, out);
	} else if (view_starts_with(line, VIEW("RCPT ")) &&
		   count_down(&peer->busy)) {
		say(out, NULL, "450 4.2.0 busy");
	} else if (view_starts_with(line, VIEW("RCPT "))) {
		if (!peer->rcpt || peer->rcpt[0] == '2')
			note_path(session, line, ' ');
		say(out, peer->rcpt, "250 2.1.5 ok");
	} else if (view_eq(line, VIEW("DATA"))) {
		session->in_data = view_find_char(buf_view(&session->envelope),
				       ' ') != SIZE_MAX;
		say(out, session->in_data ? "354 go" : "554 5.5.1 nobody", "");
	} else if (view_eq(line, VIEW("RSET"))) {
		buf_reset(&session->envelope);
		say(out, NULL, "250 ok");
	} else if (view_eq(line, VIEW("QUIT"))) {
		say(out, NULL, "221 bye");
		return NET_CLOSE;
	} else {
		say(out, NULL, "500 what?");
	}
	return NET_READ;
}

static void take_chunk(
    struct session *session, struct view *rest, struct buf *out)
{
	size_t max =
	    session->chunk > SIZE_MAX ? SIZE_MAX : (size_t)session->chunk;
	struct view part = view_slice(*rest, 0, max);
	buf_add(&session->content, part);
	*rest = view_from(*rest, part.len);
	session->chunk -= part.len;
	if (session->chunk > 0)
		return;
	if (session->last)
		take_letter(session, out);
	else
		say(out, NULL, "250 go on");
}

static enum net_next input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct session *session = context;
	struct view rest = in;
	enum net_next next = NET_READ;
	while (next == NET_READ && rest.len > 0) {
		if (session->chunk > 0) {
			take_chunk(session, &rest, out);
			continue;
		}
		size_t end = view_find(rest, VIEW("\r\n"));
		if (end == SIZE_MAX)
			break;
		struct view line = view_slice(rest, 0, end);
		rest = view_from(rest, end + 2);
		if (session->in_data) {
			take_line(session, line, out);
			if (!session->in_data && session->peer->closes)
				next = NET_CLOSE;
		} else if (view_starts_with(line, VIEW("BDAT "))) {
			begin_chunk(session, line);
			if (session->chunk == 0)
				take_chunk(session, &rest, out);
		} else {
			next = obey(session, line, out);
		}
	}
	*ret_consumed = in.len - rest.len;
	return next;
}

static enum net_next nothing(void *context, struct buf *out)
{
	(void)context, (void)out;
	return NET_READ;
}

static enum net_next tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct session *session = context;
	(void)tls, (void)out;
	session->secure = true;
	return NET_READ;
}

static uint32_t no_timeout(const void *context)
{
	(void)context;
	return 0;
}

static void no_words(void *context, struct buf *out)
{
	(void)context, (void)out;
}

static void session_free(void *context)
{
	struct session *session = context;
	atomic_fetch_sub(&session->peer->open, 1);
	buf_done(&session->envelope);
	buf_done(&session->content);
	free(session);
}

static const struct net_session_ops ops = {
    .protocol = "test-peer",
    .start = start,
    .input = input,
    .resume = nothing,
    .wake = nothing,
    .tls_started = tls_started,
    .timeout = no_timeout,
    .timed_out = no_words,
    .shut_down = no_words,
    .free = session_free,
};

// ---- Beginning and end -----------------------------------------------------

static void make_tls(struct test_peers *all)
{
	char key[100], certificate[100];
	const char *names[] = {"good.test"};
	struct fault fault;
	struct buf mistakes;
	snprintf(all->folder, sizeof(all->folder), "/tmp/roost-peer-XXXXXX");
	assert_non_null(mkdtemp(all->folder));
	snprintf(key, sizeof(key), "%s/key", all->folder);
	test_peers_certificate(all, certificate);
	assert_int_equal(
	    net_tls_self_signed(certificate, key, names, 1, &fault), RC_OK);
	struct net_tls_pair pair = {
	    .certificate_path = certificate, .key_path = key};
	struct net_tls_config config = {.pairs = &pair, .pair_count = 1};
	buf_init(&mistakes, 4096);
	assert_int_equal(net_tls_new(&config, &mistakes, &all->tls), RC_OK);
	buf_done(&mistakes);
}

const char *test_peers_certificate(struct test_peers *all, char *path)
{
	snprintf(path, 100, "%s/certificate", all->folder);
	return path;
}

// The first listener finds a free port. It may be in use at another address;
// then all begin again.
static bool bind_all(
    struct test_peers *all, struct test_peer *peers, size_t count, int *fds)
{
	struct fault fault;
	all->port = 0;
	for (size_t i = 0; i < count; i++) {
		if (net_bind(peers[i].address, all->port, &fds[i], &fault) !=
		    RC_OK) {
			while (i-- > 0)
				close(fds[i]);
			return false;
		}
		all->port = test_bound_port(fds[i]);
	}
	return true;
}

void test_peers_begin(
    struct test_peers *all, struct test_peer *peers, size_t count)
{
	struct net_server_config config = {.threads = 2};
	struct fault fault;
	int fds[16];
	assert_true(count <= ARRAY_LEN(fds));
	make_tls(all);
	while (!bind_all(all, peers, count, fds))
		;
	all->server = net_server_new(&config);
	for (size_t i = 0; i < count; i++) {
		struct net_listener_config listener = {
		    .fd = fds[i],
		    .tls = all->tls,
		    .ops = &ops,
		    .session_new = session_new,
		    .context = &peers[i],
		};
		pthread_mutex_init(&peers[i].lock, NULL);
		buf_init(&peers[i].letters, LETTERS_MAX);
		if (peers[i].deaf)
			close(fds[i]);
		else
			assert_int_equal(
			    net_server_listen(all->server, &listener, &fault),
			    RC_OK);
	}
	assert_int_equal(net_server_start(all->server, &fault), RC_OK);
}

void test_peers_end(
    struct test_peers *all, struct test_peer *peers, size_t count)
{
	char path[100];
	net_server_free(&all->server);
	net_tls_free(&all->tls);
	for (size_t i = 0; i < count; i++) {
		buf_done(&peers[i].letters);
		pthread_mutex_destroy(&peers[i].lock);
	}
	unlink(test_peers_certificate(all, path));
	snprintf(path, sizeof(path), "%s/key", all->folder);
	unlink(path);
	rmdir(all->folder);
}
