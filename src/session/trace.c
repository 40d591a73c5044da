// SPDX-License-Identifier: Apache-2.0
// The protocol trace: what is sent in both directions, line by line, for the
// users whom an administrator traces. A line of the client is shown only if its
// protocol knows it and it is not secret. Everything that is sent to a client
// comes through session_trace_said().
#include "session/session.h"

bool session_is_traced(const struct session *session)
{
	const struct net_trace *trace = session->server->trace;
	return trace &&
	       trace->wants(trace->context, view_of_string(session->user));
}

void session_trace_line(
    const struct session *session, bool from_client, struct view line)
{
	const struct net_trace *trace = session->server->trace;
	trace->line(trace->context, session->id, view_of_string(session->user),
	    from_client, line);
}

void session_trace_client(struct session *session, struct view line)
{
	session_trace_said(session);
	if (session_is_traced(session))
		session_trace_line(session, true, line);
}

void session_trace_secret(struct session *session)
{
	session_trace_client(session, VIEW("(secret)"));
}

void session_trace_command(
    struct session *session, struct view name, bool secret, struct view line)
{
	if (name.len == 0) {
		session_trace_client(session, VIEW("(not a known command)"));
	} else if (secret) {
		session_trace_client(session, name);
		session_trace_secret(session);
	} else {
		session_trace_client(session, line);
	}
}

static void trace_lines(const struct session *session, struct view text)
{
	struct view line;
	while (view_split(&text, '\n', &line)) {
		if (view_ends_with(line, VIEW("\r")))
			line.len--;
		session_trace_line(session, false, line);
	}
}

void session_trace_said(struct session *session)
{
	struct view said = view_from(buf_view(session->out), session->traced);
	session->traced = session->out->len;
	if (said.len == 0)
		return;
	if (!session_is_traced(session)) {
		session->trace_skip = 0;
		return;
	}
	if (session->kind->trace_said)
		session->kind->trace_said(session, said);
	else
		trace_lines(session, said);
}

void session_trace_skip(struct session *session)
{
	session->traced = session->out->len;
}
