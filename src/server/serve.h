// SPDX-License-Identifier: Apache-2.0
// The running server: connects all rooms, and starts and stops them in order.
#ifndef ROOST_SERVER_SERVE_H
#define ROOST_SERVER_SERVE_H

#include "admin/cli.h"

// `roost serve`: returns when a signal has asked it to stop.
enum cli_exit serve_command(const struct cli_call *call);

#endif
