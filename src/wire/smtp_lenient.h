// SPDX-License-Identifier: Apache-2.0
// MAIL and RCPT as printers, scanners and scripts send them: an address without
// brackets, or too many blanks. This is for known clients. To strangers such a
// line is refused (RFC 5321 section 3.3), because a sender of such lines is
// rarely a mail server.
#ifndef ROOST_WIRE_SMTP_LENIENT_H
#define ROOST_WIRE_SMTP_LENIENT_H

#include "base/arena.h"

// Returns the line (without CRLF) in the strict form, in `arena`, if it can
// only mean one thing:
//   MAIL FROM:a@b SIZE=1         MAIL FROM:<a@b> SIZE=1
//   rcpt  to : < a@b >           rcpt to:<a@b>
//   MAIL FROM:<a@b>  SIZE=1      MAIL FROM:<a@b> SIZE=1
// Any other line, and any other command, is returned unchanged.
// smtp_command_parse() decides whether it is valid.
struct view smtp_line_made_strict(struct arena *arena, struct view line);

#endif
