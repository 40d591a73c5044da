// SPDX-License-Identifier: Apache-2.0
// The protocol trace.
#include "smtp/trace.h"

#include <stdio.h>

static struct view user_of(const struct smtp_session *session)
{
	return session->user != NULL ? view_of_string(session->user->name.text)
				     : VIEW("");
}

static bool is_wanted(const struct smtp_session *session)
{
	const struct net_trace *trace = session->server->trace;
	return trace != NULL && trace->wants(trace->context, user_of(session));
}

static void tell(
    const struct smtp_session *session, bool from_client, struct view line)
{
	const struct net_trace *trace = session->server->trace;
	trace->line(
	    trace->context, session->id, user_of(session), from_client, line);
}

void smtp_trace_command(struct smtp_session *session,
    const struct smtp_command_type *type, struct view line)
{
	if (!is_wanted(session))
		return;
	if (type == NULL) {
		tell(session, true, VIEW("(not a known command)"));
	} else if ((type->flags & SMTP_COMMAND_SECRET) != 0) {
		tell(session, true, view_of_string(smtp_verb_name(type->verb)));
		tell(session, true, VIEW("(secret)"));
	} else {
		tell(session, true, line);
	}
}

void smtp_trace_secret(struct smtp_session *session)
{
	if (is_wanted(session))
		tell(session, true, VIEW("(secret)"));
}

void smtp_trace_data(struct smtp_session *session, uint64_t bytes)
{
	char text[64];
	if (!is_wanted(session))
		return;
	int len = snprintf(text, sizeof(text), "(%llu bytes of a message)",
	    (unsigned long long)bytes);
	tell(session, true, view_of(text, (size_t)len));
}

void smtp_trace_output(struct smtp_session *session, struct view output)
{
	struct view line;
	if (output.len == 0 || !is_wanted(session))
		return;
	while (view_split(&output, '\n', &line)) {
		if (view_ends_with(line, VIEW("\r")))
			line.len--;
		tell(session, false, line);
	}
}
