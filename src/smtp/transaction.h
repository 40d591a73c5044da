// SPDX-License-Identifier: Apache-2.0
// A mail transaction (RFC 5321 section 3.3): from MAIL to the end of the data,
// RSET, or a new EHLO. All it holds is freed then at once.
#ifndef ROOST_SMTP_TRANSACTION_H
#define ROOST_SMTP_TRANSACTION_H

#include "smtp/commands.h"

struct smtp_transaction {
	struct arena arena;        // MAIL's line and what was parsed of it
	struct delivery *delivery; // owned; NULL once it was finished
	struct view sender;        // as text, for the log
	bool utf8;                 // SMTPUTF8 was asked for
	bool binary;               // BODY=BINARYMIME
	bool chunked;              // there was a BDAT
	bool failed; // a BDAT failed: nothing but RSET helps (RFC 3030 section
		     // 2)
	uint64_t bytes; // of the message, so far
	struct smtp_data_decoder decoder;
};

// MAIL, whose command is in `call`: takes over its arena when it is accepted.
enum smtp_step smtp_transaction_begin(
    struct smtp_session *session, struct smtp_call *call);
// Whether mail from its sender is wanted; again, when that had to wait.
enum smtp_step smtp_transaction_ask(struct smtp_session *session);
// The line ends of the message as the server's setting and BODY say.
void smtp_transaction_decode(
    struct smtp_session *session, enum smtp_data_framing framing);
size_t smtp_transaction_recipients(const struct smtp_session *session);
// Refuses a message whose bytes so far are not allowed: it is answered at its
// end, but what else comes of it is stored no more.
void smtp_transaction_check(struct smtp_session *session);
// The end of the message: delivers, answers, and ends the transaction; again,
// when that had to wait.
enum smtp_step smtp_transaction_finish(struct smtp_session *session);
// Ends it, if there is one, without a word.
void smtp_transaction_drop(struct smtp_session *session);

#endif
