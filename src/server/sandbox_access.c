// SPDX-License-Identifier: Apache-2.0
// Files, TCP ports, signals and abstract Unix sockets by Landlock
// (landlock(7)). It needs no privilege. Each version of it knows more; the
// header of Debian 12 has the first only, so the rest is named here.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"
#include "server/sandbox.h"

#define FS_REFER     (1ULL << 13) // version 2
#define FS_TRUNCATE  (1ULL << 14) // version 3
#define FS_IOCTL_DEV (1ULL << 15) // version 5

#define NET_BIND_TCP    (1ULL << 0) // version 4
#define NET_CONNECT_TCP (1ULL << 1)
#define RULE_NET_PORT   2

#define SCOPE_ABSTRACT_UNIX (1ULL << 0) // version 6
#define SCOPE_SIGNAL        (1ULL << 1)

struct rules_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct port_attr {
	uint64_t allowed_access;
	uint64_t port;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                               \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |                             \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)
#define FS_ALL                                                                 \
	(FS_WRITE | LANDLOCK_ACCESS_FS_EXECUTE |                               \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_FIFO |      \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |      \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK)

// What the database and OpenSSL read outside the data folder.
static const char *const system_paths[] = {"/dev/urandom", "/dev/null",
    "/proc/sys/kernel", "/proc/sys/vm", "/sys/dev/block", "/sys/devices"};

static void allow_path(int rules, const char *path, uint64_t rights)
{
	struct stat info;
	struct landlock_path_beneath_attr rule = {
	    .parent_fd = open(path, O_PATH | O_CLOEXEC)};
	if (rule.parent_fd < 0)
		return; // a path that does not exist needs no rule
	if (fstat(rule.parent_fd, &info) == 0 && !S_ISDIR(info.st_mode))
		rights &= LANDLOCK_ACCESS_FS_READ_FILE |
			  LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE;
	rule.allowed_access = rights;
	syscall(
	    SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

static void allow_paths(
    int rules, const struct sandbox_needs *needs, uint64_t more)
{
	allow_path(rules, needs->write, FS_WRITE | more);
	for (size_t i = 0; i < needs->read_count; i++)
		allow_path(rules, needs->read[i], FS_READ);
	for (size_t i = 0; i < ARRAY_LEN(system_paths); i++)
		allow_path(rules, system_paths[i], FS_READ);
}

static void allow_port(int rules, uint64_t access, uint16_t port)
{
	struct port_attr rule = {.allowed_access = access, .port = port};
	syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0);
}

// All ports that the server listens on are bound already. Port 0: outgoing
// connections begin at a configured address and a port that the kernel chooses.
static void allow_ports(int rules, const struct sandbox_needs *needs)
{
	allow_port(rules, NET_BIND_TCP, 0);
	for (size_t i = 0; i < needs->connect_count; i++)
		allow_port(rules, NET_CONNECT_TCP, needs->connect[i]);
}

long sandbox_limit_access(const struct sandbox_needs *needs)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return 0;
	uint64_t more =
	    (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0);
	struct rules_attr attr = {
	    .handled_access_fs =
		FS_ALL | more | (version >= 5 ? FS_IOCTL_DEV : 0),
	    .handled_access_net =
		version >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0,
	    .scoped = version >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0,
	};
	int rules =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return 0;
	allow_paths(rules, needs, more);
	if (version >= 4)
		allow_ports(rules, needs);
	bool done = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return done ? version : 0;
}
