// SPDX-License-Identifier: Apache-2.0
// Measures round trips, connections and wakes for each second, and what they
// cost the server; to be run by hand. The client is a separate process, so that
// its time does not count.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/test_line.h"

#define RUN_MS 2000

struct bench {
	const char *name;
	bool tls;
	int batch; // commands that are sent together; 0: connect and close
	bool resume;
};

static const struct bench benches[] = {
    {"plain, one at a time", false, 1, false},
    {"plain, 100 pipelined", false, 100, false},
    {"TLS, one at a time", true, 1, false},
    {"TLS, 100 pipelined", true, 100, false},
    {"plain, connect and close", false, 0, false},
    {"TLS, connect and close", true, 0, false},
    {"TLS, connect and close, resumed", true, 0, true},
};

static const char *const names[] = {"bench.example", NULL};

static uint64_t cpu_us(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
		   1000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void read_bytes(struct client *client, size_t wanted)
{
	while (wanted > 0) {
		ssize_t n = client->ssl
				? SSL_read(client->ssl, client->buffer, 4096)
				: recv(client->fd, client->buffer, 4096, 0);
		assert_true(n > 0 && (size_t)n <= wanted);
		wanted -= (size_t)n;
	}
}

static uint64_t talk(const struct bench *bench, uint16_t port)
{
	struct client client;
	char text[2048] = "";
	uint64_t count = 0;
	uint64_t end = clock_monotonic_ms() + RUN_MS;
	for (int i = 0; i < bench->batch; i++)
		snprintf(text + strlen(text), 16, "ECHO 12345\r\n");
	client_open(&client, port);
	if (bench->tls)
		assert_true(
		    client_tls(&client, NULL, TLS1_3_VERSION, NULL, NULL));
	client_expect(&client, "HELLO");
	while (clock_monotonic_ms() < end) {
		client_send(&client, text);
		read_bytes(&client, 7 * (size_t)bench->batch);
		count += (uint64_t)bench->batch;
	}
	client_close(&client);
	return count;
}

static uint64_t come_and_go(const struct bench *bench, uint16_t port)
{
	struct client client;
	SSL_SESSION *session = NULL;
	uint64_t count = 0;
	uint64_t reused = 0;
	uint64_t end = clock_monotonic_ms() + RUN_MS;
	for (; clock_monotonic_ms() < end; count++) {
		client_open(&client, port);
		if (bench->tls)
			assert_true(client_tls(
			    &client, NULL, TLS1_3_VERSION, session, NULL));
		client_expect(&client, "HELLO");
		if (bench->tls && SSL_session_reused(client.ssl))
			reused++;
		if (bench->resume) {
			SSL_SESSION_free(session);
			session = SSL_get1_session(client.ssl);
		}
		client_close(&client);
	}
	SSL_SESSION_free(session);
	// All connections but the first are resumed, or none is.
	assert_int_equal(reused, bench->resume ? count - 1 : 0);
	return count;
}

static void run(const struct bench *bench)
{
	struct line_server line = {.config = {.threads = 8}};
	int results[2];
	uint64_t count = 0;
	line_server_start(&line, names);
	assert_int_equal(pipe(results), 0);
	uint16_t port = bench->tls ? line.tls_port : line.port;
	uint64_t before = cpu_us();
	pid_t child = fork();
	if (child == 0) {
		count =
		    bench->batch ? talk(bench, port) : come_and_go(bench, port);
		(void)!write(results[1], &count, sizeof(count));
		_exit(0);
	}
	(void)!read(results[0], &count, sizeof(count));
	waitpid(child, NULL, 0);
	uint64_t spent = cpu_us() - before;
	printf("%-34s %9.0f/s  %7.2f us CPU of the server each\n", bench->name,
	    (double)count * 1000 / RUN_MS, (double)spent / (double)count);
	close(results[0]);
	close(results[1]);
	line_server_stop(&line, 5);
}

static void run_wakes(unsigned sessions)
{
	struct line_server line = {.config = {.threads = 8}};
	static struct client clients[2000];
	line_server_start(&line, NULL);
	for (unsigned i = 0; i < sessions; i++) {
		client_open(&clients[i], line.port);
		client_expect(&clients[i], "HELLO");
	}
	uint64_t cpu = cpu_us();
	unsigned rounds = 20;
	uint64_t worst = 0;
	for (unsigned i = 1; i <= rounds; i++) {
		atomic_store(&line.wake_delay_ns, 0);
		line_server_wake_all(&line);
		wait_for(&line.wakes, i * sessions);
		if (atomic_load(&line.wake_delay_ns) > worst)
			worst = atomic_load(&line.wake_delay_ns);
	}
	printf("wake of %-4u sessions: the last after %llu us at worst, "
	       "%.2f us CPU each\n",
	    sessions, (unsigned long long)worst / 1000,
	    (double)(cpu_us() - cpu) / rounds / sessions);
	for (unsigned i = 0; i < sessions; i++)
		client_close(&clients[i]);
	line_server_stop(&line, 5);
}

// Without an argument it runs everything; with one, the bench of that number.
int main(int argc, char **argv)
{
	uint32_t chosen;
	if (argc > 1) {
		if (view_to_u32(view_of_string(argv[1]), &chosen) &&
		    chosen < ARRAY_LEN(benches))
			run(&benches[chosen]);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(benches); i++)
		run(&benches[i]);
	run_wakes(1);
	run_wakes(100);
	run_wakes(2000);
	return 0;
}
