// SPDX-License-Identifier: Apache-2.0
// What the files of this room share.
#ifndef ROOST_DKIM_IMPL_H
#define ROOST_DKIM_IMPL_H

#include <openssl/evp.h>

#include "dkim/dkim.h"

// ---- Records (record.c) ----------------------------------------------------

// A key of a record is one of the prefixes, then the domain, a NUL, and the
// selector. The record under "key/" has what may be shown; the one under
// "private/" has the private key as PKCS#8.
#define DKIM_PUBLIC_PREFIX  "key/"
#define DKIM_PRIVATE_PREFIX "private/"
// Bytes of a stored key. An RSA key of 4096 bits needs 2400.
#define DKIM_RECORD_MAX ((size_t)8192)

struct dkim_record {
	enum dkim_algorithm algorithm;
	uint32_t bits;
	int64_t created;
	struct view public_key; // in the form of the DNS record, as bytes
};

void dkim_record_encode(const struct dkim_record *record, struct buf *out);
// `ret_record` has views into `bytes`. RC_CORRUPT.
MUST_CHECK enum rc dkim_record_decode(
    struct view bytes, struct dkim_record *ret_record);

void dkim_record_key(const char *prefix, struct view domain,
    struct view selector, struct buf *out);
// Splits a key into its parts. Returns false when it is not one of this room's
// keys.
bool dkim_record_split(struct view key, const char *prefix,
    struct view *ret_domain, struct view *ret_selector);

// ---- Parsed keys (cache.c) -------------------------------------------------

struct dkim_signing_key {
	struct view selector; // in `selector_text`
	char selector_text[DKIM_SELECTOR_MAX];
	enum dkim_algorithm algorithm;
	EVP_PKEY *key;
};

// A domain's keys at one version of the partition; shared, never changed.
struct dkim_key_set {
	_Atomic unsigned references;
	size_t count; // 0: the domain has no keys
	struct dkim_signing_key keys[DKIM_KEYS_MAX];
};

// Gets the keys that sign for the domain; from memory when the partition has
// not changed. The caller gives them back.
MUST_CHECK enum rc dkim_keys_take(
    struct dkim_keys *keys, struct view domain, struct dkim_key_set **ret_set);
void dkim_key_set_unref(struct dkim_key_set **set);

struct engine *dkim_keys_engine(struct dkim_keys *keys);

// ---- Which fields are signed (fields.c) ------------------------------------

// The maximum of fields that are signed in one message, including absent ones.
#define DKIM_FIELDS_MAX 200

// Writes the value of h=, and gives the signed fields' canonical form, each
// with its CRLF, to `sink`. RC_INVALID: there is no From.
MUST_CHECK enum rc dkim_fields_choose(struct view header,
    void (*sink)(void *context, struct view bytes), void *context,
    struct buf *ret_names);

#endif
