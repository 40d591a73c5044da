// SPDX-License-Identifier: Apache-2.0
// Tests outgoing connections over loopback, to a line server of the same
// process and to peers that misbehave.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/test_caller.h"
#include "net/test_port.h"

// ---- Plain ----

static void test_plain_from_a_chosen_address(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = caller_quits};
	line_server_start(&line, NULL);
	struct net_connect_config config = caller_config(&caller, line.port);
	config.local_address = "127.0.0.7";
	caller_call(&line, &config);
	caller_expect_ended(&caller, NET_END_CLOSED, "closed by the session");
	assert_string_equal(caller.peer.address, "127.0.0.1");
	assert_int_equal(caller.peer.port, line.port);
	assert_string_equal(caller.peer.local_address, "127.0.0.7");
	line_server_stop(&line, 5);
}

static void test_ipv6(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.turn = caller_quits};
	struct fault fault;
	int fd;
	if (net_bind("::1", 0, &fd, &fault) != RC_OK)
		skip(); // the machine has no IPv6
	assert_int_equal(listen(fd, 5), 0);
	line_server_start(&line, NULL);
	struct net_connect_config config =
	    caller_config(&caller, test_bound_port(fd));
	config.address = "::1";
	caller_call(&line, &config);
	int peer = raw_accept(fd);
	raw_send(peer, "HELLO\r\na\r\nBYE\r\n");
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
	int fd = raw_listen(5, &port);
	line_server_start(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	caller_call(&line, &config);
	int peer = raw_accept(fd);
	raw_send(peer, "421 busy\r\n");
	close(peer);
	caller_expect_ended(&caller, NET_END_PEER, "closed by the peer");
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
	struct net_connect_config config = caller_config(&caller, line.port);
	caller_call(&line, &config);
	wait_for(&caller.made, 1);
	caller.waker.wake(caller.waker.context);
	caller_expect_ended(&caller, NET_END_CLOSED, "closed by the session");
	line_server_stop(&line, 5);
}

static void test_silent_peer_times_out(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.timeout = 1};
	uint16_t port;
	int fd = raw_listen(5, &port);
	line_server_start(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	caller_call(&line, &config);
	int peer = raw_accept(fd);
	char got[16] = {0};
	assert_int_equal(recv(peer, got, 6, MSG_WAITALL), 6);
	assert_string_equal(got, "QUIT\r\n");
	close(peer);
	caller_expect_ended(&caller, NET_END_TIMEOUT, "timeout");
	close(fd);
	line_server_stop(&line, 5);
}

// The peer has its full time for each answer, counted from when it was asked.
static void test_speaking_renews_the_timeout(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {.timeout = 4};
	uint16_t port;
	int fd = raw_listen(5, &port);
	line_server_start(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	caller_call(&line, &config);
	int peer = raw_accept(fd);
	wait_for(&caller.made, 1);
	// Nothing is said for a while.
	struct pollfd silence = {.fd = peer, .events = POLLIN};
	assert_int_equal(poll(&silence, 1, 1000), 0);
	// Before the session speaks: a slow machine makes it longer only.
	uint64_t woken = clock_monotonic_ms();
	caller.waker.wake(caller.waker.context);
	char got[16];
	assert_int_equal(recv(peer, got, 6, MSG_WAITALL), 6);
	caller_expect_ended(&caller, NET_END_TIMEOUT, "timeout");
	assert_true(clock_monotonic_ms() - woken >= 3900);
	close(peer);
	close(fd);
	line_server_stop(&line, 5);
}

// The peer refuses while the session is still sending, and closes without
// reading.
static void test_last_words_before_a_reset_are_heard(void **state)
{
	(void)state;
	static const struct turn turns[] = {{"HELLO", "", NET_DRAIN}, {0}};
	struct line_server line = {0};
	struct caller caller = {.turn = turns, .flood = 10 * 1000 * 1000};
	uint16_t port;
	int fd = raw_listen(5, &port);
	line_server_start(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	caller_call(&line, &config);
	int peer = raw_accept(fd);
	raw_send(peer, "HELLO\r\n");
	char got;
	assert_int_equal(recv(peer, &got, 1, MSG_PEEK), 1);
	raw_send(peer, "552 too big\r\n");
	close(peer); // unread bytes make it a reset
	caller_expect_ended(&caller, NET_END_LOST, "connection lost");
	assert_string_equal(caller.heard, "552 too big");
	close(fd);
	line_server_stop(&line, 5);
}

// ---- Failures to connect ----

static void test_refused_then_tried_elsewhere(void **state)
{
	(void)state;
	struct line_server line = {.config = {.max_outgoing = 1}};
	struct caller caller = {.turn = caller_quits};
	uint16_t port;
	int fd = raw_listen(-1, &port); // bound, but not listening
	line_server_start(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	caller_call(&line, &config);
	caller_expect_failed(&caller, NET_END_REFUSED, "connection refused");
	// Connects again from within failed().
	caller.failed = 0;
	caller.server = line.server;
	caller.retry = caller_config(&caller, line.port);
	caller_call(&line, &config);
	wait_for(&caller.freed, 1);
	assert_int_equal(atomic_load(&caller.failed), 1);
	assert_int_equal(caller.end, NET_END_CLOSED);
	close(fd);
	line_server_stop(&line, 5);
}

// The kernel does not answer when the queue of a listener is full.
static void test_connecting_times_out(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct caller caller = {0};
	uint16_t port;
	int fillers[4];
	int fd = raw_listen(0, &port);
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		fillers[i] = socket(
		    AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fillers[i], (const void *)&at, sizeof(at));
	}
	line_server_start(&line, NULL);
	struct net_connect_config config = caller_config(&caller, port);
	config.connect_seconds = 1;
	uint64_t before = clock_monotonic_ms();
	caller_call(&line, &config);
	caller_expect_failed(&caller, NET_END_TIMEOUT, "connection timed out");
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
	line_server_start(&line, caller_names);
	struct net_tls_client *tls = caller_tls(&line, NULL);
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
	struct net_connect_config config = caller_config(&caller, line.port);
	net_server_stop(line.server, 1);
	assert_int_equal(net_connect(line.server, &config, &fault), RC_CLOSED);
	assert_int_equal(atomic_load(&caller.failed), 0);
	line_server_stop(&line, 5);
	net_tls_client_free(&tls);
}

// ---- Limits and the stop ---------------------------------------------------

static void test_strangers_leave_room_for_outgoing(void **state)
{
	(void)state;
	struct line_server line = {
	    .config = {.max_connections = 1, .max_outgoing = 1}};
	struct line_server other = {0};
	struct caller first = {0};
	struct caller second = {.turn = caller_quits};
	struct client stranger;
	struct fault fault;
	line_server_start(&line, NULL);
	line_server_start(&other, NULL);
	client_open(&stranger, line.port);
	client_expect(&stranger, "HELLO");
	struct net_connect_config config = caller_config(&first, other.port);
	caller_call(&line, &config);
	wait_for(&first.made, 1);
	assert_int_equal(net_server_stats(line.server).open, 1);
	assert_int_equal(net_server_stats(line.server).outgoing, 1);
	config = caller_config(&second, other.port);
	assert_int_equal(net_connect(line.server, &config, &fault), RC_LIMIT);
	// When one connection has ended, another can be made.
	first.waker.wake(first.waker.context);
	caller_expect_ended(&first, NET_END_PEER, "closed by the peer");
	while (net_connect(line.server, &config, &fault) != RC_OK)
		usleep(1000);
	caller_expect_ended(&second, NET_END_CLOSED, "closed by the session");
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
		    caller_config(&callers[i], line.port);
		config.local_address = table[i].from;
		caller_call(&us, &config);
		wait_for(&callers[i].lines, 1);
	}
	assert_int_equal(net_server_stats(line.server).refused, 2);
	line_server_stop(&us, 5);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_string_equal(callers[i].heard, table[i].heard);
	// All have ended, so all places are free again.
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
	line_server_start(&line, caller_names);
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

// One connection talks, one connects, one is in the handshake: the stop ends
// each of them.
static void test_stop_ends_them_all(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct line_server other = {0};
	struct caller open = {0};
	struct caller shaking = {0};
	struct caller stuck = {0};
	uint16_t port;
	int fd = raw_listen(5, &port);
	line_server_start(&line, caller_names);
	line_server_start(&other, NULL);
	struct net_tls_client *tls = caller_tls(&line, NULL);
	struct net_connect_config config = caller_config(&open, other.port);
	caller_call(&line, &config);
	wait_for(&open.made, 1);
	config = caller_config(&shaking, port);
	config.tls = tls;
	config.implicit_tls = true;
	caller_call(&line, &config);
	int peer = raw_accept(fd);
	char got;
	assert_int_equal(recv(peer, &got, 1, MSG_PEEK), 1);
	// Sends without end to a peer that reads nothing. It has to be cut off.
	static const struct turn flood[] = {{"GO", "", NET_DRAIN}, {0}};
	stuck.turn = flood;
	stuck.flood = 100 * 1000 * 1000;
	config = caller_config(&stuck, port);
	caller_call(&line, &config);
	int reader = raw_accept(fd);
	raw_send(reader, "GO\r\n");
	wait_for(&stuck.flooding, 1);
	net_server_stop(line.server, 1);
	caller_expect_ended(&open, NET_END_STOPPED, "server stopped");
	caller_expect_failed(&shaking, NET_END_STOPPED, "server stopped");
	caller_expect_ended(&stuck, NET_END_STOPPED, "server stopped");
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
		    caller_config(caller, crowd->line->port);
		caller->turn = i % 2 ? caller_upgrades : caller_quits;
		config.tls = crowd->tls;
		if (net_connect(crowd->line->server, &config, &fault) != RC_OK)
			caller_note_end(caller, NET_END_STOPPED, fault.text);
	}
}

// Several threads make connections, and the server stops meanwhile. Each
// session that was made must have ended, and each connection must have been
// told exactly once.
static void test_a_crowd_and_a_stop(void **state)
{
	(void)state;
	enum { COUNT = 300, THREADS = 3 };
	struct line_server line = {.config = {.max_outgoing = COUNT}};
	struct caller *callers = mem_zalloc(COUNT * sizeof(*callers));
	pthread_t threads[THREADS];
	line_server_start(&line, caller_names);
	struct crowd crowd = {.line = &line,
	    .tls = caller_tls(&line, NULL),
	    .callers = callers,
	    .count = COUNT};
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, crowd_main, &crowd), 0);
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
	    cmocka_unit_test(test_speaking_renews_the_timeout),
	    cmocka_unit_test(test_last_words_before_a_reset_are_heard),
	    cmocka_unit_test(test_refused_then_tried_elsewhere),
	    cmocka_unit_test(test_connecting_times_out),
	    cmocka_unit_test(test_mistakes_are_told_at_once),
	    cmocka_unit_test(test_strangers_leave_room_for_outgoing),
	    cmocka_unit_test(test_networks_have_a_limit),
	    cmocka_unit_test(test_a_listener_has_a_limit_of_its_own),
	    cmocka_unit_test(test_stop_ends_them_all),
	    cmocka_unit_test(test_a_crowd_and_a_stop),
	};
	return cmocka_run_group_tests_name("net_connect", tests, NULL, NULL);
}
