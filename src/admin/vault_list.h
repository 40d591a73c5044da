// SPDX-License-Identifier: Apache-2.0
// The list of a backup's files, only syntax: see vault.h.
#ifndef ROOST_ADMIN_VAULT_LIST_H
#define ROOST_ADMIN_VAULT_LIST_H

#include "admin/vault.h"
#include "base/buf.h"

// Reads a list; the texts of `backup` are in the arena. Returns false if the
// list is damaged or has no end; `backup` is then good for nothing.
bool vault_list_read(
    struct arena *arena, struct view text, struct vault_backup *backup);
// Writes the list, with its end, into an empty buffer.
void vault_list_write(const struct vault_backup *backup, struct buf *out);

#endif
