// SPDX-License-Identifier: Apache-2.0
#include "server/doctor.h"

#include "admin/commands.h"

enum cli_exit doctor_command(const struct cli_call *call)
{
	return cmd_doctor_account(call);
}
