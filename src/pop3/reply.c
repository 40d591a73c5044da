// SPDX-License-Identifier: Apache-2.0
// How commands answer (RFC 1939 section 3), and which response code a failure
// of the rooms below has (RFC 2449 section 8, RFC 3206). An answer never
// repeats what the client said.
#include <stdarg.h>

#include "pop3/impl.h"

static PRINTF_LIKE(3, 0) void say(struct pop3_command *command,
    const char *code, const char *format, va_list args)
{
	char text[POP3_TEXT_MAX];
	struct buf *out = command->out;
	int len = vsnprintf(text, sizeof(text), format, args);
	if (code) {
		buf_add_char(out, '[');
		buf_add_string(out, code);
		buf_add_literal(out, "] ");
	}
	buf_add_string(out, len < 0 ? "" : text);
	buf_add_literal(out, "\r\n");
}

enum pop3_step pop3_ok(struct pop3_command *command, const char *format, ...)
{
	va_list args;
	buf_add_literal(command->out, "+OK ");
	va_start(args, format);
	say(command, NULL, format, args);
	va_end(args);
	return POP3_STEP_DONE;
}

enum pop3_step pop3_err(
    struct pop3_command *command, const char *code, const char *format, ...)
{
	va_list args;
	buf_add_literal(command->out, "-ERR ");
	va_start(args, format);
	say(command, code, format, args);
	va_end(args);
	return POP3_STEP_DONE;
}

enum pop3_step pop3_bad(struct pop3_command *command, const char *format, ...)
{
	va_list args;
	command->bad = true;
	buf_add_literal(command->out, "-ERR ");
	va_start(args, format);
	say(command, NULL, format, args);
	va_end(args);
	return POP3_STEP_DONE;
}

// RFC 3206 section 4: a TEMP failure goes away by itself; for a PERM failure
// somebody has to do something.
static const char *code_of(enum rc rc)
{
	switch (rc) {
	case RC_IO:
	case RC_FULL:
	case RC_IN_USE:
	case RC_CONFLICT:
	case RC_CLOSED: return "SYS/TEMP";
	case RC_CORRUPT:
	case RC_DENIED:
	case RC_LIMIT:
	case RC_QUOTA:
	case RC_UNSUPPORTED:
	case RC_INVALID:
	case RC_EXISTS:
	case RC_NOT_FOUND: return "SYS/PERM";
	case RC_AUTH: return "AUTH";
	case RC_GONE:
	case RC_SYNTAX:
	case RC_CHARSET:
	case RC_OK:
	case RC_MORE:
	case RC_END: return NULL;
	}
	return NULL;
}

static void log_failure(
    const struct pop3_command *command, enum rc rc, const struct fault *fault)
{
	const struct pop3_session *session = command->session;
	struct log_line line;
	session_log_begin(
	    &session->base, &line, LOG_LEVEL_ERROR, "pop3_command_failed");
	log_add_string(&line, "command", command->type->name);
	log_add_string(&line, "rc", rc_name(rc));
	if (fault && fault->rc == rc)
		log_add_string(&line, "text", fault->text);
	log_end(&line);
}

enum pop3_step pop3_cut(struct pop3_command *command, enum rc rc)
{
	log_failure(command, rc, NULL);
	return POP3_STEP_CUT;
}

enum pop3_step pop3_failed(
    struct pop3_command *command, enum rc rc, const struct fault *fault)
{
	if (rc != RC_GONE)
		log_failure(command, rc, fault);
	return pop3_err(command, code_of(rc), "%s", rc_text(rc));
}
