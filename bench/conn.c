// SPDX-License-Identifier: Apache-2.0
// See conn.h. Sockets are edge-triggered; all connections read through one
// buffer, so that an idle one holds nothing.
#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"

void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void loop_init(struct loop *loop, uint16_t port, bool tls)
{
	*loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	loop->read_buffer = mem_alloc(LOOP_READ_BYTES);
	loop->server.sin_family = AF_INET;
	loop->server.sin_port = htons(port);
	loop->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!tls)
		return;
	loop->tls = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_mode(loop->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
					SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(loop->tls, SSL_SESS_CACHE_OFF);
}

void loop_done(struct loop *loop)
{
	close(loop->epoll);
	free(loop->read_buffer);
	SSL_CTX_free(loop->tls);
}

static void note_number(struct view line, struct view key, uint64_t *number)
{
	size_t at = view_find(line, key);
	if (at == SIZE_MAX)
		return;
	*number = 0;
	for (at += key.len; at < line.len; at++) {
		char c = line.ptr[at];
		if (c < '0' || c > '9')
			return;
		*number = *number * 10 + (uint64_t)(c - '0');
	}
}

static void note_untagged(struct conn *conn, struct view line)
{
	if (view_ends_with(line, VIEW(" EXISTS\r\n"))) {
		uint64_t exists = 0;
		note_number(line, VIEW("* "), &exists);
		conn->exists = (uint32_t)exists;
	} else if (view_starts_with(line, VIEW("* OK ["))) {
		note_number(line, VIEW("[UIDVALIDITY "), &conn->uid_validity);
		note_number(
		    line, VIEW("[HIGHESTMODSEQ "), &conn->highest_modseq);
	}
}

static void take_tagged(struct conn *conn, struct view line)
{
	size_t space = view_find_char(line, ' ');
	struct view verdict =
	    view_from(line, space == SIZE_MAX ? 0 : space + 1);
	if (conn->pending == 0)
		die("an answer nobody asked for: %.*s", VIEW_FMT(line));
	if (!view_starts_with_nocase(verdict, VIEW("OK"))) {
		if (!conn->can_refuse)
			die("refused: %.*s", VIEW_FMT(line));
		conn->refused++;
	}
	conn->pending--;
	if (conn->on_done != NULL)
		conn->on_done(conn);
}

// {123} at the end of a line: so many bytes follow that are no lines.
static uint64_t literal_after(struct view line)
{
	size_t at = line.len;
	uint64_t size = 0;
	uint64_t power = 1;
	if (at < 5 || line.ptr[at - 3] != '}' || line.ptr[at - 2] != '\r')
		return 0;
	for (at -= 3; at > 0 && line.ptr[at - 1] != '{'; at--) {
		char c = line.ptr[at - 1];
		if (c < '0' || c > '9' || power > 1000000000000U)
			return 0;
		size += power * (uint64_t)(c - '0');
		power *= 10;
	}
	return at > 0 ? size : 0;
}

static void take_line(struct conn *conn, struct view line)
{
	bool continues = conn->mid_line;
	conn->lines++;
	if (conn->on_line != NULL) {
		conn->on_line(conn, line);
		return;
	}
	conn->literal_left = literal_after(line);
	conn->mid_line = conn->literal_left > 0;
	if (continues)
		return;
	switch (line.ptr[0]) {
	case '*':
		if (view_starts_with_nocase(line, VIEW("* BYE")) &&
		    conn->pending == 0)
			die("%.*s", VIEW_FMT(line));
		if (conn->tag == 0 && conn->pending > 0) {
			take_tagged(conn, line); // the greeting
			break;
		}
		note_untagged(conn, line);
		if (conn->on_untagged != NULL)
			conn->on_untagged(conn, line);
		break;
	case '+':
		if (conn->on_untagged != NULL)
			conn->on_untagged(conn, line);
		break;
	default: take_tagged(conn, line); break;
	}
}

static void take_bytes(struct conn *conn, const char *ptr, size_t len)
{
	conn->bytes += len;
	while (len > 0 && conn->fd >= 0) {
		if (conn->literal_left > 0) {
			size_t skip = conn->literal_left < len
					  ? (size_t)conn->literal_left
					  : len;
			conn->literal_left -= skip;
			ptr += skip;
			len -= skip;
			continue;
		}
		const char *end = memchr(ptr, '\n', len);
		size_t part = end == NULL ? len : (size_t)(end - ptr) + 1;
		if (end == NULL || conn->partial.len > 0) {
			buf_add(&conn->partial, view_of(ptr, part));
			if (conn->partial.overflowed)
				die("a line of more than %u bytes",
				    CONN_LINE_MAX);
		}
		if (end != NULL && conn->partial.len > 0) {
			struct buf whole = conn->partial;
			buf_init(&conn->partial, CONN_LINE_MAX);
			take_line(conn, buf_view(&whole));
			buf_done(&whole);
		} else if (end != NULL) {
			take_line(conn, view_of(ptr, part));
		}
		ptr += part;
		len -= part;
	}
}

// Bytes read, 0 when there are none now.
static size_t read_some(struct conn *conn)
{
	char *to = conn->loop->read_buffer;
	ssize_t n;
	if (conn->ssl != NULL) {
		n = SSL_read(conn->ssl, to, (int)LOOP_READ_BYTES);
		if (n > 0)
			return (size_t)n;
		int error = SSL_get_error(conn->ssl, (int)n);
		if (error == SSL_ERROR_WANT_READ ||
		    error == SSL_ERROR_WANT_WRITE)
			return 0;
		die("connection lost (TLS error %d)", error);
	}
	n = recv(conn->fd, to, LOOP_READ_BYTES, 0);
	if (n > 0)
		return (size_t)n;
	if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
		return 0;
	die("connection lost: %s", n == 0 ? "closed" : strerror(errno));
}

static void conn_read(struct conn *conn)
{
	while (conn->fd >= 0) {
		size_t n = read_some(conn);
		if (n == 0)
			return;
		take_bytes(conn, conn->loop->read_buffer, n);
		// A short read emptied the socket; new bytes make a new edge.
		if (conn->fd < 0 || (conn->ssl == NULL && n < LOOP_READ_BYTES))
			return;
	}
}

void conn_flush(struct conn *conn)
{
	while (conn->fd >= 0 && conn->out_at < conn->out.len) {
		const char *ptr = conn->out.ptr + conn->out_at;
		size_t len = conn->out.len - conn->out_at;
		ssize_t n;
		if (conn->ssl != NULL) {
			n = SSL_write(conn->ssl, ptr,
			    (int)(len > 1U << 20 ? 1U << 20 : len));
			if (n <= 0)
				return;
		} else {
			n = send(conn->fd, ptr, len, MSG_NOSIGNAL);
			if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
				return;
			if (n < 0)
				die("send: %s", strerror(errno));
		}
		conn->out_at += (size_t)n;
	}
	if (conn->out_at > 0) {
		buf_reset(&conn->out);
		conn->out_at = 0;
	}
}

bool loop_step(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(loop->epoll, events, ARRAY_LEN(events), timeout_ms);
	if (n < 0 && errno != EINTR)
		die("epoll: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		struct conn *conn = events[i].data.ptr;
		conn_flush(conn);
		conn_read(conn);
	}
	return n > 0;
}

void conn_start(struct conn *conn, struct loop *loop)
{
	struct epoll_event event = {
	    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = conn}};
	int one = 1;
	conn->loop = loop;
	conn->pending = 1;
	conn->tag = 0;
	conn->literal_left = 0;
	conn->mid_line = false;
	buf_init(&conn->out, CONN_OUT_MAX);
	buf_init(&conn->partial, CONN_LINE_MAX);
	conn->out_at = 0;
	conn->fd =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(conn->fd, (const struct sockaddr *)&loop->server,
		sizeof(loop->server)) != 0 &&
	    errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	if (loop->tls != NULL) {
		conn->ssl = SSL_new(loop->tls);
		SSL_set_fd(conn->ssl, conn->fd);
		SSL_set_connect_state(conn->ssl);
	}
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, conn->fd, &event) != 0)
		die("epoll: %s", strerror(errno));
}

void conn_close(struct conn *conn)
{
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	buf_done(&conn->out);
	buf_done(&conn->partial);
}

void conn_begin(struct conn *conn)
{
	buf_add_char(&conn->out, 'a');
	buf_add_u64(&conn->out, ++conn->tag);
	buf_add_char(&conn->out, ' ');
	conn->pending++;
}

static void PRINTF_LIKE(2, 0)
    queue_va(struct conn *conn, const char *format, va_list args)
{
	char text[8192];
	int len = vsnprintf(text, sizeof(text), format, args);
	if (len < 0 || (size_t)len >= sizeof(text))
		die("a command of more than %zu bytes", sizeof(text));
	conn_begin(conn);
	buf_add(&conn->out, view_of(text, (size_t)len));
	buf_add_literal(&conn->out, "\r\n");
}

void conn_queue(struct conn *conn, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	queue_va(conn, format, args);
	va_end(args);
}

void conn_wait(struct conn *conn)
{
	conn_flush(conn);
	while (conn->pending > 0) {
		if (!loop_step(conn->loop, LOOP_PATIENCE_MS))
			die("no answer for %d s", LOOP_PATIENCE_MS / 1000);
	}
}

void conn_run(struct conn *conn, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	queue_va(conn, format, args);
	va_end(args);
	conn_wait(conn);
}

void conn_open(struct conn *conn, struct loop *loop, const char *user)
{
	conn_start(conn, loop);
	conn_wait(conn);
	conn_run(conn, "LOGIN %s %s", user, loop->password);
}
