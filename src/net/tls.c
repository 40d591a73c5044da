// SPDX-License-Identifier: Apache-2.0
// The handle that servers hold: the current certificates, which a reload
// replaces, and the ticket keys, which stay the same over reloads.
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>

#include "base/mem.h"
#include "net/tls_session.h"
#include "net/tls_set.h"

#define TICKET_SECONDS (12 * 60 * 60)

struct net_tls {
	struct tls_tickets *tickets;
	struct tls_challenges *challenges;
	BIO_METHOD *bio;
	pthread_mutex_t lock; // protects what follows
	struct tls_set *set;
	struct tls_pairs configured;
	struct tls_pairs added;
};

static bool are_stand_ins(const struct tls_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (!pairs->items[i].stand_in)
			return false;
	return true;
}

// Makes a set from other certificates. The lock is held, or nobody else knows
// `tls` yet.
static enum rc replace(struct net_tls *tls, const struct tls_pairs *configured,
    const struct tls_pairs *added, struct buf *mistakes,
    struct tls_set **ret_old)
{
	struct tls_set *set;
	bool added_first = are_stand_ins(configured);
	enum rc rc = tls_set_new(
	    &(struct tls_set_parts){
		.first = added_first ? added : configured,
		.second = added_first ? configured : added,
		.tickets = tls->tickets,
		.challenges = tls->challenges,
	    },
	    mistakes, &set);
	if (rc != RC_OK)
		return rc;
	*ret_old = tls->set;
	tls->set = set;
	return RC_OK;
}

enum rc net_tls_new(const struct net_tls_config *config, struct buf *mistakes,
    struct net_tls **ret_tls)
{
	uint32_t seconds = config->ticket_seconds;
	struct tls_set *none;
	struct net_tls *tls = mem_zalloc(sizeof(*tls));
	tls->tickets = tls_tickets_new(seconds ? seconds : TICKET_SECONDS);
	tls->challenges = tls_challenges_new();
	tls->bio = tls_bio_method_new();
	pthread_mutex_init(&tls->lock, NULL);
	enum rc rc = tls_pairs_load(&tls->configured, config->pairs,
	    config->pair_count, mistakes, config->log);
	if (rc == RC_OK)
		rc = replace(
		    tls, &tls->configured, &tls->added, mistakes, &none);
	if (rc != RC_OK)
		net_tls_free(&tls);
	else
		*ret_tls = tls;
	return rc;
}

void net_tls_free(struct net_tls **tls)
{
	struct net_tls *gone = *tls;
	if (!gone)
		return;
	*tls = NULL;
	tls_set_unref(&gone->set);
	tls_pairs_done(&gone->configured);
	tls_pairs_done(&gone->added);
	tls_challenges_free(&gone->challenges);
	tls_tickets_free(&gone->tickets);
	BIO_meth_free(gone->bio);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

// Exchanges the certificates at `where` for `fresh`, and frees the others.
static enum rc exchange(struct net_tls *tls, struct tls_pairs *where,
    struct tls_pairs *fresh, struct buf *mistakes)
{
	struct tls_set *old = NULL;
	bool adds = where == &tls->added;
	pthread_mutex_lock(&tls->lock);
	enum rc rc = replace(tls, adds ? &tls->configured : fresh,
	    adds ? fresh : &tls->added, mistakes, &old);
	if (rc == RC_OK) {
		struct tls_pairs gone = *where;
		*where = *fresh;
		*fresh = gone;
	}
	pthread_mutex_unlock(&tls->lock);
	tls_set_unref(&old);
	tls_pairs_done(fresh);
	return rc;
}

enum rc net_tls_reload(struct net_tls *tls, const struct net_tls_config *config,
    struct buf *mistakes)
{
	struct tls_pairs pairs;
	enum rc rc = tls_pairs_load(
	    &pairs, config->pairs, config->pair_count, mistakes, config->log);
	if (rc == RC_OK)
		return exchange(tls, &tls->configured, &pairs, mistakes);
	tls_pairs_done(&pairs);
	return rc;
}

enum rc net_tls_add(struct net_tls *tls, const struct net_tls_pair *pairs,
    size_t count, struct buf *mistakes)
{
	struct tls_pairs fresh;
	enum rc loaded = tls_pairs_load(&fresh, pairs, count, mistakes, NULL);
	enum rc rc = exchange(tls, &tls->added, &fresh, mistakes);
	return rc == RC_OK ? loaded : rc;
}

bool net_tls_is_configured(struct net_tls *tls, const char *name)
{
	bool found = false;
	pthread_mutex_lock(&tls->lock);
	for (size_t i = 0; i < tls->configured.count && !found; i++) {
		const struct tls_pair *pair = &tls->configured.items[i];
		found = !pair->stand_in &&
			X509_check_host(pair->leaf, name, 0,
			    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
	}
	pthread_mutex_unlock(&tls->lock);
	ERR_clear_error();
	return found;
}

void net_tls_configured(struct net_tls *tls,
    void (*each)(
	void *context, const char *path, bool stand_in, struct view pem),
    void *context)
{
	pthread_mutex_lock(&tls->lock);
	for (size_t i = 0; i < tls->configured.count; i++) {
		const struct tls_pair *pair = &tls->configured.items[i];
		char *bytes;
		BIO *bio = BIO_new(BIO_s_mem());
		if (!bio || PEM_write_bio_X509(bio, pair->leaf) != 1)
			abort(); // out of memory
		long len = BIO_get_mem_data(bio, &bytes);
		each(context, pair->path, pair->stand_in,
		    view_of(bytes, (size_t)len));
		BIO_free(bio);
	}
	pthread_mutex_unlock(&tls->lock);
}

enum rc net_tls_challenge(
    struct net_tls *tls, const char *name, struct view pem)
{
	return tls_challenges_add(tls->challenges, name, pem);
}

void net_tls_challenges_end(struct net_tls *tls)
{
	tls_challenges_clear(tls->challenges);
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

void net_tls_ends(struct net_tls *tls,
    void (*each)(void *context, const char *name, int64_t end), void *context)
{
	struct tls_set *set = tls_session_set(tls);
	tls_set_ends(set, each, context);
	tls_set_unref(&set);
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
