// SPDX-License-Identifier: Apache-2.0
// Line ends between files, where they are LF, and mail, where they are CRLF.
#ifndef ROOST_ADMIN_LINE_END_H
#define ROOST_ADMIN_LINE_END_H

#include "base/buf.h"

// Adds `text` with a CR before each LF that has none. Nothing else changes.
void line_end_to_mail(struct view text, struct buf *out);

// True when line_end_to_mail() gives back exactly what line_end_to_file() took
// away: each LF has one CR before it, and not two.
bool line_end_is_regular(struct view mail);
// Adds `mail`, which is regular, with LF line ends.
void line_end_to_file(struct view mail, struct buf *out);

#endif
