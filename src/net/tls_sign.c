// SPDX-License-Identifier: Apache-2.0
// Signatures with the server's certificates: CMS (RFC 5652). The key never
// leaves this room.
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/tls_session.h"
#include "net/tls_set.h"

// A certificate that its own key signed shows nothing to others.
static bool is_self_signed(X509 *leaf)
{
	return X509_self_signed(leaf, 0) != 0;
}

static enum rc sign(SSL_CTX *context, struct view content, struct buf *out)
{
	STACK_OF(X509) *chain = NULL;
	unsigned char *der = NULL;
	enum rc rc = RC_IO;
	SSL_CTX_get0_chain_certs(context, &chain);
	if (content.len > INT_MAX)
		return RC_LIMIT;
	BIO *in = BIO_new_mem_buf(content.ptr, (int)content.len);
	CMS_ContentInfo *cms = CMS_sign(SSL_CTX_get0_certificate(context),
	    SSL_CTX_get0_privatekey(context), chain, in, CMS_BINARY);
	int len = cms ? i2d_CMS_ContentInfo(cms, &der) : -1;
	if (len > 0) {
		buf_add(out, view_of(der, (size_t)len));
		rc = buf_status(out);
	}
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	ERR_clear_error();
	return rc;
}

enum rc net_tls_sign(struct net_tls *tls, struct view name, struct view content,
    struct buf *ret_signed)
{
	struct tls_set *set = tls_session_set(tls);
	SSL_CTX *context = tls_set_find(set, name);
	enum rc rc = RC_NOT_FOUND;
	if (context && !is_self_signed(SSL_CTX_get0_certificate(context)))
		rc = sign(context, content, ret_signed);
	tls_set_unref(&set);
	return rc;
}
