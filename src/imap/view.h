// SPDX-License-Identifier: Apache-2.0
// The selected mailbox as one session sees it.
#ifndef ROOST_IMAP_VIEW_H
#define ROOST_IMAP_VIEW_H

#include "imap/imap.h"

// Opens a view of the mailbox's newest snapshot. Takes `mailbox` over. The
// view is what the client is told in SELECT's responses: nothing of it is news.
struct imap_view *imap_view_open(struct imap_session *session,
    struct store_mailbox *mailbox_take, bool read_only);
void imap_view_close(struct imap_view **view);

struct store_mailbox *imap_view_mailbox(const struct imap_view *view);
// What the session has been told of, as a snapshot (held-back expunges aside).
const struct store_snapshot *imap_view_snapshot(const struct imap_view *view);
bool imap_view_read_only(const struct imap_view *view);
uint32_t imap_view_count(const struct imap_view *view);

// The answer to SELECT's QRESYNC parameter, after the other responses: VANISHED
// (EARLIER) and FETCH (RFC 7162 section 3.2.5). IMAP_STEP_MORE: call again when
// drained.
enum imap_step imap_view_qresync(struct imap_view *view,
    struct imap_command *command, const struct imap_qresync *qresync);

// Adds untagged responses for what has changed since the last time: EXPUNGE or
// VANISHED (only with `expunge`), EXISTS, FETCH, FLAGS. IMAP_STEP_MORE: call
// again when drained, with the same `expunge`.
enum imap_step imap_view_sync(
    struct imap_view *view, bool expunge, struct buf *out);

#endif
