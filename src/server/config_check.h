// SPDX-License-Identifier: Apache-2.0
// `roost config check`: finds what can be wrong with a configuration whose text
// has no mistake. It opens the certificates, tests whether the user may read
// them, and looks for the postmaster.
#ifndef ROOST_SERVER_CONFIG_CHECK_H
#define ROOST_SERVER_CONFIG_CHECK_H

#include "admin/cli.h"

// CLI_USAGE: the server cannot run with it. CLI_PROBLEM: it can, but something
// will not work as it should. Each problem is a line on stderr, with the file
// and, if there is one, the line.
enum cli_exit config_check_command(const struct cli_call *call);

#endif
