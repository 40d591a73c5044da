// SPDX-License-Identifier: Apache-2.0
// Remembers successful log-ins, so that the next one of the same user needs no
// slow hash. An entry is a MAC over user, stored hash and password, with a
// random key of this cache. So it contains no password, and when the hash
// changes, old entries no longer match. Thread-safe.
#ifndef ROOST_AUTH_CACHE_H
#define ROOST_AUTH_CACHE_H

#include "base/view.h"

struct auth_cache;

#define AUTH_CACHE_TAG 32

struct auth_cache_tag {
	unsigned char bytes[AUTH_CACHE_TAG];
};

// For at least `entries` log-ins, of 32 bytes each. 0: it remembers nothing.
struct auth_cache *auth_cache_new(size_t entries);
void auth_cache_free(struct auth_cache **cache);

// False if there can be no tag: the cache remembers nothing, or an argument is
// too long.
MUST_CHECK bool auth_cache_tag(const struct auth_cache *cache, struct view user,
    struct view hash, struct view password, struct auth_cache_tag *ret_tag);
bool auth_cache_has(struct auth_cache *cache, const struct auth_cache_tag *tag);
void auth_cache_add(struct auth_cache *cache, const struct auth_cache_tag *tag);
// Adds it, and says whether it was not there; one of two threads gets true.
MUST_CHECK bool auth_cache_add_new(
    struct auth_cache *cache, const struct auth_cache_tag *tag);

#endif
