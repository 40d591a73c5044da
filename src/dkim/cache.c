// SPDX-License-Identifier: Apache-2.0
// Keeps the domains' parsed keys while the partition does not change, so that a
// signature costs no read and no parsing. When the cache is full, it is
// emptied.
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "dkim/impl.h"

// Domains in the cache, including those without a key.
#define CACHE_DOMAINS_MAX 1024

struct dkim_keys {
	struct engine *engine;
	struct log *log;
	pthread_mutex_t lock; // protects the members below
	uint64_t version;     // the partition's version when `sets` was begun
	struct map sets;      // domain → struct dkim_key_set
};

struct dkim_keys *dkim_keys_new(struct engine *engine, struct log *log)
{
	struct dkim_keys *keys = mem_zalloc(sizeof(*keys));
	keys->engine = engine;
	keys->log = log;
	pthread_mutex_init(&keys->lock, NULL);
	map_init(&keys->sets);
	return keys;
}

struct engine *dkim_keys_engine(struct dkim_keys *keys)
{
	return keys->engine;
}

void dkim_key_set_unref(struct dkim_key_set **set_at)
{
	struct dkim_key_set *set = *set_at;
	*set_at = NULL;
	if (!set || --set->references > 0)
		return;
	for (size_t i = 0; i < set->count; i++)
		EVP_PKEY_free(set->keys[i].key);
	free(set);
}

static void forget_all(struct dkim_keys *keys)
{
	size_t at = 0;
	struct view domain;
	void *value;
	while (map_next(&keys->sets, &at, &domain, &value)) {
		struct dkim_key_set *set = value;
		dkim_key_set_unref(&set);
	}
	map_done(&keys->sets);
	map_init(&keys->sets);
}

void dkim_keys_free(struct dkim_keys **keys_at)
{
	struct dkim_keys *keys = *keys_at;
	if (!keys)
		return;
	*keys_at = NULL;
	forget_all(keys);
	map_done(&keys->sets);
	pthread_mutex_destroy(&keys->lock);
	free(keys);
}

// ---- Reading ---------------------------------------------------------------

static EVP_PKEY *parse_private(struct view der)
{
	const unsigned char *at = (const unsigned char *)der.ptr;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
	return key;
}

static bool algorithm_fits(const EVP_PKEY *key, enum dkim_algorithm algorithm)
{
	int type = EVP_PKEY_get_base_id(key);
	return algorithm == DKIM_RSA_SHA256 ? type == EVP_PKEY_RSA
					    : type == EVP_PKEY_ED25519;
}

static void say_damaged(
    struct dkim_keys *keys, struct view domain, struct view selector)
{
	log_text(keys->log, LOG_LEVEL_ERROR, "dkim",
	    "the key %.*s of %.*s is damaged and is not used",
	    VIEW_FMT(selector), VIEW_FMT(domain));
}

// Adds one key to the set. A damaged key is logged and left out; the others
// still sign.
static enum rc read_key(struct dkim_keys *keys, struct engine_snapshot *from,
    struct view domain, struct view selector, struct view value,
    struct dkim_key_set *set)
{
	struct dkim_record record;
	struct buf name;
	struct buf der;
	struct dkim_signing_key *to = &set->keys[set->count];
	buf_init(&name, ENGINE_KEY_MAX);
	buf_init(&der, DKIM_RECORD_MAX);
	dkim_record_key(DKIM_PRIVATE_PREFIX, domain, selector, &name);
	enum rc rc = engine_snapshot_get(from, buf_view(&name), &der);
	if (rc == RC_OK && dkim_record_decode(value, &record) == RC_OK)
		to->key = parse_private(buf_view(&der));
	buf_done(&name);
	buf_done_secret(&der);
	if (to->key && !algorithm_fits(to->key, record.algorithm)) {
		EVP_PKEY_free(to->key);
		to->key = NULL;
	}
	if (rc != RC_OK && rc != RC_NOT_FOUND && rc != RC_LIMIT)
		return rc;
	if (!to->key) {
		say_damaged(keys, domain, selector);
		return RC_OK;
	}
	memcpy(to->selector_text, selector.ptr, selector.len);
	to->selector = view_of(to->selector_text, selector.len);
	to->algorithm = record.algorithm;
	set->count++;
	return RC_OK;
}

struct reading {
	struct dkim_keys *keys;
	struct engine_snapshot *from;
	struct dkim_key_set *set;
};

static enum rc take_key(void *context, struct view key, struct view value)
{
	struct reading *reading = context;
	struct view owner;
	struct view selector;
	if (!dkim_record_split(key, DKIM_PUBLIC_PREFIX, &owner, &selector))
		return RC_OK;
	enum rc rc = read_key(
	    reading->keys, reading->from, owner, selector, value, reading->set);
	return rc == RC_OK && reading->set->count == DKIM_KEYS_MAX ? RC_END
								   : rc;
}

static enum rc read_set(struct dkim_keys *keys, struct engine_snapshot *from,
    struct view domain, struct dkim_key_set *set)
{
	struct reading reading = {keys, from, set};
	struct buf prefix;
	buf_init(&prefix, ENGINE_KEY_MAX);
	dkim_record_key(DKIM_PUBLIC_PREFIX, domain, VIEW(""), &prefix);
	enum rc rc = engine_snapshot_scan(
	    from, buf_view(&prefix), VIEW(""), take_key, &reading);
	buf_done(&prefix);
	return rc;
}

// The lock is held.
static enum rc load(
    struct dkim_keys *keys, struct view domain, struct dkim_key_set **ret_set)
{
	struct engine_snapshot *snapshot;
	struct dkim_key_set *set = mem_zalloc(sizeof(*set));
	set->references = 1;
	enum rc rc =
	    engine_snapshot_open(keys->engine, DKIM_PARTITION, &snapshot);
	if (rc == RC_OK) {
		rc = read_set(keys, snapshot, domain, set);
		engine_snapshot_close(&snapshot);
	}
	if (rc != RC_OK) {
		dkim_key_set_unref(&set);
		return rc;
	}
	if (keys->sets.count >= CACHE_DOMAINS_MAX)
		forget_all(keys);
	map_put(&keys->sets, domain, set);
	*ret_set = set;
	return RC_OK;
}

enum rc dkim_keys_take(
    struct dkim_keys *keys, struct view domain, struct dkim_key_set **ret_set)
{
	uint64_t version;
	// The version is read before the keys, so the keys are of that version
	// or newer.
	enum rc rc = engine_version(keys->engine, DKIM_PARTITION, &version);
	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&keys->lock);
	if (version != keys->version) {
		forget_all(keys);
		keys->version = version;
	}
	struct dkim_key_set *set = map_get(&keys->sets, domain);
	if (!set)
		rc = load(keys, domain, &set);
	if (rc == RC_OK) {
		set->references++;
		*ret_set = set;
	}
	pthread_mutex_unlock(&keys->lock);
	return rc;
}
