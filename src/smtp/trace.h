// SPDX-License-Identifier: Apache-2.0
// The protocol trace (struct net_trace). What is shown of a command is shown
// because it is known and not secret; nothing is shown by default.
#ifndef ROOST_SMTP_TRACE_H
#define ROOST_SMTP_TRACE_H

#include "smtp/commands.h"

// `type` NULL: no command that this server knows.
void smtp_trace_command(struct smtp_session *session,
    const struct smtp_command_type *type, struct view line);
void smtp_trace_secret(struct smtp_session *session); // a line of AUTH's
// A message or chunk has come to its end.
void smtp_trace_data(struct smtp_session *session, uint64_t bytes);
void smtp_trace_output(struct smtp_session *session, struct view output);

#endif
