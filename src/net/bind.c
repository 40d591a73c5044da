// SPDX-License-Identifier: Apache-2.0
#include "net/bind.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/address.h"

#define SOCKET_FLAGS (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

struct target {
	struct sockaddr_storage address;
	socklen_t len;
	bool both; // IPv6 that also serves IPv4
};

static bool parse(const char *text, uint16_t port, struct target *ret_target)
{
	struct target target = {.both = strcmp(text, "*") == 0};
	if (!address_parse(
		target.both ? "::" : text, port, &target.address, &target.len))
		return false;
	*ret_target = target;
	return true;
}

// Returns a bound socket, or -1 with errno.
static int bind_target(const struct target *target)
{
	int family = target->address.ss_family;
	int fd = socket(family, SOCKET_FLAGS, 0);
	if (fd < 0)
		return -1;
	int one = 1;
	int only = !target->both;
	// Without this a restart has to wait until the connections of the last
	// run expire.
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	const struct sockaddr *at = (const void *)&target->address;
	if (bind(fd, at, target->len) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

enum rc net_bind(
    const char *address, uint16_t port, int *ret_fd, struct fault *fault)
{
	struct target target;
	if (!parse(address, port, &target))
		return fault_set(fault, RC_INVALID,
		    "\"%s\" is not a numeric address or *", address);
	int fd = bind_target(&target);
	if (fd < 0 && target.both &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
	    parse("0.0.0.0", port, &target)) // the machine has no IPv6
		fd = bind_target(&target);
	if (fd < 0)
		return fault_set(fault,
		    errno == EADDRINUSE ? RC_IN_USE
		    : errno == EACCES   ? RC_DENIED
					: RC_IO,
		    "cannot bind %s port %u: %s", address, (unsigned)port,
		    strerror(errno));
	*ret_fd = fd;
	return RC_OK;
}

static bool is_same(
    const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_un *au = (const void *)a, *bu = (const void *)b;
	if (a->ss_family != b->ss_family)
		return false;
	switch (a->ss_family) {
	case AF_INET:
		return a4->sin_port == b4->sin_port &&
		       a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	case AF_INET6:
		return a6->sin6_port == b6->sin6_port &&
		       memcmp(&a6->sin6_addr, &b6->sin6_addr, 16) == 0;
	case AF_UNIX:
		return strncmp(au->sun_path, bu->sun_path,
			   sizeof(au->sun_path)) == 0;
	default: return false;
	}
}

bool net_is_bound_to(int fd, const char *address, uint16_t port)
{
	struct target target = {.address.ss_family = AF_UNIX};
	struct sockaddr_un *path = (void *)&target.address;
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof(at);
	int type = 0;
	socklen_t type_len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) != 0 ||
	    type != SOCK_STREAM || getsockname(fd, (void *)&at, &len) != 0)
		return false;
	if (address[0] == '/' && strlen(address) < sizeof(path->sun_path))
		memcpy(path->sun_path, address, strlen(address));
	else if (!parse(address, port, &target))
		return false;
	// A machine without IPv6: see net_bind().
	if (target.both && at.ss_family == AF_INET &&
	    !parse("0.0.0.0", port, &target))
		return false;
	return is_same(&at, &target.address);
}

// Whether a program listens on a socket file.
static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
	if (fd < 0)
		return true;
	bool served =
	    connect(fd, (const void *)address, sizeof(*address)) == 0 ||
	    errno == EAGAIN;
	close(fd);
	return served;
}

static enum rc clear_way(const struct sockaddr_un *address, struct fault *fault)
{
	struct stat info;
	if (lstat(address->sun_path, &info) != 0)
		return RC_OK;
	if (!S_ISSOCK(info.st_mode))
		return fault_set(fault, RC_EXISTS,
		    "%s exists and is not a socket", address->sun_path);
	if (is_served(address))
		return fault_set(fault, RC_IN_USE,
		    "another program listens on %s", address->sun_path);
	unlink(address->sun_path);
	return RC_OK;
}

enum rc net_bind_unix(const char *path, int *ret_fd, struct fault *fault)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if (len == 0 || len >= sizeof(address.sun_path))
		return fault_set(fault, RC_INVALID,
		    "a socket's path must have 1 to %zu bytes: %s",
		    sizeof(address.sun_path) - 1, path);
	memcpy(address.sun_path, path, len + 1);
	enum rc rc = clear_way(&address, fault);
	if (rc != RC_OK)
		return rc;
	int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
	// The mode must be right before anyone can connect. The file gets its
	// mode from the socket, and nobody can connect before the socket
	// listens.
	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    bind(fd, (const void *)&address, sizeof(address)) != 0 ||
	    chmod(path, 0600) != 0) {
		rc = fault_set(fault, errno == EADDRINUSE ? RC_IN_USE : RC_IO,
		    "cannot bind %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	*ret_fd = fd;
	return RC_OK;
}
