// SPDX-License-Identifier: Apache-2.0
// The names of files (with date and flags) and of folders in a Maildir, as
// https://cr.yp.to/proto/maildir.html, Maildir++ and Dovecot write them.
#ifndef ROOST_ADMIN_MAILDIR_NAME_H
#define ROOST_ADMIN_MAILDIR_NAME_H

#include "base/buf.h"

// Letters a to z, whose names are in dovecot-keywords.
#define MAILDIR_KEYWORDS 26

struct maildir_name {
	struct view unique; // the name without its flags
	uint64_t seconds;   // the time that it begins with, since 1970; 0: none
	unsigned flags;     // of enum store_flag
	bool forwarded;     // "P", passed
	uint32_t keywords;  // bit n: the letter 'a' + n
};

// Any name can be parsed; unknown flags are left out.
struct maildir_name maildir_name_parse(struct view name);
// Adds ":2," and the flags in ASCII order.
void maildir_name_add_flags(
    unsigned flags, bool forwarded, uint32_t keywords, struct buf *out);

// Adds a level of a mailbox name, given its name in the file system. If that
// name is correct modified UTF-7, reads it so; otherwise reads it as UTF-8.
// Bytes that are not UTF-8 become '_', and so do '/' and control characters.
// "&AC4-" is a dot (see below).
void maildir_level_decode(struct view level, struct buf *out);
// Does the reverse, and writes modified UTF-7. In Maildir++ a dot separates
// levels, so a dot inside a level becomes "&AC4-".
MUST_CHECK enum rc maildir_level_encode(struct view level, struct buf *out);

// Adds levels joined by '/', given levels joined by `separator`.
void maildir_path_decode(struct view path, char separator, struct buf *out);
// Adds the folder of a mailbox: ".A.B" for "A/B".
MUST_CHECK enum rc maildir_path_encode(struct view mailbox, struct buf *out);

// A mailbox whose name is too long for a file system (255 bytes), or is taken
// by another folder there, gets a folder with a short name: the beginning of
// its name, "~", and 16 digits of the name's SHA-256. The mailbox's name is the
// only line of MAILDIR_NAME_FILE in the folder.
#define MAILDIR_NAME_FILE "roost-mailbox-name"
MUST_CHECK enum rc maildir_path_shorten(struct view mailbox, struct buf *out);
// Whether a folder's name has that form.
bool maildir_path_is_short(struct view folder);

#endif
