// SPDX-License-Identifier: Apache-2.0
// One SSL_CTX for each kind of check. They share one store of authorities.
#include "net/tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/tls_session.h"
#include "net/tls_store.h"

#define CHECKS (NET_TLS_REQUIRED + 1)

// For required TLS the recommendations of RFC 9325 section 4.2 apply.
// Opportunistic TLS also accepts older ciphers, because many mail servers are
// old and anything is better than plain text.
static const char strict_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char lax_ciphers[] = "DEFAULT:@SECLEVEL=1";

struct net_tls_client {
	SSL_CTX *contexts[CHECKS]; // indexed by enum net_tls_check
	BIO_METHOD *bio;
};

static SSL_CTX *make_context(enum net_tls_check check, X509_STORE *store)
{
	bool required = check == NET_TLS_REQUIRED;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	if (!context)
		abort(); // out of memory
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
				      SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_cipher_list(
		context, required ? strict_ciphers : lax_ciphers) != 1)
		abort(); // the parameters are constants
	SSL_CTX_set1_cert_store(context, store);
	// Without SSL_VERIFY_PEER, OpenSSL makes the check as well, but only
	// records its result.
	SSL_CTX_set_verify(
	    context, required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	return context;
}

enum rc net_tls_client_new(const struct net_tls_client_config *config,
    struct net_tls_client **ret_client, struct fault *fault)
{
	X509_STORE *store;
	enum rc rc =
	    net_tls_store(config->authorities_path, config->log, fault, &store);
	if (rc == RC_OK) {
		struct net_tls_client *client = mem_zalloc(sizeof(*client));
		client->contexts[NET_TLS_OPPORTUNISTIC] =
		    make_context(NET_TLS_OPPORTUNISTIC, store);
		client->contexts[NET_TLS_REQUIRED] =
		    make_context(NET_TLS_REQUIRED, store);
		client->bio = tls_bio_method_new();
		*ret_client = client;
		X509_STORE_free(store);
	}
	return rc;
}

void net_tls_client_free(struct net_tls_client **client)
{
	struct net_tls_client *gone = *client;
	if (!gone)
		return;
	*client = NULL;
	for (size_t i = 0; i < CHECKS; i++)
		SSL_CTX_free(gone->contexts[i]);
	BIO_meth_free(gone->bio);
	free(gone);
}

X509_STORE *tls_client_store(const struct net_tls_client *client)
{
	return SSL_CTX_get_cert_store(client->contexts[NET_TLS_REQUIRED]);
}

// Sets the name that the certificate must contain, and that SNI asks for. SNI
// does not allow numeric addresses (RFC 6066 section 3).
static bool set_name(SSL *ssl, const char *name)
{
	unsigned char bytes[16];
	char asked[256]; // the function's parameter is not const
	if (name[0] == '\0')
		return true;
	if (inet_pton(AF_INET, name, bytes) == 1 ||
	    inet_pton(AF_INET6, name, bytes) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(
			   SSL_get0_param(ssl), name) == 1;
	snprintf(asked, sizeof(asked), "%s", name);
	// RFC 6125 section 6.4.3: no wildcards for a part of a label.
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 &&
	       SSL_set_tlsext_host_name(ssl, asked) == 1;
}

bool tls_client_begin(struct net_tls_client *client, enum net_tls_check check,
    const char *name, struct transport *transport)
{
	SSL *ssl = SSL_new(client->contexts[check]);
	if (!ssl)
		abort(); // out of memory
	BIO *bio = tls_bio_new(client->bio, transport);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_connect_state(ssl);
	transport->ssl = ssl;
	return set_name(ssl, name);
}
