// SPDX-License-Identifier: Apache-2.0
#include "server/tracing.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

struct tracing {
	struct log *log;
	struct net_trace trace;
	_Atomic unsigned count; // read without the lock, since it is usually 0
	pthread_mutex_t lock;
	struct map users; // name -> the tracing itself
};

static bool wants(void *context, struct view user)
{
	struct tracing *tracing = context;
	if (tracing->count == 0 || user.len == 0)
		return false;
	pthread_mutex_lock(&tracing->lock);
	bool wanted = map_get(&tracing->users, user) != NULL;
	pthread_mutex_unlock(&tracing->lock);
	return wanted;
}

static void trace_line(void *context, uint64_t session_id, struct view user,
    bool from_client, struct view text)
{
	struct tracing *tracing = context;
	struct log_line line;
	log_begin(&line, tracing->log, LOG_LEVEL_INFO, "trace");
	log_add_u64(&line, "session", session_id);
	log_add(&line, "user", user);
	log_add_string(&line, "from", from_client ? "client" : "server");
	log_add(&line, "line", text);
	log_end(&line);
}

struct tracing *tracing_new(struct log *log)
{
	struct tracing *tracing = mem_zalloc(sizeof(*tracing));
	tracing->log = log;
	tracing->trace = (struct net_trace){
	    .wants = wants, .line = trace_line, .context = tracing};
	pthread_mutex_init(&tracing->lock, NULL);
	map_init(&tracing->users);
	return tracing;
}

void tracing_free(struct tracing **tracing)
{
	if (!*tracing)
		return;
	map_done(&(*tracing)->users);
	pthread_mutex_destroy(&(*tracing)->lock);
	free(*tracing);
	*tracing = NULL;
}

void tracing_set(struct tracing *tracing, struct view user, bool on)
{
	pthread_mutex_lock(&tracing->lock);
	if (on)
		map_put(&tracing->users, user, tracing);
	else
		map_remove(&tracing->users, user);
	tracing->count = (unsigned)tracing->users.count;
	pthread_mutex_unlock(&tracing->lock);
}

unsigned tracing_count(struct tracing *tracing)
{
	return tracing->count;
}

const struct net_trace *tracing_of(struct tracing *tracing)
{
	return &tracing->trace;
}
