// SPDX-License-Identifier: Apache-2.0
// Answers to a certificate authority that checks a name by tls-alpn-01 (RFC
// 8737): a handshake with a certificate that is for nothing else. Used inside
// this room only. Thread-safe.
#ifndef ROOST_NET_TLS_CHALLENGE_H
#define ROOST_NET_TLS_CHALLENGE_H

#include <openssl/ssl.h>

#include "base/rc.h"
#include "base/view.h"

struct tls_challenges;

struct tls_challenges *tls_challenges_new(void);
void tls_challenges_free(struct tls_challenges **challenges);

// Like net_tls_challenge().
MUST_CHECK enum rc tls_challenges_add(
    struct tls_challenges *challenges, const char *name, struct view pem);
void tls_challenges_clear(struct tls_challenges *challenges);

// Called with each ClientHello, which must be the one at hand: if it asks for
// "acme-tls/1" and for a name that waits for it, the connection gets that
// name's certificate.
void tls_challenges_meet(struct tls_challenges *challenges, SSL *ssl);
// Whether the connection got one.
bool tls_challenges_met(const SSL *ssl);

#endif
