// SPDX-License-Identifier: Apache-2.0
#include "server/measures.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "queue/manage.h"
#include "server/version.h"

static const char *const state_words[ENGINE_STATES] = {
    [ENGINE_WELL] = "well",
    [ENGINE_FULL] = "full",
    [ENGINE_READING] = "reading",
};

// ---- Status ----------------------------------------------------------------

// Refused log-ins: {"wrong-password": [count, seconds of the last one], …}
static json_t *failures(const struct auth *auth)
{
	json_t *all = json_object();
	for (enum auth_reason i = AUTH_REASON_NONE + 1; i < AUTH_REASONS; i++) {
		uint64_t count = auth_outcomes(auth, i);
		if (count > 0)
			json_object_set_new(all, auth_reason_word(i),
			    json_pack("[I, I]", (json_int_t)count,
				(json_int_t)auth_last_refusal(auth, i)));
	}
	return all;
}

void measures_status(const struct measures *measures, json_t *answer)
{
	struct net_server_stats stats = net_server_stats(measures->net);
	struct queue_stats queue = queue_stats(measures->post->queue);
	struct relay_stats relay = relay_stats(measures->post->relay);
	struct engine_health health = engine_health(measures->engine);
	uint64_t up = (clock_monotonic_ms() - measures->started_ms) / 1000;
#define SET(key, value)                                                        \
	json_object_set_new(answer, key, json_integer((json_int_t)(value)))
	SET("pid", getpid());
	SET("up_seconds", up);
	SET("connections", stats.open);
	SET("accepted", stats.accepted);
	SET("refused", stats.refused);
	SET("servers", stats.servers);
	SET("strangers", stats.strangers);
	SET("visitors", stats.visitors);
	SET("memory_used", budget_used(measures->budget));
	SET("memory_held", budget_held(measures->budget));
	SET("memory_max", measures->budget->limit);
	SET("traced_users", tracing_count(measures->tracing));
	SET("queue_messages", queue.messages);
	SET("queue_recipients", queue.recipients);
	SET("queue_held", queue.held);
	SET("queue_oldest", queue.oldest);
	SET("reports_dropped", queue.reports_dropped);
	SET("sending_limited_users", sending_limited(measures->post->sending));
	SET("sending_connections", relay.connections);
	SET("sent", relay.relayed);
	SET("sites_down", relay.sites_down);
	SET("disk_free", health.free_bytes);
	SET("sandbox_landlock", measures->sandbox->landlock);
#undef SET
	json_object_set_new(answer, "sandbox_seccomp",
	    json_boolean(measures->sandbox->seccomp));
	json_object_set_new(answer, "failures", failures(measures->auth));
	json_object_set_new(answer, "memory_stage",
	    json_string(budget_stage_name(budget_stage(measures->budget))));
	json_object_set_new(
	    answer, "storage", json_string(state_words[health.state]));
}

// ---- Metrics ---------------------------------------------------------------

static void one(struct metrics *m, enum metrics_kind kind, const char *name,
    const char *help, uint64_t number)
{
	metrics_family(m, kind, name, help);
	metrics_sample(m, NULL, NULL, number);
}

static void add_process(const struct measures *measures, struct metrics *m)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	uint64_t cpu_ms =
	    (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
	    (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
	uint64_t up_ms = clock_monotonic_ms() - measures->started_ms;
	metrics_family(m, METRICS_GAUGE, "roost_build",
	    "Always 1; the label says which version runs.");
	metrics_sample(m, "version", roost_version, 1);
	metrics_family(m, METRICS_COUNTER, "process_cpu_seconds",
	    "Processor time that the server has used.");
	metrics_sample_milli(m, NULL, NULL, cpu_ms);
	one(m, METRICS_GAUGE, "process_start_time_seconds",
	    "When the server was started, in seconds since 1970.",
	    (uint64_t)clock_wall_seconds(NULL) - up_ms / 1000);
	one(m, METRICS_GAUGE, "process_resident_memory_bytes",
	    "Memory that the server uses.", budget_used(measures->budget));
	one(m, METRICS_GAUGE, "roost_memory_max_bytes",
	    "Memory that the server may use.", measures->budget->limit);
	one(m, METRICS_GAUGE, "roost_memory_stage",
	    "0: all is well; with each stage more new work is refused.",
	    budget_stage(measures->budget));
}

static void add_connections(const struct measures *measures, struct metrics *m)
{
	struct net_server_stats net = net_server_stats(measures->net);
	one(m, METRICS_COUNTER, "roost_connections_accepted",
	    "Connections that were accepted.", net.accepted);
	one(m, METRICS_COUNTER, "roost_connections_refused",
	    "Connections that a limit refused.", net.refused);
	metrics_family(m, METRICS_GAUGE, "roost_connections",
	    "Connections that are open now, by who is at the other end.");
	metrics_sample(m, "peer", "server", net.servers);
	metrics_sample(m, "peer", "stranger", net.strangers);
	metrics_sample(m, "peer", "visitor", net.visitors);
	metrics_sample(m, "peer", "user",
	    net.open - net.servers - net.strangers - net.visitors);
	metrics_family(m, METRICS_COUNTER, "roost_sessions",
	    "Sessions that began, by protocol.");
	for (enum config_protocol i = 0; i < CONFIG_PROTOCOLS; i++)
		metrics_sample(m, "protocol", config_protocol_word(i),
		    counter_value(&measures->protocols->counts[i].sessions));
	metrics_family(m, METRICS_COUNTER, "roost_commands",
	    "Commands that were answered, by protocol.");
	for (enum config_protocol i = 0; i < CONFIG_PROTOCOLS; i++)
		metrics_sample(m, "protocol", config_protocol_word(i),
		    counter_value(&measures->protocols->counts[i].commands));
}

// A server may have one certificate for each of thousands of domains. Those
// that end first are shown.
#define CERTIFICATES_SHOWN_MAX 1000

struct certificate {
	const char *name;
	int64_t end; // seconds since 1970
};

struct certificates {
	struct arena arena; // for the names
	struct certificate *items;
	size_t count, capacity;
};

static void collect(void *context, const char *name, int64_t end)
{
	struct certificates *all = context;
	if (all->count == all->capacity) {
		all->capacity = 2 * all->capacity + 8;
		all->items = mem_realloc(
		    all->items, all->capacity * sizeof(*all->items));
	}
	all->items[all->count++] = (struct certificate){
	    .name = arena_string(&all->arena, view_of_string(name)),
	    .end = end};
}

static int compare_ends(const void *a, const void *b)
{
	const struct certificate *left = a, *right = b;
	return (left->end > right->end) - (left->end < right->end);
}

static void add_certificates(const struct measures *measures, struct metrics *m)
{
	struct certificates all = {0};
	int64_t now = clock_wall_seconds(NULL);
	arena_init(&all.arena);
	net_tls_ends(measures->tls, collect, &all);
	if (all.count > 0)
		qsort(all.items, all.count, sizeof(*all.items), compare_ends);
	metrics_family(m, METRICS_GAUGE, "roost_certificate_seconds",
	    "Seconds until a certificate ends, by its first name; 0: none is "
	    "left.");
	for (size_t i = 0; i < all.count && i < CERTIFICATES_SHOWN_MAX; i++) {
		const struct certificate *one = &all.items[i];
		metrics_sample(m, "name", one->name,
		    one->end > now ? (uint64_t)(one->end - now) : 0);
	}
	free(all.items);
	arena_done(&all.arena);
}

static void add_logins(const struct measures *measures, struct metrics *m)
{
	one(m, METRICS_COUNTER, "roost_logins", "Log-ins that succeeded.",
	    auth_outcomes(measures->auth, AUTH_REASON_NONE));
	metrics_family(m, METRICS_COUNTER, "roost_login_failures",
	    "Log-ins that were refused, by cause.");
	for (enum auth_reason i = AUTH_REASON_NONE + 1; i < AUTH_REASONS; i++)
		metrics_sample(m, "cause", auth_reason_word(i),
		    auth_outcomes(measures->auth, i));
}

static void add_deliveries(const struct measures *measures, struct metrics *m)
{
	const struct delivery_counts *counts = &measures->post->counts;
	struct relay_stats relay = relay_stats(measures->post->relay);
	metrics_family(m, METRICS_COUNTER, "roost_deliveries",
	    "What became of the copies for users.");
	metrics_sample(
	    m, "outcome", "delivered", counter_value(&counts->delivered));
	metrics_sample(
	    m, "outcome", "discarded", counter_value(&counts->discarded));
	metrics_sample(m, "outcome", "failed", counter_value(&counts->failed));
	one(m, METRICS_COUNTER, "roost_queued_messages",
	    "Messages that the queue took from clients and servers.",
	    counter_value(&counts->queued));
	metrics_family(m, METRICS_COUNTER, "roost_relay_attempts",
	    "Attempts to hand over a queued message, by recipient.");
	metrics_sample(m, "outcome", "sent", relay.relayed);
	metrics_sample(m, "outcome", "delivered_here", relay.local);
	metrics_sample(m, "outcome", "later", relay.later);
	metrics_sample(m, "outcome", "failed", relay.failed);
	one(m, METRICS_GAUGE, "roost_relay_connections",
	    "Connections to other servers.", relay.connections);
	one(m, METRICS_GAUGE, "roost_relay_sites_down",
	    "Sites that are not tried for a while.", relay.sites_down);
}

static void add_queue(const struct measures *measures, struct metrics *m)
{
	struct queue_stats queue = queue_stats(measures->post->queue);
	int64_t now = clock_wall_seconds(NULL);
	metrics_family(m, METRICS_GAUGE, "roost_queue_messages",
	    "Messages in the queue, by state.");
	metrics_sample(m, "state", "waiting", queue.messages - queue.held);
	metrics_sample(m, "state", "held", queue.held);
	one(m, METRICS_GAUGE, "roost_queue_recipients",
	    "Recipients that are not settled.", queue.recipients);
	one(m, METRICS_GAUGE, "roost_queue_oldest_seconds",
	    "The age of the oldest message in the queue.",
	    queue.oldest && now > queue.oldest ? (uint64_t)(now - queue.oldest)
					       : 0);
	one(m, METRICS_COUNTER, "roost_reports_dropped",
	    "Reports that the limits did not allow.", queue.reports_dropped);
	one(m, METRICS_GAUGE, "roost_sending_limited_users",
	    "Users whose mail waits because they sent too much.",
	    sending_limited(measures->post->sending));
}

static void add_storage(const struct measures *measures, struct metrics *m)
{
	struct engine_stats stats = engine_stats(measures->engine);
	struct engine_health health = engine_health(measures->engine);
	metrics_family(m, METRICS_HISTOGRAM, "roost_commit_seconds",
	    "How long changes took until they were on the disk.");
	metrics_times(m, stats.commits);
	one(m, METRICS_COUNTER, "roost_commits_failed",
	    "Changes that the disk refused.", stats.commits_failed);
	metrics_family(
	    m, METRICS_GAUGE, "roost_storage_bytes", "Sizes on the disk.");
	metrics_sample(m, "part", "tables", stats.table_bytes);
	metrics_sample(m, "part", "content", stats.content_bytes);
	metrics_family(m, METRICS_GAUGE, "roost_storage_memory_bytes",
	    "Memory of the storage.");
	metrics_sample(m, "part", "buffers", stats.buffer_bytes);
	metrics_sample(m, "part", "cache", stats.cache_bytes);
	one(m, METRICS_GAUGE, "roost_disk_free_bytes",
	    "Free space of the disk with the mail; 0: it is not looked at.",
	    health.free_bytes);
	metrics_family(m, METRICS_GAUGE, "roost_storage_state",
	    "1 at the present state. full: only what frees space is taken; "
	    "reading: nothing can be written.");
	for (enum engine_state i = 0; i < ENGINE_STATES; i++)
		metrics_sample(m, "state", state_words[i], i == health.state);
}

void measures_metrics(
    const struct measures *measures, bool open, struct buf *out)
{
	struct metrics metrics = {.out = out, .open = open};
	add_process(measures, &metrics);
	add_connections(measures, &metrics);
	add_certificates(measures, &metrics);
	add_logins(measures, &metrics);
	add_deliveries(measures, &metrics);
	add_queue(measures, &metrics);
	add_storage(measures, &metrics);
	metrics_end(&metrics);
}
