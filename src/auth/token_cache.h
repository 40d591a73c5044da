// SPDX-License-Identifier: Apache-2.0
// Remembers tokens that were checked lately, by their hashes, so that the next
// request with the same token reads nothing. An entry is good only as long as
// the directory's epoch stands still: whatever revokes a token raises it. Only
// this room includes it. Thread-safe.
#ifndef ROOST_AUTH_TOKEN_CACHE_H
#define ROOST_AUTH_TOKEN_CACHE_H

#include "auth/credential.h"

struct auth_token_cache;

struct auth_token_entry {
	unsigned char hash[AUTH_HASH_LEN];
	struct auth_user user;
	enum auth_kind kind;
	int64_t expires;       // 0: never
	uint32_t idle_seconds; // 0: any
	int64_t used;          // the last time
};

struct auth_token_cache *auth_token_cache_new(void);
void auth_token_cache_free(struct auth_token_cache **cache);

// False: it is not there.
MUST_CHECK bool auth_token_cache_find(struct auth_token_cache *cache,
    const unsigned char hash[AUTH_HASH_LEN],
    struct auth_token_entry *ret_entry);
// Puts or replaces the entry.
void auth_token_cache_put(
    struct auth_token_cache *cache, const struct auth_token_entry *entry);

#endif
