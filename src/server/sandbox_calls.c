// SPDX-License-Identifier: Apache-2.0
// System calls by seccomp(2): an allow list. It was found by tracing the server
// during the whole test suite, and completed by the newer forms of the same
// calls, which other versions of the C library use instead. A call that is not
// in the list fails with ENOSYS, so that a library which tries a newer call
// first goes on with the older one.
//
// The kernel passes 64 bits of an argument of which a call with an int uses 32.
// Comparisons look at the lower 32 only; otherwise AF_PACKET | 1 << 32 would
// pass for another family.
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "server/sandbox.h"

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

const bool sandbox_allows_helpers = HELPERS;

#ifndef F_SET_RW_HINT
#define F_SET_RW_HINT 1036
#endif
#define F_SET_FILE_RW_HINT 1038
#define GET_VERSION        0x80087601 // FS_IOC_GETVERSION
#define NAME_MEMORY        0x53564d41 // PR_SET_VMA

// clang-format off
static const char *const allowed[] = {
    // Bytes.
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev",
    "pwrite64", "pwritev", "pwritev2", "lseek", "copy_file_range",
    // Files. Landlock says which.
    "open", "openat", "openat2", "close", "close_range", "stat", "fstat",
    "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64",
    "getcwd", "mkdir", "mkdirat", "rmdir", "rename", "renameat", "renameat2",
    "link", "linkat", "unlink", "unlinkat", "truncate", "ftruncate",
    "fallocate", "fsync", "fdatasync", "sync_file_range", "fadvise64",
    "readahead", "flock", "umask", "dup", "dup2", "dup3", "pipe2",
    // The network.
    "accept", "accept4", "bind", "connect", "listen", "shutdown",
    "getsockname", "getpeername", "getsockopt", "setsockopt", "sendto",
    "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
    // Events.
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    "poll", "ppoll", "select", "pselect6", "eventfd2", "timerfd_create",
    "timerfd_settime", "timerfd_gettime",
    // Memory.
    "brk", "munmap", "mremap", "madvise", "membarrier",
    // Threads and time.
    "futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity",
    "getcpu", "gettid", "getpid", "getppid", "exit", "exit_group",
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep",
    "gettimeofday", "time", "restart_syscall",
    // Signals of this process.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait",
    "rt_sigpending", "rt_sigsuspend", "sigaltstack",
    // About itself and the machine.
    "getuid", "geteuid", "getgid", "getegid", "getgroups", "getrlimit",
    "getrusage", "times", "uname", "sysinfo", "getrandom",
};

// The leak checker's.
static const char *const helpers_calls[] = {
    "clone", "wait4", "ptrace", "prctl", "kill", "tgkill",
};
// clang-format on

#define FCNTL_COMMANDS                                                         \
	{                                                                      \
		F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL,  \
		    F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK,      \
		    F_OFD_SETLKW, F_SET_RW_HINT, F_SET_FILE_RW_HINT            \
	}

// Adds a rule of up to two conditions: the bits `mask` of an argument (from 0)
// are `value`.
struct condition {
	unsigned argument;
	uint32_t mask, value;
};

static int allow_if(scmp_filter_ctx filter, const char *name,
    const struct condition *conditions, unsigned count)
{
	struct scmp_arg_cmp compare[2];
	int call = seccomp_syscall_resolve_name(name);
	if (call == __NR_SCMP_ERROR)
		return 0; // this version of libseccomp does not know it
	for (unsigned i = 0; i < count; i++)
		compare[i] = (struct scmp_arg_cmp){
		    .arg = conditions[i].argument,
		    .op = SCMP_CMP_MASKED_EQ,
		    .datum_a = conditions[i].mask,
		    .datum_b = conditions[i].value,
		};
	return seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, call, count, compare);
}

static int allow(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	int error = 0;
	for (size_t i = 0; i < count; i++)
		error |= allow_if(filter, names[i], NULL, 0);
	return error;
}

static int allow_values(scmp_filter_ctx filter, const char *name,
    unsigned argument, const uint32_t *values, size_t count)
{
	int error = 0;
	for (size_t i = 0; i < count; i++)
		error |= allow_if(filter, name,
		    &(struct condition){argument, UINT32_MAX, values[i]}, 1);
	return error;
}

// Sockets of the Internet, TCP and UDP. The protocol is compared, too: over
// MPTCP and SCTP a connection would pass by Landlock's rules for TCP ports.
static int allow_sockets(scmp_filter_ctx filter)
{
	static const uint32_t families[] = {AF_INET, AF_INET6};
	static const uint32_t protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP};
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		for (size_t j = 0; j < ARRAY_LEN(protocols); j++)
			error |= allow_if(filter, "socket",
			    (struct condition[]){{0, UINT32_MAX, families[i]},
				{2, UINT32_MAX, protocols[j]}},
			    2);
	// A pair of streams stays connected. (Datagram sockets of a pair could
	// be connected to another program's socket.)
	return error | allow_if(filter, "socketpair",
			   (struct condition[]){{0, UINT32_MAX, AF_UNIX},
			       {1, ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK),
				   SOCK_STREAM}},
			   2);
}

// Memory is never executable that was writable, and no file is mapped to be
// run.
static int allow_memory(scmp_filter_ctx filter)
{
	const struct condition not_run = {2, PROT_EXEC, 0};
	return allow_if(filter, "mmap", &not_run, 1) |
	       allow_if(filter, "mprotect", &not_run, 1);
}

// Threads may be started, processes may not. The filter cannot see the flags of
// clone3(), which are behind a pointer: it is missing, and glibc then uses
// clone(). Only this process can be signalled, which abort() does.
static int allow_threads(scmp_filter_ctx filter)
{
	static const uint32_t names[] = {PR_SET_NAME, PR_GET_NAME, NAME_MEMORY};
	if (HELPERS)
		return allow(filter, helpers_calls, ARRAY_LEN(helpers_calls));
	return allow_if(filter, "clone",
		   &(struct condition){0, CLONE_THREAD, CLONE_THREAD}, 1) |
	       allow_if(filter, "tgkill",
		   &(struct condition){0, UINT32_MAX, (uint32_t)getpid()}, 1) |
	       allow_values(filter, "prctl", 0, names, ARRAY_LEN(names));
}

// F_SETOWN is missing, because it makes the kernel signal other processes.
static int allow_controls(scmp_filter_ctx filter)
{
	static const uint32_t fcntls[] = FCNTL_COMMANDS;
	static const uint32_t ioctls[] = {
	    FIONBIO, FIONREAD, TCGETS, GET_VERSION};
	// Limits can be read but not set.
	struct scmp_arg_cmp read_only[] = {
	    {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = 0},
	    {.arg = 2, .op = SCMP_CMP_EQ, .datum_a = 0}};
	return allow_values(filter, "fcntl", 1, fcntls, ARRAY_LEN(fcntls)) |
	       allow_values(filter, "ioctl", 1, ioctls, ARRAY_LEN(ioctls)) |
	       seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
		   SCMP_SYS(prlimit64), ARRAY_LEN(read_only), read_only);
}

bool sandbox_limit_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return false;
	bool done =
	    allow(filter, allowed, ARRAY_LEN(allowed)) == 0 &&
	    allow_sockets(filter) == 0 && allow_memory(filter) == 0 &&
	    allow_threads(filter) == 0 && allow_controls(filter) == 0 &&
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 &&
	    seccomp_load(filter) == 0;
	seccomp_release(filter);
	return done;
}
