// SPDX-License-Identifier: Apache-2.0
// Makes, removes and lists keys. Both records of a key are written or deleted
// in one commit.
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "dkim/impl.h"
#include "wire/base64.h"

// RFC 8301 section 3.2: signers must use at least 1024 bits and should use
// 2048. Verifiers need not accept more than 4096.
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 4096
// The TXT record of the longest key needs 750 bytes.
#define DNS_TEXT_MAX ((size_t)2048)
// RFC 1035 section 3.3: the maximum length of a character-string.
#define DNS_STRING_MAX 255

const char *dkim_algorithm_name(enum dkim_algorithm algorithm)
{
	return algorithm == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256";
}

// ---- Names -----------------------------------------------------------------

// RFC 6376 section 3.1: sub-domain *( "." sub-domain ). Only lower case is
// accepted here, so that each selector has one spelling.
static bool selector_is_valid(struct view selector)
{
	char before = '.';
	if (selector.len == 0 || selector.len > DKIM_SELECTOR_MAX)
		return false;
	for (size_t i = 0; i < selector.len; i++) {
		char c = selector.ptr[i];
		bool plain = ascii_is_lower(c) || ascii_is_digit(c);
		if (!plain && c != '-' && c != '.')
			return false;
		if (!plain && before == '.')
			return false;
		if (c == '.' && before == '-')
			return false;
		before = c;
	}
	return before != '.' && before != '-';
}

static bool domain_is_valid(struct view domain)
{
	if (domain.len == 0 || domain.len > 253)
		return false;
	for (size_t i = 0; i < domain.len; i++) {
		char c = domain.ptr[i];
		if (!ascii_is_lower(c) && !ascii_is_digit(c) && c != '-' &&
		    c != '.' && c != '_')
			return false;
	}
	return true;
}

// Makes "r202611": it shows the key's age, and next month's key has another
// name. The second key of a month is "r202611-2".
static void make_selector(enum dkim_algorithm algorithm, int64_t now,
    unsigned number, struct buf *out)
{
	time_t seconds = (time_t)now;
	struct tm date;
	gmtime_r(&seconds, &date);
	buf_reset(out);
	buf_printf(out, "%c%04d%02d", algorithm == DKIM_RSA_SHA256 ? 'r' : 'e',
	    date.tm_year + 1900, date.tm_mon + 1);
	if (number > 1)
		buf_printf(out, "-%u", number);
}

static bool is_taken(
    struct dkim_keys *keys, struct view domain, struct view selector)
{
	struct buf name, value;
	buf_init(&name, ENGINE_KEY_MAX);
	buf_init(&value, DKIM_RECORD_MAX);
	dkim_record_key(DKIM_PUBLIC_PREFIX, domain, selector, &name);
	enum rc rc = engine_get(
	    dkim_keys_engine(keys), DKIM_PARTITION, buf_view(&name), &value);
	buf_done(&name);
	buf_done(&value);
	return rc != RC_NOT_FOUND;
}

// ---- Generating ------------------------------------------------------------

static EVP_PKEY *generate(enum dkim_algorithm algorithm, unsigned bits)
{
	if (algorithm == DKIM_RSA_SHA256)
		return EVP_RSA_gen(bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

// Adds the key as PKCS#8.
static enum rc encode_private(const EVP_PKEY *key, struct buf *out)
{
	enum rc rc = RC_IO;
	unsigned char *der = NULL;
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	if (len > 0) {
		buf_add(out, view_of(der, (size_t)len));
		rc = buf_status(out);
		OPENSSL_clear_free(der, (size_t)len);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	return rc;
}

// Adds the public key in the form of the DNS record: SubjectPublicKeyInfo for
// RSA (RFC 6376 section 3.6.1 with erratum 3758), the 32 bytes for Ed25519 (RFC
// 8463 section 4.2).
static enum rc encode_public(
    const EVP_PKEY *key, enum dkim_algorithm algorithm, struct buf *out)
{
	unsigned char raw[32];
	size_t raw_len = sizeof(raw);
	unsigned char *der = NULL;
	if (algorithm == DKIM_ED25519_SHA256) {
		if (EVP_PKEY_get_raw_public_key(key, raw, &raw_len) != 1)
			return RC_IO;
		buf_add(out, view_of(raw, raw_len));
		return buf_status(out);
	}
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return RC_IO;
	buf_add(out, view_of(der, (size_t)len));
	OPENSSL_free(der);
	return buf_status(out);
}

// ---- DNS -------------------------------------------------------------------

static struct view dns_text(
    struct arena *arena, const struct dkim_record *record)
{
	struct buf text;
	buf_init(&text, 2 * DKIM_RECORD_MAX);
	buf_add_string(&text, record->algorithm == DKIM_RSA_SHA256
				  ? "v=DKIM1; k=rsa; p="
				  : "v=DKIM1; k=ed25519; p=");
	base64_encode(record->public_key, &text);
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

void dkim_dns_print(const struct dkim_key *key, struct buf *out)
{
	struct view rest = key->dns_text;
	buf_add(out, key->selector);
	buf_add_literal(out, "._domainkey.");
	buf_add(out, key->domain);
	buf_add_literal(out, ". IN TXT");
	while (rest.len > 0) {
		buf_add_literal(out, " \"");
		buf_add(out, view_slice(rest, 0, DNS_STRING_MAX));
		buf_add_char(out, '"');
		rest = view_from(rest, DNS_STRING_MAX);
	}
}

static void fill_key(struct arena *arena, struct view domain,
    struct view selector, const struct dkim_record *record,
    struct dkim_key *ret_key)
{
	*ret_key = (struct dkim_key){
	    .domain = arena_copy(arena, domain),
	    .selector = arena_copy(arena, selector),
	    .algorithm = record->algorithm,
	    .bits = record->bits,
	    .created = record->created,
	    .dns_text = dns_text(arena, record),
	};
}

// ---- Changing --------------------------------------------------------------

struct change {
	struct view domain;
	struct view selector;
	struct buf public_name;
	struct buf private_name;
	struct buf public_value;
	struct buf private_value; // empty: remove the key
};

static void change_init(
    struct change *change, struct view domain, struct view selector)
{
	change->domain = domain;
	change->selector = selector;
	buf_init(&change->public_name, ENGINE_KEY_MAX);
	buf_init(&change->private_name, ENGINE_KEY_MAX);
	buf_init(&change->public_value, DKIM_RECORD_MAX);
	buf_init(&change->private_value, DKIM_RECORD_MAX);
	dkim_record_key(
	    DKIM_PUBLIC_PREFIX, domain, selector, &change->public_name);
	dkim_record_key(
	    DKIM_PRIVATE_PREFIX, domain, selector, &change->private_name);
}

static void change_done(struct change *change)
{
	buf_done(&change->public_name);
	buf_done(&change->private_name);
	buf_done(&change->public_value);
	buf_done_secret(&change->private_value);
}

static enum rc exists(struct engine_snapshot *from, struct view name)
{
	struct buf value;
	buf_init(&value, DKIM_RECORD_MAX);
	enum rc rc = engine_snapshot_get(from, name, &value);
	buf_done(&value);
	return rc == RC_LIMIT ? RC_OK : rc;
}

static enum rc count_key(void *context, struct view key, struct view value)
{
	size_t *count = context;
	(void)key;
	(void)value;
	return ++*count < DKIM_KEYS_MAX ? RC_OK : RC_END;
}

// RC_LIMIT when the domain has the maximum number of keys.
static enum rc check_room(const struct change *change,
    struct engine_snapshot *from, struct fault *fault)
{
	size_t count = 0;
	struct view prefix = view_slice(buf_view(&change->public_name), 0,
	    change->public_name.len - change->selector.len);
	enum rc rc =
	    engine_snapshot_scan(from, prefix, VIEW(""), count_key, &count);
	if (rc == RC_OK && count >= DKIM_KEYS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "%.*s has %d keys, which is the maximum: remove one first",
		    VIEW_FMT(change->domain), DKIM_KEYS_MAX);
	return rc;
}

static enum rc make(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct change *change = context;
	bool adding = change->private_value.len > 0;
	enum rc rc = exists(from, buf_view(&change->public_name));
	if (adding && rc == RC_OK)
		return fault_set(fault, RC_EXISTS,
		    "%.*s already has a key %.*s", VIEW_FMT(change->domain),
		    VIEW_FMT(change->selector));
	if (!adding && rc == RC_NOT_FOUND)
		return fault_set(fault, rc, "%.*s has no key %.*s",
		    VIEW_FMT(change->domain), VIEW_FMT(change->selector));
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	if (!adding) {
		engine_batch_delete(batch, buf_view(&change->public_name));
		engine_batch_delete(batch, buf_view(&change->private_name));
		return RC_OK;
	}
	engine_batch_put(batch, buf_view(&change->public_name),
	    buf_view(&change->public_value));
	engine_batch_put(batch, buf_view(&change->private_name),
	    buf_view(&change->private_value));
	return check_room(change, from, fault);
}

static enum rc carry_out(
    struct dkim_keys *keys, struct change *change, struct fault *fault)
{
	return engine_change(
	    dkim_keys_engine(keys), DKIM_PARTITION, make, change, fault);
}

static enum rc check_names(
    struct view domain, struct view selector, struct fault *fault)
{
	if (!domain_is_valid(domain))
		return fault_set(fault, RC_INVALID, "%.*s is not a domain",
		    VIEW_FMT(domain));
	if (!selector_is_valid(selector))
		return fault_set(fault, RC_INVALID,
		    "%.*s is not a selector: at most %d letters, digits, "
		    "hyphens and dots",
		    VIEW_FMT(selector), DKIM_SELECTOR_MAX);
	return RC_OK;
}

static enum rc create(struct dkim_keys *keys, struct view domain,
    struct view selector, struct dkim_record *record, struct fault *fault,
    struct arena *arena, struct dkim_key *ret_key)
{
	struct change change;
	struct buf public_key;
	enum rc rc = RC_IO;
	EVP_PKEY *key = generate(record->algorithm, record->bits);
	if (!key) {
		ERR_clear_error();
		return fault_set(fault, RC_IO, "cannot generate a key");
	}
	buf_init(&public_key, DKIM_RECORD_MAX);
	change_init(&change, domain, selector);
	rc = encode_public(key, record->algorithm, &public_key);
	if (rc == RC_OK)
		rc = encode_private(key, &change.private_value);
	EVP_PKEY_free(key);
	if (rc == RC_OK) {
		record->public_key = buf_view(&public_key);
		dkim_record_encode(record, &change.public_value);
		rc = carry_out(keys, &change, fault);
	}
	if (rc == RC_OK)
		fill_key(arena, domain, selector, record, ret_key);
	change_done(&change);
	buf_done(&public_key);
	return rc;
}

// Creates the key under the first selector of the month that is free.
static enum rc create_named(struct dkim_keys *keys, struct view domain,
    struct dkim_record *record, struct fault *fault, struct arena *arena,
    struct dkim_key *ret_key)
{
	struct buf made;
	enum rc rc = RC_EXISTS;
	buf_init(&made, DKIM_SELECTOR_MAX);
	// The domain may have this many keys, and other commands may make as
	// many meanwhile.
	for (unsigned i = 1; rc == RC_EXISTS && i <= 2 * DKIM_KEYS_MAX; i++) {
		make_selector(record->algorithm, record->created, i, &made);
		if (!is_taken(keys, domain, buf_view(&made)))
			rc = create(keys, domain, buf_view(&made), record,
			    fault, arena, ret_key);
	}
	buf_done(&made);
	return rc;
}

enum rc dkim_key_create(struct dkim_keys *keys, struct view domain,
    struct view selector, enum dkim_algorithm algorithm, unsigned bits,
    struct fault *fault, struct arena *arena, struct dkim_key *ret_key)
{
	struct dkim_record record = {
	    .algorithm = algorithm, .created = clock_wall_seconds(NULL)};
	if (algorithm == DKIM_ED25519_SHA256)
		record.bits = 256;
	else
		record.bits = bits ? bits : DKIM_RSA_BITS;
	if (algorithm == DKIM_RSA_SHA256 &&
	    (record.bits < RSA_BITS_MIN || record.bits > RSA_BITS_MAX))
		return fault_set(fault, RC_INVALID,
		    "an RSA key must have %d to %d bits, not %u", RSA_BITS_MIN,
		    RSA_BITS_MAX, bits);
	bool named = selector.len > 0;
	enum rc rc = check_names(domain, named ? selector : VIEW("any"), fault);
	if (rc != RC_OK)
		return rc;
	if (!named)
		return create_named(
		    keys, domain, &record, fault, arena, ret_key);
	return create(keys, domain, selector, &record, fault, arena, ret_key);
}

enum rc dkim_key_remove(struct dkim_keys *keys, struct view domain,
    struct view selector, struct fault *fault)
{
	struct change change;
	enum rc rc = check_names(domain, selector, fault);
	if (rc != RC_OK)
		return rc;
	change_init(&change, domain, selector);
	rc = carry_out(keys, &change, fault);
	change_done(&change);
	return rc;
}

// ---- Listing ---------------------------------------------------------------

struct next {
	struct arena *arena;
	struct dkim_key *key;
	bool found;
};

static enum rc take_next(void *context, struct view key, struct view value)
{
	struct next *next = context;
	struct dkim_record record;
	struct view domain;
	struct view selector;
	if (!dkim_record_split(key, DKIM_PUBLIC_PREFIX, &domain, &selector) ||
	    dkim_record_decode(value, &record) != RC_OK)
		return RC_OK;
	fill_key(next->arena, domain, selector, &record, next->key);
	next->found = true;
	return RC_END;
}

enum rc dkim_key_next(struct dkim_keys *keys, struct view after_domain,
    struct view after_selector, struct arena *arena, struct dkim_key *ret_key)
{
	struct next next = {arena, ret_key, false};
	struct buf after;
	if (after_domain.len + after_selector.len > ENGINE_KEY_MAX / 2)
		return RC_INVALID;
	buf_init(&after, ENGINE_KEY_MAX);
	dkim_record_key(
	    DKIM_PUBLIC_PREFIX, after_domain, after_selector, &after);
	// No key can lie between a selector and the selector with a NUL after
	// it.
	if (after_selector.len > 0)
		buf_add_char(&after, '\0');
	enum rc rc = engine_scan(dkim_keys_engine(keys), DKIM_PARTITION,
	    VIEW(DKIM_PUBLIC_PREFIX), buf_view(&after), take_next, &next);
	buf_done(&after);
	return rc == RC_OK && !next.found ? RC_END : rc;
}
