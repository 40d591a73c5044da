// SPDX-License-Identifier: Apache-2.0
// What the trace shows of SMTP (session/session.h). A command is shown only if
// it is known and not secret.
#include "smtp/trace.h"

#include <stdio.h>

void smtp_trace_command(struct smtp_session *session,
    const struct smtp_command_type *type, struct view line)
{
	bool known = type != NULL;
	bool secret = known && (type->flags & SMTP_COMMAND_SECRET) != 0;
	session_trace_command(&session->base,
	    view_of_string(known ? smtp_verb_name(type->verb) : NULL), secret,
	    line);
}

void smtp_trace_data(struct smtp_session *session, uint64_t bytes)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "(%llu bytes of a message)",
	    (unsigned long long)bytes);
	session_trace_client(&session->base, view_of(text, (size_t)len));
}
