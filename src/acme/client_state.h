// SPDX-License-Identifier: Apache-2.0
// What the files of the client share; inside the room only.
#ifndef ROOST_ACME_CLIENT_STATE_H
#define ROOST_ACME_CLIENT_STATE_H

#include "acme/client.h"

// Identifier, which function makes the request, which takes a good answer.
#define ACME_STATE_TABLE(X)                                                    \
	X(DIRECTORY, ask_directory, take_directory)                            \
	X(RENEWAL_INFO, ask_renewal_info, take_renewal_info)                   \
	X(NONCE, ask_nonce, take_nonce)                                        \
	X(ACCOUNT, ask_account, take_account)                                  \
	X(CONTACT, ask_contact, take_contact)                                  \
	X(NEW_ORDER, ask_new_order, take_order)                                \
	X(ORDER, ask_order, take_order)                                        \
	X(AUTHORIZATION, ask_authorization, take_authorization)                \
	X(RESPONSE, ask_response, take_response)                               \
	X(OUTCOME, ask_authorization, take_outcome)                            \
	X(FINALIZE, ask_finalize, take_order)                                  \
	X(CERTIFICATE, ask_certificate, take_certificate)

enum acme_state {
#define X(name, ask, take) ACME_STATE_##name,
	ACME_STATE_TABLE(X)
#undef X
	    ACME_STATE_PRESENT,
	ACME_STATE_DONE,
};

// One name's authorization (RFC 8555 section 7.1.4).
struct acme_authorization {
	char *url;
	const char *name; // of the job; NULL: not read yet
	char *challenge_url;
	char *token;
	enum acme_challenge_kind kind;
	struct buf key_authorization;
	bool open;     // its challenge is to be answered
	bool answered; // the authority was told to look
};

struct acme_client {
	struct acme_settings settings;
	struct acme_job job;
	enum acme_state state;
	char nonce[256]; // "": none
	// Kept over jobs, except for the URLs.
	char account[ACME_URL_MAX];
	bool contact_known;
	char new_nonce[ACME_URL_MAX];
	char new_account[ACME_URL_MAX];
	char new_order[ACME_URL_MAX];
	char renewal_info[ACME_URL_MAX];
	char terms[ACME_URL_MAX];
	bool external_required;
	// Of the job.
	bool replaces_refused;
	bool resumed; // the order is one of an earlier job
	bool account_renewed;
	char order[ACME_URL_MAX]; // "": none
	char finalize[ACME_URL_MAX];
	char certificate[ACME_URL_MAX];
	struct acme_authorization authorizations[ACME_NAMES_MAX];
	size_t authorization_count;
	size_t at;           // which of them is the turn of
	uint32_t wait;       // seconds before the next request
	uint32_t waited;     // seconds in this job
	uint32_t polls;      // of what is polled now
	unsigned requests;   // in this job
	unsigned nonces_bad; // in a row
	struct buf body;     // of the request
	char url[ACME_URL_MAX + 256];
	struct buf chain;
	char explanation[ACME_URL_MAX];
	struct acme_failed_name failed[ACME_NAMES_MAX];
	struct acme_result result;
};

// ---- client.c --------------------------------------------------------------

void acme_client_fail(struct acme_client *client, enum acme_outcome outcome,
    const char *format, ...) PRINTF_LIKE(3, 4);
// The name's authorization failed; the job goes on with the others.
void acme_client_fail_name(struct acme_client *client, const char *name,
    const struct acme_problem *problem);
// Ends the job as the problem says; takes its names, if it has some.
void acme_client_fail_problem(struct acme_client *client, const json_t *json,
    unsigned status, const struct acme_answer *answer);
// Waits before the next poll, as the answer says.
void acme_client_poll(
    struct acme_client *client, const struct acme_answer *answer);
// Copies a URL of the authority. Returns false if it is missing or none.
MUST_CHECK bool acme_client_url(
    const json_t *json, const char *key, char to[ACME_URL_MAX]);
// The job's own text of a name; NULL: it has no such name.
const char *acme_client_name(
    const struct acme_client *client, const char *name);
// Makes the body: signed with the account's key.
void acme_client_sign(
    struct acme_client *client, const char *url, struct view payload);
void acme_client_sign_json(
    struct acme_client *client, const char *url, json_t *payload);
void acme_client_done(struct acme_client *client);
// Goes on to what is to be done for the challenges: tell the authority of one,
// look at one, or, after the last, at the order.
void acme_client_respond(struct acme_client *client);
void acme_client_drop_order(struct acme_client *client);

// ---- One pair of functions for each state ----------------------------------

struct acme_taken {
	const struct acme_answer *answer;
	const json_t *json; // NULL: the body is not JSON
};

// A request's function gives the URL; it makes a body with acme_client_sign().
#define X(name, ask, take)                                                     \
	const char *acme_##ask(struct acme_client *client);                    \
	void acme_##take(                                                      \
	    struct acme_client *client, const struct acme_taken *taken);
ACME_STATE_TABLE(X)
#undef X

#endif
