// SPDX-License-Identifier: Apache-2.0
// What the trace shows of POP3.
#ifndef ROOST_POP3_TRACE_H
#define ROOST_POP3_TRACE_H

#include "pop3/pop3.h"

// A command's line, before it runs; `type` NULL: it is none.
void pop3_trace_command(struct pop3_session *session,
    const struct pop3_command_type *type, struct view line);
// What was said since is a response with a message in it.
void pop3_trace_message(struct pop3_session *session);

#endif
