// SPDX-License-Identifier: Apache-2.0
// For tests: the port that the system has chosen for a socket.
#ifndef ROOST_NET_TEST_PORT_H
#define ROOST_NET_TEST_PORT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

// Of an IPv4 or IPv6 socket that is bound; 0 when `fd` is none.
static inline uint16_t test_bound_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t len = sizeof(at);
	if (getsockname(fd, &at.any, &len) != 0)
		return 0;
	return ntohs(
	    at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
}

#endif
