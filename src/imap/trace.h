// SPDX-License-Identifier: Apache-2.0
// What the trace shows of IMAP. Secrets never reach the trace: commands with
// passwords, SASL responses, and everything that is not a known command are
// replaced here; literals are left out.
#ifndef ROOST_IMAP_TRACE_H
#define ROOST_IMAP_TRACE_H

#include "imap/impl.h"

// Traces a whole command, a line that was waited for, or the end of a command.
// Called before it runs.
void imap_trace_command(
    struct imap_session *session, const struct imap_event *event);
// Traces the part of a command before a literal that is streamed.
void imap_trace_literal(
    struct imap_session *session, const struct imap_event *event);
// For the base (struct session_kind).
void imap_trace_said(struct session *session, struct view said);

#endif
