// SPDX-License-Identifier: Apache-2.0
// Sockets that are bound already when the program begins: systemd passes them
// (socket activation, sd_listen_fds(3)), or the program itself, which runs
// itself again to get rid of the privilege to bind ports.
#ifndef ROOST_SERVER_PASSED_H
#define ROOST_SERVER_PASSED_H

#include "base/log.h"
#include "server/config.h"

#define PASSED_MAX 256

struct passed {
	int fds[PASSED_MAX]; // -1: taken
	size_t count;
};

// Finds the sockets that were passed to this process.
void passed_find(struct passed *ret_passed);
// Gives the socket that is bound to this address, for the caller to own; -1:
// there is none. `address` is as in a listener of the configuration.
int passed_take(struct passed *passed, const char *address, uint16_t port);
// Closes the sockets that belong to no listener, and warns of them.
void passed_close(struct passed *passed, struct log *log);

// A process that systemd gave the privilege to bind ports
// (AmbientCapabilities=) binds the TCP ports of all listeners here, passes them
// to itself, and runs its program again with `argv`. Execution takes the
// privilege away for good (capabilities(7)), without a call that the systemd
// unit would have to allow. Returns if the process has no such privilege, or
// with the failure.
MUST_CHECK enum rc passed_bind_and_run_again(
    const struct config *config, char **argv, struct fault *fault);

#endif
