// SPDX-License-Identifier: Apache-2.0
// For tests: what an IMAP client does to the mail of RIG_USER meanwhile.
#ifndef ROOST_JMAP_RIG_MAIL_H
#define ROOST_JMAP_RIG_MAIL_H

#include "jmap/rig.h"
#include "store/change.h"

// Appends a message with flags such as "\\Seen $forwarded", received at `when`.
// Gives its email id's number.
uint64_t rig_mail_put(struct jmap_rig *rig, const char *mailbox, int64_t when,
    const char *flags, const char *message);
// STORE, EXPUNGE, COPY and MOVE of the messages that have a UID from `first` to
// `last`.
void rig_mail_flags(struct jmap_rig *rig, const char *mailbox, uint32_t first,
    uint32_t last, enum store_flags_operation operation, const char *flags);
void rig_mail_expunge(
    struct jmap_rig *rig, const char *mailbox, uint32_t first, uint32_t last);
void rig_mail_copy(struct jmap_rig *rig, const char *from, uint32_t first,
    uint32_t last, const char *to, bool move);
// The UID of an email in a mailbox; 0: it is not there.
uint32_t rig_mail_uid(
    struct jmap_rig *rig, const char *mailbox, uint64_t email_id);

#endif
