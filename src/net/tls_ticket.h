// SPDX-License-Identifier: Apache-2.0
// The keys of session tickets (RFC 5077, RFC 8446 section 4.6.1). Each period
// has a new key, and the previous one stays valid. All certificates of a server
// share the keys, and a reload keeps them. Used inside this room only.
// Thread-safe.
#ifndef ROOST_NET_TLS_TICKET_H
#define ROOST_NET_TLS_TICKET_H

#include <openssl/ssl.h>

#include "base/view.h"

struct tls_tickets;

struct tls_tickets *tls_tickets_new(uint32_t seconds);
void tls_tickets_free(struct tls_tickets **tickets);

// For SSL_CTX_set_tlsext_ticket_key_evp_cb(). The caller finds the keys of the
// connection.
int tls_tickets_key(struct tls_tickets *tickets, unsigned char *name,
    unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt);

#endif
