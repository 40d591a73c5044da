// SPDX-License-Identifier: Apache-2.0
#include "admin/become.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "admin/folder.h"

#define ENTRY_MAX 16384 // bytes of an entry of passwd(5)

// ---- Deciding --------------------------------------------------------------

static enum rc find_user(
    const char *name, struct fault *fault, struct become *become)
{
	struct passwd entry, *found = NULL;
	char room[ENTRY_MAX];
	int error = getpwnam_r(name, &entry, room, sizeof(room), &found);
	if (!found)
		return fault_set(fault, RC_NOT_FOUND,
		    "the system has no user %s to run as%s%s", name,
		    error ? ": " : "", error ? strerror(error) : "");
	if (entry.pw_uid == 0)
		return fault_set(fault, RC_DENIED,
		    "user = \"%s\" is root; Roost runs as a user that has no "
		    "other work, such as \"roost\"",
		    name);
	become->user = entry.pw_uid;
	become->group = entry.pw_gid;
	return RC_OK;
}

// What is at the path, and whether somebody else than root could put something
// else there.
static enum rc look_at(const char *path, struct fault *fault,
    struct stat *ret_info, bool *ret_exposed)
{
	struct folder_walk walk;
	enum rc rc = folder_walk(path, fault, &walk);
	if (rc != RC_OK)
		return rc;
	if (fstatat(walk.parent, walk.name, ret_info, AT_SYMLINK_NOFOLLOW) != 0)
		rc = fault_set(fault, errno == ENOENT ? RC_NOT_FOUND : RC_IO,
		    "%s: %s", path, strerror(errno));
	else
		*ret_exposed = walk.exposed ||
			       (ret_info->st_mode & (S_IWGRP | S_IWOTH)) != 0;
	close(walk.parent);
	return rc;
}

static enum rc find_owner(
    const char *data, struct fault *fault, struct become *become)
{
	struct passwd entry, *found = NULL;
	char room[ENTRY_MAX];
	struct stat info;
	bool exposed = true;
	enum rc rc = look_at(data, fault, &info, &exposed);
	if (rc == RC_NOT_FOUND)
		return fault_set(fault, RC_DENIED,
		    "started as root, Roost has to be told which user to run "
		    "as: make one (useradd --system roost) and name it in the "
		    "configuration (user = \"roost\")");
	if (rc != RC_OK)
		return rc;
	become->user = info.st_uid;
	become->group = info.st_gid;
	become->is_root = info.st_uid == 0;
	become->is_exposed = exposed;
	if (getpwuid_r(info.st_uid, &entry, room, sizeof(room), &found) == 0 &&
	    found)
		become->group = entry.pw_gid;
	return RC_OK;
}

enum rc become_find(const char *user, const char *data, struct fault *fault,
    struct become *ret_become)
{
	struct become become = {.from_root = geteuid() == 0};
	enum rc rc = RC_OK;
	if (become.from_root)
		rc = user ? find_user(user, fault, &become)
			  : find_owner(data, fault, &become);
	if (rc == RC_OK)
		*ret_become = become;
	return rc;
}

// What Linux calls users that it does not know, where there is no "nobody".
#define NOBODY 65534

bool become_find_weak(
    const char *user, const char *data, struct become *ret_become)
{
	struct passwd entry, *found = NULL;
	char room[ENTRY_MAX];
	struct fault ignored;
	struct become become = {0};
	bool known = become_find(user, data, &ignored, &become) == RC_OK &&
		     !become.is_root;
	if (!known) {
		become = (struct become){.from_root = geteuid() == 0,
		    .user = NOBODY,
		    .group = NOBODY};
		if (getpwnam_r("nobody", &entry, room, sizeof(room), &found) ==
			0 &&
		    found && entry.pw_uid != 0) {
			become.user = entry.pw_uid;
			become.group = entry.pw_gid;
		}
	}
	*ret_become = become;
	return known;
}

// ---- The data folder -------------------------------------------------------

// Makes the name of a new folder durable. This is done as far as possible: who
// may make a folder in another one may not always read that one.
static void sync_folder(int parent)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

// Makes one folder, if there is none, beneath the descriptor of its parent.
// With `to`, a new one is given to that user: by its descriptor, because
// whoever may write in the parent could put another thing in its place.
static enum rc make_in(const struct folder_walk *walk, const char *path,
    mode_t mode, const struct become *to, struct fault *fault)
{
	struct stat info;
	const char *name = walk->name;
	if (mkdirat(walk->parent, name, mode) != 0) {
		if (errno != EEXIST)
			return fault_set(fault,
			    errno == EACCES ? RC_DENIED : RC_IO,
			    "cannot make the folder %s: %s", path,
			    strerror(errno));
		if (fstatat(walk->parent, name, &info, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    S_ISDIR(info.st_mode))
			return RC_EXISTS;
		return fault_set(fault, RC_INVALID,
		    "%s is no folder, and so cannot be the data folder, or "
		    "hold it",
		    path);
	}
	sync_folder(walk->parent);
	if (!to || !to->from_root)
		return RC_OK;
	int fd = openat(walk->parent, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool good = fd >= 0 && fstat(fd, &info) == 0 &&
		    info.st_uid == geteuid() &&
		    fchown(fd, to->user, to->group) == 0;
	if (fd >= 0)
		close(fd);
	return good ? RC_OK
		    : fault_set(
			  fault, RC_IO, "cannot give %s to its user", path);
}

static enum rc make_one(
    const char *path, mode_t mode, const struct become *to, struct fault *fault)
{
	struct folder_walk walk;
	enum rc rc = folder_walk(path, fault, &walk);
	if (rc != RC_OK)
		return rc;
	rc = make_in(&walk, path, mode, to, fault);
	close(walk.parent);
	return rc;
}

// If the folder has another owner, because root has made it for instance, this
// says what to do.
static enum rc check_owner(
    const char *path, const struct become *become, struct fault *fault)
{
	struct stat info;
	bool exposed = true;
	if (!become->from_root)
		return RC_OK;
	enum rc rc = look_at(path, fault, &info, &exposed);
	if (rc != RC_OK || info.st_uid == become->user)
		return rc;
	return fault_set(fault, RC_DENIED,
	    "the data folder %s does not belong to the user that Roost runs "
	    "as: chown -R %u:%u %s",
	    path, become->user, become->group, path);
}

enum rc become_make_folder(
    const char *path, const struct become *become, struct fault *fault)
{
	enum rc rc = RC_OK;
	struct arena arena;
	arena_init(&arena);
	char *part = arena_string(&arena, view_of_string(path));
	for (char *at = part; rc == RC_OK && *at; at++) {
		if (*at != '/' || at == part)
			continue;
		*at = '\0';
		rc = make_one(part, 0755, NULL, fault);
		if (rc == RC_EXISTS)
			rc = RC_OK;
		*at = '/';
	}
	arena_done(&arena);
	if (rc == RC_OK)
		rc = make_one(path, 0700, become, fault);
	return rc == RC_EXISTS ? check_owner(path, become, fault) : rc;
}

// ---- Becoming --------------------------------------------------------------

static bool set_capabilities(uint32_t capabilities)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
	    {.effective = capabilities, .permitted = capabilities}};
	return syscall(SYS_capset, &header, data) == 0;
}

void become_powerless(void)
{
	(void)set_capabilities(0); // giving up capabilities is always allowed
}

// A process that has changed its user may not be traced by ptrace(2) nor read
// its own /proc, which the leak checker of a test build needs.
static void stay_visible(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}

static bool change_user(const struct become *become)
{
	struct passwd entry, *found = NULL;
	char room[ENTRY_MAX];
	if (getpwuid_r(become->user, &entry, room, sizeof(room), &found) != 0)
		found = NULL;
	// The owner of a folder may be unknown to the system; then it has no
	// groups.
	int groups = found ? initgroups(found->pw_name, become->group)
			   : setgroups(1, &become->group);
	return groups == 0 &&
	       setresgid(become->group, become->group, become->group) == 0 &&
	       setresuid(become->user, become->user, become->user) == 0;
}

enum rc become_user(
    const struct become *become, bool ports, struct fault *fault)
{
	if (!become->from_root)
		return RC_OK;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    (!become->is_root && !change_user(become)) ||
	    !set_capabilities(ports ? 1U << CAP_NET_BIND_SERVICE : 0))
		return fault_set(fault, RC_DENIED,
		    "cannot become the user %u: %s", become->user,
		    strerror(errno));
	stay_visible();
	return RC_OK;
}
