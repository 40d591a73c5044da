// SPDX-License-Identifier: Apache-2.0
#include "admin/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX    40 // as many as the kernel follows
#define CANNOT       ": cannot be opened: "
#define PIPE_WAIT_MS 10000

static enum rc rc_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR: return RC_NOT_FOUND;
	case EACCES:
	case EPERM: return RC_DENIED;
	case EEXIST: return RC_EXISTS;
	case ENAMETOOLONG:
	case EILSEQ:
	case EINVAL: return RC_INVALID;
	default: return RC_IO;
	}
}

static enum rc fail(struct fault *fault, const char *path, int error)
{
	return fault_set(
	    fault, rc_of(error), "%s" CANNOT "%s", path, strerror(error));
}

static enum rc fail_to_make(struct fault *fault, const char *path, int error)
{
	return fault_set(
	    fault, rc_of(error), "cannot make %s: %s", path, strerror(error));
}

// ---- The way to a path -----------------------------------------------------

struct way {
	const char *path; // as it was given
	int fd;           // the folder that was reached
	char rest[PATH_MAX];
	unsigned links;
	bool exposed;
};

static enum rc begin(struct way *way, const char *from, struct fault *fault)
{
	int fd = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(fault, way->path, errno);
	if (way->fd >= 0)
		close(way->fd);
	way->fd = fd;
	return RC_OK;
}

// Takes the next name off the rest of the way. Gives false at its end.
static bool next_name(struct way *way, char ret_name[NAME_MAX + 1])
{
	char *at = way->rest + strspn(way->rest, "/");
	size_t len = strcspn(at, "/");
	if (len == 0)
		return false;
	size_t kept = len <= NAME_MAX ? len : NAME_MAX;
	memcpy(ret_name, at, kept);
	ret_name[kept] = '\0';
	memmove(way->rest, at + len, strlen(at + len) + 1);
	return true;
}

static bool is_at_end(const struct way *way)
{
	return way->rest[strspn(way->rest, "/")] == '\0';
}

static bool is_of_kernel(int fd)
{
	struct statfs info;
	return fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

// In a folder that others can write, `entry` could be exchanged; in a sticky
// one (/tmp) only by its owner.
static bool is_exposed(int fd, const struct stat *entry)
{
	struct stat info;
	if (fstat(fd, &info) != 0 || info.st_uid != 0)
		return true;
	bool sticky = (info.st_mode & S_ISVTX) != 0;
	return (info.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	       !(sticky && entry && entry->st_uid == 0);
}

// Puts what the link says before the rest of the way.
static enum rc follow(struct way *way, int link, const struct stat *info,
    const char *name, struct fault *fault)
{
	char target[PATH_MAX], whole[2 * PATH_MAX];
	if (info->st_uid != 0 && info->st_uid != geteuid())
		return fault_set(fault, RC_DENIED,
		    "%s: \"%s\" is a link of another user (%u): name the path "
		    "that it leads to",
		    way->path, name, (unsigned)info->st_uid);
	if (++way->links > LINKS_MAX)
		return fail(fault, way->path, ELOOP);
	ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);
	if (len < 0)
		return fail(fault, way->path, errno);
	target[len] = '\0';
	int total = snprintf(whole, sizeof(whole), "%s/%s", target, way->rest);
	if (total < 0 || (size_t)total >= sizeof(way->rest))
		return fail(fault, way->path, ENAMETOOLONG);
	memcpy(way->rest, whole, (size_t)total + 1);
	return target[0] == '/' ? begin(way, "/", fault) : RC_OK;
}

enum step {
	STEP_ON,  // one name further
	STEP_END, // the name is what the path leads to
	STEP_FOLLOWED,
	STEP_FAILED,
};

// Goes on from `entry`, which is what `name` is.
static enum step go_on(struct way *way, int entry, const struct stat *info,
    const char *name, struct fault *fault)
{
	way->exposed |= is_exposed(way->fd, info);
	if (S_ISLNK(info->st_mode)) {
		if (is_at_end(way) && is_of_kernel(way->fd))
			return STEP_FOLLOWED;
		return follow(way, entry, info, name, fault) == RC_OK
			   ? STEP_ON
			   : STEP_FAILED;
	}
	if (is_at_end(way))
		return STEP_END;
	int fd = openat(entry, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)!fail(fault, way->path, errno);
		return STEP_FAILED;
	}
	close(way->fd);
	way->fd = fd;
	return STEP_ON;
}

static enum step take_step(
    struct way *way, char ret_name[NAME_MAX + 1], struct fault *fault)
{
	struct stat info;
	enum step step = STEP_FAILED;
	if (!next_name(way, ret_name)) {
		memcpy(ret_name, ".", 2);
		return STEP_END;
	}
	int entry = openat(way->fd, ret_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (entry >= 0 && fstat(entry, &info) == 0) {
		step = go_on(way, entry, &info, ret_name, fault);
	} else if (errno == ENOENT && is_at_end(way)) {
		way->exposed |= is_exposed(way->fd, NULL);
		step = STEP_END;
	} else {
		(void)!fail(fault, way->path, errno);
	}
	if (entry >= 0)
		close(entry);
	return step;
}

enum rc folder_walk(
    const char *path, struct fault *fault, struct folder_walk *ret_walk)
{
	struct way way = {.path = path, .fd = -1};
	struct fault why = {0};
	enum step step = STEP_ON;
	size_t len = strlen(path);
	if (len == 0 || len >= sizeof(way.rest))
		return fail(fault, path, len ? ENAMETOOLONG : ENOENT);
	memcpy(way.rest, path, len + 1);
	if (begin(&way, path[0] == '/' ? "/" : ".", &why) != RC_OK)
		step = STEP_FAILED;
	while (step == STEP_ON)
		step = take_step(&way, ret_walk->name, &why);
	if (step == STEP_FAILED) {
		if (way.fd >= 0)
			close(way.fd);
		if (fault)
			*fault = why;
		return why.rc;
	}
	ret_walk->parent = way.fd;
	ret_walk->followed = step == STEP_FOLLOWED;
	ret_walk->exposed = way.exposed;
	return RC_OK;
}

// ---- Folders ---------------------------------------------------------------

static enum rc open_folder(int parent, const char *name, int more,
    const char *path, struct fault *fault, struct folder *ret_folder)
{
	int fd =
	    openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | more);
	if (fd < 0)
		return fail(fault, path, errno == ELOOP ? ENOTDIR : errno);
	*ret_folder = (struct folder){fd, path};
	return RC_OK;
}

enum rc folder_open(struct arena *arena, const char *path, struct fault *fault,
    struct folder *ret_folder)
{
	struct folder_walk walk;
	enum rc rc = folder_walk(path, fault, &walk);
	if (rc != RC_OK)
		return rc;
	rc = open_folder(walk.parent, walk.name, walk.followed ? 0 : O_NOFOLLOW,
	    arena_string(arena, view_of_string(path)), fault, ret_folder);
	close(walk.parent);
	return rc;
}

enum rc folder_enter(struct arena *arena, const struct folder *folder,
    const char *name, struct fault *fault, struct folder *ret_folder)
{
	return open_folder(folder->fd, name, O_NOFOLLOW,
	    listing_join(arena, folder->path, name), fault, ret_folder);
}

void folder_close(struct folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}

enum rc folder_list(struct arena *arena, const struct folder *folder,
    struct fault *fault, struct listing *ret_listing)
{
	// The stream closes its descriptor, and each reading needs a place of
	// its own in the folder.
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		return fail(fault, folder->path, error);
	}
	listing_take(arena, stream, ret_listing);
	closedir(stream);
	return RC_OK;
}

enum folder_kind folder_kind(const struct folder *folder, const char *name)
{
	struct stat info;
	if (fstatat(folder->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return FOLDER_NOTHING;
	if (S_ISDIR(info.st_mode))
		return FOLDER_FOLDER;
	if (S_ISREG(info.st_mode))
		return FOLDER_FILE;
	if (!S_ISLNK(info.st_mode))
		return FOLDER_OTHER;
	// Only for a message; nothing is opened there.
	return fstatat(folder->fd, name, &info, 0) == 0 && S_ISDIR(info.st_mode)
		   ? FOLDER_AWAY
		   : FOLDER_LINK;
}

// ---- Files -----------------------------------------------------------------

// Whether everybody who could give this file its name in this folder may read
// the file. A file with one name was made there or moved there by somebody who
// may write in its former folder. A second name can be given to other people's
// files (where fs.protected_hardlinks is 0, or by who may write the file).
static bool is_at_home(int parent, const struct stat *file)
{
	struct stat home;
	mode_t others = S_IWOTH;
	if (file->st_nlink < 2)
		return true;
	if (fstat(parent, &home) != 0)
		return false;
	if (home.st_uid == 0)
		others |= S_IWGRP;
	return home.st_uid == file->st_uid && (home.st_mode & others) == 0;
}

static const char *check_any(int fd, const struct stat *info)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	if (S_ISDIR(info->st_mode))
		return "it is a folder, not a file";
	if (S_ISFIFO(info->st_mode) && poll(&wait, 1, PIPE_WAIT_MS) <= 0)
		return "it is a pipe that nobody writes to";
	fcntl(fd, F_SETFL, 0); // reading waits
	return NULL;
}

static enum rc open_file(int parent, const char *name, bool follow, bool any,
    struct fault *fault, int *ret_fd, struct stat *ret_info)
{
	// Opening a pipe must not wait until somebody opens its other end.
	int fd = openat(parent, name,
	    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		(follow ? 0 : O_NOFOLLOW));
	const char *why = NULL;
	if (fd < 0 && errno == ELOOP)
		return fault_set(fault, RC_DENIED,
		    "it is a link, which is not followed here");
	if (fd < 0 && errno == ENXIO)
		return fault_set(fault, RC_INVALID, "it is not a regular file");
	if (fd < 0 || fstat(fd, ret_info) != 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		return fault_set(fault, rc_of(error), "%s", strerror(error));
	}
	if (S_ISREG(ret_info->st_mode) && !follow &&
	    !is_at_home(parent, ret_info))
		why = "it has several names (hard links), and may be another "
		      "user's file";
	else if (!S_ISREG(ret_info->st_mode))
		why =
		    any ? check_any(fd, ret_info) : "it is not a regular file";
	if (why) {
		close(fd);
		return fault_set(fault, RC_INVALID, "%s", why);
	}
	*ret_fd = fd;
	return RC_OK;
}

enum rc folder_open_file(const struct folder *folder, const char *name,
    struct fault *fault, int *ret_fd, struct stat *ret_info)
{
	return open_file(
	    folder->fd, name, false, false, fault, ret_fd, ret_info);
}

enum rc folder_open_named(
    const char *path, bool any, struct fault *fault, int *ret_fd)
{
	struct folder_walk walk;
	struct stat info;
	struct fault why;
	enum rc rc = folder_walk(path, &why, &walk);
	if (rc != RC_OK) {
		// The caller names the path.
		const char *text = strstr(why.text, CANNOT);
		return fault_set(fault, rc, "%s",
		    text ? text + sizeof(CANNOT) - 1 : why.text);
	}
	rc = open_file(
	    walk.parent, walk.name, walk.followed, any, fault, ret_fd, &info);
	close(walk.parent);
	return rc;
}

// ---- Making ----------------------------------------------------------------

// What was just made belongs to this process. If it does not, somebody has put
// something else into its place.
static enum rc check_own(struct folder *folder, struct fault *fault)
{
	struct stat info;
	if (fstat(folder->fd, &info) == 0 && info.st_uid == geteuid())
		return RC_OK;
	folder_close(folder);
	return fault_set(fault, RC_DENIED,
	    "%s: another user exchanged it while it was made", folder->path);
}

enum rc folder_make(struct arena *arena, const struct folder *folder,
    const char *name, struct fault *fault, struct folder *ret_folder)
{
	if (mkdirat(folder->fd, name, 0700) != 0)
		return fail_to_make(
		    fault, listing_join(arena, folder->path, name), errno);
	enum rc rc = folder_enter(arena, folder, name, fault, ret_folder);
	return rc == RC_OK ? check_own(ret_folder, fault) : rc;
}

enum rc folder_make_named(struct arena *arena, const char *path,
    struct fault *fault, struct folder *ret_folder)
{
	struct folder_walk walk;
	struct listing list;
	enum rc rc = folder_walk(path, fault, &walk);
	if (rc != RC_OK)
		return rc;
	bool made = mkdirat(walk.parent, walk.name, 0700) == 0;
	if (!made && errno != EEXIST)
		rc = fail_to_make(fault, path, errno);
	if (rc == RC_OK)
		rc = open_folder(walk.parent, walk.name, O_NOFOLLOW,
		    arena_string(arena, view_of_string(path)), fault,
		    ret_folder);
	close(walk.parent);
	if (rc != RC_OK)
		return rc;
	if (made)
		return check_own(ret_folder, fault);
	rc = folder_list(arena, ret_folder, fault, &list);
	if (rc == RC_OK && list.count > 0)
		rc = fault_set(
		    fault, RC_EXISTS, "%s is not an empty folder", path);
	if (rc != RC_OK)
		folder_close(ret_folder);
	return rc;
}

enum rc folder_make_file(const struct folder *folder, const char *name,
    struct fault *fault, int *ret_fd)
{
	int fd = openat(folder->fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fault_set(fault, rc_of(errno), "%s/%s: %s", folder->path,
		    name, strerror(errno));
	*ret_fd = fd;
	return RC_OK;
}
