// SPDX-License-Identifier: Apache-2.0
// How commands give their results (RFC 9051 section 7.1), and which response
// code belongs to a failure of a lower room (RFC 5530).
#include "imap/impl.h"

#include <stdarg.h>

#include "imap/session.h"

static enum imap_step decide(
    struct imap_command *command, enum imap_status status, struct view text)
{
	command->status = status;
	command->text = text;
	return IMAP_STEP_DONE;
}

static PRINTF_LIKE(2, 0) struct view
    format_text(struct arena *arena, const char *format, va_list args)
{
	char text[IMAP_TEXT_MAX];
	int len = vsnprintf(text, sizeof(text), format, args);
	if (len < 0)
		return VIEW("");
	if ((size_t)len >= sizeof(text))
		len = (int)sizeof(text) - 1;
	return arena_copy(arena, view_of(text, (size_t)len));
}

enum imap_step imap_ok(struct imap_command *command, const char *text)
{
	return decide(command, IMAP_STATUS_OK, view_of_string(text));
}

enum imap_step imap_no(
    struct imap_command *command, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct view text = format_text(&command->arena, format, args);
	va_end(args);
	if (code) {
		buf_reset(&command->code);
		buf_add_string(&command->code, code);
	}
	return decide(command, IMAP_STATUS_NO, text);
}

enum imap_step imap_bad(struct imap_command *command, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct view text = format_text(&command->arena, format, args);
	va_end(args);
	buf_reset(&command->code);
	return decide(command, IMAP_STATUS_BAD, text);
}

struct buf *imap_code(struct imap_command *command)
{
	buf_reset(&command->code);
	return &command->code;
}

enum imap_step imap_bad_arguments(struct imap_command *command, enum rc rc)
{
	// A mailbox name that is well-formed but not allowed is answered NO,
	// not BAD.
	if (rc == RC_INVALID)
		return imap_no(command, "CANNOT", "%s", command->fault.text);
	// Nor is one that only asks for too much at once (RFC 5530 section 3).
	if (rc == RC_LIMIT)
		return imap_no(command, "LIMIT", "%s", command->fault.text);
	return imap_bad(command, "%s", command->fault.text);
}

// Gives the RFC 5530 response code for a failure; NULL when none fits.
static const char *code_of(enum rc rc)
{
	switch (rc) {
	case RC_NOT_FOUND: return "NONEXISTENT";
	case RC_GONE: return "NONEXISTENT";
	case RC_EXISTS: return "ALREADYEXISTS";
	case RC_DENIED: return "NOPERM";
	case RC_QUOTA: return "OVERQUOTA";
	case RC_FULL: return "LIMIT";
	case RC_LIMIT: return "LIMIT";
	case RC_INVALID: return "CANNOT";
	case RC_SYNTAX: return "CANNOT";
	case RC_UNSUPPORTED: return "CANNOT";
	case RC_IN_USE: return "INUSE";
	case RC_CONFLICT: return "INUSE";
	case RC_CHARSET: return "BADCHARSET";
	case RC_AUTH: return "AUTHENTICATIONFAILED";
	case RC_CORRUPT: return "CORRUPTION";
	case RC_IO: return "UNAVAILABLE";
	case RC_CLOSED: return "UNAVAILABLE";
	case RC_OK: return "SERVERBUG";
	case RC_MORE: return "SERVERBUG";
	case RC_END: return "SERVERBUG";
	}
	return NULL;
}

enum imap_step imap_failed(struct imap_command *command, enum rc rc)
{
	bool told = command->fault.rc == rc && command->fault.text[0] != '\0';
	if (rc_is_internal(rc)) {
		struct log_line line;
		session_log_begin(&command->session->base, &line,
		    LOG_LEVEL_ERROR, "imap_command_failed");
		if (command->type)
			log_add_string(&line, "command", command->type->name);
		log_add_string(&line, "rc", rc_name(rc));
		log_add_string(
		    &line, "text", told ? command->fault.text : rc_text(rc));
		log_end(&line);
	}
	return imap_no(
	    command, code_of(rc), "%s", fault_public_text(&command->fault, rc));
}

void imap_untagged(struct imap_command *command, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct view text = format_text(&command->arena, format, args);
	va_end(args);
	buf_add_literal(command->out, "* ");
	buf_add(command->out, text);
	buf_add_literal(command->out, "\r\n");
}

enum rc imap_no_arguments(struct imap_command *command)
{
	enum rc rc = imap_parse_end(&command->args);
	if (rc != RC_OK)
		imap_bad_arguments(command, rc);
	return rc;
}
