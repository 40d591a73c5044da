// SPDX-License-Identifier: Apache-2.0
// The server's certificates: those of the configuration, and those that the
// certifier keeps in the data folder. If none is configured, a self-signed one
// is made there, which serves until there is a better one.
#ifndef ROOST_SERVER_CERTIFICATES_H
#define ROOST_SERVER_CERTIFICATES_H

#include "server/config.h"

// The certifier's folder in the data folder, and the name of the certificate
// for server_name there. (No domain begins with "_".)
#define CERTIFICATES_FOLDER "certificates"
#define CERTIFICATES_SERVER "_server"

// Opens them. If the certificate is the data folder's own, its path is added to
// `config`. Mistakes are logged.
MUST_CHECK enum rc certificates_open(struct config *config, struct log *log,
    struct fault *fault, struct net_tls **ret_tls);
// Makes the certifier's folder, if `config` wants certificates to be kept, and
// uses those that are there. Called with the rights that the server will have.
MUST_CHECK enum rc certificates_open_kept(struct net_tls *tls,
    struct config *config, struct log *log, struct fault *fault);
// Reads those that `config` names again. If there is a mistake, it is logged,
// and nothing changes.
MUST_CHECK enum rc certificates_reload(
    struct net_tls *tls, const struct config *config, struct log *log);

// Uses the certificates that are in the certifier's folder now, without a
// restart: connections keep the one that they have. What cannot be used is
// logged and left out. On any thread.
void certificates_take_up(
    struct net_tls *tls, const struct config *config, struct log *log);

#endif
