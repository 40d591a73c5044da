// SPDX-License-Identifier: Apache-2.0
// What requests to other servers by libcurl have in common: only https, no
// redirections, no proxy, and the server's certificate is checked.
#ifndef ROOST_SERVER_HTTPS_H
#define ROOST_SERVER_HTTPS_H

#include <curl/curl.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

// Makes the settings of a new handle. `store` (net/tls_store.h) has the
// authorities that are trusted; it must outlive the handle.
void https_set_up(CURL *curl, X509_STORE *store);

// Gives the host of a URL, which is owned, and its port. False: it is no URL.
MUST_CHECK bool https_url_host(
    const char *url, char **ret_host, uint32_t *ret_port);
// Whether a host is an address, so that it needs no look-up.
bool https_is_numeric(const char *host);

#endif
