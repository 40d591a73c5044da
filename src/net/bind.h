// SPDX-License-Identifier: Apache-2.0
// Sockets to listen on. Binding and serving are separate, so that a program can
// bind its ports, drop its privileges, and then give the sockets to a server.
#ifndef ROOST_NET_BIND_H
#define ROOST_NET_BIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

// Binds a TCP socket. `address` is a numeric IPv4 or IPv6 address, or "*" for
// all addresses of both families. With port 0 the system chooses the port. The
// caller owns the descriptor until net_server_listen().
MUST_CHECK enum rc net_bind(
    const char *address, uint16_t port, int *ret_fd, struct fault *fault);

// Whether `fd` is a stream socket that is bound to this address and port, or,
// if `address` begins with "/", to this path.
bool net_is_bound_to(int fd, const char *address, uint16_t port);

// Binds a Unix stream socket with mode 0600. A socket file on which nobody
// listens any more is replaced; RC_IN_USE if somebody does. The caller removes
// the file at the end.
MUST_CHECK enum rc net_bind_unix(
    const char *path, int *ret_fd, struct fault *fault);

#endif
