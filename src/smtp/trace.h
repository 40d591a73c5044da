// SPDX-License-Identifier: Apache-2.0
// What the trace shows of SMTP.
#ifndef ROOST_SMTP_TRACE_H
#define ROOST_SMTP_TRACE_H

#include "smtp/commands.h"

// `type` NULL: no command that this server knows.
void smtp_trace_command(struct smtp_session *session,
    const struct smtp_command_type *type, struct view line);
// A message or chunk has come to its end.
void smtp_trace_data(struct smtp_session *session, uint64_t bytes);

#endif
