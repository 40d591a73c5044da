// SPDX-License-Identifier: Apache-2.0
#include "jmap/errors.h"

#include "jmap/impl.h"

const char *jmap_error_word(enum jmap_error error)
{
	switch (error) {
	case JMAP_ERROR_NONE: return "";
#define X(name, word)                                                          \
	case name: return word;
		JMAP_ERROR_TABLE(X)
#undef X
	}
	return "serverFail";
}

static void log_failure(
    struct jmap_call *call, enum rc rc, const struct fault *fault)
{
	struct log_line line;
	log_begin(&line, call->request->jmap->options.log, LOG_LEVEL_ERROR,
	    "jmap_failed");
	log_add_string(&line, "method", call->method ? call->method->name : "");
	log_add_string(&line, "user", call->request->user.user.name.text);
	log_add_string(
	    &line, "why", fault && fault->text[0] ? fault->text : rc_text(rc));
	log_end(&line);
}

enum jmap_error jmap_error_of(
    struct jmap_call *call, enum rc rc, const struct fault *fault)
{
	switch (rc) {
	case RC_OK:
	case RC_MORE:
	case RC_END: return JMAP_ERROR_NONE;
	case RC_SYNTAX:
	case RC_INVALID:
	case RC_CHARSET: return JMAP_ERROR_INVALID_PROPERTIES;
	case RC_LIMIT: return JMAP_ERROR_TOO_LARGE;
	case RC_NOT_FOUND:
	case RC_GONE: return JMAP_ERROR_NOT_FOUND;
	case RC_EXISTS: return JMAP_ERROR_ALREADY_EXISTS;
	case RC_CONFLICT: return JMAP_ERROR_STATE_MISMATCH;
	case RC_DENIED:
	case RC_AUTH: return JMAP_ERROR_FORBIDDEN;
	case RC_QUOTA: return JMAP_ERROR_OVER_QUOTA;
	case RC_IN_USE:
	case RC_CLOSED: return JMAP_ERROR_SERVER_UNAVAILABLE;
	case RC_FULL:
	case RC_IO:
		log_failure(call, rc, fault);
		return JMAP_ERROR_SERVER_UNAVAILABLE;
	case RC_UNSUPPORTED:
	case RC_CORRUPT: break;
	}
	log_failure(call, rc, fault);
	return JMAP_ERROR_SERVER_FAIL;
}

enum jmap_step jmap_fail_rc(
    struct jmap_call *call, enum rc rc, const struct fault *fault)
{
	enum jmap_error error = jmap_error_of(call, rc, fault);
	return jmap_fail(call, error, "%s", fault_public_text(fault, rc));
}
