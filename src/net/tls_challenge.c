// SPDX-License-Identifier: Apache-2.0
#include "net/tls_challenge.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "base/vec.h"

#define PROTOCOL "acme-tls/1"

struct challenge {
	char *name;
	SSL_CTX *context;
};

struct tls_challenges {
	atomic_bool any; // so that other handshakes take no lock
	pthread_mutex_t lock;
	VEC(struct challenge) all;
};

struct tls_challenges *tls_challenges_new(void)
{
	struct tls_challenges *challenges = mem_zalloc(sizeof(*challenges));
	pthread_mutex_init(&challenges->lock, NULL);
	return challenges;
}

void tls_challenges_free(struct tls_challenges **challenges)
{
	struct tls_challenges *gone = *challenges;
	*challenges = NULL;
	if (!gone)
		return;
	tls_challenges_clear(gone);
	vec_done(&gone->all);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

static int on_alpn(SSL *ssl, const unsigned char **ret_name,
    unsigned char *ret_len, const unsigned char *offered,
    unsigned int offered_len, void *context)
{
	(void)ssl;
	(void)offered;
	(void)offered_len;
	(void)context;
	*ret_name = (const unsigned char *)PROTOCOL;
	*ret_len = sizeof(PROTOCOL) - 1;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_context(struct view pem)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	if (!context || !bio)
		abort(); // out of memory
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_reset(bio);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	// RFC 8737 section 3: at least TLS 1.2.
	if (!certificate || !key ||
	    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_use_cert_and_key(context, certificate, key, NULL, 1) != 1) {
		SSL_CTX_free(context);
		context = NULL;
	} else {
		SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return context;
}

enum rc tls_challenges_add(
    struct tls_challenges *challenges, const char *name, struct view pem)
{
	SSL_CTX *context = make_context(pem);
	if (!context)
		return RC_INVALID;
	pthread_mutex_lock(&challenges->lock);
	vec_push(
	    &challenges->all, (struct challenge){mem_strdup(name), context});
	atomic_store(&challenges->any, true);
	pthread_mutex_unlock(&challenges->lock);
	return RC_OK;
}

void tls_challenges_clear(struct tls_challenges *challenges)
{
	pthread_mutex_lock(&challenges->lock);
	atomic_store(&challenges->any, false);
	for (size_t i = 0; i < challenges->all.count; i++) {
		free(challenges->all.items[i].name);
		SSL_CTX_free(challenges->all.items[i].context);
	}
	challenges->all.count = 0;
	pthread_mutex_unlock(&challenges->lock);
}

static struct view extension(SSL *ssl, unsigned type)
{
	const unsigned char *bytes;
	size_t len;
	if (SSL_client_hello_get0_ext(ssl, type, &bytes, &len) != 1)
		return VIEW("");
	return view_of(bytes, len);
}

// RFC 6066 section 3: a list of one name of type 0. OpenSSL checks the lengths
// only later.
static struct view asked_name(SSL *ssl)
{
	struct view bytes = extension(ssl, TLSEXT_TYPE_server_name);
	if (bytes.len < 5 || bytes.ptr[2] != TLSEXT_NAMETYPE_host_name)
		return VIEW("");
	size_t len = (size_t)(unsigned char)bytes.ptr[3] << 8 |
		     (unsigned char)bytes.ptr[4];
	return len == bytes.len - 5 ? view_from(bytes, 5) : VIEW("");
}

void tls_challenges_meet(struct tls_challenges *challenges, SSL *ssl)
{
	// RFC 8737 section 3: this protocol and no other is offered.
	static const char only[] = "\0\x0b\x0a" PROTOCOL;
	if (!atomic_load_explicit(&challenges->any, memory_order_relaxed) ||
	    !view_eq(extension(ssl,
			 TLSEXT_TYPE_application_layer_protocol_negotiation),
		view_of(only, sizeof(only) - 1)))
		return;
	struct view name = asked_name(ssl);
	pthread_mutex_lock(&challenges->lock);
	for (size_t i = 0; i < challenges->all.count; i++) {
		const struct challenge *one = &challenges->all.items[i];
		if (!view_eq_nocase(name, view_of_string(one->name)))
			continue;
		SSL_set_SSL_CTX(ssl, one->context);
		SSL_set_options(ssl, SSL_OP_NO_TICKET);
		SSL_set_num_tickets(ssl, 0);
		break;
	}
	pthread_mutex_unlock(&challenges->lock);
}

bool tls_challenges_met(const SSL *ssl)
{
	const unsigned char *name;
	unsigned len;
	SSL_get0_alpn_selected(ssl, &name, &len);
	return SSL_is_server(ssl) &&
	       view_eq(view_of(name, len), VIEW(PROTOCOL));
}
