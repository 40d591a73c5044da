// SPDX-License-Identifier: Apache-2.0
// The protocol trace (struct net_trace): what goes to and fro, line by line,
// for the users somebody looks at. Secrets do not get this far: passwords, SASL
// responses, and whatever is no known command are replaced here; messages are
// left out.
#ifndef ROOST_POP3_TRACE_H
#define ROOST_POP3_TRACE_H

#include "pop3/pop3.h"

// A command's line, before it runs; `type` NULL: it is none.
void pop3_trace_command(const struct pop3_session *session,
    const struct pop3_command_type *type, struct view line);
// A line of a SASL exchange.
void pop3_trace_answer(const struct pop3_session *session);
// What was added to the output; of a message's only the first line is told.
void pop3_trace_output(
    const struct pop3_session *session, struct view output, bool message);

#endif
