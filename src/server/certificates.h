// SPDX-License-Identifier: Apache-2.0
// The server's certificates, as configured. If none is configured, a
// self-signed one is made in the data folder.
#ifndef ROOST_SERVER_CERTIFICATES_H
#define ROOST_SERVER_CERTIFICATES_H

#include "server/config.h"

// Opens them. If the certificate is the data folder's own, its path is added to
// `config`. Mistakes are logged.
MUST_CHECK enum rc certificates_open(struct config *config, struct log *log,
    struct fault *fault, struct net_tls **ret_tls);
// Reads those that `config` names again. If there is a mistake, it is logged,
// and nothing changes.
MUST_CHECK enum rc certificates_reload(
    struct net_tls *tls, const struct config *config, struct log *log);

#endif
