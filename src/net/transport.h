// SPDX-License-Identifier: Apache-2.0
// The bytes of one connection: the socket, TLS over it, and DEFLATE over that.
// Used inside this room only. Nothing here waits: a call that cannot go on
// returns IO_BLOCKED, and an edge of the epoll set follows.
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
	IO_EOF,    // the peer has closed its side
	IO_FAILED, // a reset, or bytes that are not TLS or not DEFLATE
};

struct transport {
	int fd;
	// What the last edge said, until a system call finds it no longer true.
	bool readable;
	bool writable;
	bool hup; // read on until the end, even after a short read
	bool eof; // the end has been read
	SSL *ssl; // owned; NULL on a plain connection
	struct tls_set *tls_set;   // the certificates with which it began
	struct compress *compress; // owned; NULL without
	struct buf
	    wire; // compressed bytes that are not sent; used only with compress
	uint64_t bytes_in; // on the socket
	uint64_t bytes_out;
};

void transport_init(struct transport *transport, int fd);
// Closes the socket and frees everything.
void transport_done(struct transport *transport);

// Acknowledges received bytes now, instead of together with the next output.
void transport_acknowledge(const struct transport *transport);
// From here on the connection uses TLS, as the server. Call
// transport_handshake() next.
void transport_start_tls(
    struct transport *transport, struct net_tls *tls, const char *alpn);
MUST_CHECK enum io transport_handshake(struct transport *transport);
// From here on the connection uses DEFLATE. `early` are bytes that were read
// already.
void transport_start_compress(struct transport *transport, struct view early);

// Reads. IO_OK: *ret_len bytes, at least 1.
MUST_CHECK enum io transport_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len);

// Sends the bytes. The first *ret_taken of them must not be given again, also
// when the result is not IO_OK. IO_OK: the kernel has all of them.
MUST_CHECK enum io transport_send(
    struct transport *transport, struct view bytes, size_t *ret_taken);
// Whether some accepted bytes have not reached the kernel yet. If so, call
// transport_send() again, if only with no bytes.
bool transport_is_sending(const struct transport *transport);

// Whether the peer has sent something that is not read yet.
bool transport_has_input(const struct transport *transport);
// Drops what the peer has sent until now, at most `max` bytes. IO_BLOCKED:
// everything was dropped. IO_OK: there are more than `max` bytes.
MUST_CHECK enum io transport_discard(
    struct transport *transport, size_t max, size_t *ret_len);

// Tells the peer that nothing more will be sent.
void transport_shut_down(struct transport *transport);

// Reads from and writes to the socket itself; for the TLS layer.
MUST_CHECK enum io transport_raw_read(
    struct transport *transport, char *to, size_t size, size_t *ret_len);
MUST_CHECK enum io transport_raw_write(
    struct transport *transport, struct view bytes, size_t *ret_taken);

#endif
