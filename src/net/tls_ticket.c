// SPDX-License-Identifier: Apache-2.0
// Ticket keys exist in memory only. So nobody who steals the disk can decrypt a
// recorded session.
#include "net/tls_ticket.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"

#define NAME_SIZE 16 // OpenSSL's size
#define IV_SIZE   16
#define KEY_SIZE  32

struct ticket_key {
	unsigned char name[NAME_SIZE];
	unsigned char cipher[KEY_SIZE];
	unsigned char mac[KEY_SIZE];
	uint64_t made_ms; // 0: no key
};

struct tls_tickets {
	EVP_CIPHER *cipher;
	uint64_t period_ms;
	pthread_mutex_t lock; // protects the members below
	struct ticket_key now;
	struct ticket_key before;
};

static void make_key(struct ticket_key *key)
{
	// Without good random numbers the keys would not be safe.
	if (RAND_bytes(key->name, NAME_SIZE) != 1 ||
	    RAND_bytes(key->cipher, KEY_SIZE) != 1 ||
	    RAND_bytes(key->mac, KEY_SIZE) != 1)
		abort();
	key->made_ms = clock_monotonic_ms();
}

struct tls_tickets *tls_tickets_new(uint32_t seconds)
{
	struct tls_tickets *tickets = mem_zalloc(sizeof(*tickets));
	tickets->period_ms = (uint64_t)seconds * 1000;
	tickets->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	pthread_mutex_init(&tickets->lock, NULL);
	make_key(&tickets->now);
	return tickets;
}

void tls_tickets_free(struct tls_tickets **tickets)
{
	struct tls_tickets *gone = *tickets;
	if (!gone)
		return;
	*tickets = NULL;
	EVP_CIPHER_free(gone->cipher);
	pthread_mutex_destroy(&gone->lock);
	OPENSSL_cleanse(gone, sizeof(*gone));
	free(gone);
}

static void rotate(struct tls_tickets *tickets)
{
	uint64_t age = clock_monotonic_ms() - tickets->now.made_ms;
	if (age < tickets->period_ms)
		return;
	if (age < 2 * tickets->period_ms)
		tickets->before = tickets->now;
	else
		tickets->before.made_ms = 0;
	make_key(&tickets->now);
}

// Returns 0: there is no such key. 1: it is the current key. 2: it is the
// previous key, so the ticket is to be renewed.
static int find_key(struct tls_tickets *tickets, const unsigned char *name,
    struct ticket_key *ret_key)
{
	int found = 0;
	pthread_mutex_lock(&tickets->lock);
	rotate(tickets);
	if (!name || memcmp(name, tickets->now.name, NAME_SIZE) == 0) {
		*ret_key = tickets->now;
		found = 1;
	} else if (tickets->before.made_ms &&
		   memcmp(name, tickets->before.name, NAME_SIZE) == 0) {
		*ret_key = tickets->before;
		found = 2;
	}
	pthread_mutex_unlock(&tickets->lock);
	return found;
}

static bool set_mac_key(EVP_MAC_CTX *mac, struct ticket_key *key)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(
		OSSL_MAC_PARAM_KEY, key->mac, KEY_SIZE),
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};
	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

int tls_tickets_key(struct tls_tickets *tickets, unsigned char *name,
    unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	struct ticket_key key;
	int found = find_key(tickets, encrypt ? NULL : name, &key);
	if (!found)
		return 0;
	if (encrypt) {
		if (RAND_bytes(iv, IV_SIZE) != 1)
			return -1;
		memcpy(name, key.name, NAME_SIZE);
	}
	bool ok = set_mac_key(mac, &key) &&
		  EVP_CipherInit_ex(cipher, tickets->cipher, NULL, key.cipher,
		      iv, encrypt != 0) == 1;
	OPENSSL_cleanse(&key, sizeof(key));
	return ok ? found : -1;
}
