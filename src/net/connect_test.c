// SPDX-License-Identifier: Apache-2.0
// Outgoing connections over loopback, to a line server of the same process and
// to peers that misbehave.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/connect.h"
#include "net/test_line.h"

static const char *const names[] = {"one.example", "127.0.0.1", NULL};

// ---- The calling session ----

// Having heard a line, says something; the lines come in this order.
struct turn {
	const char *hear; // NULL: the end of the script
	const char *say;
	enum net_next next;
};

struct caller {
	const struct turn *turn;
	uint64_t flood;   // so many lines are sent after the first turn
	uint32_t timeout; // seconds
	struct net_server *server;
	struct net_connect_config retry; // after a failure; address NULL: none
	struct net_waker waker;
	struct net_peer peer;
	struct net_tls_info tls;
	char heard[512];        // the last line
	_Atomic unsigned lines; // heard
	char why[256];
	enum net_end end;
	_Atomic unsigned made; // sessions
	_Atomic unsigned secured;
	_Atomic unsigned flooding; // 1: resume() was called
	_Atomic unsigned failed;
	_Atomic unsigned ended;
	_Atomic unsigned freed;
};

static void *caller_new(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	struct caller *caller = context;
	caller->peer = *peer;
	caller->waker = waker;
	atomic_fetch_add(&caller->made, 1);
	return caller;
}

static enum net_next caller_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct caller *caller = context;
	(void)out;
	if (tls) {
		caller->tls = *tls;
		atomic_fetch_add(&caller->secured, 1);
	}
	return NET_READ;
}

static enum net_next caller_resume(void *context, struct buf *out)
{
	struct caller *caller = context;
	atomic_store(&caller->flooding, 1);
	while (caller->flood > 0 && out->len < NET_OUTPUT_HIGH) {
		caller->flood--;
		buf_add_literal(out, "ECHO 0123456789012345678901234567\r\n");
	}
	return caller->flood > 0 ? NET_DRAIN : NET_READ;
}

static enum net_next take_turn(
    struct caller *caller, struct view line, struct buf *out)
{
	snprintf(caller->heard, sizeof(caller->heard), "%.*s", (int)line.len,
	    line.ptr);
	atomic_fetch_add(&caller->lines, 1);
	if (!caller->turn || !caller->turn->hear ||
	    !view_eq(line, view_of_string(caller->turn->hear)))
		return NET_READ;
	const struct turn *turn = caller->turn++;
	buf_add_string(out, turn->say);
	return turn->next;
}

static enum net_next caller_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct caller *caller = context;
	size_t at = 0;
	enum net_next next = NET_READ;
	while (next == NET_READ) {
		struct view rest = view_from(in, at);
		size_t end = view_find(rest, VIEW("\r\n"));
		if (end == SIZE_MAX)
			break;
		at += end + 2;
		next = take_turn(caller, view_slice(rest, 0, end), out);
	}
	*ret_consumed = at;
	return next;
}

static enum net_next caller_wake(void *context, struct buf *out)
{
	(void)context;
	buf_add_literal(out, "QUIT\r\n");
	return NET_READ;
}

static enum net_next caller_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct caller *caller = context;
	caller->tls = *tls;
	atomic_fetch_add(&caller->secured, 1);
	buf_add_literal(out, "ECHO secured\r\n");
	return NET_READ;
}

static uint32_t caller_timeout(const void *context)
{
	const struct caller *caller = context;
	return caller->timeout;
}

static void caller_say_goodbye(void *context, struct buf *out)
{
	const struct caller *caller = context;
	if (caller->flood == 0)
		buf_add_literal(out, "QUIT\r\n");
}

static void note_end(struct caller *caller, enum net_end end, const char *why)
{
	caller->end = end;
	snprintf(caller->why, sizeof(caller->why), "%s", why);
}

static void caller_ended(void *context, enum net_end end, const char *why)
{
	struct caller *caller = context;
	note_end(caller, end, why);
	atomic_fetch_add(&caller->ended, 1);
}

static void caller_free(void *context)
{
	struct caller *caller = context;
	atomic_fetch_add(&caller->freed, 1);
}

static void caller_failed(void *context, enum net_end end, const char *why)
{
	struct caller *caller = context;
	struct fault fault;
	note_end(caller, end, why);
	struct net_server *server = caller->server;
	struct net_connect_config retry = caller->retry;
	caller->retry.address = NULL;
	atomic_fetch_add(&caller->failed, 1);
	if (retry.address && net_connect(server, &retry, &fault) != RC_OK)
		abort();
}

static const struct net_session_ops caller_ops = {
    .protocol = "caller",
    .start = caller_start,
    .input = caller_input,
    .resume = caller_resume,
    .wake = caller_wake,
    .tls_started = caller_tls_started,
    .timeout = caller_timeout,
    .timed_out = caller_say_goodbye,
    .shut_down = caller_say_goodbye,
    .ended = caller_ended,
    .free = caller_free,
};

static struct net_connect_config config_for(
    struct caller *caller, uint16_t port)
{
	return (struct net_connect_config){
	    .address = "127.0.0.1",
	    .port = port,
	    .ops = &caller_ops,
	    .session_new = caller_new,
	    .failed = caller_failed,
	    .context = caller,
	};
}

static void call(
    struct line_server *line, const struct net_connect_config *config)
{
	struct fault fault;
	assert_int_equal(net_connect(line->server, config, &fault), RC_OK);
}

static void expect_ended(
    struct caller *caller, enum net_end end, const char *why)
{
	wait_for(&caller->freed, 1);
	assert_int_equal(atomic_load(&caller->made), 1);
	assert_int_equal(atomic_load(&caller->ended), 1);
	assert_int_equal(atomic_load(&caller->failed), 0);
	assert_string_equal(caller->why, why);
	assert_int_equal(caller->end, end);
}

static void expect_failed(
    struct caller *caller, enum net_end end, const char *why)
{
	wait_for(&caller->failed, 1);
	assert_int_equal(atomic_load(&caller->made), 0);
	assert_int_equal(atomic_load(&caller->ended), 0);
	assert_string_equal(caller->why, why);
	assert_int_equal(caller->end, end);
}

static struct net_tls_client *tls_of(
    const struct line_server *line, const char *trusted)
{
	struct net_tls_client_config config = {0};
	struct net_tls_client *tls;
	struct fault fault;
	char certificate[256];
	char key[256];
	if (trusted) {
		line_paths(line, trusted, certificate, key, sizeof(key));
		config.authorities_path = certificate;
	}
	assert_int_equal(net_tls_client_new(&config, &tls, &fault), RC_OK);
	return tls;
}

// ---- Peers by hand ----

// A socket that listens, and nobody accepts unless the test does.
static int listen_raw(int backlog, uint16_t *ret_port)
{
	struct fault fault;
	int fd;
	assert_int_equal(net_bind("127.0.0.1", 0, &fd, &fault), RC_OK);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	*ret_port = net_bound_port(fd);
	return fd;
}

// net_bind() makes sockets that do not wait.
static int accept_raw(int listener)
{
	uint64_t end = clock_monotonic_ms() + 20000;
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			return fd;
		assert_true(clock_monotonic_ms() < end);
		usleep(1000);
	}
}

static void send_raw(int fd, const char *text)
{
	size_t len = strlen(text);
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

// ---- Plain ----

static const struct turn echo_and_quit[] = {
    {"HELLO", "ECHO a\r\n", NET_READ},
    {"a", "QUIT\r\n", NET_READ},
    {"BYE", "", NET_CLOSE},
    {0},
};

static void test_plain_from_a_chosen_address(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = echo_and_quit};
	line_server_start(&line, NULL);
	struct net_connect_config config = config_for(&caller, line.port);
	config.local_address = "127.0.0.7";
	call(&line, &config);
	expect_ended(&caller, NET_END_CLOSED, "closed by the session");
	assert_string_equal(caller.peer.address, "127.0.0.1");
	assert_int_equal(caller.peer.port, line.port);
	assert_string_equal(caller.peer.local_address, "127.0.0.7");
	line_server_stop(&line, 5);
}

static void test_ipv6(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = echo_and_quit};
	struct fault fault;
	int fd;
	if (net_bind("::1", 0, &fd, &fault) != RC_OK)
		skip(); // a machine without IPv6
	assert_int_equal(listen(fd, 5), 0);
	line_server_start(&line, NULL);
	struct net_connect_config config =
	    config_for(&caller, net_bound_port(fd));
	config.address = "::1";
	call(&line, &config);
	int peer = accept_raw(fd);
	send_raw(peer, "HELLO\r\na\r\nBYE\r\n");
	wait_for(&caller.freed, 1);
	assert_string_equal(caller.peer.address, "::1");
	close(peer);
	close(fd);
	line_server_stop(&line, 5);
}

static void test_peer_that_hangs_up(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {0};
	uint16_t port;
	int fd = listen_raw(5, &port);
	line_server_start(&line, NULL);
	struct net_connect_config config = config_for(&caller, port);
	call(&line, &config);
	int peer = accept_raw(fd);
	send_raw(peer, "421 busy\r\n");
	close(peer);
	expect_ended(&caller, NET_END_PEER, "closed by the peer");
	assert_string_equal(caller.heard, "421 busy");
	close(fd);
	line_server_stop(&line, 5);
}

static void test_woken_session_speaks(void **state)
{
	(void)state;
	static const struct turn turns[] = {{"BYE", "", NET_CLOSE}, {0}};
	struct line_server line = {0};
	struct caller caller = {.turn = turns};
	line_server_start(&line, NULL);
	struct net_connect_config config = config_for(&caller, line.port);
	call(&line, &config);
	wait_for(&caller.made, 1);
	caller.waker.wake(caller.waker.context);
	expect_ended(&caller, NET_END_CLOSED, "closed by the session");
	line_server_stop(&line, 5);
}

static void test_silent_peer_times_out(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.timeout = 1};
	uint16_t port;
	int fd = listen_raw(5, &port);
	line_server_start(&line, NULL);
	struct net_connect_config config = config_for(&caller, port);
	call(&line, &config);
	int peer = accept_raw(fd);
	char got[16] = {0};
	assert_int_equal(recv(peer, got, 6, MSG_WAITALL), 6);
	assert_string_equal(got, "QUIT\r\n");
	close(peer);
	expect_ended(&caller, NET_END_TIMEOUT, "timeout");
	close(fd);
	line_server_stop(&line, 5);
}

// The peer refuses in the middle of what is being sent, and closes unread.
static void test_last_words_before_a_reset_are_heard(void **state)
{
	(void)state;
	static const struct turn turns[] = {{"HELLO", "", NET_DRAIN}, {0}};
	struct line_server line = {0};
	struct caller caller = {.turn = turns, .flood = 10 * 1000 * 1000};
	uint16_t port;
	int fd = listen_raw(5, &port);
	line_server_start(&line, NULL);
	struct net_connect_config config = config_for(&caller, port);
	call(&line, &config);
	int peer = accept_raw(fd);
	send_raw(peer, "HELLO\r\n");
	char got;
	assert_int_equal(recv(peer, &got, 1, MSG_PEEK), 1);
	send_raw(peer, "552 too big\r\n");
	close(peer); // with unread bytes: a reset
	expect_ended(&caller, NET_END_LOST, "connection lost");
	assert_string_equal(caller.heard, "552 too big");
	close(fd);
	line_server_stop(&line, 5);
}

// ---- Failures to connect ----

static void test_refused_then_tried_elsewhere(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = echo_and_quit};
	uint16_t port;
	int fd = listen_raw(-1, &port); // bound, not listening
	line_server_start(&line, NULL);
	struct net_connect_config config = config_for(&caller, port);
	call(&line, &config);
	expect_failed(&caller, NET_END_REFUSED, "connection refused");
	// From within failed().
	caller.failed = 0;
	caller.server = line.server;
	caller.retry = config_for(&caller, line.port);
	call(&line, &config);
	wait_for(&caller.freed, 1);
	assert_int_equal(atomic_load(&caller.failed), 1);
	assert_int_equal(caller.end, NET_END_CLOSED);
	close(fd);
	line_server_stop(&line, 5);
}

// The kernel answers no more when the queue of a listener is full.
static void test_connecting_times_out(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {0};
	uint16_t port;
	int fillers[4];
	int fd = listen_raw(0, &port);
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		fillers[i] = socket(
		    AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fillers[i], (const void *)&at, sizeof(at));
	}
	line_server_start(&line, NULL);
	struct net_connect_config config = config_for(&caller, port);
	config.connect_seconds = 1;
	uint64_t before = clock_monotonic_ms();
	call(&line, &config);
	expect_failed(&caller, NET_END_TIMEOUT, "connection timed out");
	assert_true(clock_monotonic_ms() - before >= 900);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
		close(fillers[i]);
	close(fd);
	line_server_stop(&line, 5);
}

static void test_mistakes_are_told_at_once(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {0};
	struct fault fault;
	line_server_start(&line, names);
	struct net_tls_client *tls = tls_of(&line, NULL);
	const struct net_connect_config table[] = {
	    {.address = "localhost"},
	    {.address = ""},
	    {.address = "127.0.0.1", .local_address = "::1"},
	    {.address = "127.0.0.1", .local_address = "lo"},
	    {.address = "127.0.0.1", .implicit_tls = true},
	    {.address = "127.0.0.1", .tls = tls, .check = NET_TLS_REQUIRED},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(
		    net_connect(line.server, &table[i], &fault), RC_INVALID);
	struct net_connect_config config = config_for(&caller, line.port);
	net_server_stop(line.server, 1);
	assert_int_equal(net_connect(line.server, &config, &fault), RC_CLOSED);
	assert_int_equal(atomic_load(&caller.failed), 0);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

// ---- TLS ----

static void hex_of(char *to, const unsigned char *bytes, size_t len)
{
	to[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

static void test_implicit_tls_with_any_certificate(void **state)
{
	(void)state;
	static const struct turn turns[] = {
	    {"HELLO", "INFO\r\n", NET_READ}, {0}};
	struct line_server line = {0};
	struct caller caller = {.turn = turns};
	line_server_start(&line, names);
	struct net_tls_client *tls = tls_of(&line, NULL);
	struct net_connect_config config = config_for(&caller, line.tls_port);
	config.tls = tls;
	config.implicit_tls = true;
	config.server_name = "one.example.";
	call(&line, &config);
	wait_for(&caller.lines, 2);
	assert_false(caller.tls.verified);
	assert_string_equal(caller.tls.unverified, "self-signed certificate");
	assert_string_equal(caller.tls.version, "TLSv1.3");
	assert_string_equal(caller.tls.server_name, "one.example");
	// Both ends have the same bindings, so SCRAM can tie a log-in to them.
	char want[512];
	char exporter[2 * NET_BINDING_MAX + 1];
	char end_point[2 * NET_BINDING_MAX + 1];
	assert_int_equal(caller.tls.exporter_len, 32);
	assert_int_equal(caller.tls.end_point_len, 32);
	hex_of(exporter, caller.tls.exporter, caller.tls.exporter_len);
	hex_of(end_point, caller.tls.end_point, caller.tls.end_point_len);
	snprintf(want, sizeof(want),
	    "version=TLSv1.3 name=one.example exporter=%s unique= end_point=%s",
	    exporter, end_point);
	assert_string_equal(caller.heard, want);
	line_server_stop(&line, 5); // ends both sessions
	expect_ended(&caller, NET_END_STOPPED, "server stopped");
	net_tls_client_free(&tls);
}

static void test_certificates_are_judged(void **state)
{
	(void)state;
	static const struct {
		const char *trusted; // NULL: the system's authorities
		const char *name;
		enum net_tls_check check;
		const char *why; // NULL: verified
	} table[] = {
	    {"one.example", "one.example", NET_TLS_REQUIRED, NULL},
	    {"one.example", "ONE.example.", NET_TLS_REQUIRED, NULL},
	    {"one.example", "one.example", NET_TLS_OPPORTUNISTIC, NULL},
	    {"one.example", "other.example", NET_TLS_REQUIRED,
		"hostname mismatch"},
	    {"one.example", "other.example", NET_TLS_OPPORTUNISTIC,
		"hostname mismatch"},
	    {"one.example", "127.0.0.1", NET_TLS_REQUIRED,
		"IP address mismatch"},
	    {"one.example", NULL, NET_TLS_OPPORTUNISTIC,
		"the server's name is not known"},
	    {NULL, "one.example", NET_TLS_REQUIRED, "self-signed certificate"},
	    {NULL, NULL, NET_TLS_OPPORTUNISTIC, "self-signed certificate"},
	};
	struct line_server line = {0};
	line_server_start(&line, names);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct caller caller = {.turn = echo_and_quit};
		struct net_tls_client *tls = tls_of(&line, table[i].trusted);
		struct net_connect_config config =
		    config_for(&caller, line.tls_port);
		char why[256];
		config.tls = tls;
		config.implicit_tls = true;
		config.check = table[i].check;
		config.server_name = table[i].name;
		call(&line, &config);
		if (table[i].why && table[i].check == NET_TLS_REQUIRED) {
			snprintf(why, sizeof(why),
			    "TLS: the certificate is not trusted: %s",
			    table[i].why);
			expect_failed(&caller, NET_END_TLS, why);
		} else {
			expect_ended(
			    &caller, NET_END_CLOSED, "closed by the session");
			assert_int_equal(caller.tls.verified, !table[i].why);
			assert_string_equal(caller.tls.unverified,
			    table[i].why ? table[i].why : "");
		}
		// The connection lingers longer than its session.
		while (net_server_stats(line.server).outgoing > 0)
			usleep(1000);
		net_tls_client_free(&tls);
	}
	line_server_stop(&line, 5);
}

static const struct turn upgrade[] = {
    {"HELLO", "STARTTLS\r\n", NET_READ},
    {"OK", "", NET_START_TLS},
    {"secured", "QUIT\r\n", NET_READ},
    {"BYE", "", NET_CLOSE},
    {0},
};

static void test_starttls(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = upgrade};
	line_server_start(&line, names);
	struct net_tls_client *tls = tls_of(&line, "one.example");
	struct net_connect_config config = config_for(&caller, line.port);
	config.tls = tls;
	config.check = NET_TLS_REQUIRED;
	config.server_name = "one.example";
	call(&line, &config);
	expect_ended(&caller, NET_END_CLOSED, "closed by the session");
	assert_true(caller.tls.verified);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

static void test_starttls_refused_for_the_certificate(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = upgrade};
	line_server_start(&line, names);
	struct net_tls_client *tls = tls_of(&line, "one.example");
	struct net_connect_config config = config_for(&caller, line.port);
	config.tls = tls;
	config.check = NET_TLS_REQUIRED;
	config.server_name = "two.example";
	call(&line, &config);
	expect_ended(&caller, NET_END_TLS,
	    "TLS: the certificate is not trusted: hostname mismatch");
	assert_int_equal(atomic_load(&caller.secured), 0);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

// What a peer says instead of a handshake, and what the session is told.
static void test_starttls_that_fails_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *answer; // NULL: silence
		bool close;
		const char *why;
	} table[] = {
	    {"454 no TLS after all\r\n", false, "TLS: wrong version number"},
	    {"", true, "closed in the TLS handshake"},
	    {NULL, false, "TLS handshake timed out"},
	};
	struct line_server line = {0};
	line_server_start(&line, NULL);
	struct net_tls_client *tls = tls_of(&line, NULL);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct caller caller = {.turn = upgrade};
		uint16_t port;
		int fd = listen_raw(5, &port);
		struct net_connect_config config = config_for(&caller, port);
		config.tls = tls;
		config.handshake_seconds = 1;
		call(&line, &config);
		int peer = accept_raw(fd);
		char got[64] = {0};
		send_raw(peer, "HELLO\r\n");
		assert_int_equal(recv(peer, got, 10, MSG_WAITALL), 10);
		send_raw(peer, "OK\r\n");
		// The handshake has begun.
		assert_int_equal(recv(peer, got, 1, 0), 1);
		assert_int_equal(got[0], 0x16);
		if (table[i].answer)
			send_raw(peer, table[i].answer);
		if (table[i].close)
			shutdown(peer, SHUT_WR);
		expect_ended(&caller, NET_END_TLS, table[i].why);
		close(peer);
		close(fd);
	}
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

// What a man in the middle adds to the answer to STARTTLS is never heard.
static void test_injected_answers_are_dropped(void **state)
{
	(void)state;
	static const struct turn turns[] = {
	    {"HELLO", "STARTTLS\r\n", NET_READ},
	    {"OK", "", NET_START_TLS},
	    {"evil", "", NET_CLOSE},
	    {0},
	};
	struct line_server line = {0};
	struct caller caller = {.turn = turns};
	uint16_t port;
	int fd = listen_raw(5, &port);
	line_server_start(&line, NULL);
	struct net_tls_client *tls = tls_of(&line, NULL);
	struct net_connect_config config = config_for(&caller, port);
	config.tls = tls;
	call(&line, &config);
	int peer = accept_raw(fd);
	char got[64];
	send_raw(peer, "HELLO\r\n");
	assert_int_equal(recv(peer, got, 10, MSG_WAITALL), 10);
	send_raw(peer, "OK\r\nevil\r\n");
	assert_int_equal(recv(peer, got, 1, 0), 1);
	assert_int_equal(got[0], 0x16);
	close(peer);
	wait_for(&caller.freed, 1);
	assert_int_equal(caller.end, NET_END_TLS);
	assert_string_equal(caller.heard, "OK");
	close(fd);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

// TLS 1.2, for which tls-unique exists; the peer is OpenSSL itself.
static void test_tls_unique_under_tls_1_2(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = echo_and_quit};
	uint16_t port;
	char certificate[256];
	char key[256];
	unsigned char finished[NET_BINDING_MAX];
	int fd = listen_raw(5, &port);
	line_server_start(&line, names);
	line_paths(&line, "one.example", certificate, key, sizeof(key));
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_use_certificate_file(
			     context, certificate, SSL_FILETYPE_PEM),
	    1);
	assert_int_equal(
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), 1);
	struct net_tls_client *tls = tls_of(&line, NULL);
	struct net_connect_config config = config_for(&caller, port);
	config.tls = tls;
	config.implicit_tls = true;
	call(&line, &config);
	int peer = accept_raw(fd);
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, peer);
	assert_int_equal(SSL_accept(ssl), 1);
	wait_for(&caller.secured, 1);
	size_t len = SSL_get_peer_finished(ssl, finished, sizeof(finished));
	assert_string_equal(caller.tls.version, "TLSv1.2");
	assert_int_equal(caller.tls.unique_len, len);
	assert_memory_equal(caller.tls.unique, finished, len);
	assert_int_equal(caller.tls.exporter_len, 32);
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(peer);
	close(fd);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
	ERR_clear_error();
}

static void test_authorities_that_cannot_be_read(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct net_tls_client *tls;
	struct fault fault;
	char certificate[256];
	char key[256];
	line_server_start(&line, names);
	line_paths(&line, "one.example", certificate, key, sizeof(key));
	struct net_tls_client_config missing = {
	    .authorities_path = "/nonexistent/ca.pem"};
	struct net_tls_client_config junk = {.authorities_path = key};
	assert_int_equal(
	    net_tls_client_new(&missing, &tls, &fault), RC_NOT_FOUND);
	assert_int_equal(net_tls_client_new(&junk, &tls, &fault), RC_INVALID);
	line_server_stop(&line, 5);
}

// ---- Limits and the end ----

static void test_strangers_leave_room_for_outgoing(void **state)
{
	(void)state;
	struct line_server line = {
	    .config = {.max_connections = 1, .max_outgoing = 1}};
	struct line_server other = {0};
	struct caller first = {0};
	struct caller second = {.turn = echo_and_quit};
	struct client stranger;
	struct fault fault;
	line_server_start(&line, NULL);
	line_server_start(&other, NULL);
	client_open(&stranger, line.port);
	client_expect(&stranger, "HELLO");
	struct net_connect_config config = config_for(&first, other.port);
	call(&line, &config);
	wait_for(&first.made, 1);
	assert_int_equal(net_server_stats(line.server).open, 1);
	assert_int_equal(net_server_stats(line.server).outgoing, 1);
	config = config_for(&second, other.port);
	assert_int_equal(net_connect(line.server, &config, &fault), RC_LIMIT);
	// A place that was left can be taken again.
	first.waker.wake(first.waker.context);
	expect_ended(&first, NET_END_PEER, "closed by the peer");
	while (net_connect(line.server, &config, &fault) != RC_OK)
		usleep(1000);
	expect_ended(&second, NET_END_CLOSED, "closed by the session");
	client_close(&stranger);
	line_server_stop(&line, 5);
	line_server_stop(&other, 5);
}

static void test_networks_have_a_limit(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		const char *heard;
	} table[] = {
	    {"127.0.3.1", "HELLO"},
	    {"127.0.3.2", "HELLO"},
	    {"127.0.3.3", "* FULL"},
	    {"127.0.4.1", "HELLO"},
	    {"127.0.3.255", "* FULL"},
	};
	static const struct turn turns[] = {{"* FULL", "", NET_CLOSE}, {0}};
	struct line_server line = {.config = {.max_per_network = 2}};
	struct line_server us = {0};
	struct caller callers[ARRAY_LEN(table)] = {0};
	line_server_start(&line, NULL);
	line_server_start(&us, NULL);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		callers[i].turn = turns;
		struct net_connect_config config =
		    config_for(&callers[i], line.port);
		config.local_address = table[i].from;
		call(&us, &config);
		wait_for(&callers[i].lines, 1);
	}
	assert_int_equal(net_server_stats(line.server).refused, 2);
	line_server_stop(&us, 5);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_string_equal(callers[i].heard, table[i].heard);
	// All have left, and the network is as free as before.
	wait_for(&line.sessions, 0);
	line_server_stop(&line, 5);
}

static void test_a_listener_has_a_limit_of_its_own(void **state)
{
	(void)state;
	struct line_server line = {.plain_max = 1};
	struct client first;
	struct client second;
	struct client secure;
	line_server_start(&line, names);
	client_open(&first, line.port);
	client_expect(&first, "HELLO");
	client_open(&second, line.port);
	client_expect(&second, "* FULL");
	client_expect_end(&second);
	client_open(&secure, line.tls_port);
	assert_true(client_tls(&secure, NULL, TLS1_3_VERSION, NULL, NULL));
	client_expect(&secure, "HELLO");
	client_close(&secure);
	client_close(&second);
	client_close(&first);
	line_server_stop(&line, 5);
}

// One that talks, one that connects, one that shakes hands: each learns of it.
static void test_stop_ends_them_all(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct line_server other = {0};
	struct caller open = {0};
	struct caller shaking = {0};
	struct caller stuck = {0};
	uint16_t port;
	int fd = listen_raw(5, &port);
	line_server_start(&line, names);
	line_server_start(&other, NULL);
	struct net_tls_client *tls = tls_of(&line, NULL);
	struct net_connect_config config = config_for(&open, other.port);
	call(&line, &config);
	wait_for(&open.made, 1);
	config = config_for(&shaking, port);
	config.tls = tls;
	config.implicit_tls = true;
	call(&line, &config);
	int peer = accept_raw(fd);
	char got;
	assert_int_equal(recv(peer, &got, 1, MSG_PEEK), 1);
	// Sends without end to a peer that reads nothing: has to be cut off.
	static const struct turn flood[] = {{"GO", "", NET_DRAIN}, {0}};
	stuck.turn = flood;
	stuck.flood = 100 * 1000 * 1000;
	config = config_for(&stuck, port);
	call(&line, &config);
	int reader = accept_raw(fd);
	send_raw(reader, "GO\r\n");
	wait_for(&stuck.flooding, 1);
	net_server_stop(line.server, 1);
	expect_ended(&open, NET_END_STOPPED, "server stopped");
	expect_failed(&shaking, NET_END_STOPPED, "server stopped");
	expect_ended(&stuck, NET_END_STOPPED, "server stopped");
	close(peer);
	close(reader);
	close(fd);
	line_server_stop(&line, 1);
	line_server_stop(&other, 5);
	net_tls_client_free(&tls);
}

struct crowd {
	struct line_server *line;
	struct net_tls_client *tls;
	struct caller *callers;
	unsigned count;
	_Atomic unsigned begun;
};

static void *crowd_main(void *context)
{
	struct crowd *crowd = context;
	struct fault fault;
	for (;;) {
		unsigned i = atomic_fetch_add(&crowd->begun, 1);
		if (i >= crowd->count)
			return NULL;
		struct caller *caller = &crowd->callers[i];
		struct net_connect_config config =
		    config_for(caller, crowd->line->port);
		caller->turn = i % 2 ? upgrade : echo_and_quit;
		config.tls = crowd->tls;
		if (net_connect(crowd->line->server, &config, &fault) != RC_OK)
			note_end(caller, NET_END_STOPPED, fault.text);
	}
}

// From several threads, and the server stops in the middle of it: each session
// that was made has ended, and each connection was told of once.
static void test_a_crowd_and_a_stop(void **state)
{
	(void)state;
	enum { COUNT = 300, THREADS = 3 };
	struct line_server line = {.config = {.max_outgoing = COUNT}};
	struct caller *callers = mem_zalloc(COUNT * sizeof(*callers));
	pthread_t threads[THREADS];
	line_server_start(&line, names);
	struct crowd crowd = {.line = &line,
	    .tls = tls_of(&line, NULL),
	    .callers = callers,
	    .count = COUNT};
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, crowd_main, &crowd);
	wait_for(&callers[COUNT / 4].freed, 1);
	net_server_stop(line.server, 2);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	unsigned closed = 0;
	for (unsigned i = 0; i < COUNT; i++) {
		struct caller *caller = &callers[i];
		unsigned made = atomic_load(&caller->made);
		assert_int_equal(atomic_load(&caller->ended), made);
		assert_int_equal(atomic_load(&caller->freed), made);
		assert_true(made + atomic_load(&caller->failed) <= 1);
		assert_true(caller->why[0] != '\0');
		closed += caller->end == NET_END_CLOSED;
	}
	print_message(
	    "%u of %u were through before the stop\n", closed, (unsigned)COUNT);
	net_tls_client_free(&crowd.tls);
	line_server_stop(&line, 5);
	free(callers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_from_a_chosen_address),
	    cmocka_unit_test(test_ipv6),
	    cmocka_unit_test(test_peer_that_hangs_up),
	    cmocka_unit_test(test_woken_session_speaks),
	    cmocka_unit_test(test_silent_peer_times_out),
	    cmocka_unit_test(test_last_words_before_a_reset_are_heard),
	    cmocka_unit_test(test_refused_then_tried_elsewhere),
	    cmocka_unit_test(test_connecting_times_out),
	    cmocka_unit_test(test_mistakes_are_told_at_once),
	    cmocka_unit_test(test_implicit_tls_with_any_certificate),
	    cmocka_unit_test(test_certificates_are_judged),
	    cmocka_unit_test(test_starttls),
	    cmocka_unit_test(test_starttls_refused_for_the_certificate),
	    cmocka_unit_test(test_starttls_that_fails_is_told),
	    cmocka_unit_test(test_injected_answers_are_dropped),
	    cmocka_unit_test(test_tls_unique_under_tls_1_2),
	    cmocka_unit_test(test_authorities_that_cannot_be_read),
	    cmocka_unit_test(test_strangers_leave_room_for_outgoing),
	    cmocka_unit_test(test_networks_have_a_limit),
	    cmocka_unit_test(test_a_listener_has_a_limit_of_its_own),
	    cmocka_unit_test(test_stop_ends_them_all),
	    cmocka_unit_test(test_a_crowd_and_a_stop),
	};
	return cmocka_run_group_tests_name("net_connect", tests, NULL, NULL);
}
