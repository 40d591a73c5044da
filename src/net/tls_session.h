// SPDX-License-Identifier: Apache-2.0
// TLS on one connection. Used inside this room only.
#ifndef ROOST_NET_TLS_SESSION_H
#define ROOST_NET_TLS_SESSION_H

#include "net/session.h"
#include "net/tls.h"
#include "net/tls_client.h"
#include "net/transport.h"

// Makes the transport's `ssl`, and holds the current certificates. `alpn` may
// be NULL; it must outlive the connection.
void tls_session_begin(
    struct net_tls *tls, const char *alpn, struct transport *transport);
// Does the same as the client of a server with this name, which is copied ("":
// not known). Returns false when the name is not valid.
MUST_CHECK bool tls_client_begin(struct net_tls_client *client,
    enum net_tls_check check, const char *name, struct transport *transport);
// The current certificates, for the caller to unref.
struct tls_set *tls_session_set(struct net_tls *tls);
// The authorities that it trusts.
X509_STORE *tls_client_store(const struct net_tls_client *client);
// Frees both. Allowed on a plain connection.
void tls_session_end(struct transport *transport);

// After the handshake: fills in `ret_info`.
void tls_session_info(
    const struct transport *transport, struct net_tls_info *ret_info);

// Why the last handshake on this thread failed; static.
const char *tls_session_reason(void);

// How OpenSSL reaches a transport. The `method` must outlive the BIOs that
// tls_bio_new() makes with it.
BIO_METHOD *tls_bio_method_new(void);
BIO *tls_bio_new(const BIO_METHOD *method, struct transport *transport);

#endif
