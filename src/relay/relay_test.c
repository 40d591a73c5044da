// SPDX-License-Identifier: Apache-2.0
// The queue's mail is sent to the test's own servers, which it finds by its own
// DNS server.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dns/test_server.h"
#include "engine/engine.h"
#include "queue/manage.h"
#include "relay/relay.h"
#include "relay/test_peer.h"

#define PATIENCE_MS 60000
#define PEERS_MAX   4
#define CONTENT     "Subject: x\r\n\r\nHello.\r\n.dot\r\n"

#define A(name, address)                                                       \
	{                                                                      \
		name, DNS_A, address, DNS_TEST_ANSWER                          \
	}
#define MX(name, host)                                                         \
	{                                                                      \
		name, DNS_MX, host, DNS_TEST_ANSWER                            \
	}

static const struct dns_test_row zone[] = {
    MX("one.test", "10 good.test"),
    MX("two.test", "10 good.test"),
    MX("other.test", "10 better.test"),
    MX("backup.test", "10 bad.test"),
    MX("backup.test", "20 good.test"),
    MX("bad-only.test", "10 bad.test"),
    A("good.test", "127.0.0.2"),
    A("bad.test", "127.0.0.3"),
    A("better.test", "127.0.0.4"),
};

// ---- Local deliveries ------------------------------------------------------

static atomic_uint local_lots;

// Replaces the function of the delivery room.
void delivery_local(const struct delivery_office *office, struct queue_lot *lot,
    struct arena *arena, struct queue_result *ret_results)
{
	(void)office, (void)arena;
	for (size_t i = 0; i < queue_lot_count(lot); i++)
		ret_results[i] = (struct queue_result){
		    .outcome = QUEUE_DELIVERED, .status = ENHANCED(2, 1, 5)};
	atomic_fetch_add(&local_lots, 1);
}

// ---- A relay with its surroundings -----------------------------------------

struct world {
	struct test_peer peers[PEERS_MAX];
	size_t peer_count;
	struct test_peers all;
	struct dns_test_server *dns_server;
	struct dns *dns;
	struct engine *engine;
	struct auth *auth;
	struct route *route;
	struct queue *queue;
	struct net_server *net;
	struct net_tls_client *tls_client;
	struct delivery_office office;
	struct relay_settings settings;
	struct relay *relay;
	uint32_t retry_seconds; // 0: an hour
	struct log log;
	char smart_host[64];
};

static void make_mail_rooms(struct world *world)
{
	struct fault fault;
	struct auth_settings auth = {0};
	struct queue_settings queue = {.server_name = VIEW("me.test"),
	    .retry_first_seconds =
		world->retry_seconds ? world->retry_seconds : 3600};
	struct route_domain domain = {.name = VIEW("here.test")};
	world->engine = engine_memory_new();
	assert_int_equal(
	    auth_new(world->engine, &auth, NULL, NULL, &fault, &world->auth),
	    RC_OK);
	world->route =
	    route_new(world->engine, world->auth, &(struct route_settings){0});
	assert_int_equal(
	    route_domain_add(world->route, &domain, &fault), RC_OK);
	assert_int_equal(
	    queue_open(world->engine, &queue, &fault, &world->queue), RC_OK);
	world->office = (struct delivery_office){
	    .route = world->route, .queue = world->queue};
}

static void make_network(struct world *world)
{
	struct fault fault;
	char path[100];
	struct net_server_config net = {.threads = 4, .log = &world->log};
	struct dns_settings dns = {.server_count = 1};
	struct net_tls_client_config tls = {
	    .authorities_path = test_peers_certificate(&world->all, path),
	    .log = &world->log};
	world->dns_server = dns_test_server_new(zone, ARRAY_LEN(zone));
	dns.servers[0] = dns_test_server_address(world->dns_server);
	assert_int_equal(dns_new(&dns, &fault, &world->dns), RC_OK);
	assert_int_equal(
	    net_tls_client_new(&tls, &world->tls_client, &fault), RC_OK);
	world->net = net_server_new(&net);
	assert_int_equal(net_server_start(world->net, &fault), RC_OK);
}

// The test has set the peers, and perhaps settings.
static void begin(struct world *world)
{
	struct fault fault;
	// ROOST_TEST_LOG=1 shows the log of a failing test.
	world->log =
	    (struct log){.fd = getenv("ROOST_TEST_LOG") ? STDERR_FILENO : -1,
		.minimum = LOG_LEVEL_DEBUG};
	test_peers_begin(&world->all, world->peers, world->peer_count);
	make_mail_rooms(world);
	make_network(world);
	struct relay_settings *settings = &world->settings;
	settings->queue = world->queue;
	settings->log = &world->log;
	settings->office = &world->office;
	settings->dns = world->dns;
	settings->net = world->net;
	settings->tls_client = world->tls_client;
	settings->helo_name = VIEW("me.test");
	settings->smtp_port = world->all.port;
	if (settings->smart_host.host.len > 0) {
		snprintf(world->smart_host, sizeof(world->smart_host),
		    "good.test:%u", world->all.port);
		settings->smart_host.host = view_of_string(world->smart_host);
	}
	settings->any_address_allowed = true;
	settings->no_ipv6 = true;
	if (relay_new(settings, &fault, &world->relay) != RC_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(relay_start(world->relay, &fault), RC_OK);
}

static void end(struct world *world)
{
	relay_stop(world->relay, 10);
	net_server_free(&world->net);
	dns_free(&world->dns);
	relay_free(&world->relay);
	assert_null(world->relay);
	net_tls_client_free(&world->tls_client);
	dns_test_server_free(&world->dns_server);
	queue_close(&world->queue);
	route_free(&world->route);
	auth_free(&world->auth);
	engine_close(&world->engine);
	test_peers_end(&world->all, world->peers, world->peer_count);
}

static void send_many(struct world *world, const char *content, uint64_t times,
    const char *const *to, size_t count)
{
	struct queue_recipient recipients[10];
	struct queue_envelope envelope = {.sender = VIEW("s@here.test")};
	struct queue_draft *draft = queue_draft_new(world->queue);
	struct queue_id id;
	struct fault fault;
	assert_true(count <= ARRAY_LEN(recipients));
	for (uint64_t i = 0; i < times; i++)
		assert_int_equal(
		    queue_draft_add(draft, view_of_string(content)), RC_OK);
	for (size_t i = 0; i < count; i++)
		recipients[i] =
		    (struct queue_recipient){.address = view_of_string(to[i])};
	assert_int_equal(queue_put(world->queue, draft, VIEW(""), &envelope,
			     recipients, count, &fault, &id),
	    RC_OK);
	queue_draft_free(&draft);
}

static void send(struct world *world, const char *to)
{
	send_many(world, CONTENT, 1, &to, 1);
}

// Waits until this many recipients have had each of these outcomes.
static void wait_for(
    struct world *world, uint64_t relayed, uint64_t later, uint64_t failed)
{
	uint64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct relay_stats stats;
	do {
		stats = relay_stats(world->relay);
		if (stats.relayed >= relayed && stats.later >= later &&
		    stats.failed >= failed)
			break;
		usleep(2000);
	} while (clock_monotonic_ms() < until);
	if (stats.relayed != relayed || stats.later != later ||
	    stats.failed != failed)
		fail_msg("relayed %llu of %llu, later %llu of %llu, failed "
			 "%llu of %llu",
		    (unsigned long long)stats.relayed,
		    (unsigned long long)relayed,
		    (unsigned long long)stats.later, (unsigned long long)later,
		    (unsigned long long)stats.failed,
		    (unsigned long long)failed);
}

static void expect_letters(struct test_peer *peer, const char *expected)
{
	pthread_mutex_lock(&peer->lock);
	if (!view_eq(buf_view(&peer->letters), view_of_string(expected)))
		fail_msg("got: %.*s", VIEW_FMT(buf_view(&peer->letters)));
	pthread_mutex_unlock(&peer->lock);
}

// ---- Tests -----------------------------------------------------------------

static void a_message_arrives_as_it_is(void **state)
{
	(void)state;
	static const char *const capabilities[] = {NULL, "PIPELINING",
	    "PIPELINING\nCHUNKING", "CHUNKING", "PIPELINING\nLIMITS RCPTMAX=1"};
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		struct world world = {.peers = {{.address = "127.0.0.2",
					  .capabilities = capabilities[i]}},
		    .peer_count = 1};
		static const char *const to[] = {"a@one.test", "b@one.test"};
		begin(&world);
		send_many(&world, CONTENT, 1, to, 2);
		wait_for(&world, 2, 0, 0);
		expect_letters(&world.peers[0],
		    i == 4 ? "s@here.test a@one.test\n" CONTENT ".\n"
			     "s@here.test b@one.test\n" CONTENT ".\n"
			   : "s@here.test a@one.test b@one.test\n" CONTENT
			     ".\n");
		assert_int_equal(queue_stats(world.queue).messages, 0);
		end(&world);
	}
}

static void a_large_message_arrives_whole(void **state)
{
	(void)state;
	static const char *const capabilities[] = {
	    NULL, "PIPELINING\nCHUNKING", "CHUNKING"};
	static const char line[] =
	    "0123456789012345678901234567890123456789\r\n";
	static const char *const to[] = {"a@one.test"};
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		struct world world = {.peers = {{.address = "127.0.0.2",
					  .capabilities = capabilities[i]}},
		    .peer_count = 1};
		uint64_t lines = 100000;
		begin(&world);
		send_many(&world, line, lines, to, 1);
		wait_for(&world, 1, 0, 0);
		struct view got = buf_view(&world.peers[0].letters);
		got = view_from(got, view_find_char(got, '\n') + 1);
		assert_int_equal(got.len, lines * (sizeof(line) - 1) + 2);
		for (uint64_t n = 0; n < lines; n++) {
			assert_true(view_starts_with(got, VIEW(line)));
			got = view_from(got, sizeof(line) - 1);
		}
		end(&world);
	}
}

static void a_dead_server_is_passed_over(void **state)
{
	(void)state;
	static const struct test_peer bad[] = {
	    {.address = "127.0.0.3", .deaf = true},
	    {.address = "127.0.0.3", .greeting = "554 no mail here"},
	    {.address = "127.0.0.3", .greeting = "421 busy"},
	    {.address = "127.0.0.3", .greeting = "nonsense"},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct world world = {.peer_count = 2};
		memcpy(&world.peers[1], &bad[i], sizeof(bad[i]));
		world.peers[0].address = "127.0.0.2";
		begin(&world);
		send(&world, "a@backup.test");
		wait_for(&world, 1, 0, 0);
		assert_int_equal(world.peers[0].messages, 1);
		end(&world);
	}
}

static void domains_with_one_server_share_a_connection(void **state)
{
	(void)state;
	struct world world = {
	    .peers = {{.address = "127.0.0.2", .capabilities = "PIPELINING"}},
	    .peer_count = 1,
	    .settings = {.site_connections = 1, .idle_seconds = 30}};
	begin(&world);
	for (int i = 0; i < 20; i++)
		send(&world, i % 2 ? "a@one.test" : "a@two.test");
	wait_for(&world, 20, 0, 0);
	// And a message that comes when the link has nothing more to do.
	send(&world, "late@one.test");
	wait_for(&world, 21, 0, 0);
	assert_int_equal(world.peers[0].connections, 1);
	end(&world);
}

static void connections_end_after_their_number_of_messages(void **state)
{
	(void)state;
	struct world world = {.peers = {{.address = "127.0.0.2"}},
	    .peer_count = 1,
	    .settings = {.site_connections = 1, .connection_messages = 5}};
	begin(&world);
	for (int i = 0; i < 20; i++)
		send(&world, "a@one.test");
	wait_for(&world, 20, 0, 0);
	assert_true(world.peers[0].connections >= 4);
	assert_int_equal(world.peers[0].most_open <= 2, 1);
	end(&world);
}

static void a_site_has_its_number_of_connections(void **state)
{
	(void)state;
	struct world world = {.peers = {{.address = "127.0.0.2"}},
	    .peer_count = 1,
	    .settings = {.site_connections = 3}};
	begin(&world);
	for (int i = 0; i < 200; i++)
		send(&world, "a@one.test");
	wait_for(&world, 200, 0, 0);
	assert_true(world.peers[0].most_open <= 3);
	end(&world);
}

// A server that refused connections gets them again when it has room.
static void a_site_grows_again(void **state)
{
	(void)state;
	struct world world = {.peers = {{.address = "127.0.0.2", .room = 1}},
	    .peer_count = 1,
	    .settings = {.site_connections = 4}};
	uint64_t until = clock_monotonic_ms() + PATIENCE_MS;
	struct test_peer *peer = &world.peers[0];
	uint64_t sent = 0;
	begin(&world);
	while (peer->most_open < 4 && clock_monotonic_ms() < until) {
		if (peer->turned_away > 0)
			atomic_store(&peer->room, 4);
		for (int i = 0; i < 50; i++, sent++)
			send(&world, "a@one.test");
		wait_for(&world, sent, 0, 0);
	}
	assert_true(peer->turned_away > 0);
	assert_int_equal(peer->most_open, 4);
	assert_int_equal(relay_stats(world.relay).sites_down, 0);
	end(&world);
}

static void one_connection_in_all_serves_every_site(void **state)
{
	(void)state;
	struct world world = {
	    .peers = {{.address = "127.0.0.2"}, {.address = "127.0.0.4"}},
	    .peer_count = 2,
	    .settings = {.connections_max = 1, .idle_seconds = 60}};
	begin(&world);
	for (int i = 0; i < 10; i++)
		send(&world, i % 2 ? "a@one.test" : "a@other.test");
	wait_for(&world, 10, 0, 0);
	assert_int_equal(world.peers[0].messages, 5);
	assert_int_equal(world.peers[1].messages, 5);
	end(&world);
}

// Counts the recipients in the queue whose reason for waiting is known.
static unsigned count_explained(struct world *world, uint32_t *ret_attempts)
{
	struct queue_walk *walk;
	struct queue_info info;
	struct arena arena;
	unsigned count = 0;
	*ret_attempts = 0;
	arena_init(&arena);
	assert_int_equal(queue_walk_open(world->queue, &walk), RC_OK);
	while (queue_walk_next(walk, &arena, &info) == RC_OK)
		for (size_t i = 0; i < info.count; i++) {
			count += info.recipients[i].last_reply.len > 0;
			*ret_attempts += info.recipients[i].attempts;
		}
	queue_walk_close(&walk);
	arena_done(&arena);
	return count;
}

static void a_dead_site_is_not_asked_for_every_message(void **state)
{
	(void)state;
	static const struct test_peer bad[] = {
	    {.address = "127.0.0.3", .greeting = "421 busy"},
	    {.address = "127.0.0.3", .hangs_up = true},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct world world = {
		    .peer_count = 1, .settings = {.site_connections = 2}};
		uint32_t attempts;
		memcpy(&world.peers[0], &bad[i], sizeof(bad[i]));
		begin(&world);
		for (int n = 0; n < 200; n++)
			send(&world, "a@bad-only.test");
		uint64_t until = clock_monotonic_ms() + PATIENCE_MS;
		while (count_explained(&world, &attempts) < 200 &&
		       clock_monotonic_ms() < until)
			usleep(10000);
		assert_int_equal(count_explained(&world, &attempts), 200);
		assert_true(world.peers[0].connections <= 8);
		assert_int_equal(relay_stats(world.relay).sites_down, 1);
		// Mail that comes now is not tried, and that is not an attempt.
		uint64_t later = relay_stats(world.relay).later;
		assert_int_equal(later, attempts);
		send(&world, "a@bad-only.test");
		while (count_explained(&world, &attempts) < 201 &&
		       clock_monotonic_ms() < until)
			usleep(10000);
		assert_int_equal(attempts, later);
		// After a command of the administrator the server is tried
		// again.
		unsigned before = world.peers[0].connections;
		relay_retry_now(world.relay);
		assert_int_equal(relay_stats(world.relay).sites_down, 0);
		send(&world, "a@bad-only.test");
		wait_for(&world, 0, later + 1, 0);
		assert_true(world.peers[0].connections > before);
		end(&world);
	}
}

// Several connections take lots of each domain, until the last lot.
static void no_domain_is_forgotten(void **state)
{
	(void)state;
	struct world world = {.peers = {{.address = "127.0.0.2"}},
	    .peer_count = 1,
	    .settings = {.site_connections = 4}};
	begin(&world);
	for (unsigned round = 1; round <= 30; round++) {
		for (int i = 0; i < 20; i++)
			send(&world, "a@one.test");
		wait_for(&world, round * 20, 0, 0);
	}
	assert_int_equal(queue_stats(world.queue).messages, 0);
	end(&world);
}

static void a_slow_message_holds_up_no_other(void **state)
{
	(void)state;
	struct world world = {.peers = {{.address = "127.0.0.2", .mute = 1}},
	    .peer_count = 1,
	    .settings = {.hurry = 30}};
	begin(&world);
	send(&world, "slow@one.test");
	uint64_t until = clock_monotonic_ms() + PATIENCE_MS;
	while (atomic_load(&world.peers[0].mute) > 0 &&
	       clock_monotonic_ms() < until)
		usleep(2000);
	send(&world, "quick@one.test");
	wait_for(&world, 1, 0, 0);
	assert_int_equal(world.peers[0].connections, 2);
	end(&world);
}

static void refusals_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		struct test_peer peer;
		const char *to;
		unsigned relayed, later, failed;
	} rows[] = {
	    {{.address = "127.0.0.3", .rcpt = "550 5.1.1 nobody"},
		"a@bad-only.test", 0, 0, 1},
	    {{.address = "127.0.0.3", .rcpt = "450 4.2.0 busy"},
		"a@bad-only.test", 0, 1, 0},
	    {{.address = "127.0.0.3", .mail = "550 5.7.1 not you"},
		"a@bad-only.test", 0, 0, 1},
	    {{.address = "127.0.0.3", .end = "554 5.6.0 ugly"},
		"a@bad-only.test", 0, 0, 1},
	    {{.address = "127.0.0.3", .end = "451 4.3.0 full"},
		"a@bad-only.test", 0, 1, 0},
	    // This server will never accept mail.
	    {{.address = "127.0.0.3", .greeting = "554 5.3.2 no mail"},
		"a@bad-only.test", 0, 0, 1},
	    {{.address = "127.0.0.3"}, "a@nowhere.test", 0, 0, 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world = {.peer_count = 1};
		memcpy(&world.peers[0], &rows[i].peer, sizeof(rows[i].peer));
		atomic_store(&local_lots, 0);
		begin(&world);
		send(&world, rows[i].to);
		wait_for(
		    &world, rows[i].relayed, rows[i].later, rows[i].failed);
		// The sender is one of our users, so the bounce is delivered
		// here.
		uint64_t until = clock_monotonic_ms() + PATIENCE_MS;
		while (atomic_load(&local_lots) < rows[i].failed &&
		       clock_monotonic_ms() < until)
			usleep(2000);
		assert_int_equal(local_lots, rows[i].failed);
		end(&world);
	}
}

static void what_was_put_off_is_tried_again(void **state)
{
	(void)state;
	struct world world = {.peers = {{.address = "127.0.0.2", .busy = 2}},
	    .peer_count = 1,
	    .retry_seconds = 1};
	begin(&world);
	send(&world, "a@one.test");
	wait_for(&world, 1, 2, 0);
	assert_int_equal(world.peers[0].messages, 1);
	assert_int_equal(queue_stats(world.queue).messages, 0);
	end(&world);
}

static void a_connection_that_was_closed_loses_and_doubles_nothing(void **state)
{
	(void)state;
	struct world world = {
	    .peers = {{.address = "127.0.0.2", .closes = true}},
	    .peer_count = 1,
	    .settings = {.site_connections = 1}};
	begin(&world);
	for (int i = 0; i < 20; i++)
		send(&world, "a@one.test");
	wait_for(&world, 20, 0, 0);
	assert_int_equal(world.peers[0].messages, 20);
	// Also those of connections that were idle and then of no use.
	for (unsigned i = 21; i <= 25; i++) {
		send(&world, "a@one.test");
		wait_for(&world, i, 0, 0);
	}
	assert_int_equal(relay_stats(world.relay).sites_down, 0);
	assert_int_equal(queue_stats(world.queue).messages, 0);
	end(&world);
}

static void tls_is_used_and_its_failure_survived(void **state)
{
	(void)state;
	struct world world = {
	    .peers = {{.address = "127.0.0.2", .tls = true},
		{.address = "127.0.0.4", .tls = true, .tls_breaks = true}},
	    .peer_count = 2};
	begin(&world);
	send(&world, "a@one.test");
	send(&world, "a@other.test");
	wait_for(&world, 2, 0, 0);
	assert_int_equal(world.peers[0].secure, 1);
	assert_int_equal(world.peers[1].messages, 1);
	assert_int_equal(world.peers[1].secure, 0);
	assert_int_equal(world.peers[1].connections, 2);
	end(&world);
}

static void required_tls_is_required(void **state)
{
	(void)state;
	// The certificate contains only "good.test".
	struct world world = {.peers = {{.address = "127.0.0.2", .tls = true},
				  {.address = "127.0.0.3"},
				  {.address = "127.0.0.4", .tls = true}},
	    .peer_count = 3,
	    .settings = {.tls = RELAY_TLS_REQUIRED}};
	begin(&world);
	send(&world, "a@one.test");
	send(&world, "a@other.test");
	send(&world, "a@bad-only.test");
	wait_for(&world, 1, 2, 0);
	assert_int_equal(world.peers[0].secure, 1);
	end(&world);
}

static void a_smart_host_gets_all_mail(void **state)
{
	(void)state;
	struct world world = {
	    .peers = {{.address = "127.0.0.2", .tls = true, .auth = true}},
	    .peer_count = 1};
	world.settings.smart_host = (struct relay_smart_host){
	    .host = VIEW("good.test"), // the port is set below
	    .user = VIEW("user"),
	    .password = VIEW("secret"),
	};
	begin(&world);
	send(&world, "a@one.test");
	send(&world, "a@nowhere.test");
	wait_for(&world, 2, 0, 0);
	assert_int_equal(world.peers[0].secure, 2);
	assert_int_equal(world.peers[0].authenticated, 2);
	end(&world);
}

static void stopping_leaves_the_rest_in_the_queue(void **state)
{
	(void)state;
	struct world world = {.peers = {{.address = "127.0.0.2"}},
	    .peer_count = 1,
	    .settings = {.site_connections = 1}};
	begin(&world);
	for (int i = 0; i < 100; i++)
		send(&world, "a@one.test");
	relay_stop(world.relay, 10);
	struct relay_stats stats = relay_stats(world.relay);
	assert_int_equal(stats.connections, 0);
	assert_int_equal(stats.relayed, world.peers[0].messages);
	assert_int_equal(
	    queue_stats(world.queue).messages, 100 - stats.relayed);
	end(&world);
}

static void expect_explained(
    struct world *world, const char *domain, const char *expected)
{
	struct buf text;
	buf_init(&text, 10000);
	relay_explain(world->relay, view_of_string(domain), &text);
	if (view_find(buf_view(&text), view_of_string(expected)) == SIZE_MAX)
		fail_msg("%s: %.*s", domain, VIEW_FMT(buf_view(&text)));
	buf_done(&text);
}

static void ways_are_explained(void **state)
{
	(void)state;
	struct world world = {
	    .peers = {{.address = "127.0.0.2"}}, .peer_count = 1};
	begin(&world);
	expect_explained(&world, "here.test", "is one of our domains");
	expect_explained(&world, "BACKUP.test",
	    "1. bad.test (preference 10) at 127.0.0.3 port ");
	expect_explained(&world, "nowhere.test",
	    "nowhere: the domain nowhere.test does not exist");
	expect_explained(&world, "a b", "is not a domain name");
	end(&world);
}

static void mistakes_in_settings_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *host;
		bool ok;
	} rows[] = {{"mail.test", true}, {"mail.test:2525", true},
	    {"[2001:db8::1]:25", true}, {"[2001:db8::1]", true},
	    {"192.0.2.1:25", true}, {":25", false}, {"mail.test:", false},
	    {"mail.test:0", false}, {"mail.test:65536", false},
	    {"mail.test:x", false}, {"[::1", false}, {"[::1]25", false}};
	struct world world = {
	    .peers = {{.address = "127.0.0.2"}}, .peer_count = 1};
	begin(&world);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct relay_settings settings = world.settings;
		struct relay *relay = NULL;
		struct fault fault;
		settings.smart_host.host = view_of_string(rows[i].host);
		enum rc rc = relay_new(&settings, &fault, &relay);
		if (rc != (rows[i].ok ? RC_OK : RC_INVALID))
			fail_msg("%s: %s", rows[i].host, rc_name(rc));
		relay_free(&relay);
	}
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_arrives_as_it_is),
	    cmocka_unit_test(a_large_message_arrives_whole),
	    cmocka_unit_test(a_dead_server_is_passed_over),
	    cmocka_unit_test(domains_with_one_server_share_a_connection),
	    cmocka_unit_test(connections_end_after_their_number_of_messages),
	    cmocka_unit_test(a_site_has_its_number_of_connections),
	    cmocka_unit_test(a_site_grows_again),
	    cmocka_unit_test(one_connection_in_all_serves_every_site),
	    cmocka_unit_test(a_dead_site_is_not_asked_for_every_message),
	    cmocka_unit_test(no_domain_is_forgotten),
	    cmocka_unit_test(a_slow_message_holds_up_no_other),
	    cmocka_unit_test(refusals_are_told_apart),
	    cmocka_unit_test(what_was_put_off_is_tried_again),
	    cmocka_unit_test(
		a_connection_that_was_closed_loses_and_doubles_nothing),
	    cmocka_unit_test(tls_is_used_and_its_failure_survived),
	    cmocka_unit_test(required_tls_is_required),
	    cmocka_unit_test(a_smart_host_gets_all_mail),
	    cmocka_unit_test(stopping_leaves_the_rest_in_the_queue),
	    cmocka_unit_test(ways_are_explained),
	    cmocka_unit_test(mistakes_in_settings_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
