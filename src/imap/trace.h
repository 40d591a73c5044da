// SPDX-License-Identifier: Apache-2.0
// The protocol trace (struct net_trace): what goes to and fro, line by line,
// for the users somebody looks at. Secrets do not get this far: commands with
// passwords, SASL responses, and whatever is no known command are replaced
// here; literals are left out.
#ifndef ROOST_IMAP_TRACE_H
#define ROOST_IMAP_TRACE_H

#include "imap/imap.h"

// A whole command, a line that was waited for, or the end of a command.
// Called before it runs.
void imap_trace_command(
    const struct imap_session *session, const struct imap_event *event);
// The part of a command before a literal that is streamed.
void imap_trace_literal(
    const struct imap_session *session, const struct imap_event *event);
// What was added to the output.
void imap_trace_output(struct imap_session *session, struct view output);

#endif
