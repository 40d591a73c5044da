// SPDX-License-Identifier: Apache-2.0
// What an authority says when it refuses: problem documents (RFC 7807, RFC 8555
// section 6.7).
#ifndef ROOST_ACME_PROBLEM_H
#define ROOST_ACME_PROBLEM_H

#include <jansson.h>

#include "base/buf.h"

#define ACME_TEXT_MAX 600 // bytes of a sentence, with the NUL

// RFC 8555 section 6.7, RFC 9773 section 5. The mend is for the operator; NULL:
// the authority's words say enough.
#define ACME_PROBLEM_TABLE(X)                                                  \
	X(ACME_ACCOUNT_MISSING, "accountDoesNotExist", NULL)                   \
	X(ACME_ALREADY_REPLACED, "alreadyReplaced", NULL)                      \
	X(ACME_BAD_NONCE, "badNonce", NULL)                                    \
	X(ACME_BAD_CONTACT, "invalidContact", "correct acme_contact")          \
	X(ACME_BAD_CONTACT_KIND, "unsupportedContact", "correct acme_contact") \
	X(ACME_CAA, "caa",                                                     \
	    "the domain's CAA records name another authority: add this one, "  \
	    "or remove them")                                                  \
	X(ACME_CONNECTION, "connection",                                       \
	    "the authority must reach this machine: see that the firewall "    \
	    "and the router let port 80 (http-01) or 443 (tls-alpn-01) in")    \
	X(ACME_DNS, "dns", "see the name's A, AAAA and CAA records")           \
	X(ACME_EXTERNAL_ACCOUNT, "externalAccountRequired",                    \
	    "this authority wants an account of its own: set "                 \
	    "acme_eab_key_id and acme_eab_key")                                \
	X(ACME_INCORRECT_RESPONSE, "incorrectResponse",                        \
	    "another server answers at that name: see where the name leads")   \
	X(ACME_RATE_LIMITED, "rateLimited", NULL)                              \
	X(ACME_REJECTED_NAME, "rejectedIdentifier",                            \
	    "this authority gives no certificate for that name")               \
	X(ACME_SERVER_INTERNAL, "serverInternal", NULL)                        \
	X(ACME_TLS, "tls", "another server may answer TLS at that name")       \
	X(ACME_UNAUTHORIZED, "unauthorized",                                   \
	    "see that the name leads to this machine, and that no other "      \
	    "program answers there")                                           \
	X(ACME_USER_ACTION, "userActionRequired",                              \
	    "the authority's terms have changed: read them at its address, "   \
	    "then start Roost again")

enum acme_problem_kind {
	ACME_PROBLEM_OTHER,
#define X(name, type, mend) name,
	ACME_PROBLEM_TABLE(X)
#undef X
};

struct acme_problem {
	enum acme_problem_kind kind;
	// "caa: CAA record for x prevents issuance"; control characters are
	// replaced. Never empty.
	char text[ACME_TEXT_MAX];
	const char *mend; // static; NULL: none is known
};

// Reads a problem document; NULL and what is none make one that says so.
void acme_problem_read(const json_t *json, struct acme_problem *ret_problem);

// Writes a sentence into `to`: cut to fit between characters, without control
// characters.
void acme_text(char to[ACME_TEXT_MAX], const char *format, ...)
    PRINTF_LIKE(2, 3);

#endif
