// SPDX-License-Identifier: Apache-2.0
// STATUS data items (RFC 9051 section 6.3.11), for STATUS and for LIST's STATUS
// return option.
#ifndef ROOST_IMAP_STATUS_H
#define ROOST_IMAP_STATUS_H

#include "imap/impl.h"

enum imap_status_item { // or-ed
	IMAP_STATUS_MESSAGES = 1 << 0,
	IMAP_STATUS_RECENT = 1 << 1,
	IMAP_STATUS_UIDNEXT = 1 << 2,
	IMAP_STATUS_UIDVALIDITY = 1 << 3,
	IMAP_STATUS_UNSEEN = 1 << 4,
	IMAP_STATUS_DELETED = 1 << 5,       // RFC 9051
	IMAP_STATUS_SIZE = 1 << 6,          // RFC 8438
	IMAP_STATUS_HIGHESTMODSEQ = 1 << 7, // RFC 7162
	IMAP_STATUS_MAILBOXID = 1 << 8,     // RFC 8474
	IMAP_STATUS_APPENDLIMIT = 1 << 9,   // RFC 7889
};

// Parses "(MESSAGES UIDNEXT)".
MUST_CHECK enum rc imap_status_parse(
    struct imap_cursor *cursor, unsigned *ret_items);

// Writes the whole untagged response.
void imap_status_write(struct imap_command *command,
    const struct store_mailbox_info *info, unsigned items);

#endif
