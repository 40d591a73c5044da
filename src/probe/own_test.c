// SPDX-License-Identifier: Apache-2.0
// A run without a server to find: DNS has no answer, and nothing listens. How
// a server finds itself is in tests/setup_page_test.py.
#include "probe/own.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/test.h"
#include "base/thread.h"
#include "net/server.h"

#define WAIT_MS 120000

struct bed {
	struct dns *dns;
	struct net_server *net;
	struct net_tls_client *tls;
	struct probe_own *own;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned woken;
	int silent; // a DNS server that never answers
	char silent_name[32];
};

static void open_silent(struct bed *bed)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	bed->silent = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(bed->silent, (struct sockaddr *)&address, len), 0);
	assert_int_equal(
	    getsockname(bed->silent, (struct sockaddr *)&address, &len), 0);
	snprintf(bed->silent_name, sizeof(bed->silent_name), "127.0.0.1@%u",
	    ntohs(address.sin_port));
}

static int set_up(void **state, bool silent)
{
	static struct bed bed;
	struct fault fault;
	struct dns_settings dns = {
	    .servers = {"127.0.0.1@1"}, .server_count = 1, .timeout_ms = 200};
	struct net_tls_client_config tls = {0};
	struct net_server_config net = {.threads = 1, .max_outgoing = 64};
	bed = (struct bed){0};
	open_silent(&bed);
	if (silent) {
		dns.servers[0] = bed.silent_name;
		dns.timeout_ms = WAIT_MS;
	}
	pthread_mutex_init(&bed.lock, NULL);
	thread_cond_init(&bed.cond);
	assert_int_equal(dns_new(&dns, &fault, &bed.dns), RC_OK);
	assert_int_equal(net_tls_client_new(&tls, &bed.tls, &fault), RC_OK);
	bed.net = net_server_new(&net);
	assert_int_equal(net_server_start(bed.net, &fault), RC_OK);
	bed.own = probe_own_new(&(struct probe_own_settings){
	    .dns = bed.dns, .net = bed.net, .tls = bed.tls, .helo = "x"});
	*state = &bed;
	return 0;
}

static int set_up_refusing(void **state)
{
	return set_up(state, false);
}

static int set_up_silent(void **state)
{
	return set_up(state, true);
}

// In the order of the server.
static int tear_down(void **state)
{
	struct bed *bed = *state;
	probe_own_stop(bed->own);
	net_server_stop(bed->net, 0);
	net_server_free(&bed->net);
	net_tls_client_free(&bed->tls);
	dns_free(&bed->dns);
	probe_own_free(&bed->own);
	close(bed->silent);
	pthread_mutex_destroy(&bed->lock);
	pthread_cond_destroy(&bed->cond);
	return 0;
}

static void wake(void *context)
{
	struct bed *bed = context;
	pthread_mutex_lock(&bed->lock);
	bed->woken++;
	pthread_cond_signal(&bed->cond);
	pthread_mutex_unlock(&bed->lock);
}

static struct probe_own_order order_of(struct bed *bed, const char *address)
{
	return (struct probe_own_order){
	    .host = VIEW("mail.example.org"),
	    .address = view_of_string(address),
	    .password = VIEW("secret"),
	    .services = {{PROBE_IMAP, PROBE_TLS, 1},
		{PROBE_SMTP, PROBE_STARTTLS, 1}},
	    .service_count = 2,
	    .wake = wake,
	    .context = bed,
	};
}

// Waits for the next event.
static void await(
    struct bed *bed, struct probe_run *run, struct probe_own_event *ret_event)
{
	struct timespec until = thread_deadline(WAIT_MS);
	int error = 0;
	pthread_mutex_lock(&bed->lock);
	while (bed->woken == 0 && error == 0)
		error = pthread_cond_timedwait(&bed->cond, &bed->lock, &until);
	assert_int_equal(error, 0);
	bed->woken--;
	pthread_mutex_unlock(&bed->lock);
	assert_true(probe_run_next(run, ret_event));
}

static void what_is_not_there_is_told(void **state)
{
	struct bed *bed = *state;
	struct probe_own_order order = order_of(bed, "anna@example.org");
	struct probe_own_event event;
	struct probe_run *run;
	unsigned seen = 0;
	assert_int_equal(probe_own_begin(bed->own, &order, &run), RC_OK);
	await(bed, run, &event);
	assert_int_equal(event.service, PROBE_OWN_ALL);
	assert_int_equal(event.cause, PROBE_NO_DNS);
	for (size_t i = 0; i < order.service_count; i++) {
		await(bed, run, &event);
		assert_int_equal(event.cause, PROBE_REFUSED);
		assert_false(event.end);
		seen |= 1u << event.service;
	}
	assert_int_equal(seen, 3);
	await(bed, run, &event);
	assert_true(event.end);
	assert_false(probe_run_next(run, &event));
	probe_run_end(&run);
	assert_null(run);
	probe_run_end(&run);
}

static void there_are_few_at_once(void **state)
{
	static const char *const addresses[] = {
	    "a@x.test", "b@x.test", "c@x.test", "d@x.test"};
	struct bed *bed = *state;
	struct probe_run *runs[PROBE_OWN_RUNS_MAX], *more;
	_Static_assert(ARRAY_LEN(addresses) == PROBE_OWN_RUNS_MAX, "");
	for (size_t i = 0; i < PROBE_OWN_RUNS_MAX; i++) {
		struct probe_own_order order = order_of(bed, addresses[i]);
		assert_int_equal(
		    probe_own_begin(bed->own, &order, &runs[i]), RC_OK);
		// No user has two of them.
		assert_int_equal(
		    probe_own_begin(bed->own, &order, &more), RC_LIMIT);
	}
	struct probe_own_order order = order_of(bed, "e@x.test");
	assert_int_equal(probe_own_begin(bed->own, &order, &more), RC_LIMIT);
	// They go on unseen, and end by themselves or with the server.
	for (size_t i = 0; i < PROBE_OWN_RUNS_MAX; i++)
		probe_run_end(&runs[i]);
	probe_own_stop(bed->own);
	assert_int_equal(probe_own_begin(bed->own, &order, &more), RC_CLOSED);
}

int main(void)
{
#define TEST(test, dns)                                                        \
	cmocka_unit_test_setup_teardown(test, set_up_##dns, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_is_not_there_is_told, refusing),
	    TEST(there_are_few_at_once, silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
