// SPDX-License-Identifier: Apache-2.0
// All certificates of a server at one moment, found by name. A set does not
// change and is shared: every TLS connection holds the set with which it began,
// so a reload disturbs no connection. Used inside this room only.
#ifndef ROOST_NET_TLS_SET_H
#define ROOST_NET_TLS_SET_H

#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_ticket.h"

struct tls_set;

// Like net_tls_new(). `tickets` must outlive the set.
MUST_CHECK enum rc tls_set_new(const struct net_tls_config *config,
    struct tls_tickets *tickets, struct buf *mistakes,
    struct tls_set **ret_set);
struct tls_set *tls_set_ref(struct tls_set *set);
void tls_set_unref(struct tls_set **set);

// The context for a new connection, before the client has sent a name.
SSL_CTX *tls_set_default(const struct tls_set *set);
// The context for the name that a client asks for; NULL: no certificate has it.
SSL_CTX *tls_set_find(const struct tls_set *set, struct view asked);

// A certificate and its key.
struct tls_pair {
	X509 *leaf;
	STACK_OF(X509) * chain; // without the leaf
	EVP_PKEY *key;
};

// Reads and checks a pair. Adds a line to `mistakes` for each problem.
MUST_CHECK bool tls_pair_load(struct tls_pair *pair,
    const struct net_tls_pair *paths, struct buf *mistakes, struct log *log);
void tls_pair_done(struct tls_pair *pair);
// Calls `each` with every name that the certificate is for, in lower case.
void tls_pair_names(const struct tls_pair *pair,
    void (*each)(void *context, struct view name), void *context);

#endif
