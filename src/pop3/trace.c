// SPDX-License-Identifier: Apache-2.0
// What the trace shows of POP3 (session/session.h): commands that are known and
// not secret, and only the first line of a response that contains a message.
#include "pop3/trace.h"

void pop3_trace_command(struct pop3_session *session,
    const struct pop3_command_type *type, struct view line)
{
	bool known = type != NULL;
	bool secret = known && (type->flags & POP3_COMMAND_SECRET) != 0;
	session_trace_command(&session->base,
	    view_of_string(known ? type->name : NULL), secret, line);
}

void pop3_trace_message(struct pop3_session *session)
{
	struct session *base = &session->base;
	struct view said = view_from(buf_view(base->out), base->traced);
	session_trace_skip(base);
	if (said.len > 0 && session_is_traced(base))
		session_trace_line(base, false,
		    view_slice(said, 0, view_find(said, VIEW("\r\n"))));
}
