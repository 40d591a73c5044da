// SPDX-License-Identifier: Apache-2.0
// Whether an email has an attachment (RFC 8621 section 4.1.4, hasAttachment).
#ifndef ROOST_JMAP_ATTACHMENT_H
#define ROOST_JMAP_ATTACHMENT_H

#include "wire/message_record.h"

bool jmap_has_attachment(const struct message_record *record);

#endif
