// SPDX-License-Identifier: Apache-2.0
// The bytes of one connection: socket, TLS over it, DEFLATE over that. Inside
// the room only. Nothing here waits: what cannot go on says IO_BLOCKED, and an
// edge of the epoll set follows.
#ifndef ROOST_NET_TRANSPORT_H
#define ROOST_NET_TRANSPORT_H

#include <openssl/ssl.h>

#include "net/compress.h"
#include "net/session.h"

struct net_tls;
struct tls_set;

enum io {
	IO_OK,
	IO_BLOCKED,
	IO_EOF,    // the peer has ended its side
	IO_FAILED, // reset, or not TLS, or not DEFLATE
};

struct transport {
	int fd;
	// What the last edge said and no system call has denied since.
	bool readable;
	bool writable;
	bool hup;                // read on to the end, even after a short read
	bool eof;                // the end has been read
	SSL *ssl;                // owned; NULL on a plain connection
	struct tls_set *tls_set; // the certificates it began with
	struct compress *compress; // owned; NULL without
	struct buf wire;           // compressed, not sent; only with compress
	uint64_t bytes_in;         // on the socket
	uint64_t bytes_out;
};

void transport_init(struct transport *transport, int fd);
// Closes the socket and frees all.
void transport_done(struct transport *transport);

// Acknowledges now what was received, rather than with the next answer.
void transport_acknowledge(const struct transport *transport);
// From here on TLS, as the server. transport_handshake() comes next.
void transport_start_tls(
    struct transport *transport, struct net_tls *tls, const char *alpn);
MUST_CHECK enum io transport_handshake(struct transport *transport);
// From here on DEFLATE; `early` has been read already.
void transport_start_compress(struct transport *transport, struct view early);

// IO_OK: *ret_len bytes, at least 1.
MUST_CHECK enum io transport_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len);

// Sends the bytes; *ret_taken need not be given again, also when the result is
// not IO_OK. IO_OK: all is with the kernel.
MUST_CHECK enum io transport_send(
    struct transport *transport, struct view bytes, size_t *ret_taken);
// Something taken is not with the kernel yet: send again, if only nothing.
bool transport_is_sending(const struct transport *transport);

// Whether the peer has sent something that is not read yet.
bool transport_has_input(const struct transport *transport);
// Throws away what the peer has sent until now, at most `max` bytes.
// IO_BLOCKED: all that there was. IO_OK: there is more than `max`.
MUST_CHECK enum io transport_discard(
    struct transport *transport, size_t max, size_t *ret_len);

// Says that nothing more will be sent.
void transport_shut_down(struct transport *transport);

// The socket itself, for the layer of TLS above it.
MUST_CHECK enum io transport_raw_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len);
MUST_CHECK enum io transport_raw_write(
    struct transport *transport, struct view bytes, size_t *ret_taken);

#endif
