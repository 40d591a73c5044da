// SPDX-License-Identifier: Apache-2.0
// Tries each forbidden thing from inside, in a child process. Most of it
// can be done outside, which is tried, too: so a failure inside means something.
#include "server/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/test.h"

#define MORE_BITS  (1L << 32) // above the 32 bits that the kernel looks at
#define MPTCP      262
#define PIDFD_OPEN 434

static char data[64];  // the folder that may be written
static char other[64]; // one that may not
static uint16_t port_allowed, port_other;
static long landlock_version; // of this kernel; 0: it has none

static int result(long value)
{
	return value < 0 ? errno : 0;
}

// ---- Programs and processes ------------------------------------------------

static int run_program(void)
{
	return result(execl("/bin/true", "true", (char *)NULL));
}

static int fork_process(void)
{
	long pid = syscall(SYS_fork);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int clone_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD | MORE_BITS, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int trace_parent(void)
{
	return result(ptrace(PTRACE_SEIZE, getppid(), 0, 0));
}

static int read_parent(void)
{
	char here;
	struct iovec to = {&here, 1}, from = {data, 1};
	return result(process_vm_readv(getppid(), &to, 1, &from, 1, 0));
}

static int signal_parent(void)
{
	return result(kill(getppid(), 0));
}

static int signal_thread_of_parent(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int queue_signal_to_parent(void)
{
	return result(sigqueue(getppid(), SIGWINCH, (union sigval){0}));
}

static int own_of_parent(void)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return 0;
	return result(fcntl(pair[0], F_SETOWN, getppid()));
}

static int handle_of_parent(void)
{
	return result(syscall(PIDFD_OPEN, getppid(), 0));
}

static int schedule_parent(void)
{
	return result(setpriority(PRIO_PROCESS, (id_t)getppid(), 0));
}

// ---- Memory ----------------------------------------------------------------

static int map_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? errno : 0;
}

static int make_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return result(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int make_code_with_more_bits(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return result(
	    syscall(SYS_mprotect, at, 4096, PROT_READ | PROT_EXEC | MORE_BITS));
}

static int file_in_memory(void)
{
	return result(memfd_create("a", 0));
}

// ---- Files -----------------------------------------------------------------

static const char *in(const char *folder, const char *name)
{
	static char path[2][128];
	static int which;
	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
	return path[which];
}

static int read_other(void)
{
	return result(open(in(other, "a"), O_RDONLY));
}

static int write_other(void)
{
	return result(open(in(other, "b"), O_WRONLY | O_CREAT, 0600));
}

static int read_users(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int rename_out(void)
{
	int fd = open(in(data, "c"), O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return 0;
	return result(rename(in(data, "c"), in(other, "c")));
}

static int link_in(void)
{
	return result(link(in(other, "a"), in(data, "d")));
}

static int remove_other(void)
{
	return result(unlink(in(other, "e")));
}

static int make_symlink(void)
{
	return result(symlink("/etc/passwd", in(data, "f")));
}

static int make_fifo(void)
{
	return result(mkfifo(in(data, "g"), 0600));
}

static int change_mode(void)
{
	return result(chmod(data, 0777));
}

static int change_owner(void)
{
	return result(chown(data, getuid(), getgid()));
}

static int change_root(void)
{
	return result(chroot(data));
}

// ---- Network ---------------------------------------------------------------

static int open_socket(long family, long type, long protocol)
{
	return result(syscall(SYS_socket, family, type, protocol));
}

static int unix_socket(void)
{
	return open_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int unix_socket_with_more_bits(void)
{
	return open_socket(AF_UNIX | MORE_BITS, SOCK_STREAM, 0);
}

static int packet_socket(void)
{
	return open_socket(AF_PACKET, SOCK_RAW, 0);
}

static int packet_socket_with_more_bits(void)
{
	return open_socket(AF_PACKET | MORE_BITS, SOCK_RAW, 0);
}

static int netlink_socket(void)
{
	return open_socket(AF_NETLINK, SOCK_RAW, 0);
}

static int crypto_socket(void)
{
	return open_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int ping_socket(void)
{
	return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int multipath_socket(void)
{
	return open_socket(AF_INET, SOCK_STREAM, MPTCP);
}

static int datagram_pair(void)
{
	int pair[2];
	return result(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return result(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int connect_elsewhere(void)
{
	return connect_to(port_other);
}

static int connect_where_allowed(void)
{
	return connect_to(port_allowed);
}

static int bind_to(uint16_t port)
{
	struct sockaddr_in at = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return result(bind(fd, (struct sockaddr *)&at, sizeof(at)));
}

// The address is in use by this test's listener; the sandbox is asked first.
static int bind_port(void)
{
	int error = bind_to(port_other);
	return error == EADDRINUSE ? 0 : error;
}

static int bind_any_port(void)
{
	return bind_to(0);
}

// ---- The system ------------------------------------------------------------

static int become_root(void)
{
	return result(setuid(getuid()));
}

static int new_namespace(void)
{
	return result(unshare(CLONE_FS));
}

static int set_limit(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int set_dumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int set_personality(void)
{
	return result(syscall(SYS_personality, 0xffffffff));
}

static int rings(void)
{
	char parameters[128] = {0};
	return result(syscall(SYS_io_uring_setup, 1, parameters));
}

static int load_filter(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int page_faults(void)
{
	return result(syscall(SYS_userfaultfd, 1));
}

static int kernel_keys(void)
{
	return result(syscall(SYS_keyctl, 0, -3, 0));
}

// ---- What a server needs ---------------------------------------------------

static int keep_file(void)
{
	char byte = 'x';
	int fd = open(in(data, "h"), O_RDWR | O_CREAT, 0600);
	if (fd < 0 || write(fd, &byte, 1) != 1 || fdatasync(fd) != 0 ||
	    rename(in(data, "h"), in(data, "i")) != 0)
		return errno;
	return result(unlink(in(data, "i")));
}

static void *nothing(void *context)
{
	return context;
}

static int start_thread(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, nothing, NULL);
	return error ? error : pthread_join(thread, NULL);
}

static int stream_pair(void)
{
	int pair[2];
	return result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
}

static int datagrams(void)
{
	return open_socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int read_limit(void)
{
	struct rlimit limit;
	return result(getrlimit(RLIMIT_NOFILE, &limit));
}

static int name_thread(void)
{
	return pthread_setname_np(pthread_self(), "a");
}

// ---- The tables ------------------------------------------------------------

struct row {
	const char *what;
	int (*attempt)(void); // 0: it worked; otherwise errno
	long landlock; // the version that it takes; 0: seccomp forbids it
	bool helpers;  // allowed in test builds
};

// clang-format off
static const struct row forbidden[] = {
    {"run a program", run_program, 0, false},
    {"fork", fork_process, 0, false},
    {"clone", clone_process, 0, true},
    {"trace another process", trace_parent, 0, true},
    {"read another process", read_parent, 0, false},
    {"kill", signal_parent, 0, true},
    {"tgkill", signal_thread_of_parent, 0, true},
    {"kill, by Landlock", signal_parent, 6, false},
    {"sigqueue", queue_signal_to_parent, 0, false},
    {"F_SETOWN", own_of_parent, 0, false},
    {"pidfd_open", handle_of_parent, 0, false},
    {"setpriority", schedule_parent, 0, false},
    {"map code", map_code, 0, false},
    {"make code", make_code, 0, false},
    {"make code, bit 32", make_code_with_more_bits, 0, false},
    {"memfd_create", file_in_memory, 0, false},
    {"read elsewhere", read_other, 1, false},
    {"write elsewhere", write_other, 1, false},
    {"read /etc/passwd", read_users, 1, false},
    {"move a file out", rename_out, 1, false},
    {"link a file in", link_in, 1, false},
    {"remove elsewhere", remove_other, 1, false},
    {"symlink", make_symlink, 0, false},
    {"fifo", make_fifo, 0, false},
    {"chmod", change_mode, 0, false},
    {"chown", change_owner, 0, false},
    {"chroot", change_root, 0, false},
    {"AF_UNIX", unix_socket, 0, false},
    {"AF_UNIX, bit 32", unix_socket_with_more_bits, 0, false},
    {"AF_PACKET", packet_socket, 0, false},
    {"AF_PACKET, bit 32", packet_socket_with_more_bits, 0, false},
    {"AF_NETLINK", netlink_socket, 0, false},
    {"AF_ALG", crypto_socket, 0, false},
    {"ICMP", ping_socket, 0, false},
    {"MPTCP", multipath_socket, 0, false},
    {"pair of datagram sockets", datagram_pair, 0, false},
    {"connect to another port", connect_elsewhere, 4, false},
    {"listen on another port", bind_port, 4, false},
    {"setuid", become_root, 0, false},
    {"unshare", new_namespace, 0, false},
    {"setrlimit", set_limit, 0, false},
    {"PR_SET_DUMPABLE", set_dumpable, 0, true},
    {"personality", set_personality, 0, false},
    {"io_uring", rings, 0, false},
    {"bpf", load_filter, 0, false},
    {"userfaultfd", page_faults, 0, false},
    {"keyctl", kernel_keys, 0, false},
};

static const struct row allowed[] = {
    {"keep a file", keep_file, 0, false},
    {"start a thread", start_thread, 0, false},
    {"name a thread", name_thread, 0, false},
    {"pair of stream sockets", stream_pair, 0, false},
    {"datagram socket", datagrams, 0, false},
    {"connect to an allowed port", connect_where_allowed, 0, false},
    {"bind any port", bind_any_port, 0, false},
    {"getrlimit", read_limit, 0, false},
};
// clang-format on

static void enter(long landlock)
{
	struct sandbox_needs needs = {
	    .write = data, .connect = {port_allowed}, .connect_count = 1};
	struct sandbox_state state;
	if (landlock > 0) // only what Landlock forbids
		state = (struct sandbox_state){
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
			? sandbox_limit_access(&needs)
			: 0,
		    true, true};
	else
		state = sandbox_enter(&needs);
	if (!state.seccomp || !state.no_new_privileges ||
	    state.landlock != landlock_version)
		_exit(99);
}

// Gives the attempt's errno. A process that was killed gives 128 and more.
static int attempt(const struct row *row, bool inside)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (inside)
			enter(row->landlock);
		_exit(row->attempt());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool is_forbidden(int error)
{
	return error == ENOSYS || error == EPERM || error == EACCES ||
	       error == EXDEV;
}

static void forbidden_things_fail(void **state)
{
	size_t could = 0;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		const struct row *row = &forbidden[i];
		if ((row->helpers && sandbox_allows_helpers) ||
		    row->landlock > landlock_version)
			continue;
		int error = attempt(row, true);
		if (!is_forbidden(error))
			fail_msg("%s: %d", row->what, error);
		could += attempt(row, false) == 0;
	}
	assert_true(could >= ARRAY_LEN(forbidden) / 2);
}

static void needed_things_work(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		int error = attempt(&allowed[i], true);
		if (error != 0)
			fail_msg("%s: %s", allowed[i].what, strerror(error));
	}
}

// ---- Set-up ----------------------------------------------------------------

static uint16_t listen_somewhere(void)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static void make_file(const char *name)
{
	int fd = open(in(other, name), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static int set_up(void **state)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	(void)state;
	landlock_version = version < 0 ? 0 : version;
	snprintf(data, sizeof(data), "/tmp/roost-sandbox-XXXXXX");
	snprintf(other, sizeof(other), "/tmp/roost-sandbox-XXXXXX");
	assert_non_null(mkdtemp(data));
	assert_non_null(mkdtemp(other));
	make_file("a");
	make_file("e");
	port_allowed = listen_somewhere();
	port_other = listen_somewhere();
	return 0;
}

static int tear_down(void **state)
{
	char command[256];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s %s", data, other);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forbidden_things_fail),
	    cmocka_unit_test(needed_things_work),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
