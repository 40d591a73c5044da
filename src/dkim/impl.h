// SPDX-License-Identifier: Apache-2.0
// What the files of this room share.
#ifndef ROOST_DKIM_IMPL_H
#define ROOST_DKIM_IMPL_H

#include <openssl/evp.h>

#include "dkim/dkim.h"

// ---- Records (record.c) ----------------------------------------------------

// A domain with a NUL, then the selector, behind one of the prefixes:
// "key/" has what may be shown, "private/" the key itself as PKCS#8.
#define DKIM_PUBLIC_PREFIX  "key/"
#define DKIM_PRIVATE_PREFIX "private/"
// Bytes of a stored key: RSA of 4096 bits takes 2400.
#define DKIM_RECORD_MAX ((size_t)8192)

struct dkim_record {
	enum dkim_algorithm algorithm;
	uint32_t bits;
	int64_t created;
	struct view public_key; // as the record in DNS has it, in bytes
};

void dkim_record_encode(const struct dkim_record *record, struct buf *out);
// `ret_record` points into `bytes`. RC_CORRUPT.
MUST_CHECK enum rc dkim_record_decode(
    struct view bytes, struct dkim_record *ret_record);

void dkim_record_key(const char *prefix, struct view domain,
    struct view selector, struct buf *out);
// Takes a key apart; false when it is none of this room's.
bool dkim_record_split(struct view key, const char *prefix,
    struct view *ret_domain, struct view *ret_selector);

// ---- Parsed keys (cache.c) -------------------------------------------------

struct dkim_signing_key {
	struct view selector; // in `selector_text`
	char selector_text[DKIM_SELECTOR_MAX];
	enum dkim_algorithm algorithm;
	EVP_PKEY *key;
};

// A domain's keys as they were at one version; shared, never changed.
struct dkim_key_set {
	_Atomic unsigned references;
	size_t count; // 0: none
	struct dkim_signing_key keys[DKIM_KEYS_MAX];
};

// The keys that sign for the domain, from memory when the partition has not
// moved. To be given back.
MUST_CHECK enum rc dkim_keys_take(
    struct dkim_keys *keys, struct view domain, struct dkim_key_set **ret_set);
void dkim_key_set_unref(struct dkim_key_set **set);

struct engine *dkim_keys_engine(struct dkim_keys *keys);

// ---- Which fields are signed (fields.c) ------------------------------------

// Fields signed of one message at most, those that are not there included.
#define DKIM_FIELDS_MAX 200

// What a signature says in h=, and the signed fields' canonical form, each with
// its CRLF, handed to `sink`. RC_INVALID: there is no From.
MUST_CHECK enum rc dkim_fields_choose(struct view header,
    void (*sink)(void *context, struct view bytes), void *context,
    struct buf *ret_names);

#endif
