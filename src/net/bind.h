// SPDX-License-Identifier: Apache-2.0
// Sockets to listen on. Binding is apart from serving, so that a program can
// bind its ports, drop its privileges, and then hand the sockets to a server.
#ifndef ROOST_NET_BIND_H
#define ROOST_NET_BIND_H

#include <stdint.h>

#include "base/rc.h"

// Binds a TCP socket: `address` is a numeric IPv4 or IPv6 address, or "*" for
// all of both families; port 0 lets the system choose (see net_bound_port()).
// The descriptor is the caller's until net_server_listen() takes it.
MUST_CHECK enum rc net_bind(
    const char *address, uint16_t port, int *ret_fd, struct fault *fault);

// Binds a Unix stream socket with mode 0600. A socket file that nobody listens
// on any more is replaced; one in use is RC_IN_USE. Whoever binds it removes
// the file in the end.
MUST_CHECK enum rc net_bind_unix(
    const char *path, int *ret_fd, struct fault *fault);

// The port that a socket is bound to; 0 when it has none.
uint16_t net_bound_port(int fd);

#endif
