// SPDX-License-Identifier: Apache-2.0
#include "auth/rounds.h"

#include <openssl/crypto.h>
#include <pthread.h>

#include "base/mem.h"

// Servers have one or two; users who came from other servers may add some.
#define KINDS_MAX 8

struct kind {
	uint32_t iterations;
	uint32_t users;
};

struct census {
	size_t count;
	struct kind kinds[KINDS_MAX]; // fewest iterations first
};

struct auth_rounds {
	pthread_mutex_t lock; // guards the census
	struct census census[AUTH_DIGESTS];
};

struct auth_rounds *auth_rounds_new(void)
{
	struct auth_rounds *rounds = mem_zalloc(sizeof(*rounds));
	pthread_mutex_init(&rounds->lock, NULL);
	return rounds;
}

void auth_rounds_free(struct auth_rounds **rounds)
{
	struct auth_rounds *old = *rounds;
	if (!old)
		return;
	*rounds = NULL;
	pthread_mutex_destroy(&old->lock);
	free(old);
}

static void add_user(struct census *census, uint32_t iterations)
{
	size_t at = 0;
	if (iterations == 0)
		return;
	while (at < census->count && census->kinds[at].iterations < iterations)
		at++;
	struct kind *kind = &census->kinds[at];
	if (at < census->count && kind->iterations == iterations) {
		kind->users++;
		return;
	}
	if (census->count == KINDS_MAX)
		return;
	memmove(kind + 1, kind, (census->count - at) * sizeof(*kind));
	*kind = (struct kind){iterations, 1};
	census->count++;
}

void auth_rounds_count(struct auth_rounds *rounds, struct engine *engine)
{
	struct census census[AUTH_DIGESTS] = {{.count = 0}};
	struct auth_name name = {""};
	struct auth_record record;
	enum rc rc = RC_OK;
	while (rc == RC_OK || rc == RC_CORRUPT) {
		rc = auth_directory_next(engine, &name, &name, &record);
		for (int i = 0; rc == RC_OK && i < AUTH_DIGESTS; i++)
			add_user(
			    &census[i], record.credentials.scram[i].iterations);
	}
	OPENSSL_cleanse(&record, sizeof(record));
	pthread_mutex_lock(&rounds->lock);
	memcpy(rounds->census, census, sizeof(census));
	pthread_mutex_unlock(&rounds->lock);
}

static uint32_t pick(
    const struct census *census, uint32_t number, uint32_t usual)
{
	uint64_t total = 0;
	for (size_t i = 0; i < census->count; i++)
		total += census->kinds[i].users;
	uint64_t chosen = (number * total) >> 32;
	for (size_t i = 0; i < census->count; i++) {
		if (chosen < census->kinds[i].users)
			return census->kinds[i].iterations;
		chosen -= census->kinds[i].users;
	}
	return usual;
}

uint32_t auth_rounds_pick(struct auth_rounds *rounds, enum auth_digest digest,
    uint32_t number, uint32_t usual)
{
	pthread_mutex_lock(&rounds->lock);
	uint32_t picked = pick(&rounds->census[digest], number, usual);
	pthread_mutex_unlock(&rounds->lock);
	return picked;
}
