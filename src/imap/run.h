// SPDX-License-Identifier: Apache-2.0
// Running commands: from what the reader gives to the tagged response. It
// stands between session.c, which talks with the network, and the commands.
#ifndef ROOST_IMAP_RUN_H
#define ROOST_IMAP_RUN_H

#include "imap/impl.h"

// Processes what the reader gave: a command or a line, a literal that is
// announced, bytes of it, or a fault.
void imap_run_event(struct imap_session *session,
    const struct imap_event *event, struct buf *out);
// Continues the command that returned IMAP_STEP_MORE.
void imap_run_resume(struct imap_session *session, struct buf *out);
// In IDLE: reports the news.
void imap_run_idle_news(struct imap_session *session, struct buf *out);
// Ends the running command, if there is one, without a response.
// The bytes that the running command holds, about.
size_t imap_run_memory(const struct imap_session *session);
void imap_run_abandon(struct imap_session *session);

#endif
