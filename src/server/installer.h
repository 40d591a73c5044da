// SPDX-License-Identifier: Apache-2.0
// The command "setup": leads from an installed program to a server that sends
// and receives mail.
#ifndef ROOST_SERVER_INSTALLER_H
#define ROOST_SERVER_INSTALLER_H

#include "admin/cli.h"

enum cli_exit installer_command(const struct cli_call *call);

#endif
