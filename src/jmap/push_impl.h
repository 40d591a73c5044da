// SPDX-License-Identifier: Apache-2.0
// The inside of the sender of pushes (push.h). All of it is used by its one
// thread, but for what is said to be protected.
#ifndef ROOST_JMAP_PUSH_IMPL_H
#define ROOST_JMAP_PUSH_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "jmap/push.h"
#include "jmap/push_record.h"
#include "store/push_list.h"

// What is known of a subscription.
struct push_target {
	struct jmap_push *push;
	struct push_account *account; // NULL: it was removed while under way
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
	struct push_target *next;
};

struct push_account {
	struct jmap_push *push;
	uint64_t id;
	struct store_push_watch *watch;
	atomic_bool moved;
	bool reload; // its subscriptions have to be read
	// Not before this is it looked at again: many commits may come close
	// together, as in an import.
	uint64_t next_look_ms;
	uint64_t version; // up to which `pending` of its targets is known
	struct push_target *targets;
};

struct push_news {
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
	VEC(struct push_news) news;
	atomic_bool stopping;
	bool started;
	pthread_t thread;
};

static inline struct view push_id_key(const uint64_t *id)
{
	return view_of((const char *)id, sizeof(*id));
}

static inline int64_t push_now(const struct jmap_push *push)
{
	return clock_wall_seconds(push->options.clock);
}

// ---- push_accounts.c -------------------------------------------------------

// The account, which is watched from now on.
struct push_account *push_account_get(struct jmap_push *push, uint64_t id);
void push_account_drop(struct push_account *account);
// Finds out what changed, and reads the subscriptions anew if they did. False:
// the account has none, and was dropped.
MUST_CHECK bool push_account_look(struct push_account *account);
// NULL: there is none.
struct push_target *push_target_find(struct push_account *account, uint64_t id);
void push_target_free(struct push_target *target);

// ---- push_send.c -----------------------------------------------------------

// Removes a subscription. `why` is for the log.
void push_target_end(struct push_target *target, const char *why);
// Whether something is to be sent to it now; and sending it.
bool push_target_is_due(const struct push_target *target, uint64_t now_ms);
void push_target_send(struct push_target *target);

#endif
