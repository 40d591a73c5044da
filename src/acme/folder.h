// SPDX-License-Identifier: Apache-2.0
// The folder of keys and certificates. A file is replaced as a whole or not at
// all, also when the power is cut: it is written under another name, synced,
// renamed, and the folder is synced. All files have mode 0600.
#ifndef ROOST_ACME_FOLDER_H
#define ROOST_ACME_FOLDER_H

#include "base/buf.h"

#define ACME_FILE_MAX ((size_t)1 << 20)

struct acme_folder {
	int fd; // -1: closed
};

// Opens an existing folder, and removes what a cut left half-written.
MUST_CHECK enum rc acme_folder_open(
    const char *path, struct fault *fault, struct acme_folder *ret_folder);
void acme_folder_close(struct acme_folder *folder);

// Names have no "/". RC_NOT_FOUND; RC_CORRUPT: the file is too long.
MUST_CHECK enum rc acme_folder_read(const struct acme_folder *folder,
    const char *name, struct buf *out, struct fault *fault);
MUST_CHECK enum rc acme_folder_write(const struct acme_folder *folder,
    const char *name, struct view bytes, struct fault *fault);
// A file that does not exist is as good as removed.
void acme_folder_remove(const struct acme_folder *folder, const char *name);

#endif
