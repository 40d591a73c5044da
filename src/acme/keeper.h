// SPDX-License-Identifier: Apache-2.0
// Keeps certificates: decides what is due, drives the dialogue with the
// authority, and keeps the files. It knows nothing of mail and of the network:
// it gets names, a folder, a clock, and calls that make requests.
//
// The files in the folder:
//   account.pem      the key of the account at the authority
//   account.json     the account's address, for which directory
//   crt.NAME.pem     a key, its certificate, and the chain
//   crt.NAME.key     the key of an order under way
//   crt.NAME.json    what is remembered (record.h)
#ifndef ROOST_ACME_KEEPER_H
#define ROOST_ACME_KEEPER_H

#include "acme/folder.h"
#include "acme/record.h"
#include "base/log.h"

#define ACME_CERTIFICATE_NAME_MAX 200 // bytes of a certificate's own name

// What the keeper needs from its host. All calls come from within
// acme_keeper_run().
struct acme_host {
	// Makes a request. The answer is valid until the next call.
	void (*request)(void *context, const struct acme_request *request,
	    struct acme_answer *ret_answer);
	// Waits. Returns false when the program stops: the run then ends soon.
	bool (*wait)(void *context, uint32_t seconds);
	// Answers a challenge from now on; withdraw() ends that for all.
	void (*present)(void *context, const struct acme_challenge *challenge);
	void (*withdraw)(void *context);
	// There is a new certificate: take it up.
	void (*changed)(void *context);
	void *context;
};

struct acme_keeper_settings {
	const char *folder; // exists
	const char *directory;
	const char *contact;
	const char *eab_key_id;
	struct view eab_key; // decoded
	unsigned challenges; // enum acme_challenge_kind, as bits
	struct acme_host host;
	const struct clock *clock; // NULL: the machine's
	struct log *log;           // may be NULL
};

struct acme_keeper;

// What `settings` points to must outlive the keeper. Makes the account's key if
// there is none.
MUST_CHECK enum rc acme_keeper_new(const struct acme_keeper_settings *settings,
    struct fault *fault, struct acme_keeper **ret_keeper);
void acme_keeper_free(struct acme_keeper **keeper);

// A name of a certificate that is wanted.
struct acme_wish {
	const char *name; // A-labels in lower case
	// Why it cannot be ordered now ("it leads to 192.0.2.1"); NULL: it can.
	const char *hindrance;
};

// A certificate that is wanted. Its own name is a file name without "/".
struct acme_wanted {
	const char *name;
	const struct acme_wish *wishes;
	size_t count;
};

// Says which certificates are wanted from now on. Those that are not wanted any
// more keep their files, and are forgotten. Everything is copied. On the thread
// that runs the keeper only.
void acme_keeper_want(
    struct acme_keeper *keeper, const struct acme_wanted *wanted, size_t count);

// Does everything that is due, and returns in how many seconds the next thing
// is (at least 1).
uint32_t acme_keeper_run(struct acme_keeper *keeper);

// ---- On any thread ---------------------------------------------------------

// The next run renews the certificate with this name of its own, or that is to
// have this name (NULL: all), whatever waits there are.
// RC_NOT_FOUND: it is not wanted.
MUST_CHECK enum rc acme_keeper_force(
    struct acme_keeper *keeper, const char *name);

struct acme_shown_name {
	const char *name;
	const char *problem; // why it is not in a certificate; NULL: none
};

// Valid during the call.
struct acme_shown {
	const char *name;
	const struct acme_shown_name *names;
	size_t count;
	bool exists;
	const struct acme_facts *facts; // if it exists
	int64_t renewal;                // 0: not known
	const char *explanation;        // of the authority; "": none
	const char *error;              // "": none
	int64_t error_at;
	int64_t next; // the next attempt after an error; 0: none
	bool busy;    // its order is under way, or is about to be
};

void acme_keeper_show(struct acme_keeper *keeper,
    void (*each)(void *context, const struct acme_shown *shown), void *context);

// The file of a certificate and its key, by the certificate's own name.
const char *acme_certificate_file(char to[300], const char *name);

#endif
