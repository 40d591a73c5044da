// SPDX-License-Identifier: Apache-2.0
// Running commands: from what the reader gives to the tagged response. Between
// session.c, which talks with the network, and the commands.
#ifndef ROOST_IMAP_RUN_H
#define ROOST_IMAP_RUN_H

#include "imap/imap.h"

// What the reader gave: a command or a line, a literal announced, data of it,
// or a fault.
void imap_run_event(struct imap_session *session,
    const struct imap_event *event, struct buf *out);
// Goes on with the command that said IMAP_STEP_MORE.
void imap_run_resume(struct imap_session *session, struct buf *out);
// In IDLE: tells the news.
void imap_run_idle_news(struct imap_session *session, struct buf *out);
// Ends the command, if any, without a response.
void imap_run_abandon(struct imap_session *session);

#endif
