// SPDX-License-Identifier: Apache-2.0
// The command's side of an import: gathers messages into batches, sends them,
// shows how it goes, names what could not be taken.
#ifndef ROOST_ADMIN_IMPORT_H
#define ROOST_ADMIN_IMPORT_H

#include "admin/place.h"

struct import;

// Something that the import reads from, and its results in the end.
struct import_message {
	struct view text;   // with LF or CRLF
	const char *source; // names it for a person
	json_t *flags;      // array of names, taken over; may be NULL
	bool has_date;
	int64_t date; // seconds since 1970 UTC
	int16_t zone_minutes;
};

// Begins with what every import's options say; the path is looked at first.
MUST_CHECK enum rc import_begin(const struct cli_call *call,
    struct place *ret_place, struct fault *fault, struct import **ret_import);
// Begins, over an open place, for a user. RC_NOT_FOUND, RC_IN_USE, ….
MUST_CHECK enum rc import_open(struct place *place, const char *user,
    struct fault *fault, struct import **ret_import);
// Prints no counts.
void import_set_quiet(struct import *import);
// Sends what is left, and prints the sum. `rc` is how reading went.
enum cli_exit import_close(
    struct import **import, enum rc rc, struct fault *fault);

// What comes from now on belongs into the mailbox `name`, of which there may be
// `expected` messages (0: not known). RC_INVALID when there can be no such
// mailbox, which has been reported then.
MUST_CHECK enum rc import_mailbox(
    struct import *import, struct view name, bool subscribe, uint64_t expected);
// Only subscribes.
MUST_CHECK enum rc import_subscribe(struct import *import, struct view name);

// A failure ends the import.
MUST_CHECK enum rc import_message(
    struct import *import, const struct import_message *message);
// Counts something that could not be read, and names it.
void import_bad(struct import *import, const char *source, const char *text);

// Names something that was read, but may mean something else: the exit code
// shows it, too.
void import_doubt(struct import *import, const char *source, const char *text);

// All of a file, appended to `ret_text`; RC_NOT_FOUND, RC_LIMIT, RC_IO.
MUST_CHECK enum rc import_read_file(
    const char *path, struct fault *fault, struct buf *ret_text);
// Reads the file and hands it on; what cannot be read is reported.
MUST_CHECK enum rc import_file(
    struct import *import, const char *path, struct import_message *message);

// All .eml files of a folder; `mailbox` may be NULL (import_eml.c).
MUST_CHECK enum rc import_eml(struct import *import, const char *path,
    const char *mailbox, struct fault *fault);

#define IMPORT_FILE_MAX ((size_t)256 << 20) // bytes in one message

#endif
