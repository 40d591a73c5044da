// SPDX-License-Identifier: Apache-2.0
// A BIO over a transport's socket. Unlike OpenSSL's own socket BIO, it raises
// no SIGPIPE, and after a short read it does not ask the kernel again.
#include "net/tls_session.h"

static int bio_read(BIO *bio, char *to, size_t size, size_t *ret_len)
{
	BIO_clear_retry_flags(bio);
	*ret_len = 0;
	switch (transport_raw_read(BIO_get_data(bio), to, size, ret_len)) {
	case IO_OK: return 1;
	case IO_BLOCKED: BIO_set_retry_read(bio); return 0;
	case IO_EOF:
	case IO_FAILED: break;
	}
	return 0;
}

static int bio_write(BIO *bio, const char *from, size_t size, size_t *ret_len)
{
	BIO_clear_retry_flags(bio);
	struct view bytes = view_of(from, size);
	switch (transport_raw_write(BIO_get_data(bio), bytes, ret_len)) {
	case IO_OK: return 1;
	case IO_BLOCKED: BIO_set_retry_write(bio); return 0;
	case IO_EOF:
	case IO_FAILED: break;
	}
	return 0;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	const struct transport *transport = BIO_get_data(bio);
	switch (command) {
	case BIO_CTRL_FLUSH: return 1;
	case BIO_CTRL_EOF: return transport->eof;
	default: return 0;
	}
}

BIO_METHOD *tls_bio_method_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "transport");
	if (!method)
		abort(); // out of memory
	BIO_meth_set_read_ex(method, bio_read);
	BIO_meth_set_write_ex(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

BIO *tls_bio_new(const BIO_METHOD *method, struct transport *transport)
{
	BIO *bio = BIO_new(method);
	if (!bio)
		abort(); // out of memory
	BIO_set_data(bio, transport);
	BIO_set_init(bio, 1);
	return bio;
}
