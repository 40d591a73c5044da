// SPDX-License-Identifier: Apache-2.0
// Socket, TLS and DEFLATE as layers over one descriptor; see transport.h.
#include "net/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls_session.h"

// How much is given to TLS at a time: one record (RFC 8446 section 5.1).
#define TLS_PIECE ((size_t)16 * 1024)

// How much is compressed at a time, and how many compressed bytes are read at a
// time.
#define DEFLATE_PIECE ((size_t)64 * 1024)
#define INFLATE_PIECE ((size_t)16 * 1024)

// The maximum of `wire`. It is filled only when it is empty, with one piece,
// and DEFLATE makes a piece only a little longer in the worst case.
#define WIRE_MAX (DEFLATE_PIECE * 2)

void transport_init(struct transport *transport, int fd)
{
	*transport = (struct transport){.fd = fd, .writable = true};
	buf_init(&transport->wire, WIRE_MAX);
}

void transport_done(struct transport *transport)
{
	tls_session_end(transport);
	compress_free(&transport->compress);
	buf_done(&transport->wire);
	close(transport->fd);
	transport->fd = -1;
}

enum io transport_raw_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len)
{
	if (transport->eof)
		return IO_EOF;
	if (!transport->readable)
		return IO_BLOCKED;
	ssize_t n;
	do
		n = recv(transport->fd, to, size, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0) {
		transport->eof = true;
		return IO_EOF;
	}
	if (n < 0) {
		transport->readable = false;
		return errno == EAGAIN ? IO_BLOCKED : IO_FAILED;
	}
	// After a short read the socket is empty (epoll(7)), and an edge
	// follows when more comes. But no further edge follows for an end that
	// was announced already.
	if ((size_t)n < size && !transport->hup)
		transport->readable = false;
	transport->bytes_in += (uint64_t)n;
	*ret_len = (size_t)n;
	return IO_OK;
}

enum io transport_raw_write(
    struct transport *transport, struct view bytes, size_t *ret_taken)
{
	*ret_taken = 0;
	if (!transport->writable)
		return IO_BLOCKED;
	ssize_t n;
	do
		n = send(transport->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		transport->writable = false;
		return errno == EAGAIN ? IO_BLOCKED : IO_FAILED;
	}
	transport->bytes_out += (uint64_t)n;
	*ret_taken = (size_t)n;
	return IO_OK;
}

void transport_acknowledge(const struct transport *transport)
{
	// This fails on sockets that are not TCP; they do not need it.
	setsockopt(
	    transport->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
}

void transport_start_tls(
    struct transport *transport, struct net_tls *tls, const char *alpn)
{
	tls_session_begin(tls, alpn, transport);
}

void transport_start_compress(struct transport *transport, struct view early)
{
	transport->compress = compress_new(early);
}

static enum io tls_result(struct transport *transport, int n)
{
	switch (SSL_get_error(transport->ssl, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return IO_BLOCKED;
	case SSL_ERROR_ZERO_RETURN: transport->eof = true; return IO_EOF;
	default: return transport->eof ? IO_EOF : IO_FAILED;
	}
}

enum io transport_handshake(struct transport *transport)
{
	ERR_clear_error();
	int n = SSL_do_handshake(transport->ssl);
	return n == 1 ? IO_OK : tls_result(transport, n);
}

static enum io secure_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len)
{
	if (!transport->ssl)
		return transport_raw_read(transport, to, size, ret_len);
	if (!transport->readable && !SSL_has_pending(transport->ssl))
		return transport->eof ? IO_EOF : IO_BLOCKED;
	ERR_clear_error();
	size_t len;
	int n = SSL_read_ex(transport->ssl, to, size, &len);
	if (n != 1)
		return tls_result(transport, n);
	*ret_len = len;
	return IO_OK;
}

static enum io secure_write(
    struct transport *transport, struct view bytes, size_t *ret_taken)
{
	if (!transport->ssl)
		return transport_raw_write(transport, bytes, ret_taken);
	*ret_taken = 0;
	if (!transport->writable)
		return IO_BLOCKED;
	ERR_clear_error();
	struct view piece = view_slice(bytes, 0, TLS_PIECE);
	int n = SSL_write_ex(transport->ssl, piece.ptr, piece.len, ret_taken);
	if (n == 1)
		return IO_OK;
	*ret_taken = 0;
	return tls_result(transport, n);
}

// Sends until everything is sent or the socket is blocked.
static enum io send_all(
    struct transport *transport, struct view bytes, size_t *ret_taken)
{
	size_t sent = 0;
	enum io io = IO_OK;
	while (io == IO_OK && sent < bytes.len) {
		size_t taken;
		io = secure_write(transport, view_from(bytes, sent), &taken);
		sent += taken;
	}
	*ret_taken = sent;
	return io;
}

static enum io send_wire(struct transport *transport)
{
	size_t sent;
	enum io io = send_all(transport, buf_view(&transport->wire), &sent);
	if (sent == transport->wire.len)
		buf_done(&transport->wire);
	else
		buf_consume(&transport->wire, sent);
	return io;
}

static enum io send_compressed(
    struct transport *transport, struct view bytes, size_t *ret_taken)
{
	*ret_taken = 0;
	for (;;) {
		enum io io = send_wire(transport);
		if (io != IO_OK || bytes.len == *ret_taken)
			return io;
		struct view piece =
		    view_slice(bytes, *ret_taken, DEFLATE_PIECE);
		*ret_taken += piece.len;
		compress_deflate(transport->compress, piece,
		    *ret_taken == bytes.len, &transport->wire);
		if (buf_status(&transport->wire) != RC_OK)
			return IO_FAILED;
	}
}

enum io transport_send(
    struct transport *transport, struct view bytes, size_t *ret_taken)
{
	if (transport->compress)
		return send_compressed(transport, bytes, ret_taken);
	return send_all(transport, bytes, ret_taken);
}

bool transport_is_sending(const struct transport *transport)
{
	return transport->wire.len > 0;
}

static enum io inflated_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len)
{
	char raw[INFLATE_PIECE];
	for (;;) {
		struct view fresh = {NULL, 0};
		if (compress_is_starved(transport->compress)) {
			size_t len;
			enum io io =
			    secure_read(transport, raw, sizeof(raw), &len);
			if (io != IO_OK)
				return io;
			fresh = view_of(raw, len);
		}
		enum rc rc = compress_inflate(
		    transport->compress, fresh, to, size, ret_len);
		if (rc == RC_OK)
			return IO_OK;
		if (rc == RC_END)
			return IO_EOF;
		if (rc != RC_MORE)
			return IO_FAILED;
	}
}

enum io transport_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len)
{
	if (transport->compress)
		return inflated_read(transport, to, size, ret_len);
	return secure_read(transport, to, size, ret_len);
}

bool transport_has_input(const struct transport *transport)
{
	char byte;
	return recv(transport->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

enum io transport_discard(
    struct transport *transport, size_t max, size_t *ret_len)
{
	char waste[4096];
	size_t total = 0;
	enum io io = IO_OK;
	// The edges may not have reported everything yet.
	transport->readable = true;
	while (io == IO_OK && total < max) {
		size_t len = 0;
		io = transport_raw_read(transport, waste, sizeof(waste), &len);
		total += len;
		if (io == IO_OK)
			transport->readable = true;
	}
	*ret_len = total;
	return io;
}

void transport_shut_down(struct transport *transport)
{
	if (transport->ssl) {
		ERR_clear_error();
		(void)SSL_shutdown(transport->ssl);
	}
	shutdown(transport->fd, SHUT_WR);
}
