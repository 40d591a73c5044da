// SPDX-License-Identifier: Apache-2.0
#include "net/test_line.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/test_port.h"

struct line_session {
	struct line_server *line;
	struct net_waker waker;
	uint64_t big_left;
	uint32_t timeout;
	uint32_t pause_ms; // 0: no pause
	uint64_t alarm_ms; // monotonic; 0: none
	bool early;        // the client spoke in the pause
	bool waits;        // until a wake
	struct net_tls_info tls;
};

// ---- The session ----

void *line_session_new(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	struct line_server *line = context;
	(void)peer;
	struct line_session *session = mem_zalloc(sizeof(*session));
	session->line = line;
	session->waker = waker;
	atomic_fetch_add(&line->sessions, 1);
	pthread_mutex_lock(&line->lock);
	line->wakers[line->waker_count++ % LINE_WAKERS_MAX] = waker;
	pthread_mutex_unlock(&line->lock);
	return session;
}

static enum net_next line_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct line_session *session = context;
	if (tls)
		session->tls = *tls;
	buf_add_literal(out, "HELLO\r\n");
	return NET_READ;
}

static enum net_next more_big(struct line_session *session, struct buf *out)
{
	char text[65];
	while (session->big_left > 0) {
		snprintf(text, sizeof(text), "%062llu\r\n",
		    (unsigned long long)session->big_left--);
		buf_add(out, view_of(text, 64));
		if (out->len >= NET_OUTPUT_HIGH)
			return NET_DRAIN;
	}
	return NET_READ;
}

static void add_hex(
    struct buf *out, const char *name, const unsigned char *bytes, size_t len)
{
	buf_printf(out, " %s=", name);
	for (size_t i = 0; i < len; i++)
		buf_printf(out, "%02x", bytes[i]);
}

static void add_info(const struct net_tls_info *tls, struct buf *out)
{
	buf_printf(out, "cipher=%s ", tls->cipher);
	buf_printf(out, "version=%s name=%s", tls->version, tls->server_name);
	add_hex(out, "exporter", tls->exporter, tls->exporter_len);
	add_hex(out, "unique", tls->unique, tls->unique_len);
	add_hex(out, "end_point", tls->end_point, tls->end_point_len);
	buf_add_literal(out, "\r\n");
}

static enum net_next obey(
    struct line_session *session, struct view command, struct buf *out)
{
	if (view_starts_with(command, VIEW("ECHO "))) {
		buf_add(out, view_from(command, 5));
		buf_add_literal(out, "\r\n");
	} else if (view_starts_with(command, VIEW("BIG "))) {
		if (!view_to_u64(view_from(command, 4), &session->big_left))
			session->big_left = 0;
		return more_big(session, out);
	} else if (view_starts_with(command, VIEW("TIMEOUT "))) {
		if (view_to_u32(view_from(command, 8), &session->timeout))
			buf_add_literal(out, "OK\r\n");
	} else if (view_starts_with(command, VIEW("PAUSE "))) {
		if (!view_to_u32(view_from(command, 6), &session->pause_ms))
			session->pause_ms = 0;
		buf_add_literal(out, "PAUSED\r\n");
		return NET_PAUSE;
	} else if (view_starts_with(command, VIEW("ALARM "))) {
		if (view_to_u64(view_from(command, 6), &session->alarm_ms))
			session->alarm_ms += clock_monotonic_ms();
		buf_add_literal(out, "OK\r\n");
	} else if (view_eq(command, VIEW("WAIT"))) {
		session->waits = true;
		buf_add_literal(out, "WAITING\r\n");
		return NET_WAIT;
	} else if (view_eq(command, VIEW("STARTTLS"))) {
		buf_add_literal(out, "OK\r\n");
		return NET_START_TLS;
	} else if (view_eq(command, VIEW("GATED"))) {
		atomic_fetch_add(&session->line->waiting, 1);
		wait_for(&session->line->gate, 1);
		buf_add_literal(out, "OK\r\n");
		return NET_START_TLS;
	} else if (view_eq(command, VIEW("COMPRESS"))) {
		buf_add_literal(out, "OK\r\n");
		return NET_COMPRESS;
	} else if (view_eq(command, VIEW("INFO"))) {
		add_info(&session->tls, out);
	} else if (view_eq(command, VIEW("QUIT"))) {
		buf_add_literal(out, "BYE\r\n");
		return NET_CLOSE;
	} else if (view_eq(command, VIEW("EVIL"))) {
		atomic_fetch_add(&session->line->evil, 1);
		buf_add_literal(out, "DONE\r\n");
	} else {
		buf_add_literal(out, "BAD\r\n");
	}
	return NET_READ;
}

static enum net_next line_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct line_session *session = context;
	size_t at = 0;
	enum net_next next = NET_READ;
	while (next == NET_READ) {
		struct view rest = view_from(in, at);
		size_t end = view_find(rest, VIEW("\r\n"));
		if (end == SIZE_MAX)
			break;
		at += end + 2;
		next = obey(session, view_slice(rest, 0, end), out);
		if (next == NET_READ && out->len >= NET_OUTPUT_HIGH)
			next = NET_DRAIN;
	}
	*ret_consumed = at;
	return next;
}

static enum net_next line_resume(void *context, struct buf *out)
{
	struct line_session *session = context;
	atomic_fetch_add(&session->line->resumes, 1);
	if (session->pause_ms > 0) {
		session->pause_ms = 0;
		buf_add_string(out, session->early ? "EARLY\r\n" : "OVER\r\n");
		return NET_READ;
	}
	return more_big(session, out);
}

static enum net_next line_wake(void *context, struct buf *out)
{
	struct line_session *session = context;
	uint64_t delay =
	    clock_monotonic_ns() - atomic_load(&session->line->wake_asked_ns);
	uint64_t longest = atomic_load(&session->line->wake_delay_ns);
	while (delay > longest &&
	       !atomic_compare_exchange_weak(
		   &session->line->wake_delay_ns, &longest, delay))
		;
	buf_add_string(out, session->waits ? "WOKEN\r\n" : "* WAKE\r\n");
	session->waits = false;
	session->alarm_ms = 0;
	atomic_fetch_add(&session->line->wakes, 1);
	return NET_READ;
}

static enum net_next line_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct line_session *session = context;
	(void)out;
	session->tls = *tls;
	return NET_READ;
}

static uint32_t line_pause_ms(const void *context)
{
	const struct line_session *session = context;
	return session->pause_ms;
}

static void line_spoke_early(void *context)
{
	struct line_session *session = context;
	session->early = true;
}

static uint32_t line_timeout(const void *context)
{
	const struct line_session *session = context;
	return session->timeout;
}

static uint64_t line_wake_ms(const void *context)
{
	const struct line_session *session = context;
	return session->alarm_ms;
}

static void line_timed_out(void *context, struct buf *out)
{
	(void)context;
	buf_add_literal(out, "* TIMEOUT\r\n");
}

static void line_shut_down(void *context, struct buf *out)
{
	const struct line_session *session = context;
	if (session->big_left == 0)
		buf_add_literal(out, "* STOP\r\n");
}

static void line_free(void *context)
{
	struct line_session *session = context;
	struct line_server *line = session->line;
	pthread_mutex_lock(&line->lock);
	for (unsigned i = 0; i < line->waker_count; i++)
		if (line->wakers[i].context == session->waker.context)
			line->wakers[i] = line->wakers[--line->waker_count];
	pthread_mutex_unlock(&line->lock);
	free(session);
	atomic_fetch_sub(&line->sessions, 1);
}

const struct net_session_ops line_ops = {
    .protocol = "line",
    .start = line_start,
    .input = line_input,
    .resume = line_resume,
    .wake = line_wake,
    .tls_started = line_tls_started,
    .timeout = line_timeout,
    .wake_ms = line_wake_ms,
    .pause_ms = line_pause_ms,
    .spoke_early = line_spoke_early,
    .timed_out = line_timed_out,
    .shut_down = line_shut_down,
    .free = line_free,
};

// ---- The server ----

void line_paths(const struct line_server *line, const char *name,
    char *ret_certificate, char *ret_key, size_t size)
{
	snprintf(ret_certificate, size, "%s/%s.crt", line->folder, name);
	snprintf(ret_key, size, "%s/%s.key", line->folder, name);
}

void line_make_pair(const struct line_server *line, const char *name)
{
	char certificate[256];
	char key[256];
	line_paths(line, name, certificate, key, sizeof(key));
	unlink(certificate);
	unlink(key);
	struct fault fault;
	assert_int_equal(
	    net_tls_self_signed(certificate, key, &name, 1, &fault), RC_OK);
}

static void make_tls(struct line_server *line, const char *const *names)
{
	struct net_tls_pair pairs[8];
	char paths[16][256];
	size_t count = 0;
	char folder[] = "/tmp/net-test-XXXXXX";
	line->folder = mem_strdup(mkdtemp(folder));
	for (; names[count]; count++) {
		char *certificate = paths[2 * count];
		char *key = paths[2 * count + 1];
		line_make_pair(line, names[count]);
		line_paths(line, names[count], certificate, key, 256);
		pairs[count] = (struct net_tls_pair){
		    .certificate_path = certificate, .key_path = key};
	}
	struct net_tls_config config = {.pairs = pairs, .pair_count = count};
	struct buf mistakes;
	buf_init(&mistakes, 4096);
	assert_int_equal(net_tls_new(&config, &mistakes, &line->tls), RC_OK);
	buf_done(&mistakes);
}

static uint16_t listen_on(struct line_server *line, bool implicit_tls)
{
	struct fault fault;
	struct net_listener_config config = {
	    .implicit_tls = implicit_tls,
	    .tls = line->tls,
	    .alpn = "imap pop3",
	    .ops = &line_ops,
	    .session_new = line_session_new,
	    .context = line,
	    .refusal = VIEW("* FULL\r\n"),
	    .busy = VIEW("* FULL\r\n"),
	    .max_connections = implicit_tls ? 0 : line->plain_max,
	};
	assert_int_equal(net_bind("127.0.0.1", 0, &config.fd, &fault), RC_OK);
	uint16_t port = test_bound_port(config.fd);
	assert_int_equal(
	    net_server_listen(line->server, &config, &fault), RC_OK);
	return port;
}

void line_server_start(struct line_server *line, const char *const *names)
{
	struct net_server_config config = line->config;
	struct fault fault;
	*line = (struct line_server){
	    .config = config, .plain_max = line->plain_max};
	pthread_mutex_init(&line->lock, NULL);
	if (config.threads == 0)
		config.threads = 4;
	line->server = net_server_new(&config);
	if (names)
		make_tls(line, names);
	line->port = listen_on(line, false);
	if (names)
		line->tls_port = listen_on(line, true);
	assert_int_equal(net_server_start(line->server, &fault), RC_OK);
}

static void remove_folder(struct line_server *line)
{
	char command[300];
	if (!line->folder)
		return;
	snprintf(command, sizeof(command), "rm -r %s", line->folder);
	// Of tests only. NOLINTNEXTLINE(cert-env33-c)
	assert_int_equal(system(command), 0);
	free(line->folder);
	line->folder = NULL;
}

void line_server_stop(struct line_server *line, uint32_t seconds)
{
	net_server_stop(line->server, seconds);
	assert_int_equal(atomic_load(&line->sessions), 0);
	net_server_free(&line->server);
	net_tls_free(&line->tls);
	remove_folder(line);
	pthread_mutex_destroy(&line->lock);
}

void line_server_wake_all(struct line_server *line)
{
	// Holds the lock that free() needs, as a publisher of news would.
	pthread_mutex_lock(&line->lock);
	atomic_store(&line->wake_asked_ns, clock_monotonic_ns());
	for (unsigned i = 0; i < line->waker_count; i++)
		line->wakers[i].wake(line->wakers[i].context);
	pthread_mutex_unlock(&line->lock);
}

void wait_for(const _Atomic unsigned *number, unsigned wanted)
{
	uint64_t end = clock_monotonic_ms() + 120000;
	while (atomic_load(number) != wanted) {
		assert_true(clock_monotonic_ms() < end);
		usleep(1000);
	}
}

// ---- The client ----

void client_open(struct client *client, uint16_t port)
{
	*client = (struct client){.fd = -1};
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct timeval limit = {30, 0};
	int one = 1;
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->fd >= 0);
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	assert_int_equal(connect(client->fd, (const void *)&at, sizeof(at)), 0);
}

void client_close(struct client *client)
{
	if (client->ssl)
		SSL_shutdown(client->ssl);
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	close(client->fd);
	*client = (struct client){.fd = -1};
}

bool client_tls(struct client *client, const char *name, int version,
    SSL_SESSION *session, const char *alpn)
{
	client->context = SSL_CTX_new(TLS_client_method());
	if (version < TLS1_2_VERSION)
		SSL_CTX_set_security_level(client->context, 0);
	SSL_CTX_set_min_proto_version(client->context, version);
	SSL_CTX_set_max_proto_version(client->context, version);
	client->ssl = SSL_new(client->context);
	SSL_set_fd(client->ssl, client->fd);
	if (name) {
		char asked[256]; // the function's parameter is not const
		snprintf(asked, sizeof(asked), "%s", name);
		SSL_set_tlsext_host_name(client->ssl, asked);
	}
	if (session)
		SSL_set_session(client->ssl, session);
	if (alpn) {
		unsigned char list[32];
		size_t len = strlen(alpn);
		list[0] = (unsigned char)len;
		memcpy(list + 1, alpn, len);
		SSL_set_alpn_protos(client->ssl, list, (unsigned int)len + 1);
	}
	return SSL_connect(client->ssl) == 1;
}

void client_send(struct client *client, const char *text)
{
	size_t len = strlen(text);
	if (client->ssl)
		assert_int_equal(
		    SSL_write(client->ssl, text, (int)len), (int)len);
	else
		assert_int_equal(
		    send(client->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static bool fill(struct client *client)
{
	ssize_t n;
	if (client->ssl)
		n = SSL_read(
		    client->ssl, client->buffer, sizeof(client->buffer));
	else
		n = recv(client->fd, client->buffer, sizeof(client->buffer), 0);
	// EAGAIN means that the limit of SO_RCVTIMEO has passed: nothing came,
	// and the connection did not end.
	assert_false(n < 0 && errno == EAGAIN);
	client->start = 0;
	client->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

const char *client_line(struct client *client, char *line, size_t size)
{
	size_t len = 0;
	while (len + 1 < size) {
		if (client->start == client->len && !fill(client))
			return NULL;
		char c = client->buffer[client->start++];
		if (c == '\n')
			break;
		if (c != '\r')
			line[len++] = c;
	}
	line[len] = '\0';
	return line;
}

void client_expect(struct client *client, const char *line)
{
	char got[2048];
	const char *text = client_line(client, got, sizeof(got));
	assert_string_equal(text ? text : "(end)", line);
}

void client_expect_end(struct client *client)
{
	char got[2048];
	const char *text = client_line(client, got, sizeof(got));
	assert_string_equal(text ? text : "(end)", "(end)");
}
