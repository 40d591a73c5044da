// SPDX-License-Identifier: Apache-2.0
// MAIL and RCPT as printers, scanners and scripts send them: an address without
// brackets, blanks too many. For clients that are known; to strangers such a
// line is refused (RFC 5321 section 3.3), since who sends it is rarely a mail
// server.
#ifndef ROOST_WIRE_SMTP_LENIENT_H
#define ROOST_WIRE_SMTP_LENIENT_H

#include "base/arena.h"

// The line (no CRLF) in the strict form, in `arena`, where it can only mean one
// thing:
//   MAIL FROM:a@b SIZE=1         MAIL FROM:<a@b> SIZE=1
//   rcpt  to : < a@b >           rcpt to:<a@b>
//   MAIL FROM:<a@b>  SIZE=1      MAIL FROM:<a@b> SIZE=1
// Any other line, other commands too, comes back as it is: whether it is good
// is for smtp_command_parse() to say.
struct view smtp_line_made_strict(struct arena *arena, struct view line);

#endif
