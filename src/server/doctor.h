// SPDX-License-Identifier: Apache-2.0
// The command "doctor".
#ifndef ROOST_SERVER_DOCTOR_H
#define ROOST_SERVER_DOCTOR_H

#include "admin/cli.h"

enum cli_exit doctor_command(const struct cli_call *call);

#endif
