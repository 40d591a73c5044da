// SPDX-License-Identifier: Apache-2.0
// What the trace shows of SMTP.
#ifndef ROOST_SMTP_TRACE_H
#define ROOST_SMTP_TRACE_H

#include "smtp/commands.h"

// `type` NULL: this server does not have the command.
void smtp_trace_command(struct smtp_session *session,
    const struct smtp_command_type *type, struct view line);
// A message or chunk is complete.
void smtp_trace_data(struct smtp_session *session, uint64_t bytes);

#endif
