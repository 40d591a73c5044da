// SPDX-License-Identifier: Apache-2.0
// The certificates of the authorities that others' certificates are checked
// with.
#ifndef ROOST_NET_TLS_STORE_H
#define ROOST_NET_TLS_STORE_H

#include <openssl/x509_vfy.h>

#include "base/log.h"

// Reads a PEM file, or the system's if `path` is NULL, as a whole: afterwards
// the sandbox may forbid it. If the system has none, the log gets a warning.
// RC_NOT_FOUND, RC_INVALID. The caller frees it with X509_STORE_free().
MUST_CHECK enum rc net_tls_store(const char *path, struct log *log,
    struct fault *fault, X509_STORE **ret_store);

#endif
