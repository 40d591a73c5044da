// SPDX-License-Identifier: Apache-2.0
// The data folder and the certificates in it.
#ifndef ROOST_SERVER_FILES_H
#define ROOST_SERVER_FILES_H

#include "server/config.h"

// Makes the folder with mode 0700, and the folders above it, if missing.
MUST_CHECK enum rc files_make_folder(const char *path, struct fault *fault);

// With no certificate configured: names the data folder's own in `config`,
// and makes it, self-signed, when there is none.
MUST_CHECK enum rc files_certificate(
    struct config *config, bool *ret_made, struct fault *fault);

#endif
