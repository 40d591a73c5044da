// SPDX-License-Identifier: Apache-2.0
// The load program of `make bench`: one kind of work against one server on
// loopback, and what it cost the server. bench/run starts it row by row.
#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>

#include "work.h"

struct work {
	const char *name;
	void (*run)(struct loop *loop, const struct work_options *options);
};

static const struct work works[] = {
    {"time", work_time},
    {"resync", work_resync},
    {"fill", work_fill},
    {"noop", work_noop},
    {"append", work_append},
    {"store", work_store},
    {"partial", work_partial},
    {"login", work_login},
    {"lmtp", work_lmtp},
    {"pop3", work_pop3},
    {"hold", work_hold},
    {"delay", work_delay},
    {"fan", work_fan},
};

enum option_key {
	KEY_PORT = 256,
	KEY_TLS,
	KEY_PID,
	KEY_USER,
	KEY_PASSWORD,
	KEY_USERS,
	KEY_DOMAIN,
	KEY_MAILBOX,
	KEY_CORPUS,
	KEY_CONNS,
	KEY_DEPTH,
	KEY_ROUNDS,
	KEY_WARM,
	KEY_COUNT,
	KEY_SIZE,
	KEY_SECONDS,
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, KEY_PORT},
    {"tls", no_argument, NULL, KEY_TLS},
    {"pid", required_argument, NULL, KEY_PID},
    {"user", required_argument, NULL, KEY_USER},
    {"password", required_argument, NULL, KEY_PASSWORD},
    {"users", required_argument, NULL, KEY_USERS},
    {"domain", required_argument, NULL, KEY_DOMAIN},
    {"mailbox", required_argument, NULL, KEY_MAILBOX},
    {"corpus", required_argument, NULL, KEY_CORPUS},
    {"conns", required_argument, NULL, KEY_CONNS},
    {"depth", required_argument, NULL, KEY_DEPTH},
    {"rounds", required_argument, NULL, KEY_ROUNDS},
    {"warm", required_argument, NULL, KEY_WARM},
    {"count", required_argument, NULL, KEY_COUNT},
    {"size", required_argument, NULL, KEY_SIZE},
    {"seconds", required_argument, NULL, KEY_SECONDS},
    {NULL, 0, NULL, 0},
};

static unsigned number_of(const char *text)
{
	uint32_t number = 0;
	if (!view_to_u32(view_of_string(text), &number) || number > 100000000)
		die("not a number: %s", text);
	return number;
}

struct arguments {
	struct work_options work;
	unsigned port;
	unsigned pid;
	bool tls;
	const char *password;
};

static void take_option(struct arguments *a, int key)
{
	switch ((enum option_key)key) {
	case KEY_PORT: a->port = number_of(optarg); return;
	case KEY_TLS: a->tls = true; return;
	case KEY_PID: a->pid = number_of(optarg); return;
	case KEY_USER: a->work.user = optarg; return;
	case KEY_PASSWORD: a->password = optarg; return;
	case KEY_USERS: a->work.users = number_of(optarg); return;
	case KEY_DOMAIN: a->work.domain = optarg; return;
	case KEY_MAILBOX: a->work.mailbox = optarg; return;
	case KEY_CORPUS: a->work.corpus = optarg; return;
	case KEY_CONNS: a->work.conns = number_of(optarg); return;
	case KEY_DEPTH: a->work.depth = number_of(optarg); return;
	case KEY_ROUNDS: a->work.rounds = number_of(optarg); return;
	case KEY_WARM: a->work.warm = number_of(optarg); return;
	case KEY_COUNT: a->work.count = number_of(optarg); return;
	case KEY_SIZE: a->work.size = number_of(optarg); return;
	case KEY_SECONDS: a->work.seconds = strtod(optarg, NULL); return;
	}
	die("see bench/run for the options");
}

static const struct work *find_work(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(works); i++) {
		if (strcmp(works[i].name, name) == 0)
			return &works[i];
	}
	die("no such work: %s", name);
}

int main(int argc, char **argv)
{
	struct arguments a = {
	    .work = {.user = "bench", .conns = 1, .depth = 1, .rounds = 1},
	    .password = "secret"};
	struct rlimit files = {0, 0};
	struct loop loop;
	for (int key;
	     (key = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
		take_option(&a, key);
	if (optind >= argc || a.port == 0 || a.port > 65535 ||
	    a.work.conns > WORK_CONNS_MAX || a.work.conns == 0)
		die("usage: load --port N [options] WORK [COMMAND…]");
	const struct work *work = find_work(argv[optind]);
	a.work.commands = argv + optind + 1;
	a.work.command_count = argc - optind - 1;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	loop_init(&loop, (uint16_t)a.port, a.tls);
	loop.server_pid = (pid_t)a.pid;
	loop.password = a.password;
	work->run(&loop, &a.work);
	loop_done(&loop);
	return 0;
}
