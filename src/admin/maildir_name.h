// SPDX-License-Identifier: Apache-2.0
// The names in a Maildir, as https://cr.yp.to/proto/maildir.html, Maildir++ and
// Dovecot write them: of files (when, and which flags) and of folders.
#ifndef ROOST_ADMIN_MAILDIR_NAME_H
#define ROOST_ADMIN_MAILDIR_NAME_H

#include "base/buf.h"

#define MAILDIR_KEYWORDS 26 // letters a to z, named in dovecot-keywords

struct maildir_name {
	struct view unique; // the name without its flags
	uint64_t seconds;   // since 1970, that it begins with; 0: none
	unsigned flags;     // of enum store_flag
	bool forwarded;     // "P", passed
	uint32_t keywords;  // bit n: the letter 'a' + n
};

// Any name is one; unknown flags are left out.
struct maildir_name maildir_name_parse(struct view name);
// Adds ":2," and the flags in ASCII order.
void maildir_name_add_flags(
    unsigned flags, bool forwarded, uint32_t keywords, struct buf *out);

// A level of a mailbox name from what a file system calls it: modified UTF-7
// (strictly), else UTF-8 as it is, else with '_' for what is not UTF-8. '/' and
// control characters become '_', too. "&AC4-" is a dot (see below).
void maildir_level_decode(struct view level, struct buf *out);
// The reverse, in modified UTF-7. A dot, which separates levels in Maildir++,
// becomes "&AC4-".
MUST_CHECK enum rc maildir_level_encode(struct view level, struct buf *out);

// Levels joined by '/' from levels joined by `separator`.
void maildir_path_decode(struct view path, char separator, struct buf *out);

#endif
