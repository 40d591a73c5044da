// SPDX-License-Identifier: Apache-2.0
// All certificates of a server at one moment, found by name. A set does not
// change and is shared: every TLS connection holds the set with which it began,
// so a reload disturbs no connection. Used inside this room only.
#ifndef ROOST_NET_TLS_SET_H
#define ROOST_NET_TLS_SET_H

#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_challenge.h"
#include "net/tls_ticket.h"

struct tls_set;

struct tls_pair;

// Certificates with their keys, read from files. Sets are made from them, so
// that those of one kind can be replaced while the files of the others cannot
// be read any more.
struct tls_pairs {
	struct tls_pair *items; // owned
	size_t count;
};

// Reads pairs. Adds a line to `mistakes` for each problem. RC_INVALID: one or
// more have a mistake; `ret_pairs` has the others, also then.
MUST_CHECK enum rc tls_pairs_load(struct tls_pairs *ret_pairs,
    const struct net_tls_pair *paths, size_t count, struct buf *mistakes,
    struct log *log);
void tls_pairs_done(struct tls_pairs *pairs);

// What a set is made from. Of two certificates for the same name the one that
// comes first is used.
struct tls_set_parts {
	const struct tls_pairs *first;
	const struct tls_pairs *second;
	struct tls_tickets *tickets; // must outlive the set, as must these:
	struct tls_challenges *challenges;
};

// RC_INVALID: there is no certificate, or one cannot be used.
MUST_CHECK enum rc tls_set_new(const struct tls_set_parts *parts,
    struct buf *mistakes, struct tls_set **ret_set);
struct tls_set *tls_set_ref(struct tls_set *set);
void tls_set_unref(struct tls_set **set);

// The context for a new connection, before the client has sent a name.
SSL_CTX *tls_set_default(const struct tls_set *set);
// The context for the name that a client asks for; NULL: no certificate has it.
SSL_CTX *tls_set_find(const struct tls_set *set, struct view asked);

// What net_tls_ends() gives.
void tls_set_ends(const struct tls_set *set,
    void (*each)(void *context, const char *name, int64_t end), void *context);

// Seconds since 1970; 0: it is no time.
int64_t tls_seconds(const ASN1_TIME *time);

// A certificate and its key.
struct tls_pair {
	X509 *leaf;
	STACK_OF(X509) * chain; // without the leaf
	EVP_PKEY *key;
	char *path; // of the certificate
	bool stand_in;
};

// Reads and checks a pair. Adds a line to `mistakes` for each problem.
MUST_CHECK bool tls_pair_load(struct tls_pair *pair,
    const struct net_tls_pair *paths, struct buf *mistakes, struct log *log);
void tls_pair_done(struct tls_pair *pair);
// Calls `each` with every name that the certificate is for, in lower case.
void tls_pair_names(const struct tls_pair *pair,
    void (*each)(void *context, struct view name), void *context);

#endif
