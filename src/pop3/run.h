// SPDX-License-Identifier: Apache-2.0
// Running commands: from a line to its response. Between session.c, which talks
// with the network, and the commands.
#ifndef ROOST_POP3_RUN_H
#define ROOST_POP3_RUN_H

#include "pop3/pop3.h"

// A line, without its end: a command, or what the running one waits for.
void pop3_run_line(
    struct pop3_session *session, struct view line, struct buf *out);
// Goes on with the command that said POP3_STEP_MORE or POP3_STEP_WAIT.
void pop3_run_resume(struct pop3_session *session, struct buf *out);
// Ends the command, if any, without a response.
void pop3_run_abandon(struct pop3_session *session);

#endif
