// SPDX-License-Identifier: Apache-2.0
// DKIM (RFC 6376): the domains' signing keys, and signing a message while it
// comes in. RSA-SHA256 (RFC 8301) and Ed25519-SHA256 (RFC 8463), relaxed/
// relaxed. Verifying is not here yet. Thread-safe; a signer belongs to one
// thread at a time.
#ifndef ROOST_DKIM_DKIM_H
#define ROOST_DKIM_DKIM_H

#include "base/arena.h"
#include "base/clock.h"
#include "engine/engine.h"

#define DKIM_PARTITION    3 // of the engine
#define DKIM_RSA_BITS     2048
#define DKIM_SELECTOR_MAX 63
#define DKIM_KEYS_MAX     8 // of a domain that sign at a time

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
	// The TXT record at selector._domainkey.domain (RFC 6376 section
	// 3.6.1), in one piece: dkim_dns_print() cuts it.
	struct view dns_text;
};

// Generates a key; every mail of the domain is signed with it from then on. An
// empty selector: one is made of date and algorithm, like "r202611" and
// "e202611", and "r202611-2" when that is taken. `bits` is RSA's; 0:
// DKIM_RSA_BITS. RC_EXISTS; RC_INVALID; RC_LIMIT when the domain has
// DKIM_KEYS_MAX.
MUST_CHECK enum rc dkim_key_create(struct dkim_keys *keys, struct view domain,
    struct view selector, enum dkim_algorithm algorithm, unsigned bits,
    struct fault *fault, struct arena *arena, struct dkim_key *ret_key);
MUST_CHECK enum rc dkim_key_remove(struct dkim_keys *keys, struct view domain,
    struct view selector, struct fault *fault);
// The keys in the order of domain and selector: the first after those; RC_END.
MUST_CHECK enum rc dkim_key_next(struct dkim_keys *keys,
    struct view after_domain, struct view after_selector, struct arena *arena,
    struct dkim_key *ret_key);
// A zone file's line, ready to paste: strings of at most 255 bytes.
void dkim_dns_print(const struct dkim_key *key, struct buf *out);

// ---- Signing ---------------------------------------------------------------

struct dkim_signer;

// Signs with each of the domain's (A-labels, lower case) keys as they are now.
// RC_NOT_FOUND: it has none.
MUST_CHECK enum rc dkim_signer_new(struct dkim_keys *keys, struct view domain,
    const struct clock *clock, struct dkim_signer **ret_signer);
void dkim_signer_free(struct dkim_signer **signer);

// The header as it will be sent: whole fields with CRLF, without the blank
// line. Once, before dkim_signer_finish(). RC_INVALID: it has no From, so it
// cannot be signed (RFC 6376 section 5.4).
MUST_CHECK enum rc dkim_signer_header(
    struct dkim_signer *signer, struct view header);
// The body, in pieces of any size, with CRLF line ends.
void dkim_signer_body(struct dkim_signer *signer, struct view bytes);
// Adds the DKIM-Signature fields, with CRLF, that go before the header: about
// 800 bytes each. RC_INVALID without a header.
MUST_CHECK enum rc dkim_signer_finish(
    struct dkim_signer *signer, struct buf *out);

#endif
