// SPDX-License-Identifier: Apache-2.0
// Runs commands, from a line to its response. session.c, which the network
// calls, uses it.
#ifndef ROOST_POP3_RUN_H
#define ROOST_POP3_RUN_H

#include "pop3/impl.h"

// Runs a line without its end: a command, or the line that the running command
// waits for.
void pop3_run_line(
    struct pop3_session *session, struct view line, struct buf *out);
// Goes on with a command that returned POP3_STEP_MORE or POP3_STEP_WAIT.
void pop3_run_resume(struct pop3_session *session, struct buf *out);
// Ends the command, if there is one, without a response.
void pop3_run_abandon(struct pop3_session *session);

#endif
