// SPDX-License-Identifier: Apache-2.0
// What the server says that it can do (RFC 9051 section 7.2.2).
#ifndef ROOST_IMAP_CAPABILITY_H
#define ROOST_IMAP_CAPABILITY_H

#include "imap/impl.h"

// "CAPABILITY IMAP4rev2 IMAP4rev1 …": for the untagged response and for the
// response code. It depends on login and TLS, not on ENABLE (RFC 5161 section
// 3.1).
void imap_capability_write(struct imap_session *session, struct buf *out);

#endif
