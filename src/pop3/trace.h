// SPDX-License-Identifier: Apache-2.0
// What the trace shows of POP3.
#ifndef ROOST_POP3_TRACE_H
#define ROOST_POP3_TRACE_H

#include "pop3/impl.h"

// Traces a command's line, before the command runs; `type` is NULL if it is
// unknown.
void pop3_trace_command(struct pop3_session *session,
    const struct pop3_command_type *type, struct view line);
// Says that the output since the last trace is a response that contains a
// message.
void pop3_trace_message(struct pop3_session *session);

#endif
