// SPDX-License-Identifier: Apache-2.0
// Tests plain connections over loopback.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/connection.h"
#include "net/test_line.h"
#include "net/test_port.h"

static void test_echo_and_quit(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "ECHO a\r\nEC");
	client_expect(&client, "a");
	client_send(&client, "HO b\r");
	client_send(&client, "\nQUIT\r\nECHO never\r\n");
	client_expect(&client, "b");
	client_expect(&client, "BYE");
	client_expect_end(&client);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_pipelined_commands_keep_their_order(void **state)
{
	(void)state;
	enum { COUNT = 20000 };
	struct line_server line = {0};
	struct client client;
	struct buf all;
	char want[32];
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	buf_init(&all, 1 << 20);
	for (int i = 0; i < COUNT; i++)
		buf_printf(&all, "ECHO %d\r\n", i);
	buf_add_char(&all, '\0');
	client_send(&client, all.ptr);
	for (int i = 0; i < COUNT; i++) {
		snprintf(want, sizeof(want), "%d", i);
		client_expect(&client, want);
	}
	buf_done(&all);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_a_byte_at_a_time(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	const char text[] = "ECHO drip\r\nECHO drop\r\n";
	for (size_t i = 0; text[i]; i++) {
		char one[2] = {text[i], '\0'};
		client_send(&client, one);
	}
	client_expect(&client, "drip");
	client_expect(&client, "drop");
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_input_after_a_generator_is_not_forgotten(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	char got[128];
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	// The second and third command have arrived while the first one drains.
	client_send(&client, "BIG 20000\r\nBIG 3000\r\nECHO end\r\n");
	for (int i = 0; i < 23000; i++)
		assert_int_equal(
		    strlen(client_line(&client, got, sizeof(got))), 62);
	client_expect(&client, "end");
	assert_true(atomic_load(&line.resumes) >= 9);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_a_reader_that_stops_costs_no_thread(void **state)
{
	(void)state;
	struct line_server line = {.config = {.threads = 1}};
	struct client slow[4];
	struct client other;
	char got[128];
	line_server_start(&line, NULL);
	for (int i = 0; i < 4; i++) {
		client_open(&slow[i], line.port);
		client_expect(&slow[i], "HELLO");
		client_send(&slow[i], "BIG 300000\r\nECHO end\r\n");
	}
	client_open(&other, line.port);
	client_expect(&other, "HELLO");
	client_send(&other, "ECHO alive\r\n");
	client_expect(&other, "alive");
	for (int i = 0; i < 4; i++) {
		for (int n = 0; n < 300000; n++)
			assert_non_null(
			    client_line(&slow[i], got, sizeof(got)));
		client_expect(&slow[i], "end");
		client_close(&slow[i]);
	}
	client_close(&other);
	line_server_stop(&line, 5);
}

static void test_half_closed_peer_gets_its_answers(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	char got[128];
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_send(&client, "BIG 50000\r\nECHO last\r\n");
	shutdown(client.fd, SHUT_WR);
	client_expect(&client, "HELLO");
	for (int i = 0; i < 50000; i++)
		assert_non_null(client_line(&client, got, sizeof(got)));
	client_expect(&client, "last");
	client_expect_end(&client);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_reset_frees_the_session(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	struct linger now = {1, 0};
	line_server_start(&line, NULL);
	for (int i = 0; i < 50; i++) {
		client_open(&client, line.port);
		client_expect(&client, "HELLO");
		client_send(&client, i % 2 ? "BIG 100000\r\n" : "ECHO x\r\n");
		setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		client_close(&client);
	}
	wait_for(&line.sessions, 0);
	line_server_stop(&line, 5);
}

static void test_bye_survives_a_peer_that_is_sending(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "QUIT\r\n");
	// The server has closed by the time most of this arrives.
	for (int i = 0; i < 2000; i++) {
		char more[1025];
		memset(more, 'x', 1024);
		more[1024] = '\0';
		client_send(&client, more);
	}
	client_expect(&client, "BYE");
	client_expect_end(&client);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_too_much_unread_input_ends_the_connection(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	char *much = mem_alloc(NET_INPUT_MAX * 3);
	memset(much, 'x', NET_INPUT_MAX * 3);
	(void)!send(client.fd, much, NET_INPUT_MAX * 3, MSG_NOSIGNAL);
	free(much);
	client_expect_end(&client);
	client_close(&client);
	wait_for(&line.sessions, 0);
	line_server_stop(&line, 5);
}

static void test_timeout_says_its_last_words(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "TIMEOUT 1\r\n");
	client_expect(&client, "OK");
	uint64_t before = clock_monotonic_ms();
	client_expect(&client, "* TIMEOUT");
	assert_true(clock_monotonic_ms() - before >= 900);
	client_expect_end(&client);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_a_pause_answers_late_and_reads_nothing_meanwhile(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client quiet, hasty, pipelining;
	line_server_start(&line, NULL);
	struct client *all[] = {&quiet, &hasty, &pipelining};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		client_open(all[i], line.port);
		client_expect(all[i], "HELLO");
		// The pause is longer than the time for which the client may be
		// silent.
		client_send(all[i], "TIMEOUT 1\r\n");
		client_expect(all[i], "OK");
	}
	uint64_t begin = clock_monotonic_ms();
	client_send(&quiet, "PAUSE 1500\r\n");
	client_send(&hasty, "PAUSE 1500\r\n");
	client_send(&pipelining, "PAUSE 1500\r\nECHO after\r\n");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		client_expect(all[i], "PAUSED");
	client_send(&hasty, "ECHO hasty\r\n");
	client_expect(&quiet, "OVER");
	assert_true(clock_monotonic_ms() - begin >= 1500);
	client_expect(&hasty, "EARLY");
	client_expect(&hasty, "hasty");
	client_expect(&pipelining, "OVER");
	client_expect(&pipelining, "after");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		client_close(all[i]);
	wait_for(&line.sessions, 0);
	line_server_stop(&line, 5);
}

#define TALK_LINE ((size_t)1000)
#define TALK_MAX  ((size_t)16 << 20) // more than a socket can hold

// Sends until the socket has accepted nothing for a second. Returns the number
// of lines sent.
static unsigned talk_until_stuck(struct client *client)
{
	char line[TALK_LINE + 1];
	size_t sent = 0, total = 0;
	snprintf(line, sizeof(line), "ECHO %0*d\r\n", (int)TALK_LINE - 7, 7);
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO,
	    &(struct timeval){.tv_sec = 1}, sizeof(struct timeval));
	while (total < TALK_MAX) {
		ssize_t n = send(
		    client->fd, line + sent, TALK_LINE - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		assert_true(n > 0); // otherwise it was cut off
		sent = (sent + (size_t)n) % TALK_LINE;
		total += (size_t)n;
	}
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){0},
	    sizeof(struct timeval));
	assert_true(total > NET_WAIT_MAX);
	return (unsigned)(total / TALK_LINE);
}

// A client whose session waits is not cut off for what it says meanwhile.
static void test_a_wait_keeps_what_is_said_in_it(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	char echo[2 * TALK_LINE];
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "WAIT\r\nECHO first\r\n");
	client_expect(&client, "WAITING");
	unsigned lines = talk_until_stuck(&client);
	line_server_wake_all(&line);
	client_expect(&client, "WOKEN");
	client_expect(&client, "first");
	for (unsigned i = 0; i < lines; i++)
		assert_non_null(client_line(&client, echo, sizeof(echo)));
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_a_wait_ends_with_its_peer_its_time_or_the_server(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client gone, late, told;
	line_server_start(&line, NULL);
	client_open(&gone, line.port);
	client_expect(&gone, "HELLO");
	client_send(&gone, "WAIT\r\nECHO x\r\n");
	client_expect(&gone, "WAITING");
	client_close(&gone);
	wait_for(&line.sessions, 0);

	client_open(&late, line.port);
	client_expect(&late, "HELLO");
	client_send(&late, "TIMEOUT 1\r\nWAIT\r\n");
	client_expect(&late, "OK");
	client_expect(&late, "WAITING");
	client_expect(&late, "* TIMEOUT");
	client_expect_end(&late);
	client_close(&late);

	client_open(&told, line.port);
	client_expect(&told, "HELLO");
	client_send(&told, "WAIT\r\nECHO x\r\n");
	client_expect(&told, "WAITING");
	line_server_stop(&line, 5);
	client_expect(&told, "* STOP");
	client_expect_end(&told);
	client_close(&told);
}

static void test_stalled_reader_is_cut_off(void **state)
{
	(void)state;
	struct line_server line = {.config = {.stall_seconds = 1}};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_send(&client, "BIG 1000000\r\n");
	wait_for(&line.sessions, 1);
	wait_for(&line.sessions, 0);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_stop_says_last_words_to_all(void **state)
{
	(void)state;
	enum { COUNT = 50 };
	struct line_server line = {0};
	struct client clients[COUNT];
	struct client stuck;
	line_server_start(&line, NULL);
	for (int i = 0; i < COUNT; i++) {
		client_open(&clients[i], line.port);
		client_expect(&clients[i], "HELLO");
	}
	client_open(&stuck, line.port);
	client_send(&stuck, "BIG 1000000\r\n");
	client_expect(&stuck, "HELLO");
	line_server_stop(&line, 1); // the stuck connection is cut off
	for (int i = 0; i < COUNT; i++) {
		client_expect(&clients[i], "* STOP");
		client_expect_end(&clients[i]);
		client_close(&clients[i]);
	}
	client_close(&stuck);
}

static void test_two_servers_and_a_restart_in_one_process(void **state)
{
	(void)state;
	struct line_server a = {0};
	struct line_server b = {0};
	struct client client;
	line_server_start(&a, NULL);
	line_server_start(&b, NULL);
	client_open(&client, b.port);
	client_expect(&client, "HELLO");
	line_server_stop(&a, 5);
	client_send(&client, "ECHO still\r\n");
	client_expect(&client, "still");
	line_server_start(&a, NULL);
	client_close(&client);
	client_open(&client, a.port);
	client_expect(&client, "HELLO");
	client_close(&client);
	line_server_stop(&a, 5);
	line_server_stop(&b, 5);
}

static void test_limits_refuse_with_words(void **state)
{
	(void)state;
	static const struct net_server_config configs[] = {
	    {.max_connections = 2},
	    {.max_per_address = 2},
	};
	for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
		struct line_server line = {.config = configs[i]};
		struct client a;
		struct client b;
		struct client c;
		line_server_start(&line, NULL);
		client_open(&a, line.port);
		client_expect(&a, "HELLO");
		client_open(&b, line.port);
		client_expect(&b, "HELLO");
		client_open(&c, line.port);
		client_expect(&c, "* FULL");
		client_expect_end(&c);
		client_close(&c);
		assert_int_equal(net_server_stats(line.server).refused, 1);
		client_close(&b);
		wait_for(&line.sessions, 1);
		// The slot becomes free a moment after the session.
		for (bool in = false; !in;) {
			char got[64];
			client_open(&c, line.port);
			const char *text = client_line(&c, got, sizeof(got));
			in = text && strcmp(text, "HELLO") == 0;
			if (!in)
				client_close(&c);
		}
		client_close(&a);
		client_close(&c);
		line_server_stop(&line, 5);
	}
}

static uint64_t cpu_microseconds(const struct rusage *usage)
{
	return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		   1000000 +
	       (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

// Reads the log until this many lines have come.
static void expect_pauses(int log_fd, int count)
{
	while (count > 0) {
		char text[512];
		ssize_t n = read(log_fd, text, sizeof(text));
		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			count -= text[i] == '\n';
	}
}

static void test_out_of_descriptors_then_recovers(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	int hogs[4096];
	int count = 0;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	struct log log = {.fd = ends[1], .minimum = LOG_LEVEL_ERROR};
	line.config.log = &log;
	line_server_start(&line, NULL);
	struct rlimit limit;
	struct rlimit tight;
	getrlimit(RLIMIT_NOFILE, &limit);
	tight = limit;
	tight.rlim_cur = 200;
	setrlimit(RLIMIT_NOFILE, &tight);
	client = (struct client){.fd = -1};
	while ((hogs[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	assert_int_equal(errno, EMFILE);
	close(hogs[--count]);
	struct rusage before;
	struct rusage after;
	getrusage(RUSAGE_SELF, &before);
	uint64_t began = clock_monotonic_ms();
	client_open(&client, line.port); // uses the last descriptor
	// The listener logs each time it tries and has to rest: with the
	// connection, and at the ticks that follow.
	expect_pauses(ends[0], 4);
	getrusage(RUSAGE_SELF, &after);
	uint64_t elapsed = clock_monotonic_ms() - began;
	uint64_t spent = cpu_microseconds(&after) - cpu_microseconds(&before);
	assert_true(elapsed >= 2 * 250);
	assert_int_equal(atomic_load(&line.sessions), 0);
	// A single thread that spins would use all of that time.
	assert_true(spent < elapsed * 1000 / 2);
	while (count > 0)
		close(hogs[--count]);
	client_expect(&client, "HELLO");
	setrlimit(RLIMIT_NOFILE, &limit);
	client_close(&client);
	line_server_stop(&line, 5);
	close(ends[0]);
	close(ends[1]);
}

// A session that reads, and one that waits, are woken at the time that they
// asked for, once, and are still there for their clients.
static void test_a_session_is_woken_at_its_time(void **state)
{
	(void)state;
	struct line_server line = {0};
	struct client client;
	line_server_start(&line, NULL);
	client_open(&client, line.port);
	client_expect(&client, "HELLO");
	client_send(&client, "TIMEOUT 100\r\n");
	client_expect(&client, "OK");
	uint64_t begin = clock_monotonic_ms();
	client_send(&client, "ALARM 600\r\n");
	client_expect(&client, "OK");
	client_expect(&client, "* WAKE");
	assert_true(clock_monotonic_ms() - begin >= 600);
	client_send(&client, "ALARM 300\r\nWAIT\r\nECHO after\r\n");
	client_expect(&client, "OK");
	client_expect(&client, "WAITING");
	client_expect(&client, "WOKEN");
	client_expect(&client, "after");
	assert_int_equal(atomic_load(&line.wakes), 2);
	client_close(&client);
	line_server_stop(&line, 5);
}

static void test_wakes_reach_idle_sessions(void **state)
{
	(void)state;
	enum { COUNT = 500 };
	struct line_server line = {0};
	struct client *clients = mem_alloc(COUNT * sizeof(*clients));
	line_server_start(&line, NULL);
	for (int i = 0; i < COUNT; i++) {
		client_open(&clients[i], line.port);
		client_expect(&clients[i], "HELLO");
	}
	line_server_wake_all(&line);
	wait_for(&line.wakes, COUNT);
	print_message("the last of %d woken after %llu us\n", COUNT,
	    (unsigned long long)atomic_load(&line.wake_delay_ns) / 1000);
	for (int i = 0; i < COUNT; i++) {
		client_expect(&clients[i], "* WAKE");
		client_close(&clients[i]);
	}
	free(clients);
	line_server_stop(&line, 5);
}

struct storm {
	struct line_server *line;
	_Atomic bool end;
};

static void *storm_main(void *context)
{
	struct storm *storm = context;
	while (!atomic_load(&storm->end)) {
		line_server_wake_all(storm->line);
		sched_yield();
	}
	return NULL;
}

// Several threads wake sessions while these talk, come and go. Each client must
// get its answers in order between the wakes, and the last wake must arrive.
static void test_wake_storm(void **state)
{
	(void)state;
	enum { COUNT = 16, ROUNDS = 60 };
	struct line_server line = {0};
	struct client clients[COUNT];
	pthread_t threads[2];
	char got[128];
	char want[32];
	line_server_start(&line, NULL);
	struct storm storm = {.line = &line};
	for (int i = 0; i < COUNT; i++)
		client_open(&clients[i], line.port);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, storm_main, &storm), 0);
	for (int round = 0; round < ROUNDS; round++) {
		int i = round % COUNT;
		snprintf(want, sizeof(want), "ECHO %d\r\n", round);
		client_send(&clients[i], want);
		snprintf(want, sizeof(want), "%d", round);
		do
			assert_non_null(
			    client_line(&clients[i], got, sizeof(got)));
		while (strcmp(got, want) != 0);
		if (round % 7 == 0) {
			client_close(&clients[i]);
			client_open(&clients[i], line.port);
		}
	}
	atomic_store(&storm.end, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < COUNT; i++)
		client_close(&clients[i]);
	wait_for(&line.sessions, 0);
	line_server_stop(&line, 5);
}

static void test_unix_socket_is_private_and_replaced(void **state)
{
	(void)state;
	char folder[] = "/tmp/net-test-XXXXXX";
	char path[64];
	struct fault fault;
	struct stat info;
	int fd;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control", folder);
	assert_int_equal(net_bind_unix(path, &fd, &fault), RC_OK);
	close(fd); // as after a crash: the file stays there
	assert_int_equal(net_bind_unix(path, &fd, &fault), RC_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	struct line_server line = {0};
	pthread_mutex_init(&line.lock, NULL);
	struct net_server_config config = {.threads = 2};
	struct net_listener_config listener = {.fd = fd,
	    .ops = &line_ops,
	    .session_new = line_session_new,
	    .context = &line};
	struct net_server *server = net_server_new(&config);
	assert_int_equal(net_server_listen(server, &listener, &fault), RC_OK);
	assert_int_equal(net_server_start(server, &fault), RC_OK);
	int other;
	assert_int_equal(net_bind_unix(path, &other, &fault), RC_IN_USE);
	struct client client = {0};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	client.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client.fd, (const void *)&at, sizeof(at)), 0);
	client_expect(&client, "HELLO");
	client_send(&client, "BIG 20000\r\nQUIT\r\n");
	char got[128];
	for (int i = 0; i < 20000; i++)
		assert_non_null(client_line(&client, got, sizeof(got)));
	client_expect(&client, "BYE");
	client_expect_end(&client);
	client_close(&client);
	net_server_free(&server);
	pthread_mutex_destroy(&line.lock);
	unlink(path);
	rmdir(folder);
}

static void test_bind_says_what_is_wrong(void **state)
{
	(void)state;
	struct fault fault;
	int fd;
	int second;
	assert_int_equal(net_bind("localhost", 0, &fd, &fault), RC_INVALID);
	assert_int_equal(net_bind("127.0.0.1", 0, &fd, &fault), RC_OK);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(
	    net_bind("127.0.0.1", test_bound_port(fd), &second, &fault),
	    RC_IN_USE);
	close(fd);
	assert_int_equal(net_bind_unix("/dev/null", &fd, &fault), RC_EXISTS);
	assert_int_equal(net_bind("*", 0, &fd, &fault), RC_OK);
	close(fd);
}

static void test_idle_connections_keep_little(void **state)
{
	(void)state;
	enum { COUNT = 2000 };
	struct line_server line = {0};
	int *clients = mem_alloc(COUNT * sizeof(*clients));
	line_server_start(&line, NULL);
	struct mallinfo2 before = mallinfo2();
	for (int i = 0; i < COUNT; i++) {
		struct client client;
		client_open(&client, line.port);
		client_expect(&client, "HELLO");
		client_send(&client, "ECHO x\r\n");
		client_expect(&client, "x");
		clients[i] = client.fd;
	}
	struct mallinfo2 after = mallinfo2();
	print_message("%d idle plain connections: %zu bytes each, struct "
		      "connection %zu\n",
	    COUNT, (after.uordblks - before.uordblks) / COUNT,
	    sizeof(struct connection));
	assert_true(sizeof(struct connection) <= 600);
	assert_int_equal(net_server_stats(line.server).open, COUNT);
	for (int i = 0; i < COUNT; i++)
		close(clients[i]);
	free(clients);
	line_server_stop(&line, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_echo_and_quit),
	    cmocka_unit_test(test_pipelined_commands_keep_their_order),
	    cmocka_unit_test(test_a_byte_at_a_time),
	    cmocka_unit_test(test_input_after_a_generator_is_not_forgotten),
	    cmocka_unit_test(test_a_reader_that_stops_costs_no_thread),
	    cmocka_unit_test(test_half_closed_peer_gets_its_answers),
	    cmocka_unit_test(test_reset_frees_the_session),
	    cmocka_unit_test(test_bye_survives_a_peer_that_is_sending),
	    cmocka_unit_test(test_too_much_unread_input_ends_the_connection),
	    cmocka_unit_test(test_timeout_says_its_last_words),
	    cmocka_unit_test(
		test_a_pause_answers_late_and_reads_nothing_meanwhile),
	    cmocka_unit_test(test_a_wait_keeps_what_is_said_in_it),
	    cmocka_unit_test(
		test_a_wait_ends_with_its_peer_its_time_or_the_server),
	    cmocka_unit_test(test_stalled_reader_is_cut_off),
	    cmocka_unit_test(test_stop_says_last_words_to_all),
	    cmocka_unit_test(test_two_servers_and_a_restart_in_one_process),
	    cmocka_unit_test(test_limits_refuse_with_words),
	    cmocka_unit_test(test_out_of_descriptors_then_recovers),
	    cmocka_unit_test(test_a_session_is_woken_at_its_time),
	    cmocka_unit_test(test_wakes_reach_idle_sessions),
	    cmocka_unit_test(test_wake_storm),
	    cmocka_unit_test(test_unix_socket_is_private_and_replaced),
	    cmocka_unit_test(test_bind_says_what_is_wrong),
	    cmocka_unit_test(test_idle_connections_keep_little),
	};
	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
