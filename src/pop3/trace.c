// SPDX-License-Identifier: Apache-2.0
// The protocol trace. All that is shown of a command is shown because its type
// is known and not secret; nothing is shown by default.
#include "pop3/trace.h"

static bool is_wanted(const struct pop3_session *session)
{
	const struct net_trace *trace = session->server->trace;
	return trace != NULL &&
	       trace->wants(trace->context, view_of_string(session->user));
}

static void tell(
    const struct pop3_session *session, bool from_client, struct view line)
{
	const struct net_trace *trace = session->server->trace;
	trace->line(trace->context, session->id, view_of_string(session->user),
	    from_client, line);
}

void pop3_trace_command(const struct pop3_session *session,
    const struct pop3_command_type *type, struct view line)
{
	if (!is_wanted(session))
		return;
	if (type == NULL) {
		tell(session, true, VIEW("(not a known command)"));
	} else if ((type->flags & POP3_COMMAND_SECRET) != 0) {
		tell(session, true, view_of_string(type->name));
		tell(session, true, VIEW("(secret)"));
	} else {
		tell(session, true, line);
	}
}

void pop3_trace_answer(const struct pop3_session *session)
{
	if (is_wanted(session))
		tell(session, true, VIEW("(secret)"));
}

void pop3_trace_output(
    const struct pop3_session *session, struct view output, bool message)
{
	struct view line;
	if (output.len == 0 || !is_wanted(session))
		return;
	do {
		size_t end = view_find(output, VIEW("\r\n"));
		line = view_slice(output, 0, end);
		output =
		    end == SIZE_MAX ? VIEW("") : view_from(output, end + 2);
		tell(session, false, line);
	} while (output.len > 0 && !message);
}
