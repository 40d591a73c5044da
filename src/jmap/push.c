// SPDX-License-Identifier: Apache-2.0
// The thread, and what others ask of it.
#include "jmap/push.h"

#include "base/tally.h"
#include "base/thread.h"
#include "jmap/push_impl.h"

#define UNDER_WAY_MAX 32     // requests at a time
#define IDLE_MS       60000u // between two looks at what has expired

// New subscriptions of a user in an hour: each makes us send a request to a
// place that nobody has verified (RFC 8620 section 8.6).
#define CREATED_HOUR 60
#define TALLY_KEYS   4096
// ---- The work --------------------------------------------------------------

static void take_one(struct jmap_push *push, const struct push_news *news)
{
	struct fault fault;
	struct push_account *account = push_account_get(push, news->account);
	account->reload = true;
	if (!push_account_look(account))
		return;
	// It may have been taken off the list just before.
	(void)!store_push_note(
	    push->options.store, news->account, true, &fault);
	struct push_target *target =
	    news->created ? push_target_find(account, news->created) : NULL;
	if (target)
		target->verify = !target->s.verified;
}

static void take_news(struct jmap_push *push)
{
	pthread_mutex_lock(&push->lock);
	while (push->news.count > 0) {
		struct push_news news = push->news.items[--push->news.count];
		pthread_mutex_unlock(&push->lock);
		take_one(push, &news);
		pthread_mutex_lock(&push->lock);
	}
	pthread_mutex_unlock(&push->lock);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

// Returns the milliseconds until more has to be looked at. Ids, because looking
// can drop an account.
static uint64_t look_at_moved(struct jmap_push *push)
{
	uint64_t now_ms = clock_monotonic_ms(), wait_ms = IDLE_MS;
	VEC(uint64_t) ids = {0};
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&push->accounts, &position, &key, &value)) {
		struct push_account *account = value;
		if (!atomic_load(&account->moved))
			continue;
		if (now_ms < account->next_look_ms) {
			wait_ms =
			    earlier(wait_ms, account->next_look_ms - now_ms);
			continue;
		}
		atomic_store(&account->moved, false);
		account->next_look_ms =
		    now_ms + push->options.limits.push_pace_ms / 10;
		vec_push(&ids, account->id);
	}
	for (size_t i = 0; i < ids.count; i++)
		(void)!push_account_look(push_account_get(push, ids.items[i]));
	vec_done(&ids);
	return wait_ms;
}

// Sends what is due. Returns the milliseconds until more is.
static uint64_t send_all(struct jmap_push *push)
{
	uint64_t now_ms = clock_monotonic_ms();
	int64_t now = push_now(push);
	uint64_t wait_ms = IDLE_MS;
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&push->accounts, &position, &key, &value)) {
		struct push_account *account = value;
		for (struct push_target *t = account->targets; t; t = t->next) {
			if (t->s.expires <= now && !t->ended)
				push_target_end(t, "it has expired");
			else if (push_target_is_due(t, now_ms) &&
				 push->under_way < UNDER_WAY_MAX)
				push_target_send(t);
			else if (!push_target_is_due(t, now_ms) &&
				 t->next_ms > now_ms)
				wait_ms = earlier(wait_ms, t->next_ms - now_ms);
		}
	}
	return wait_ms;
}

uint32_t jmap_push_step(struct jmap_push *push)
{
	take_news(push);
	uint64_t wait_ms = look_at_moved(push);
	return (uint32_t)earlier(wait_ms, send_all(push));
}

static void *run(void *context)
{
	struct jmap_push *push = context;
	const struct jmap_poster *poster = push->options.poster;
	while (!atomic_load(&push->stopping))
		poster->wait(poster->context, jmap_push_step(push));
	return NULL;
}

// ---- The life of it --------------------------------------------------------

static void add_account(void *context, uint64_t id)
{
	struct jmap_push *push = context;
	vec_push(&push->news, (struct push_news){.account = id});
}

enum rc jmap_push_new(const struct jmap_options *options, struct fault *fault,
    struct jmap_push **ret_push)
{
	struct jmap_push *push = mem_zalloc(sizeof(*push));
	push->options = *options;
	pthread_mutex_init(&push->lock, NULL);
	map_init(&push->accounts);
	buf_init(&push->public_key, 200);
	push->created = tally_new(TALLY_KEYS, CREATED_HOUR);
	enum rc rc = jmap_push_key(options->store, fault, &push->key);
	if (rc == RC_OK) {
		web_push_key_public(push->key, &push->public_key);
		rc = store_push_each(options->store, add_account, push);
		if (rc != RC_OK)
			rc = fault_set(
			    fault, rc, "the list of pushes cannot be read");
	}
	if (rc == RC_OK)
		*ret_push = push;
	else
		jmap_push_free(&push);
	return rc;
}

enum rc jmap_push_start(struct jmap_push *push, struct fault *fault)
{
	enum rc rc = thread_start(&push->thread, run, push);
	if (rc != RC_OK)
		return fault_set(fault, rc, "no thread can be started");
	push->started = true;
	return RC_OK;
}

void jmap_push_free(struct jmap_push **ret_push)
{
	struct jmap_push *push = *ret_push;
	size_t position = 0;
	struct view key;
	void *value;
	if (!push)
		return;
	const struct jmap_poster *poster = push->options.poster;
	atomic_store(&push->stopping, true);
	if (push->started) {
		poster->wake(poster->context);
		pthread_join(push->thread, NULL);
	}
	poster->cancel(poster->context);
	while (map_next(&push->accounts, &position, &key, &value)) {
		push_account_drop(value);
		position = 0;
	}
	map_done(&push->accounts);
	vec_done(&push->news);
	tally_free(&push->created);
	buf_done(&push->public_key);
	EVP_PKEY_free(push->key);
	pthread_mutex_destroy(&push->lock);
	free(push);
	*ret_push = NULL;
}

void jmap_push_changed(
    struct jmap_push *push, uint64_t account, uint64_t created)
{
	const struct jmap_poster *poster = push->options.poster;
	pthread_mutex_lock(&push->lock);
	vec_push(&push->news, (struct push_news){account, created});
	pthread_mutex_unlock(&push->lock);
	poster->wake(poster->context);
}

bool jmap_push_allow(struct jmap_push *push, uint64_t account)
{
	return tally_allow(push->created, push_id_key(&account), CREATED_HOUR,
	    clock_monotonic_ms());
}

struct view jmap_push_public_key(const struct jmap_push *push)
{
	return buf_view(&push->public_key);
}

uint16_t jmap_push_port(const struct jmap_push *push)
{
	return push->options.poster->port;
}
