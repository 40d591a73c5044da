// SPDX-License-Identifier: Apache-2.0
// One SSL_CTX for each certificate, and the names of all certificates.
#include "net/tls_set.h"

#include <openssl/err.h>
#include <stdatomic.h>

#include "base/ascii.h"
#include "base/map.h"
#include "base/mem.h"

// For TLS 1.2 only ciphers with forward secrecy and AEAD (RFC 9325 section
// 4.2). All suites of TLS 1.3 are of that kind.
static const char cipher_list[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
#define GROUP_LIST "X25519:P-256:P-384:P-521"

// One ticket is enough, because a client that resumes gets a new one each time.
#define TICKETS_PER_HANDSHAKE 1

// A session may be resumed for this long (RFC 8446 section 4.6.1 allows 7
// days).
#define SESSION_SECONDS (24 * 60 * 60)

// One or more certificates with the same names and keys of different kinds.
struct served {
	SSL_CTX *context;
	char *name;  // the first one that leads here; NULL: none does
	int64_t end; // when the first of them ends, in seconds since 1970
};

struct tls_set {
	_Atomic unsigned refs;
	struct tls_tickets *tickets;
	struct tls_challenges *challenges;
	struct served *served; // the first is the default
	size_t count;
	// Maps a name, or ".example.org" for "*.example.org", to what is
	// served.
	struct map names;
};

// First the name itself, then a wildcard in place of its first label (RFC 6125
// section 6.4.3).
SSL_CTX *tls_set_find(const struct tls_set *set, struct view asked)
{
	char name[256];
	struct view text = asked;
	if (view_ends_with(text, VIEW(".")))
		text.len--;
	if (text.len == 0 || text.len >= sizeof(name))
		return NULL;
	for (size_t i = 0; i < text.len; i++)
		name[i] = ascii_lower(asked.ptr[i]);
	text = view_of(name, text.len);
	const struct served *served = map_get(&set->names, text);
	size_t dot = view_find_char(text, '.');
	if (!served && dot != SIZE_MAX && dot > 0)
		served = map_get(&set->names, view_from(text, dot));
	return served ? served->context : NULL;
}

static int on_server_name(SSL *ssl, int *alert, void *context)
{
	(void)alert;
	const struct tls_set *set = context;
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	// on_client_hello() may have chosen another certificate.
	if (!asked || SSL_get_SSL_CTX(ssl) != set->served[0].context)
		return SSL_TLSEXT_ERR_OK;
	SSL_CTX *found = tls_set_find(set, view_of_string(asked));
	// For an unknown name the default certificate is used, and the client
	// decides whether it accepts that.
	if (!found)
		return SSL_TLSEXT_ERR_NOACK;
	if (found != SSL_get_SSL_CTX(ssl) && !SSL_set_SSL_CTX(ssl, found))
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

static int on_client_hello(SSL *ssl, int *alert, void *context)
{
	(void)alert;
	const struct tls_set *set = context;
	tls_challenges_meet(set->challenges, ssl);
	return SSL_CLIENT_HELLO_SUCCESS;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	const struct tls_set *set = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	if (!set)
		return 0; // the answer to a challenge: no ticket
	return tls_tickets_key(set->tickets, name, iv, cipher, mac, encrypt);
}

// Finds `name` among the names that the client offers.
static const unsigned char *find_offer(
    struct view name, const unsigned char *offered, unsigned int offered_len)
{
	for (unsigned int at = 0; at < offered_len; at += 1u + offered[at])
		if (view_eq(name, view_slice(view_of(offered, offered_len),
				      at + 1u, offered[at])))
			return offered + at;
	return NULL;
}

// The connection's listener has put the names of its protocol into the SSL's
// app data. The first of them that the client offers is chosen.
static int on_alpn(SSL *ssl, const unsigned char **ret_name,
    unsigned char *ret_len, const unsigned char *offered,
    unsigned int offered_len, void *context)
{
	(void)context;
	struct view ours = view_of_string(SSL_get_app_data(ssl)), name;
	if (ours.len == 0)
		return SSL_TLSEXT_ERR_NOACK;
	while (view_split(&ours, ' ', &name)) {
		const unsigned char *found =
		    find_offer(name, offered, offered_len);
		if (!found)
			continue;
		*ret_name = found + 1;
		*ret_len = found[0];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL; // RFC 7301 section 3.2
}

static SSL_CTX *make_context(struct tls_set *set)
{
	static const unsigned char id[] = "roost";
	char groups[] = GROUP_LIST; // the function's parameter is not const
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (!context)
		abort(); // out of memory
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
		SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
				      SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	// Reads the header and the body of a record with one system call.
	SSL_CTX_set_read_ahead(context, 1);
	if (SSL_CTX_set_cipher_list(context, cipher_list) != 1 ||
	    SSL_CTX_set1_groups_list(context, groups) != 1)
		abort(); // the parameters are constants
	// Sessions are resumed with tickets only, so the server keeps nothing
	// for clients.
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1);
	SSL_CTX_set_timeout(context, SESSION_SECONDS);
	SSL_CTX_set_num_tickets(context, TICKETS_PER_HANDSHAKE);
	SSL_CTX_set_app_data(context, set);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
	SSL_CTX_set_client_hello_cb(context, on_client_hello, set);
	SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(context, set);
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	return context;
}

// The state while the names of one certificate are walked.
struct naming {
	struct tls_set *set;
	struct served *served; // adding: what to add; looking: what was found
	bool looking;
	bool differs; // looking: the names lead to different ones
	size_t count;
};

static struct view key_of_name(struct view name)
{
	return view_starts_with(name, VIEW("*.")) ? view_from(name, 1) : name;
}

static void on_name(void *context, struct view name)
{
	struct naming *naming = context;
	struct view key = key_of_name(name);
	struct served *known = map_get(&naming->set->names, key);
	if (!naming->looking) {
		struct served *served = naming->served;
		if (!known)
			map_put(&naming->set->names, key, served);
		if (!known && !served->name)
			served->name = view_to_string(name);
		return;
	}
	if (!known || (naming->served && known != naming->served))
		naming->differs = true;
	naming->served = known;
	naming->count++;
}

static bool has_key_kind(SSL_CTX *context, const struct tls_pair *pair)
{
	int kind = EVP_PKEY_get_base_id(pair->key);
	bool found = false;
	long more = SSL_CTX_set_current_cert(context, SSL_CERT_SET_FIRST);
	while (more == 1) {
		EVP_PKEY *key = SSL_CTX_get0_privatekey(context);
		found = found || (key && EVP_PKEY_get_base_id(key) == kind);
		more = SSL_CTX_set_current_cert(context, SSL_CERT_SET_NEXT);
	}
	return found;
}

// Returns one that has the same names and no key of this kind yet, or a new
// one.
static struct served *served_for(
    struct tls_set *set, const struct tls_pair *pair)
{
	struct naming naming = {.set = set, .looking = true};
	tls_pair_names(pair, on_name, &naming);
	if (naming.count > 0 && !naming.differs &&
	    !has_key_kind(naming.served->context, pair))
		return naming.served;
	struct served *served = &set->served[set->count++];
	*served =
	    (struct served){.context = make_context(set), .end = INT64_MAX};
	return served;
}

static bool add_pair(
    struct tls_set *set, const struct tls_pair *pair, struct buf *mistakes)
{
	struct served *served = served_for(set, pair);
	int64_t end = tls_seconds(X509_get0_notAfter(pair->leaf));
	bool ok = SSL_CTX_use_cert_and_key(served->context, pair->leaf,
		      pair->key, pair->chain, 1) == 1;
	if (end < served->end)
		served->end = end;
	if (!ok) {
		const char *reason =
		    ERR_reason_error_string(ERR_peek_last_error());
		buf_printf(mistakes, "%s: cannot be used: %s\n", pair->path,
		    reason ? reason : "?");
		ERR_clear_error();
	}
	struct naming naming = {.set = set, .served = served};
	tls_pair_names(pair, on_name, &naming);
	return ok;
}

enum rc tls_set_new(const struct tls_set_parts *parts, struct buf *mistakes,
    struct tls_set **ret_set)
{
	const struct tls_pairs *both[] = {parts->first, parts->second};
	size_t count = both[0]->count + both[1]->count;
	if (count == 0) {
		buf_add_string(mistakes, "TLS: no certificate is configured\n");
		return RC_INVALID;
	}
	struct tls_set *set = mem_zalloc(sizeof(*set));
	set->tickets = parts->tickets;
	set->challenges = parts->challenges;
	set->served = mem_zalloc(count * sizeof(set->served[0]));
	map_init(&set->names);
	atomic_store(&set->refs, 1);
	bool ok = true;
	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		for (size_t j = 0; j < both[i]->count; j++)
			if (!add_pair(set, &both[i]->items[j], mistakes))
				ok = false;
	if (!ok) {
		tls_set_unref(&set);
		return RC_INVALID;
	}
	*ret_set = set;
	return RC_OK;
}

struct tls_set *tls_set_ref(struct tls_set *set)
{
	atomic_fetch_add(&set->refs, 1);
	return set;
}

void tls_set_unref(struct tls_set **set)
{
	struct tls_set *gone = *set;
	*set = NULL;
	if (!gone || atomic_fetch_sub(&gone->refs, 1) != 1)
		return;
	for (size_t i = 0; i < gone->count; i++) {
		SSL_CTX_free(gone->served[i].context);
		free(gone->served[i].name);
	}
	free(gone->served);
	map_done(&gone->names);
	free(gone);
}

SSL_CTX *tls_set_default(const struct tls_set *set)
{
	return set->served[0].context;
}

void tls_set_ends(const struct tls_set *set,
    void (*each)(void *context, const char *name, int64_t end), void *context)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->served[i].name)
			each(context, set->served[i].name, set->served[i].end);
}
