// SPDX-License-Identifier: Apache-2.0
// The inside of the SMTP room: the session, and how a command answers.
//
// Input is taken step by step: a line, or what the running command takes
// (commands.h). A command answers by smtp_answer(), at once or when what it
// waits for is there; nothing is read while it waits. After each step
// smtp_settle() counts what was refused, and holds a refusal back when there
// were many.
#ifndef ROOST_SMTP_SMTP_H
#define ROOST_SMTP_SMTP_H

#include "smtp/session.h"
#include "wire/smtp_command.h"
#include "wire/smtp_data.h"

// Bytes in a command line without its end. RFC 5321 section 4.5.3.1.4 has 512,
// and extensions add to it; a line of a SASL exchange may have 12288 (RFC 4954
// section 4).
#define SMTP_LINE_MAX      4096u
#define SMTP_AUTH_LINE_MAX 12288u
// Bytes of one overlong line that are skipped before the server hangs up.
#define SMTP_SKIP_MAX 65536u
// Bytes of a refused chunk that are skipped; a client that announces more is
// hung up on.
#define SMTP_SWALLOW_MAX    ((uint64_t)1 << 30)
#define SMTP_HELO_MAX       255u  // bytes of a name (RFC 5321 4.5.3.1.2)
#define SMTP_PAUSE_MAX_MS   8000u // the longest slow-down
#define SMTP_BY_MIN_SECONDS 60u   // DELIVERBY (RFC 2852)
#define SMTP_TEXT_MAX       400u  // bytes of an answer's sentence

struct smtp_tls;         // tls.h
struct smtp_call;        // commands.h
struct smtp_transaction; // transaction.h

// The line that is being read.
struct smtp_line {
	size_t scanned; // unread bytes known to have no end of line in them
	size_t skipped; // bytes of an overlong line that were dropped so far
};

// What was said in this step.
struct smtp_said {
	unsigned code;     // the last one; 0: nothing
	bool pardoned;     // this refusal does not count
	uint32_t delay_ms; // that it is to be late by
};

// Before the greeting, whoever speaks is a program that does not listen.
enum smtp_greeting {
	SMTP_GREETING_WAITS,
	SMTP_GREETING_SPOKE, // the client spoke first
	SMTP_GREETING_SAID,
};

struct smtp_session {
	struct session base; // first; its time is since the last message
	const struct smtp_server *server;
	struct smtp_tls *tls; // owned; NULL without
	enum smtp_greeting greeting;
	// What HELO, EHLO or LHLO said, owned; NULL before. `extended`: it was
	// not HELO.
	char *helo;
	bool extended;
	bool early;             // what comes next came before the last answer
	struct smtp_call *call; // owned; NULL between commands
	struct smtp_transaction *transaction; // owned; from MAIL to its end
	struct smtp_line line;
	struct smtp_said said;
	struct buf held;   // said after the pause
	uint32_t pause_ms; // of the pause that is going on
	unsigned errors;   // since the last accepted message
	unsigned commands; // the same
	unsigned messages; // accepted in all
};

// ---- Answers (reply.c) -----------------------------------------------------

// One reply; each line of `format`'s text (LF between them) is one of it.
void smtp_answer(struct smtp_session *session, unsigned code,
    struct enhanced_status status, const char *format, ...) PRINTF_LIKE(4, 5);
void smtp_answer_delivery(
    struct smtp_session *session, const struct delivery_reply *reply);
// An answer, and the connection's end. `why` is for the log, static.
void smtp_hang_up(struct smtp_session *session, const char *why, unsigned code,
    struct enhanced_status status, const char *text);
// After a step: traces what was said from `begin` of `out` on, counts refusals,
// and holds back what is to be late.
void smtp_settle(struct smtp_session *session, size_t begin);
// A message was accepted: whoever sends mail may err now and then.
void smtp_forgive(struct smtp_session *session);

// ---- Of the session --------------------------------------------------------

// A limit of the settings, or its default.
#define SMTP_LIMIT(session, name, fallback)                                    \
	((session)->server->limits.name ? (session)->server->limits.name       \
					: (fallback))
uint32_t smtp_limit_recipients(const struct smtp_session *session);
uint32_t smtp_limit_messages(const struct smtp_session *session);
uint32_t smtp_limit_hold(const struct smtp_session *session);
// Bytes in a message.
uint64_t smtp_limit_size(const struct smtp_session *session);

static inline bool smtp_is_lmtp(const struct smtp_session *session)
{
	return session->server->role == SMTP_ROLE_LMTP;
}

// A server that we trust, or a user who logged in: strangers are watched more
// closely.
static inline bool smtp_is_trusted(const struct smtp_session *session)
{
	return smtp_is_lmtp(session) || !session_is_stranger(&session->base);
}

// Extensions announced to this client (enum smtp_extension): none to HELO.
unsigned smtp_extensions(const struct smtp_session *session);
// Begins a line of the log with session, role and user.
void smtp_log_begin(struct smtp_session *session, struct log_line *line,
    enum log_level level, const char *event);

#endif
