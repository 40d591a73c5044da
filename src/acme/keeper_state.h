// SPDX-License-Identifier: Apache-2.0
// What the files of the keeper share; inside the room only.
#ifndef ROOST_ACME_KEEPER_STATE_H
#define ROOST_ACME_KEEPER_STATE_H

#include <pthread.h>

#include "acme/keeper.h"
#include "base/vec.h"

struct acme_entry_name {
	char *name;
	char *hindrance; // NULL: none
};

struct acme_entry {
	char *name;
	VEC(struct acme_entry_name) names;
	struct arena arena; // of the facts
	bool exists;
	struct acme_facts facts;
	struct acme_record record;
	bool forced;
	bool busy;
	bool wanted;        // while acme_keeper_want() runs
	int64_t shouted_at; // about a certificate that is about to expire
};

struct acme_keeper {
	struct acme_keeper_settings settings;
	struct acme_folder folder;
	EVP_PKEY *account_key;
	char account[ACME_URL_MAX];
	char account_contact[1024];
	struct acme_client *client;
	// How often in a row the authority was not reached, or had too many
	// requests; until when nobody asks it.
	uint32_t down;
	int64_t down_until;
	bool stopping;
	// Protects the entries and `down_until`. Others than the keeper's own
	// thread change only the waits and `forced`, so it reads the rest
	// without the lock.
	pthread_mutex_t lock;
	VEC(struct acme_entry *) entries;
};

int64_t acme_keeper_now(const struct acme_keeper *keeper);
uint32_t acme_keeper_random(void);
void acme_keeper_log_fault(
    struct acme_keeper *keeper, const struct fault *fault);

// ---- keeper_account.c ------------------------------------------------------

// Reads the account's key, or makes it.
MUST_CHECK enum rc acme_keeper_open_key(
    struct acme_keeper *keeper, struct fault *fault);
void acme_keeper_read_account(struct acme_keeper *keeper);
// Keeps what the client knows of the account, if that is new.
void acme_keeper_keep_account(struct acme_keeper *keeper);

// ---- keeper_entry.c --------------------------------------------------------

void acme_entry_free(struct acme_entry *entry);
// The name of a file of the entry that ends with ".END".
const char *acme_entry_file(
    char to[300], const struct acme_entry *entry, const char *end);
// Reads what the certificate's file says. The keeper's lock is held, or the
// entry is new.
void acme_entry_read_facts(
    struct acme_keeper *keeper, struct acme_entry *entry);
void acme_entry_write_record(
    struct acme_keeper *keeper, struct acme_entry *entry);
// Decides what is due now. The lock is held.
void acme_entry_decide(struct acme_keeper *keeper,
    const struct acme_entry *entry, struct arena *arena,
    struct acme_decision *ret_decision);

#endif
