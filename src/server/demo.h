// SPDX-License-Identifier: Apache-2.0
// `roost serve --demo`: a user "demo" with varied mail, a second user to write
// to, and instructions for a mail program.
#ifndef ROOST_SERVER_DEMO_H
#define ROOST_SERVER_DEMO_H

#include "admin/control.h"
#include "server/config.h"

#define DEMO_USER     "demo"
#define DEMO_PASSWORD "demo"

#define DEMO_FRIEND          "friend"
#define DEMO_FRIEND_PASSWORD "friend"

// The system's user that a demonstration started by root runs as.
#define DEMO_SYSTEM_USER "nobody"

#define DEMO_DOMAIN "roost.test" // RFC 2606 section 2

// The folder with the demonstration's mail, in the arena; NULL: not found.
const char *demo_folder(struct arena *arena);

// Creates the domain and the users, and imports the mail, the first time.
// `folder` may be NULL.
MUST_CHECK enum rc demo_prepare(
    const struct control_host *host, const char *folder, struct fault *fault);

// Prints the instructions; `data` is the path of the data folder.
void demo_print(const struct config *config, const char *data);

#endif
