// SPDX-License-Identifier: Apache-2.0
// What `roost help` and --help print; inside the room only.
#ifndef ROOST_ADMIN_CLI_HELP_H
#define ROOST_ADMIN_CLI_HELP_H

#include <stdio.h>

#include "admin/cli.h"

#define CLI_COMMON_OPTIONS 3
extern const struct cli_option cli_common_options[CLI_COMMON_OPTIONS];

void cli_help_command(FILE *out, const struct cli_command *command);
// Prints all commands whose first word is `group`, or all commands if it is
// NULL. If there are none, prints nothing and returns false.
bool cli_help_commands(
    FILE *out, const struct cli_command *const *tables, const char *group);

#endif
