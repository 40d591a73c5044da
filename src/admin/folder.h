// SPDX-License-Identifier: Apache-2.0
// Folders and files in places where other people may write. Who may write in a
// folder can put a link to another person's file there, a second name (hard
// link) of it, or a pipe that never ends, and can swap them at any moment. A
// command that root starts would read or overwrite that file. So:
//
// - A folder is held by its descriptor, and what is in it is opened beneath the
//   descriptor, by a name without "/", and never through a link.
// - In a path that a person gave, a link is followed only if root or the person
//   who started the process made it.
// - Only regular files are read. The check is made on the open file. A file
//   with several names must belong to the owner of its folder.
// - Files are made only where there was nothing.
#ifndef ROOST_ADMIN_FOLDER_H
#define ROOST_ADMIN_FOLDER_H

#include <sys/stat.h>

#include "admin/listing.h"

struct folder {
	int fd;           // -1: closed
	const char *path; // for messages only; in the arena
};

enum folder_kind {
	FOLDER_NOTHING,
	FOLDER_FOLDER,
	FOLDER_FILE,
	FOLDER_LINK,  // to anything but a folder, or to nothing
	FOLDER_AWAY,  // a link to a folder
	FOLDER_OTHER, // a pipe, a socket, a device
};

// Opens a folder that a person named. RC_NOT_FOUND, RC_DENIED (a link of
// somebody else), RC_IO.
MUST_CHECK enum rc folder_open(struct arena *arena, const char *path,
    struct fault *fault, struct folder *ret_folder);
// Opens a folder inside another one.
MUST_CHECK enum rc folder_enter(struct arena *arena,
    const struct folder *folder, const char *name, struct fault *fault,
    struct folder *ret_folder);
void folder_close(struct folder *folder);

// The names in the folder. RC_IO.
MUST_CHECK enum rc folder_list(struct arena *arena, const struct folder *folder,
    struct fault *fault, struct listing *ret_listing);
enum folder_kind folder_kind(const struct folder *folder, const char *name);

// Opens a file in the folder for reading, and gives what fstat(2) says of it.
// The fault does not name the file. RC_NOT_FOUND, RC_DENIED, RC_IO.
MUST_CHECK enum rc folder_open_file(const struct folder *folder,
    const char *name, struct fault *fault, int *ret_fd, struct stat *ret_info);
// Opens a file that a person named. The fault does not name the file. With
// `any`, a pipe that somebody writes to and a device are taken as well
// (/dev/stdin, or a shell's `<(…)`).
MUST_CHECK enum rc folder_open_named(
    const char *path, bool any, struct fault *fault, int *ret_fd);

// Makes a folder, with mode 0700, and opens it. RC_EXISTS. RC_INVALID if the
// file system has no such names.
MUST_CHECK enum rc folder_make(struct arena *arena, const struct folder *folder,
    const char *name, struct fault *fault, struct folder *ret_folder);
// The same for a folder that a person named; its parent must exist. It may
// exist already, if it is empty.
MUST_CHECK enum rc folder_make_named(struct arena *arena, const char *path,
    struct fault *fault, struct folder *ret_folder);
// Makes a file, with mode 0600, and opens it for writing. RC_EXISTS, RC_IO.
MUST_CHECK enum rc folder_make_file(const struct folder *folder,
    const char *name, struct fault *fault, int *ret_fd);

// Finds the folder that a path leads to, or the one that it will be in. For
// callers who open it in their own way.
struct folder_walk {
	int parent; // descriptor of the folder (O_PATH)
	char name[256];
	bool followed; // the name is one of /proc that the kernel follows
	bool exposed;  // somebody else than root could put another thing at
		       // this path
};
MUST_CHECK enum rc folder_walk(
    const char *path, struct fault *fault, struct folder_walk *ret_walk);

#endif
