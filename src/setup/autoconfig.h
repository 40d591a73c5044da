// SPDX-License-Identifier: Apache-2.0
// Thunderbird's autoconfig, version 1.1 (draft-ietf-mailmaint-autoconfig). Many
// mail programs read it: K-9, KMail, Evolution, FairEmail, Delta Chat.
#ifndef ROOST_SETUP_AUTOCONFIG_H
#define ROOST_SETUP_AUTOCONFIG_H

#include "setup/account.h"

#define SETUP_AUTOCONFIG_TYPE "text/xml; charset=utf-8"

// Writes the whole document. Without an address the user's name is a
// placeholder, which the mail program fills.
void setup_autoconfig_write(
    const struct setup_account *account, struct buf *out);

#endif
