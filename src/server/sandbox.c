// SPDX-License-Identifier: Apache-2.0
// Files by Landlock (landlock(7)), system calls by seccomp(2). Neither needs
// any right.
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"

// ---- Files -----------------------------------------------------------------

// Rights that came with the second and third version of Landlock.
#define ACCESS_REFER    (1ULL << 13)
#define ACCESS_TRUNCATE (1ULL << 14)

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                           \
	(ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |                         \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define ACCESS_ALL                                                             \
	(ACCESS_WRITE | LANDLOCK_ACCESS_FS_EXECUTE |                           \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_FIFO |      \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

// What the database and OpenSSL read outside the data folder.
static const char *const system_paths[] = {"/dev/urandom", "/dev/null",
    "/proc/sys/kernel", "/sys/dev/block", "/sys/devices"};

static void allow(int rules, const char *path, uint64_t rights)
{
	struct stat info;
	struct landlock_path_beneath_attr rule = {
	    .parent_fd = open(path, O_PATH | O_CLOEXEC)};
	if (rule.parent_fd < 0)
		return; // a path that does not exist needs no rule
	if (fstat(rule.parent_fd, &info) == 0 && !S_ISDIR(info.st_mode))
		rights &= LANDLOCK_ACCESS_FS_READ_FILE |
			  LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
	rule.allowed_access = rights;
	syscall(
	    SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

// Returns the version that is in force, or 0.
static long enter_landlock(const struct sandbox_paths *paths)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return 0;
	uint64_t more = (version >= 2 ? ACCESS_REFER : 0) |
			(version >= 3 ? ACCESS_TRUNCATE : 0);
	struct landlock_ruleset_attr attr = {
	    .handled_access_fs = ACCESS_ALL | more};
	int rules =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return 0;
	allow(rules, paths->write, ACCESS_WRITE | more);
	for (size_t i = 0; i < paths->read_count; i++)
		allow(rules, paths->read[i], ACCESS_READ);
	for (size_t i = 0; i < ARRAY_LEN(system_paths); i++)
		allow(rules, system_paths[i], ACCESS_READ);
	bool done = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return done ? version : 0;
}

// ---- System calls ----------------------------------------------------------

// What a mail server never does: run programs, look into other processes,
// change the system.
static const char *const denied[] = {"execve", "execveat", "fork", "vfork",
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "kcmp", "pidfd_getfd", "mount", "umount", "umount2", "pivot_root", "chroot",
    "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig", "fspick",
    "mount_setattr", "setns", "unshare", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon",
    "swapoff", "bpf", "perf_event_open", "userfaultfd", "add_key",
    "request_key", "keyctl", "open_by_handle_at", "io_uring_setup",
    "io_uring_enter", "io_uring_register", "acct", "quotactl", "settimeofday",
    "clock_settime", "adjtimex", "clock_adjtime", "sethostname",
    "setdomainname", "iopl", "ioperm", "syslog", "personality", "mknod",
    "mknodat", "setuid", "setgid", "setreuid", "setregid", "setresuid",
    "setresgid", "setgroups", "memfd_create"};

// The leak checker of a test build forks a helper that traces it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HELPERS true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HELPERS true
#endif
#endif
#ifndef HELPERS
#define HELPERS false
#endif

static int deny_calls(scmp_filter_ctx filter)
{
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
		int call = seccomp_syscall_resolve_name(denied[i]);
		if (call == __NR_SCMP_ERROR ||
		    (HELPERS && call == SCMP_SYS(ptrace)))
			continue;
		error |=
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
	}
	return error;
}

// Threads may be started, processes may not. The filter cannot see the flags of
// clone3(), which are behind a pointer: it is denied, and glibc then uses
// clone().
static int deny_processes(scmp_filter_ctx filter)
{
	if (HELPERS)
		return 0;
	int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
	    SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	return error | seccomp_rule_add(
			   filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

// Allows only sockets of the Internet and of this machine.
static int deny_sockets(scmp_filter_ctx filter)
{
	static const int families[] = {AF_PACKET, AF_NETLINK, AF_ALG, AF_VSOCK,
	    AF_BLUETOOTH, AF_CAN, AF_TIPC, AF_KEY};
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		error |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
		    SCMP_SYS(socket), 1,
		    (struct scmp_arg_cmp){.op = SCMP_CMP_EQ,
			.datum_a = (scmp_datum_t)families[i]});
	return error;
}

static bool enter_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return false;
	bool done = deny_calls(filter) == 0 && deny_processes(filter) == 0 &&
		    deny_sockets(filter) == 0 && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return done;
}

void sandbox_enter(const struct sandbox_paths *paths, struct log *log)
{
	bool no_new = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	long landlock = no_new ? enter_landlock(paths) : 0;
	bool seccomp = enter_seccomp();
	struct log_line line;
	log_begin(&line, log,
	    landlock && seccomp ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "sandbox");
	log_add_u64(&line, "landlock", (uint64_t)landlock);
	log_add_string(&line, "seccomp", seccomp ? "yes" : "no");
	log_add_string(&line, "no_new_privileges", no_new ? "yes" : "no");
	log_end(&line);
}
