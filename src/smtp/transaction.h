// SPDX-License-Identifier: Apache-2.0
// A mail transaction (RFC 5321 section 3.3): from MAIL to the end of the data,
// RSET, or a new EHLO. Then all that it holds is freed.
#ifndef ROOST_SMTP_TRANSACTION_H
#define ROOST_SMTP_TRANSACTION_H

#include "smtp/commands.h"

struct smtp_transaction {
	struct arena arena;        // MAIL's line and what was parsed of it
	struct delivery *delivery; // owned; NULL once it was finished
	struct view sender;        // as text, for the log
	bool utf8;                 // MAIL asked for SMTPUTF8
	bool binary;               // BODY=BINARYMIME
	bool chunked;              // there was a BDAT
	bool failed;    // a BDAT failed: the client has to send RSET (RFC 3030
			// section 2)
	uint64_t bytes; // of the message, so far
	struct smtp_data_decoder decoder;
};

// Begins a transaction by MAIL, which is in `call`. If it is accepted, the
// transaction gets the arena of `call`.
enum smtp_step smtp_transaction_begin(
    struct smtp_session *session, struct smtp_call *call);
// Asks the delivery whether mail from this sender is accepted. Called again if
// it had to wait.
enum smtp_step smtp_transaction_ask(struct smtp_session *session);
// Sets how the message's line ends are read: as the server's settings and BODY
// say.
void smtp_transaction_decode(
    struct smtp_session *session, enum smtp_data_framing framing);
size_t smtp_transaction_recipients(const struct smtp_session *session);
// Refuses a message whose bytes so far are not allowed. It is answered at its
// end, but the rest of it is not stored.
void smtp_transaction_check(struct smtp_session *session);
// The end of the message: delivers it, answers, and ends the transaction.
// Called again if it had to wait.
enum smtp_step smtp_transaction_finish(struct smtp_session *session);
// Ends the transaction, if there is one, without an answer.
// The bytes that the transaction holds, about.
size_t smtp_transaction_memory(const struct smtp_session *session);
void smtp_transaction_drop(struct smtp_session *session);

#endif
