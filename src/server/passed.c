// SPDX-License-Identifier: Apache-2.0
#include "server/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "net/bind.h"

#define FIRST 3 // SD_LISTEN_FDS_START

// ---- Found -----------------------------------------------------------------

static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : 0;
}

void passed_find(struct passed *ret_passed)
{
	struct passed passed = {0};
	if (number_of("LISTEN_PID") == (uint64_t)getpid())
		passed.count = number_of("LISTEN_FDS");
	if (passed.count > PASSED_MAX)
		passed.count = PASSED_MAX;
	for (size_t i = 0; i < passed.count; i++) {
		int fd = FIRST + (int)i, flags = fcntl(fd, F_GETFL);
		passed.fds[i] = flags < 0 ? -1 : fd;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	}
	*ret_passed = passed;
}

int passed_take(struct passed *passed, const char *address, uint16_t port)
{
	for (size_t i = 0; i < passed->count; i++) {
		int fd = passed->fds[i];
		if (fd < 0 || !net_is_bound_to(fd, address, port))
			continue;
		passed->fds[i] = -1;
		return fd;
	}
	return -1;
}

void passed_close(struct passed *passed, struct log *log)
{
	for (size_t i = 0; i < passed->count; i++) {
		if (passed->fds[i] < 0)
			continue;
		log_text(log, LOG_LEVEL_WARN, "listen",
		    "a socket that was passed to the server has an address "
		    "that no listener has: it is closed");
		close(passed->fds[i]);
	}
	passed->count = 0;
}

// ---- Passed to itself ------------------------------------------------------

static enum rc bind_listener(const struct config_listener *listener,
    struct passed *passed, int ret_fds[PASSED_MAX], size_t *count,
    struct fault *fault)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < listener->address_count; i++) {
		const char *address = listener->addresses[i];
		uint16_t port = (uint16_t)listener->port;
		if (address[0] == '/')
			continue; // a Unix socket takes no privilege
		int fd = passed_take(passed, address, port);
		if (fd < 0)
			rc = net_bind(address, port, &fd, fault);
		if (rc == RC_IN_USE && listener->optional) {
			rc = RC_OK; // protocols_listen() warns
			continue;
		}
		if (rc == RC_OK && *count < PASSED_MAX)
			ret_fds[(*count)++] = fd;
	}
	return rc;
}

// Moves the sockets to the descriptors FIRST, FIRST + 1 and so on, which stay
// open in the next program. They move out of the way first, so that none is
// closed by another one that takes its place.
static bool move(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int high = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST + PASSED_MAX);
		if (high < 0)
			return false;
		close(fds[i]);
		fds[i] = high;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(fds[i], FIRST + (int)i) < 0)
			return false;
	return true;
}

static enum rc run_again(
    int *fds, size_t count, char **argv, struct fault *fault)
{
	char number[32];
	if (!move(fds, count))
		return fault_set(fault, RC_LIMIT, "cannot pass on a socket: %s",
		    strerror(errno));
	snprintf(number, sizeof(number), "%zu", count);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof(number), "%lld", (long long)getpid());
	setenv("LISTEN_PID", number, 1);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	execv("/proc/self/exe", argv);
	return fault_set(
	    fault, RC_IO, "cannot run the program again: %s", strerror(errno));
}

enum rc passed_bind_and_run_again(
    const struct config *config, char **argv, struct fault *fault)
{
	struct passed passed;
	int fds[PASSED_MAX];
	size_t count = 0;
	enum rc rc = RC_OK;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE,
		0, 0) != 1)
		return RC_OK;
	passed_find(&passed);
	for (size_t i = 0; rc == RC_OK && i < config->listener_count; i++)
		rc = bind_listener(
		    &config->listeners[i], &passed, fds, &count, fault);
	return rc == RC_OK ? run_again(fds, count, argv, fault) : rc;
}
