// SPDX-License-Identifier: Apache-2.0
// The server's certificates, as the configuration says; with none configured,
// a self-signed one that is made in the data folder.
#ifndef ROOST_SERVER_CERTIFICATES_H
#define ROOST_SERVER_CERTIFICATES_H

#include "server/config.h"

// What the data folder's own certificate is called is added to `config`.
// Mistakes are logged.
MUST_CHECK enum rc certificates_open(struct config *config, struct log *log,
    struct fault *fault, struct net_tls **ret_tls);
// Reads those that `config` names; on a mistake, which is logged, all stays as
// it was.
MUST_CHECK enum rc certificates_reload(
    struct net_tls *tls, const struct config *config, struct log *log);

#endif
