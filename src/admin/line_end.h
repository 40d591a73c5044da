// SPDX-License-Identifier: Apache-2.0
// Line ends: LF in files, CRLF in mail.
#ifndef ROOST_ADMIN_LINE_END_H
#define ROOST_ADMIN_LINE_END_H

#include "base/buf.h"

// Adds `text` with a CR before each LF that has none, and otherwise unchanged.
void line_end_to_mail(struct view text, struct buf *out);

// True when line_end_to_mail() restores exactly what line_end_to_file()
// removes: each LF has exactly one CR before it.
bool line_end_is_regular(struct view mail);
// Adds `mail`, which must be regular, with LF line ends.
void line_end_to_file(struct view mail, struct buf *out);

#endif
