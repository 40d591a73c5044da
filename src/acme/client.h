// SPDX-License-Identifier: Apache-2.0
// The dialogue with a certificate authority (RFC 8555, RFC 9773), sans-I/O: it
// says which request to make and takes the answer. It opens no connection,
// reads no file and does not wait, so tests and a fuzzer can be the authority.
//
//   acme_client_begin(client, &job);
//   while (acme_client_step(client, &step), step.kind < ACME_DONE)
//       ACME_REQUEST: make the request, then call acme_client_answer()
//       ACME_WAIT:    wait that long
//       ACME_PRESENT: answer the challenge from now on
//   read acme_client_result(); drop the challenges that were presented
//
// Everything that comes from the authority is foreign: sizes and counts have
// limits, addresses must be https, and tokens are checked (RFC 8555 section
// 8.3).
#ifndef ROOST_ACME_CLIENT_H
#define ROOST_ACME_CLIENT_H

#include "acme/certificate.h"
#include "acme/problem.h"
#include "acme/when.h"
#include "base/clock.h"

#define ACME_ANSWER_MAX ((size_t)512 << 10) // bytes of an answer's body
#define ACME_URL_MAX    2048

// The kinds of challenge that the server can answer, as bits.
enum acme_challenge_kind {
	ACME_HTTP_01 = 1,
	ACME_TLS_ALPN_01 = 2,
};

struct acme_settings {
	const char *directory; // the authority's URL
	const char *contact;   // mail addresses with spaces between; "": none
	// Binding of an external account (RFC 8555 section 7.3.4); "": none.
	const char *eab_key_id;
	struct view eab_key;
	EVP_PKEY *account_key;
	// The account as acme_client_account() gave it earlier; "": not known.
	const char *account;
	// The contact that the authority knows of it.
	const char *account_contact;
	unsigned challenges;       // what is offered
	const struct clock *clock; // NULL: the machine's
};

struct acme_client;

// `settings` and what it points to must outlive the client.
struct acme_client *acme_client_new(const struct acme_settings *settings);
void acme_client_free(struct acme_client **client);

// ---- A job -----------------------------------------------------------------

struct acme_job {
	// To order a certificate: its names and its key.
	const char *const *names;
	size_t count; // 0: no order, only ask when `replaces` is to be renewed
	EVP_PKEY *key;
	// An order that was made earlier for the same names and key; NULL.
	const char *order;
	// The id of the certificate that is renewed (struct acme_facts); NULL.
	const char *replaces;
};

// Begins a job; what it points to must live until the job is over. A job that
// has not ended is given up.
void acme_client_begin(struct acme_client *client, const struct acme_job *job);

enum acme_method { ACME_HEAD, ACME_GET, ACME_POST };

struct acme_request {
	enum acme_method method;
	const char *url;
	struct view body; // of a POST: application/jose+json
};

struct acme_challenge {
	enum acme_challenge_kind kind;
	const char *name;
	const char *token;
	struct view key_authorization;
};

enum acme_step_kind {
	ACME_REQUEST,
	ACME_WAIT,
	ACME_PRESENT,
	ACME_DONE, // the result says what came of it
};

struct acme_step {
	enum acme_step_kind kind;
	struct acme_request request;     // ACME_REQUEST
	uint32_t seconds;                // ACME_WAIT
	struct acme_challenge challenge; // ACME_PRESENT
};

// What it points to is valid until the next call.
void acme_client_step(struct acme_client *client, struct acme_step *ret_step);

struct acme_answer {
	unsigned status;     // of HTTP; 0: no answer came
	const char *failure; // why none came, a part of a sentence
	struct view body;
	struct view nonce; // header fields; empty: there is none
	struct view location;
	struct view retry_after;
};

void acme_client_answer(
    struct acme_client *client, const struct acme_answer *answer);

// The order's URL, as soon as it is made: keep it, so that a restart can go on
// with it. NULL: none.
const char *acme_client_order(const struct acme_client *client);
// The account's URL; "": not known, or the authority does not know the contact
// yet. It may change with each answer.
const char *acme_client_account(const struct acme_client *client);
// The terms to which the account was made; "": the authority names none.
const char *acme_client_terms(const struct acme_client *client);

enum acme_outcome {
	ACME_OK,
	ACME_NAMES_FAILED, // see `failed`; the others would do
	ACME_REFUSED,      // the authority does not want to, whatever the names
	ACME_LIMITED,      // it says that there were too many requests
	ACME_UNREACHABLE,  // it does not answer, or not as an authority
};

struct acme_failed_name {
	const char *name; // one of the job's
	char text[ACME_TEXT_MAX];
};

struct acme_result {
	enum acme_outcome outcome;
	char text[ACME_TEXT_MAX]; // what went wrong, with the mend
	uint32_t retry_after;     // seconds that the authority asks for; 0
	const struct acme_failed_name *failed;
	size_t failed_count;
	struct view chain;         // the certificate and its chain, PEM
	struct acme_window window; // when to renew; 0: the authority says none
	const char *explanation;   // its page about that; "": none
};

// After ACME_DONE; valid until the next job begins.
const struct acme_result *acme_client_result(const struct acme_client *client);

#endif
