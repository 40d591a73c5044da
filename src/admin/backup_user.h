// SPDX-License-Identifier: Apache-2.0
// Brings the mail of one user back from a backup, into the server.
#ifndef ROOST_ADMIN_BACKUP_USER_H
#define ROOST_ADMIN_BACKUP_USER_H

#include "admin/cli.h"
#include "admin/vault.h"

struct backup_user {
	const char *user;
	const char *mailbox; // NULL: all
	const char *into;    // NULL: the mailbox's name, or "Restored/NAME DAY"
};

// Prints what came back, as an import does, and complains.
enum cli_exit backup_user_restore(const struct cli_call *call,
    const struct vault *vault, const struct vault_backup *backup,
    const struct backup_user *user);

#endif
