// SPDX-License-Identifier: Apache-2.0
#include "jmap/push.h"

#include <pthread.h>
#include <stdatomic.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/tally.h"
#include "base/thread.h"
#include "base/vec.h"
#include "jmap/push_record.h"
#include "jmap/watch.h"
#include "store/push_list.h"
#include "wire/http_request.h"

// The longest time between two tries (struct jmap_limits has the shortest).
#define RETRY_MAX_MS ((uint64_t)3600 * 1000)
// A push service may ask for as much.
#define RETRY_AFTER_MAX_S 86400u
// How often a verification code is tried.
#define VERIFY_TRIES 5

#define TTL_SECONDS   86400u
#define TOKEN_SECONDS (12 * 3600) // of VAPID; at most a day (RFC 8292)
#define UNDER_WAY_MAX 32          // requests at a time
#define IDLE_MS       60000u      // between two looks at what has expired

// New subscriptions of a user in an hour: each makes us send a request to a
// place that nobody has verified (RFC 8620 section 8.6).
#define CREATED_HOUR 60
#define TALLY_KEYS   4096

// ---- What is known of a subscription ---------------------------------------

struct target {
	struct jmap_push *push;
	struct account *account; // NULL: it was removed while under way
	struct arena arena;
	struct jmap_subscription s; // in `arena`
	char *url;                  // the same
	bool ended;                 // it was removed; the change will be seen
	bool verify;                // its code is to be sent
	unsigned pending;           // types that changed and were not told
	uint64_t next_ms;           // not before this
	unsigned failures;          // in a row
	// The request that is under way.
	bool under_way;
	unsigned telling; // types that it tells
	bool verifying;
	struct target *next;
};

struct account {
	struct jmap_push *push;
	uint64_t id;
	struct store_push_watch *watch;
	atomic_bool moved;
	bool reload; // its subscriptions have to be read
	// Not before this is it looked at again: many commits may come close
	// together, as in an import.
	uint64_t next_look_ms;
	uint64_t version; // up to which `pending` of its targets is known
	struct target *targets;
};

struct news {
	uint64_t account;
	uint64_t created;
};

struct jmap_push {
	struct jmap_options options;
	EVP_PKEY *key;
	struct buf public_key;
	struct tally *created; // by account
	struct map accounts;   // by id
	size_t under_way;
	pthread_mutex_t lock; // protects the next one
	VEC(struct news) news;
	atomic_bool stopping;
	bool started;
	pthread_t thread;
};

static struct view id_key(const uint64_t *id)
{
	return view_of((const char *)id, sizeof(*id));
}

static int64_t now_seconds(const struct jmap_push *push)
{
	return clock_wall_seconds(push->options.clock);
}

static void log_why(
    struct log_line *line, const struct target *target, const char *why)
{
	log_add(line, "user", target->s.user);
	log_add_u64(line, "subscription", target->s.id);
	log_add_string(line, "why", why);
	log_end(line);
}

// ---- Targets ---------------------------------------------------------------

static void target_free(struct target *target)
{
	arena_done_secret(&target->arena);
	OPENSSL_cleanse(&target->s, sizeof(target->s));
	free(target);
}

// A request that is under way ends first.
static void target_drop(struct target *target)
{
	target->account = NULL;
	if (!target->under_way)
		target_free(target);
}

static struct target *target_find(struct account *account, uint64_t id)
{
	for (struct target *t = account->targets; t; t = t->next)
		if (t->s.id == id)
			return t;
	return NULL;
}

struct reload {
	struct account *account;
	struct target *fresh;
};

static struct target *take_old(struct account *account, uint64_t id)
{
	struct target **at = &account->targets;
	while (*at && (*at)->s.id != id)
		at = &(*at)->next;
	struct target *target = *at;
	if (target)
		*at = target->next;
	return target;
}

static enum rc reload_one(void *context, const struct store_object *object)
{
	struct reload *reload = context;
	struct target *target = take_old(reload->account, object->id);
	if (!target) {
		target = mem_zalloc(sizeof(*target));
		arena_init(&target->arena);
		target->account = reload->account;
		target->push = reload->account->push;
	}
	if (target->s.version != object->version) {
		arena_done_secret(&target->arena);
		if (jmap_subscription_read(
			&target->arena, object, &target->s) != RC_OK) {
			target_drop(target);
			return RC_OK;
		}
		target->url = arena_string(&target->arena, target->s.url);
	}
	target->next = reload->fresh;
	reload->fresh = target;
	return RC_OK;
}

static void drop_targets(struct account *account)
{
	while (account->targets) {
		struct target *target = account->targets;
		account->targets = target->next;
		target_drop(target);
	}
}

// Reads the subscriptions. What is known of those that stay is kept.
static enum rc reload_targets(
    struct account *account, struct store_account *open)
{
	struct reload reload = {.account = account};
	struct store_asker asker = store_user(account->id);
	enum rc rc = store_objects_walk(
	    &asker, open, STORE_OBJECT_PUSH, 0, reload_one, &reload);
	if (rc == RC_OK)
		drop_targets(account);
	while (reload.fresh) {
		struct target *target = reload.fresh;
		reload.fresh = target->next;
		target->next = account->targets;
		account->targets = target;
	}
	account->reload = rc != RC_OK;
	return rc;
}

// ---- Accounts --------------------------------------------------------------

static void moved(void *context)
{
	struct account *account = context;
	const struct jmap_poster *poster = account->push->options.poster;
	atomic_store(&account->moved, true);
	poster->wake(poster->context);
}

static void account_drop(struct account *account)
{
	store_push_watch_free(&account->watch);
	drop_targets(account);
	map_remove(&account->push->accounts, id_key(&account->id));
	free(account);
}

static struct account *account_get(struct jmap_push *push, uint64_t id)
{
	struct account *account = map_get(&push->accounts, id_key(&id));
	if (account)
		return account;
	account = mem_zalloc(sizeof(*account));
	account->push = push;
	account->id = id;
	account->watch =
	    store_push_watch_new(push->options.store, id, moved, account);
	map_put(&push->accounts, id_key(&account->id), account);
	return account;
}

// The account has no subscription any more.
static void account_end(struct account *account)
{
	struct fault fault;
	// If it fails, the next start finds the account without one.
	(void)!store_push_note(
	    account->push->options.store, account->id, false, &fault);
	account_drop(account);
}

// Finds out what changed. False: the account was dropped.
static bool account_look(struct account *account)
{
	struct jmap_push *push = account->push;
	struct store_account *open;
	struct fault fault;
	unsigned types = 0;
	enum rc rc =
	    store_account_open(push->options.store, account->id, &fault, &open);
	if (rc == RC_NOT_FOUND) {
		account_end(account);
		return false;
	}
	if (rc != RC_OK)
		return true;       // the next commit, or look, tries again
	if (account->version == 0) // what was before is not told
		rc = store_account_version(open, &account->version);
	else
		rc = jmap_types_changed(
		    open, account->version, &types, &account->version);
	account->reload |= (types & JMAP_PUSH_SUBSCRIPTIONS) != 0;
	if (rc == RC_OK && account->reload)
		rc = reload_targets(account, open);
	store_account_close(&open);
	for (struct target *t = account->targets; t; t = t->next)
		t->pending |= types & t->s.type_set;
	if (rc != RC_OK || account->targets)
		return true;
	account_end(account);
	return false;
}

// ---- The end of a subscription ---------------------------------------------

// It is removed from the account; the change is told like any other.
static void remove_target(struct target *target, const char *why)
{
	struct account *account = target->account;
	struct jmap_push *push = account->push;
	struct store_account *open;
	struct fault fault;
	struct store_asker asker = store_user(account->id);
	struct store_object_change change = {
	    .kind = STORE_OBJECT_PUSH, .id = target->s.id, .remove = true};
	struct store_objects_set set = {.changes = &change, .count = 1};
	struct log_line line;
	log_begin(&line, push->options.log, LOG_LEVEL_INFO, "push_ended");
	log_why(&line, target, why);
	target->ended = true;
	if (store_account_open(
		push->options.store, account->id, &fault, &open) != RC_OK)
		return;
	(void)!store_objects_set(&asker, open, &set, &fault);
	store_account_close(&open);
}

// Whether it may be told something now.
static bool may_be_told(struct target *target)
{
	struct jmap_push *push = target->push;
	switch (jmap_subscription_check(
	    push->options.auth, target->account->id, &target->s)) {
	case RC_OK: return true;
	case RC_GONE:
		remove_target(target, "who made it was shut out");
		return false;
	default: return false; // later
	}
}

// ---- The answer ------------------------------------------------------------

static uint64_t retry_ms(
    const struct target *target, const struct jmap_posted *posted)
{
	unsigned doublings = target->failures < 16 ? target->failures - 1 : 15;
	uint64_t first = target->push->options.limits.push_retry_ms;
	uint64_t ms = first << doublings;
	if (ms > RETRY_MAX_MS)
		ms = RETRY_MAX_MS;
	uint64_t asked = posted->retry_after < RETRY_AFTER_MAX_S
			     ? posted->retry_after
			     : RETRY_AFTER_MAX_S;
	return asked * 1000 > ms ? asked * 1000 : ms;
}

static void note_failure(
    struct target *target, const struct jmap_posted *posted)
{
	char why[200];
	struct log_line line;
	unsigned status = posted->status;
	bool later =
	    status == 0 || status == 408 || status == 429 || status >= 500;
	if (status == 0)
		snprintf(why, sizeof(why), "%s",
		    posted->why ? posted->why : "no answer");
	else
		snprintf(why, sizeof(why), "the push service says %u", status);
	log_begin(
	    &line, target->push->options.log, LOG_LEVEL_INFO, "push_failed");
	log_why(&line, target, why);
	target->failures++;
	target->next_ms = clock_monotonic_ms() + retry_ms(target, posted);
	// What it refuses for good is not sent again; the next change is.
	if (later)
		target->pending |= target->telling;
	if (target->verifying && target->failures < VERIFY_TRIES)
		target->verify = true;
}

static void posted(void *context, const struct jmap_posted *posted)
{
	struct target *target = context;
	target->under_way = false;
	target->push->under_way--;
	if (!target->account) {
		target_free(target);
		return;
	}
	// RFC 8030 section 7.3: the subscription does not exist any more.
	if (posted->status == 404 || posted->status == 410) {
		remove_target(target, "the push service has no such address");
	} else if (posted->status >= 200 && posted->status < 300) {
		target->failures = 0;
		target->next_ms = clock_monotonic_ms() +
				  target->push->options.limits.push_pace_ms;
	} else {
		note_failure(target, posted);
	}
}

// ---- Sending ---------------------------------------------------------------

static void write_verification(const struct target *target, struct buf *out)
{
	struct json_text json;
	char id[24];
	int len =
	    snprintf(id, sizeof(id), "P%llx", (unsigned long long)target->s.id);
	json_text_init(&json, out);
	json_begin_object(&json);
	json_member_string(&json, "@type", VIEW("PushVerification"));
	json_member_string(
	    &json, "pushSubscriptionId", view_of(id, (size_t)len));
	json_member_string(&json, "verificationCode", target->s.code);
	json_end_object(&json);
}

static void write_change(const struct target *target, struct buf *out)
{
	struct json_text json;
	json_text_init(&json, out);
	json_begin_object(&json);
	jmap_state_change_write(&json, target->account->id, target->pending,
	    target->account->version);
	json_end_object(&json);
}

// "https://host:port", of a URL that was checked.
static struct view origin_of(struct view url)
{
	size_t slash = view_find_char(view_from(url, 8), '/');
	return slash == SIZE_MAX ? url : view_slice(url, 0, 8 + slash);
}

static void post(
    struct jmap_push *push, struct target *target, struct view text)
{
	const struct jmap_poster *poster = push->options.poster;
	struct buf body, authorization;
	buf_init(&body, WEB_PUSH_BODY_MAX);
	buf_init(&authorization, 8192);
	if (target->s.has_keys &&
	    web_push_encrypt(&target->s.keys, text, &body) != RC_OK)
		abort(); // the keys were checked, and the text is short
	web_push_authorization(push->key, origin_of(target->s.url),
	    push->options.contact, now_seconds(push) + TOKEN_SECONDS,
	    &authorization);
	buf_add_char(&authorization, '\0');
	bool soon = target->verifying ||
		    target->telling & 1u << JMAP_PUSH_EMAIL_DELIVERY;
	struct jmap_post request = {
	    .url = target->url,
	    .body = target->s.has_keys ? buf_view(&body) : text,
	    .content_type = target->s.has_keys ? "application/octet-stream"
					       : "application/json",
	    .content_encoding = target->s.has_keys ? "aes128gcm" : NULL,
	    .authorization = authorization.ptr,
	    .ttl = TTL_SECONDS,
	    .urgency = soon ? "normal" : "low",
	};
	target->under_way = true;
	push->under_way++;
	poster->begin(poster->context, &request, posted, target);
	buf_done(&body);
	buf_done(&authorization);
}

static bool is_due(const struct target *target, uint64_t now_ms)
{
	bool wants = target->verify || (target->s.verified && target->pending);
	return wants && !target->under_way && !target->ended &&
	       now_ms >= target->next_ms;
}

static void send(struct jmap_push *push, struct target *target)
{
	struct buf text;
	if (!may_be_told(target))
		return;
	buf_init(&text, WEB_PUSH_TEXT_MAX);
	target->verifying = target->verify;
	target->telling = target->verify ? 0 : target->pending;
	if (target->verify) {
		write_verification(target, &text);
		target->verify = false;
	} else {
		write_change(target, &text);
		target->pending = 0;
	}
	post(push, target, buf_view(&text));
	buf_done_secret(&text);
}

// ---- The work --------------------------------------------------------------

static void take_one(struct jmap_push *push, const struct news *news)
{
	struct fault fault;
	struct account *account = account_get(push, news->account);
	account->reload = true;
	if (!account_look(account))
		return;
	// It may have been taken off the list just before.
	(void)!store_push_note(
	    push->options.store, news->account, true, &fault);
	struct target *target =
	    news->created ? target_find(account, news->created) : NULL;
	if (target)
		target->verify = !target->s.verified;
}

static void take_news(struct jmap_push *push)
{
	pthread_mutex_lock(&push->lock);
	while (push->news.count > 0) {
		struct news news = push->news.items[--push->news.count];
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
		struct account *account = value;
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
		(void)account_look(account_get(push, ids.items[i]));
	vec_done(&ids);
	return wait_ms;
}

// Sends what is due. Returns the milliseconds until more is.
static uint64_t send_all(struct jmap_push *push)
{
	uint64_t now_ms = clock_monotonic_ms();
	int64_t now = now_seconds(push);
	uint64_t wait_ms = IDLE_MS;
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&push->accounts, &position, &key, &value)) {
		struct account *account = value;
		for (struct target *t = account->targets; t; t = t->next) {
			if (t->s.expires <= now && !t->ended)
				remove_target(t, "it has expired");
			else if (is_due(t, now_ms) &&
				 push->under_way < UNDER_WAY_MAX)
				send(push, t);
			else if (!is_due(t, now_ms) && t->next_ms > now_ms)
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
	vec_push(&push->news, (struct news){.account = id});
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
		account_drop(value);
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
	vec_push(&push->news, (struct news){account, created});
	pthread_mutex_unlock(&push->lock);
	poster->wake(poster->context);
}

bool jmap_push_allow(struct jmap_push *push, uint64_t account)
{
	return tally_allow(push->created, id_key(&account), CREATED_HOUR,
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
