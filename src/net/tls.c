// SPDX-License-Identifier: Apache-2.0
// The handle that servers hold: the current certificates, which a reload
// replaces, and the ticket keys, which stay the same over reloads.
#include "net/tls.h"

#include <openssl/err.h>
#include <pthread.h>

#include "base/mem.h"
#include "net/tls_session.h"
#include "net/tls_set.h"

#define TICKET_SECONDS (12 * 60 * 60)

struct net_tls {
	struct tls_tickets *tickets;
	BIO_METHOD *bio;
	pthread_mutex_t lock; // protects `set`
	struct tls_set *set;
};

enum rc net_tls_new(const struct net_tls_config *config, struct buf *mistakes,
    struct net_tls **ret_tls)
{
	uint32_t seconds = config->ticket_seconds;
	struct tls_tickets *tickets =
	    tls_tickets_new(seconds ? seconds : TICKET_SECONDS);
	struct tls_set *set;
	enum rc rc = tls_set_new(config, tickets, mistakes, &set);
	if (rc != RC_OK) {
		tls_tickets_free(&tickets);
		return rc;
	}
	struct net_tls *tls = mem_zalloc(sizeof(*tls));
	tls->tickets = tickets;
	tls->bio = tls_bio_method_new();
	tls->set = set;
	pthread_mutex_init(&tls->lock, NULL);
	*ret_tls = tls;
	return RC_OK;
}

void net_tls_free(struct net_tls **tls)
{
	struct net_tls *gone = *tls;
	if (!gone)
		return;
	*tls = NULL;
	tls_set_unref(&gone->set);
	tls_tickets_free(&gone->tickets);
	BIO_meth_free(gone->bio);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

enum rc net_tls_reload(struct net_tls *tls, const struct net_tls_config *config,
    struct buf *mistakes)
{
	struct tls_set *set;
	enum rc rc = tls_set_new(config, tls->tickets, mistakes, &set);
	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&tls->lock);
	struct tls_set *old = tls->set;
	tls->set = set;
	pthread_mutex_unlock(&tls->lock);
	tls_set_unref(&old);
	return RC_OK;
}

bool net_tls_is_for(struct net_tls *tls, struct view name)
{
	pthread_mutex_lock(&tls->lock);
	bool has = tls_set_find(tls->set, name) != NULL;
	pthread_mutex_unlock(&tls->lock);
	return has;
}

struct tls_set *tls_session_set(struct net_tls *tls)
{
	pthread_mutex_lock(&tls->lock);
	struct tls_set *set = tls_set_ref(tls->set);
	pthread_mutex_unlock(&tls->lock);
	return set;
}

void tls_session_begin(
    struct net_tls *tls, const char *alpn, struct transport *transport)
{
	transport->tls_set = tls_session_set(tls);
	SSL *ssl = SSL_new(tls_set_default(transport->tls_set));
	if (!ssl)
		abort(); // out of memory
	BIO *bio = tls_bio_new(tls->bio, transport);
	SSL_set_bio(ssl, bio, bio);
	char *name;
	memcpy(&name, &alpn,
	    sizeof(name)); // the function's parameter is not const
	SSL_set_app_data(ssl, name);
	SSL_set_accept_state(ssl);
	transport->ssl = ssl;
}

void tls_session_end(struct transport *transport)
{
	SSL_free(transport->ssl);
	transport->ssl = NULL;
	tls_set_unref(&transport->tls_set);
	ERR_clear_error();
}
