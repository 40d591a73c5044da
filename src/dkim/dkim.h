// SPDX-License-Identifier: Apache-2.0
// DKIM (RFC 6376): the domains' signing keys, and signing a message while it
// comes in. RSA-SHA256 (RFC 8301) and Ed25519-SHA256 (RFC 8463),
// relaxed/relaxed. There is no verifying. Thread-safe; a signer belongs to one
// thread at a time.
#ifndef ROOST_DKIM_DKIM_H
#define ROOST_DKIM_DKIM_H

#include "base/arena.h"
#include "base/clock.h"
#include "engine/engine.h"

#define DKIM_PARTITION    3 // of the engine
#define DKIM_RSA_BITS     2048
#define DKIM_SELECTOR_MAX 63
#define DKIM_KEYS_MAX     8 // of one domain; all of them sign

enum dkim_algorithm {
	DKIM_RSA_SHA256,
	DKIM_ED25519_SHA256,
};
const char *dkim_algorithm_name(enum dkim_algorithm algorithm); // "rsa-sha256"

struct dkim_keys;
struct dkim_keys *dkim_keys_new(struct engine *engine, struct log *log);
void dkim_keys_free(struct dkim_keys **keys);

struct dkim_key {
	struct view domain; // A-labels, lower case
	struct view selector;
	enum dkim_algorithm algorithm;
	unsigned bits;
	int64_t created; // seconds since 1970
	// The TXT record at selector._domainkey.domain (RFC 6376 section 3.6.1)
	// as one string; dkim_dns_print() cuts it.
	struct view dns_text;
};

// Generates a key. From now on every message of the domain is signed with it.
// With an empty selector one is made from the date and the algorithm, like
// "r202611" or "e202611", and "r202611-2" when that is in use. `bits` is for
// RSA; 0: DKIM_RSA_BITS. RC_EXISTS; RC_INVALID; RC_LIMIT when the domain has
// DKIM_KEYS_MAX keys.
MUST_CHECK enum rc dkim_key_create(struct dkim_keys *keys, struct view domain,
    struct view selector, enum dkim_algorithm algorithm, unsigned bits,
    struct fault *fault, struct arena *arena, struct dkim_key *ret_key);
MUST_CHECK enum rc dkim_key_remove(struct dkim_keys *keys, struct view domain,
    struct view selector, struct fault *fault);
// Lists the keys in the order of domain and selector: gives the first key after
// these two; RC_END.
MUST_CHECK enum rc dkim_key_next(struct dkim_keys *keys,
    struct view after_domain, struct view after_selector, struct arena *arena,
    struct dkim_key *ret_key);
// Adds a line for a zone file, with strings of at most 255 bytes.
void dkim_dns_print(const struct dkim_key *key, struct buf *out);

// ---- Signing ---------------------------------------------------------------

struct dkim_signer;

// Makes a signer that signs with each key that the domain (A-labels, lower
// case) has now. RC_NOT_FOUND: it has none.
MUST_CHECK enum rc dkim_signer_new(struct dkim_keys *keys, struct view domain,
    const struct clock *clock, struct dkim_signer **ret_signer);
void dkim_signer_free(struct dkim_signer **signer);

// Gives the signer the header as it will be sent: whole fields with CRLF,
// without the blank line. Call it once, before dkim_signer_finish().
// RC_INVALID: the header has no From, so it cannot be signed (RFC 6376 section
// 5.4).
MUST_CHECK enum rc dkim_signer_header(
    struct dkim_signer *signer, struct view header);
// Gives the signer the body, in pieces of any size, with CRLF line ends.
void dkim_signer_body(struct dkim_signer *signer, struct view bytes);
// Adds the DKIM-Signature fields, each with CRLF and about 800 bytes long. They
// belong before the header. RC_INVALID if no header was given.
MUST_CHECK enum rc dkim_signer_finish(
    struct dkim_signer *signer, struct buf *out);

#endif
