// SPDX-License-Identifier: Apache-2.0
// `roost config check`: what can be wrong with a configuration that has no
// mistake in its text. The certificates are opened, the user's rights to them
// are tried, and the postmaster is looked for.
#ifndef ROOST_SERVER_CONFIG_CHECK_H
#define ROOST_SERVER_CONFIG_CHECK_H

#include "admin/cli.h"

// CLI_USAGE: it cannot be served so. CLI_PROBLEM: it can, but somebody will
// complain. Each thing wrong is a line on stderr, with the file and, where there
// is one, the line.
enum cli_exit config_check_command(const struct cli_call *call);

#endif
