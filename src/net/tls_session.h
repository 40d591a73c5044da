// SPDX-License-Identifier: Apache-2.0
// TLS on one connection. Inside the room only.
#ifndef ROOST_NET_TLS_SESSION_H
#define ROOST_NET_TLS_SESSION_H

#include "net/session.h"
#include "net/tls.h"
#include "net/tls_client.h"
#include "net/transport.h"

// Gives the transport its `ssl` and holds the certificates of this moment.
// `alpn` may be NULL and outlives the connection.
void tls_session_begin(
    struct net_tls *tls, const char *alpn, struct transport *transport);
// The same as the client of a server of this name ("": not known), which is
// copied. False when that cannot be a name.
MUST_CHECK bool tls_client_begin(struct net_tls_client *client,
    enum net_tls_check check, const char *name, struct transport *transport);
// Lets go of both; safe on a plain connection.
void tls_session_end(struct transport *transport);

// After the handshake.
void tls_session_info(
    const struct transport *transport, struct net_tls_info *ret_info);

// Why the handshake has just failed, on this thread; static.
const char *tls_session_reason(void);

// How OpenSSL reaches a transport; tls_bio_new()'s `method` outlives the BIO.
BIO_METHOD *tls_bio_method_new(void);
BIO *tls_bio_new(const BIO_METHOD *method, struct transport *transport);

#endif
