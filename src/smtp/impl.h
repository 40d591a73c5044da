// SPDX-License-Identifier: Apache-2.0
// The inside of the SMTP room: the session, and how a command answers.
//
// A session works in steps: one line, or input for the running command
// (commands.h). A command answers by smtp_answer(), at once or when it has what
// it waits for; nothing is read while it waits. After each step
// smtp_finish_step() counts refusals, and delays a refusal if there were many.
#ifndef ROOST_SMTP_IMPL_H
#define ROOST_SMTP_IMPL_H

#include "smtp/session.h"
#include "wire/smtp_command.h"
#include "wire/smtp_data.h"

// Bytes in a command line without its end. RFC 5321 section 4.5.3.1.4 says 512,
// and extensions add to it. A line of a SASL exchange may have 12288 (RFC 4954
// section 4).
#define SMTP_LINE_MAX      4096u
#define SMTP_AUTH_LINE_MAX 12288u
// Bytes of one line that is too long which are skipped before the server hangs
// up.
#define SMTP_SKIP_MAX 65536u
// Bytes of a refused chunk that are skipped. If a client announces more, the
// server hangs up.
#define SMTP_SWALLOW_MAX  ((uint64_t)1 << 30)
#define SMTP_HELO_MAX     255u  // bytes of a name (RFC 5321 4.5.3.1.2)
#define SMTP_PAUSE_MAX_MS 8000u // the longest delay of a refusal
#define SMTP_TEXT_MAX     400u  // bytes in the text of an answer

struct smtp_tls;         // tls.h
struct smtp_call;        // commands.h
struct smtp_transaction; // transaction.h

// The line that is being read.
struct smtp_line {
	size_t scanned; // unread bytes that were searched and have no line end
	size_t skipped; // bytes of a line that is too long which were dropped
};

// The answers of this step.
struct smtp_said {
	unsigned code;     // of the last answer; 0: none
	bool pardoned;     // the refusal does not count as an error
	uint32_t delay_ms; // how late the answer is to be sent
};

// A client that speaks before the greeting does not keep to the protocol.
enum smtp_greeting {
	SMTP_GREETING_WAITS,
	SMTP_GREETING_SPOKE, // the client spoke first
	SMTP_GREETING_SAID,
};

struct smtp_session {
	struct session base; // first; its time begins anew with each message
	const struct smtp_server *server;
	struct smtp_tls *tls; // owned; NULL without TLS
	enum smtp_greeting greeting;
	// The argument of HELO, EHLO or LHLO, owned; NULL before. `extended`:
	// it was EHLO or LHLO.
	char *helo;
	bool extended;
	bool early; // the next command was sent before the last answer
	struct smtp_call *call;               // owned; NULL between commands
	struct smtp_transaction *transaction; // owned; from MAIL to its end
	struct smtp_line line;
	struct smtp_said said;
	struct buf held;   // to be sent after the pause
	uint32_t pause_ms; // length of the current pause
	unsigned errors;   // since the last accepted message
	unsigned commands; // the same
	unsigned messages; // accepted in all
};

// ---- Answers (reply.c) -----------------------------------------------------

// Adds one reply. `format`'s text may have several lines (with LF between
// them); each becomes a line of the reply.
void smtp_answer(struct smtp_session *session, unsigned code,
    struct enhanced_status status, const char *format, ...) PRINTF_LIKE(4, 5);
void smtp_answer_delivery(
    struct smtp_session *session, const struct delivery_reply *reply);
// Answers, and ends the connection. `why` is for the log; a static string.
void smtp_hang_up(struct smtp_session *session, const char *why, unsigned code,
    struct enhanced_status status, const char *text);
// Called after a step: traces the output from `begin` of `out` on, counts
// refusals, and holds back an answer that is to be late.
void smtp_finish_step(struct smtp_session *session, size_t begin);
// A message was accepted: the counts of errors and commands begin anew.
void smtp_forgive(struct smtp_session *session);

// ---- Of the session --------------------------------------------------------

// A limit from the settings, or its default.
#define SMTP_LIMIT(session, name, fallback)                                    \
	((session)->server->limits.name ? (session)->server->limits.name       \
					: (fallback))
uint32_t smtp_limit_recipients(const struct smtp_session *session);
uint32_t smtp_limit_messages(const struct smtp_session *session);
// The most bytes in a message.
uint64_t smtp_limit_size(const struct smtp_session *session);

static inline bool smtp_is_lmtp(const struct smtp_session *session)
{
	return session->server->role == SMTP_ROLE_LMTP;
}

// Whether the client is a server that we trust, or a user who has logged in.
// Others have stricter limits.
static inline bool smtp_is_trusted(const struct smtp_session *session)
{
	return smtp_is_lmtp(session) || !session_is_stranger(&session->base);
}

// The extensions announced to this client (enum smtp_extension); none after
// HELO.
unsigned smtp_extensions(const struct smtp_session *session);
// Begins a line in the log, with session, role and user.
void smtp_log_begin(struct smtp_session *session, struct log_line *line,
    enum log_level level, const char *event);

#endif
