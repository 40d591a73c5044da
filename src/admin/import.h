// SPDX-License-Identifier: Apache-2.0
// The command's side of an import: collects messages in batches, sends them,
// shows the progress, and names what could not be imported.
#ifndef ROOST_ADMIN_IMPORT_H
#define ROOST_ADMIN_IMPORT_H

#include "admin/folder.h"
#include "admin/place.h"

struct import;

// A message for import_message().
struct import_message {
	struct view text;   // with LF or CRLF
	const char *source; // names the message for a person
	json_t *flags;      // array of names, reference taken over; may be NULL
	bool has_date;
	int64_t date; // seconds since 1970 UTC
	int16_t zone_minutes;
};

// Checks the path, and begins an import with the options that every import has.
MUST_CHECK enum rc import_begin(const struct cli_call *call,
    struct place *ret_place, struct fault *fault, struct import **ret_import);
// Begins an import for a user, over an open place. RC_NOT_FOUND, RC_IN_USE, ….
MUST_CHECK enum rc import_open(struct place *place, const char *user,
    struct fault *fault, struct import **ret_import);
// Tells the import to print no counts.
void import_set_quiet(struct import *import);
// Sends the messages that are left, and prints the totals. `rc` is the result
// of reading the source.
enum cli_exit import_close(
    struct import **import, enum rc rc, struct fault *fault);

// Says that the next messages go into the mailbox `name`, and that there are
// about `expected` of them (0: not known). RC_INVALID if there can be no such
// mailbox; this has then been reported.
MUST_CHECK enum rc import_mailbox(
    struct import *import, struct view name, bool subscribe, uint64_t expected);
// Only subscribes to the name.
MUST_CHECK enum rc import_subscribe(struct import *import, struct view name);

// A failure ends the import.
MUST_CHECK enum rc import_message(
    struct import *import, const struct import_message *message);
// Counts and names something that could not be read.
void import_bad(struct import *import, const char *source, const char *text);

// Warns about something that was read, but may have been misunderstood. The
// exit code shows it, too.
void import_doubt(struct import *import, const char *source, const char *text);

// Appends all that can be read from `fd`, which it closes; RC_LIMIT, RC_IO.
MUST_CHECK enum rc import_read_all(
    int fd, struct fault *fault, struct buf *ret_text);
// Reads a small file of a folder. A file that is not there counts as empty; one
// that cannot be read does, too, and is doubted (import_doubt()). The text is
// in the arena.
struct view import_read_small(struct import *import, struct arena *arena,
    const struct folder *folder, const char *name);
// Opens a file of a folder, and gives its status. Reports one that cannot be
// opened (import_bad()), with RC_DENIED.
MUST_CHECK enum rc import_open_file(struct import *import,
    const struct folder *folder, const char *name, int *ret_fd,
    struct stat *ret_info);
// Reads the open file, closes it, and imports it as a message; reports a file
// that cannot be read. The path is for people only.
MUST_CHECK enum rc import_file(struct import *import, int fd, const char *path,
    struct import_message *message);

// Imports all .eml files of a folder; `mailbox` may be NULL (import_eml.c).
MUST_CHECK enum rc import_eml(struct import *import,
    const struct folder *folder, const char *mailbox, struct fault *fault);

#define IMPORT_FILE_MAX ((size_t)256 << 20) // bytes in one message

#endif
