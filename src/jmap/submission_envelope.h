// SPDX-License-Identifier: Apache-2.0
// The envelope of an EmailSubmission (RFC 8621 section 7): read from the
// client's JSON, or derived from the header of the email.
#ifndef ROOST_JMAP_SUBMISSION_ENVELOPE_H
#define ROOST_JMAP_SUBMISSION_ENVELOPE_H

#include "base/vec.h"
#include "delivery/envelope.h"
#include "jmap/call.h"

// Why a submission cannot be made.
struct submission_fault {
	enum jmap_error error;
	char text[400];       // for people; empty: none
	const char *property; // of the EmailSubmission, or, with invalidEmail,
			      // of the Email; NULL: none
	// With invalidRecipients; in the call's arena.
	VEC(struct view) recipients;
};
void submission_fault_set(struct submission_fault *fault, enum jmap_error error,
    const char *property, const char *text, ...) PRINTF_LIKE(4, 5);

struct submission_recipient {
	struct view email; // as the client, or the header, has it
	struct smtp_rcpt rcpt;
};

struct submission_envelope {
	struct smtp_mail mail;
	struct submission_recipient *recipients;
	size_t count;
	json_t *json; // as it will be told; a new reference
};

// All but `json` is in the arena, or has the lifetime of the arguments. False:
// `fault` says why.
MUST_CHECK bool submission_envelope_read(struct arena *arena,
    const struct delivery_office *office, json_t *json,
    struct submission_envelope *ret_envelope, struct submission_fault *fault);
// `identity`: the address of the identity, which is the sender if the header
// names another one.
MUST_CHECK bool submission_envelope_derive(struct arena *arena,
    const struct delivery_office *office, struct view header,
    struct view identity, struct submission_envelope *ret_envelope,
    struct submission_fault *fault);

#endif
