// SPDX-License-Identifier: Apache-2.0
// One thread answers one question at a time.
#include "dns/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/thread.h"

#define MESSAGE_MAX 65535
#define HEADER_LEN  12
#define TTL         60

struct dns_test_server {
	const struct dns_test_row *rows;
	size_t count;
	char address[64];
	int udp;
	int tcp;
	int stop;
	atomic_uint asked;
	pthread_t thread;
};

struct question {
	char name[256];
	unsigned type;
	size_t end; // offset after it
};

static void add_u16(struct buf *out, unsigned n)
{
	buf_add_char(out, (char)(n >> 8));
	buf_add_char(out, (char)n);
}

static void add_name(struct buf *out, struct view name)
{
	struct view label;
	while (view_split(&name, '.', &label)) {
		buf_add_char(out, (char)label.len);
		buf_add(out, label);
	}
	buf_add_char(out, '\0');
}

static bool read_question(struct view packet, struct question *ret_question)
{
	size_t at = HEADER_LEN, len = 0;
	memset(ret_question, 0, sizeof(*ret_question));
	while (at < packet.len && packet.ptr[at]) {
		size_t label = (unsigned char)packet.ptr[at++];
		if (label > 63 || at + label >= packet.len ||
		    len + label + 2 > sizeof(ret_question->name))
			return false;
		if (len > 0)
			ret_question->name[len++] = '.';
		for (size_t i = 0; i < label; i++)
			ret_question->name[len++] =
			    ascii_lower(packet.ptr[at++]);
	}
	if (at + 5 > packet.len)
		return false;
	ret_question->type = (unsigned)(unsigned char)packet.ptr[at + 1] << 8 |
			     (unsigned char)packet.ptr[at + 2];
	ret_question->end = at + 5;
	return true;
}

// ---- Records ---------------------------------------------------------------

static void add_number(struct buf *out, struct view *text)
{
	struct view word;
	uint32_t number = 0;
	if (view_split(text, ' ', &word) && view_to_u32(word, &number))
		add_u16(out, number);
}

static void add_address(struct buf *out, int family, const char *text)
{
	unsigned char bytes[16];
	assert_int_equal(inet_pton(family, text, bytes), 1);
	buf_add(out, view_of(bytes, family == AF_INET ? 4 : 16));
}

static void add_hex(struct buf *out, const char *text)
{
	for (; text[0] && text[1]; text += 2)
		buf_add_char(out, (char)(ascii_hex_value(text[0]) * 16 +
					 ascii_hex_value(text[1])));
}

static void add_rdata(struct buf *out, const struct dns_test_row *row)
{
	struct view text = view_of_string(row->data);
	if (row->how == DNS_TEST_RAW) {
		add_hex(out, row->data);
		return;
	}
	switch (row->type) {
	case DNS_A: add_address(out, AF_INET, row->data); break;
	case DNS_AAAA: add_address(out, AF_INET6, row->data); break;
	case DNS_SRV:
		add_number(out, &text);
		add_number(out, &text);
		add_number(out, &text);
		add_name(out, text);
		break;
	case DNS_MX:
		add_number(out, &text);
		add_name(out, text);
		break;
	case DNS_PTR: add_name(out, text); break;
	case DNS_TXT:
		do {
			struct view part = view_slice(text, 0, 255);
			buf_add_char(out, (char)part.len);
			buf_add(out, part);
			text = view_from(text, part.len);
		} while (text.len > 0);
		break;
	case DNS_TLSA: add_hex(out, row->data); break;
	}
}

// ---- Answering -------------------------------------------------------------

struct verdict {
	unsigned rcode;
	unsigned answers;
	bool truncated;
	bool silent;
};

static struct verdict judge(const struct dns_test_server *server,
    const struct question *question, bool over_udp)
{
	struct verdict verdict = {.rcode = 3};
	for (size_t i = 0; i < server->count; i++) {
		const struct dns_test_row *row = &server->rows[i];
		if (strcmp(row->name, question->name) != 0)
			continue;
		if (row->how != DNS_TEST_NO_NAME)
			verdict.rcode = 0;
		if (row->type != question->type)
			continue;
		switch (row->how) {
		case DNS_TEST_NO_NAME: return (struct verdict){.rcode = 3};
		case DNS_TEST_SERVFAIL: return (struct verdict){.rcode = 2};
		case DNS_TEST_REFUSED: return (struct verdict){.rcode = 5};
		case DNS_TEST_SILENT: return (struct verdict){.silent = true};
		case DNS_TEST_TRUNCATED:
			if (over_udp)
				return (struct verdict){.truncated = true};
			break;
		case DNS_TEST_ANSWER:
		case DNS_TEST_RAW: break;
		}
		verdict.answers++;
	}
	return verdict;
}

static void add_records(const struct dns_test_server *server,
    const struct question *question, struct buf *out)
{
	for (size_t i = 0; i < server->count; i++) {
		const struct dns_test_row *row = &server->rows[i];
		if (strcmp(row->name, question->name) != 0 ||
		    row->type != question->type)
			continue;
		struct buf rdata;
		buf_init(&rdata, MESSAGE_MAX);
		add_rdata(&rdata, row);
		add_u16(
		    out, 0xc000 | HEADER_LEN); // refers to the question's name
		add_u16(out, question->type);
		add_u16(out, 1);
		add_u16(out, 0);
		add_u16(out, TTL);
		add_u16(out, (unsigned)rdata.len);
		buf_add(out, buf_view(&rdata));
		buf_done(&rdata);
	}
}

// Returns false when nothing is to be answered.
static bool answer(struct dns_test_server *server, struct view packet,
    bool over_udp, struct buf *out)
{
	struct question question;
	if (packet.len < HEADER_LEN || !read_question(packet, &question))
		return false;
	atomic_fetch_add(&server->asked, 1);
	struct verdict verdict = judge(server, &question, over_udp);
	if (verdict.silent)
		return false;
	buf_add(out, view_slice(packet, 0, 2));
	// It is a response; recursion is desired and available.
	buf_add_char(out,
	    (char)(0x80 | (packet.ptr[2] & 1) | (verdict.truncated ? 2 : 0)));
	buf_add_char(out, (char)(0x80 | verdict.rcode));
	add_u16(out, 1);
	add_u16(out, verdict.answers);
	add_u16(out, 0);
	add_u16(out, 0);
	buf_add(out, view_slice(packet, HEADER_LEN, question.end - HEADER_LEN));
	if (verdict.answers > 0)
		add_records(server, &question, out);
	return true;
}

static void serve_udp(struct dns_test_server *server)
{
	static _Thread_local char packet[MESSAGE_MAX];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct buf out;
	ssize_t got = recvfrom(server->udp, packet, sizeof(packet), 0,
	    (struct sockaddr *)&from, &len);
	if (got < 0)
		return;
	buf_init(&out, MESSAGE_MAX);
	if (answer(server, view_of(packet, (size_t)got), true, &out))
		sendto(server->udp, out.ptr, out.len, 0,
		    (struct sockaddr *)&from, len);
	buf_done(&out);
}

static bool read_all(int fd, char *bytes, size_t len)
{
	return recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

static void serve_tcp(struct dns_test_server *server)
{
	static _Thread_local char packet[MESSAGE_MAX];
	unsigned char len[2];
	struct buf out;
	int fd = accept(server->tcp, NULL, NULL);
	if (fd < 0)
		return;
	buf_init(&out, MESSAGE_MAX + 2);
	if (read_all(fd, (char *)len, 2)) {
		size_t size = (size_t)(len[0] << 8 | len[1]);
		struct buf body;
		buf_init(&body, MESSAGE_MAX);
		if (read_all(fd, packet, size) &&
		    answer(server, view_of(packet, size), false, &body)) {
			add_u16(&out, (unsigned)body.len);
			buf_add(&out, buf_view(&body));
			send(fd, out.ptr, out.len, MSG_NOSIGNAL);
		}
		buf_done(&body);
	}
	buf_done(&out);
	close(fd);
}

static void *run(void *context)
{
	struct dns_test_server *server = context;
	struct pollfd fds[] = {{.fd = server->stop, .events = POLLIN},
	    {.fd = server->udp, .events = POLLIN},
	    {.fd = server->tcp, .events = POLLIN}};
	for (;;) {
		poll(fds, 3, -1);
		if (fds[0].revents)
			return NULL;
		if (fds[1].revents)
			serve_udp(server);
		if (fds[2].revents)
			serve_tcp(server);
	}
}

// ---- Start and stop --------------------------------------------------------

// UDP and TCP need the same port, which may be in use for one of them.
static bool bind_both(struct dns_test_server *server)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->udp >= 0 && server->tcp >= 0);
	assert_int_equal(
	    bind(server->udp, (struct sockaddr *)&at, sizeof(at)), 0);
	getsockname(server->udp, (struct sockaddr *)&at, &len);
	if (bind(server->tcp, (struct sockaddr *)&at, sizeof(at)) == 0) {
		assert_int_equal(listen(server->tcp, 16), 0);
		snprintf(server->address, sizeof(server->address),
		    "127.0.0.1@%u", (unsigned)ntohs(at.sin_port));
		return true;
	}
	close(server->udp);
	close(server->tcp);
	return false;
}

struct dns_test_server *dns_test_server_new(
    const struct dns_test_row *rows, size_t count)
{
	struct dns_test_server *server = mem_zalloc(sizeof(*server));
	server->rows = rows;
	server->count = count;
	while (!bind_both(server))
		;
	server->stop = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(thread_start(&server->thread, run, server), RC_OK);
	return server;
}

const char *dns_test_server_address(const struct dns_test_server *server)
{
	return server->address;
}

unsigned dns_test_server_asked(struct dns_test_server *server)
{
	return atomic_load(&server->asked);
}

void dns_test_server_free(struct dns_test_server **server)
{
	uint64_t one = 1;
	assert_int_equal(write((*server)->stop, &one, sizeof(one)), 8);
	pthread_join((*server)->thread, NULL);
	close((*server)->stop);
	close((*server)->udp);
	close((*server)->tcp);
	free(*server);
	*server = NULL;
}
