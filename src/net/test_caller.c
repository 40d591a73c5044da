// SPDX-License-Identifier: Apache-2.0
#include "net/test_caller.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/test_port.h"

const char *const caller_names[] = {"one.example", "127.0.0.1", NULL};

const struct turn caller_quits[] = {
    {"HELLO", "ECHO a\r\n", NET_READ},
    {"a", "QUIT\r\n", NET_READ},
    {"BYE", "", NET_CLOSE},
    {0},
};

const struct turn caller_upgrades[] = {
    {"HELLO", "STARTTLS\r\n", NET_READ},
    {"OK", "", NET_START_TLS},
    {"secured", "QUIT\r\n", NET_READ},
    {"BYE", "", NET_CLOSE},
    {0},
};

// ---- The calling session ----

static void *caller_new(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	struct caller *caller = context;
	caller->peer = *peer;
	caller->waker = waker;
	atomic_fetch_add(&caller->made, 1);
	return caller;
}

static enum net_next caller_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct caller *caller = context;
	(void)out;
	if (tls) {
		caller->tls = *tls;
		atomic_fetch_add(&caller->secured, 1);
	}
	return NET_READ;
}

static enum net_next caller_resume(void *context, struct buf *out)
{
	struct caller *caller = context;
	atomic_store(&caller->flooding, 1);
	while (caller->flood > 0 && out->len < NET_OUTPUT_HIGH) {
		caller->flood--;
		buf_add_literal(out, "ECHO 0123456789012345678901234567\r\n");
	}
	return caller->flood > 0 ? NET_DRAIN : NET_READ;
}

static enum net_next take_turn(
    struct caller *caller, struct view line, struct buf *out)
{
	snprintf(caller->heard, sizeof(caller->heard), "%.*s", (int)line.len,
	    line.ptr);
	atomic_fetch_add(&caller->lines, 1);
	if (!caller->turn || !caller->turn->hear ||
	    !view_eq(line, view_of_string(caller->turn->hear)))
		return NET_READ;
	const struct turn *turn = caller->turn++;
	buf_add_string(out, turn->say);
	return turn->next;
}

static enum net_next caller_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct caller *caller = context;
	size_t at = 0;
	enum net_next next = NET_READ;
	while (next == NET_READ) {
		struct view rest = view_from(in, at);
		size_t end = view_find(rest, VIEW("\r\n"));
		if (end == SIZE_MAX)
			break;
		at += end + 2;
		next = take_turn(caller, view_slice(rest, 0, end), out);
	}
	*ret_consumed = at;
	return next;
}

static enum net_next caller_wake(void *context, struct buf *out)
{
	(void)context;
	buf_add_literal(out, "QUIT\r\n");
	return NET_READ;
}

static enum net_next caller_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct caller *caller = context;
	caller->tls = *tls;
	atomic_fetch_add(&caller->secured, 1);
	buf_add_literal(out, "ECHO secured\r\n");
	return NET_READ;
}

static uint32_t caller_timeout(const void *context)
{
	const struct caller *caller = context;
	return caller->timeout;
}

static void caller_say_goodbye(void *context, struct buf *out)
{
	const struct caller *caller = context;
	if (caller->flood == 0)
		buf_add_literal(out, "QUIT\r\n");
}

void caller_note_end(struct caller *caller, enum net_end end, const char *why)
{
	caller->end = end;
	snprintf(caller->why, sizeof(caller->why), "%s", why);
}

static void caller_ended(void *context, enum net_end end, const char *why)
{
	struct caller *caller = context;
	caller_note_end(caller, end, why);
	atomic_fetch_add(&caller->ended, 1);
}

static void caller_free(void *context)
{
	struct caller *caller = context;
	atomic_fetch_add(&caller->freed, 1);
}

static void caller_failed(void *context, enum net_end end, const char *why)
{
	struct caller *caller = context;
	struct fault fault;
	caller_note_end(caller, end, why);
	struct net_server *server = caller->server;
	struct net_connect_config retry = caller->retry;
	caller->retry.address = NULL;
	atomic_fetch_add(&caller->failed, 1);
	if (retry.address && net_connect(server, &retry, &fault) != RC_OK)
		abort();
}

const struct net_session_ops caller_ops = {
    .protocol = "caller",
    .start = caller_start,
    .input = caller_input,
    .resume = caller_resume,
    .wake = caller_wake,
    .tls_started = caller_tls_started,
    .timeout = caller_timeout,
    .timed_out = caller_say_goodbye,
    .shut_down = caller_say_goodbye,
    .ended = caller_ended,
    .free = caller_free,
};

struct net_connect_config caller_config(struct caller *caller, uint16_t port)
{
	return (struct net_connect_config){
	    .address = "127.0.0.1",
	    .port = port,
	    .ops = &caller_ops,
	    .session_new = caller_new,
	    .failed = caller_failed,
	    .context = caller,
	};
}

void caller_call(
    struct line_server *line, const struct net_connect_config *config)
{
	struct fault fault;
	assert_int_equal(net_connect(line->server, config, &fault), RC_OK);
}

void caller_expect_ended(
    struct caller *caller, enum net_end end, const char *why)
{
	wait_for(&caller->freed, 1);
	assert_int_equal(atomic_load(&caller->made), 1);
	assert_int_equal(atomic_load(&caller->ended), 1);
	assert_int_equal(atomic_load(&caller->failed), 0);
	assert_string_equal(caller->why, why);
	assert_int_equal(caller->end, end);
}

void caller_expect_failed(
    struct caller *caller, enum net_end end, const char *why)
{
	wait_for(&caller->failed, 1);
	assert_int_equal(atomic_load(&caller->made), 0);
	assert_int_equal(atomic_load(&caller->ended), 0);
	assert_string_equal(caller->why, why);
	assert_int_equal(caller->end, end);
}

struct net_tls_client *caller_tls(
    const struct line_server *line, const char *trusted)
{
	struct net_tls_client_config config = {0};
	struct net_tls_client *tls;
	struct fault fault;
	char certificate[256];
	char key[256];
	if (trusted) {
		line_paths(line, trusted, certificate, key, sizeof(key));
		config.authorities_path = certificate;
	}
	assert_int_equal(net_tls_client_new(&config, &tls, &fault), RC_OK);
	return tls;
}

// ---- Peers by hand ----

int raw_listen(int backlog, uint16_t *ret_port)
{
	struct fault fault;
	int fd;
	assert_int_equal(net_bind("127.0.0.1", 0, &fd, &fault), RC_OK);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	*ret_port = test_bound_port(fd);
	return fd;
}

// Sockets made by net_bind() are non-blocking.
int raw_accept(int listener)
{
	uint64_t end = clock_monotonic_ms() + 120000;
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			return fd;
		assert_true(clock_monotonic_ms() < end);
		usleep(1000);
	}
}

void raw_send(int fd, const char *text)
{
	size_t len = strlen(text);
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}
