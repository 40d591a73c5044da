// SPDX-License-Identifier: Apache-2.0
#include "admin/become.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

#define ENTRY_MAX 16384 // bytes of an entry of passwd(5)

struct identity {
	uid_t user;
	gid_t group;
};

static enum rc find_user(
    const char *name, struct fault *fault, struct identity *ret_identity)
{
	struct passwd entry, *found = NULL;
	char room[ENTRY_MAX];
	int error = getpwnam_r(name, &entry, room, sizeof(room), &found);
	if (!found)
		return fault_set(fault, RC_NOT_FOUND,
		    "the system has no user %s to run as%s%s", name,
		    error ? ": " : "", error ? strerror(error) : "");
	*ret_identity = (struct identity){entry.pw_uid, entry.pw_gid};
	return RC_OK;
}

static enum rc make_one(
    const char *path, mode_t mode, bool *ret_made, struct fault *fault)
{
	struct stat info;
	*ret_made = mkdir(path, mode) == 0;
	if (*ret_made)
		return RC_OK;
	if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return RC_OK;
	return fault_set(fault, errno == EACCES ? RC_DENIED : RC_IO,
	    "cannot make the folder %s: %s", path, strerror(errno));
}

enum rc become_give(const char *path, const char *user, struct fault *fault)
{
	struct identity identity;
	if (geteuid() != 0 || !user)
		return RC_OK;
	enum rc rc = find_user(user, fault, &identity);
	if (rc == RC_OK && chown(path, identity.user, identity.group) != 0)
		rc = fault_set(fault, RC_IO, "cannot give %s to %s: %s", path,
		    user, strerror(errno));
	return rc;
}

enum rc become_make_folder(
    const char *path, const char *user, struct fault *fault)
{
	enum rc rc = RC_OK;
	struct arena arena;
	bool made;
	arena_init(&arena);
	char *part = arena_string(&arena, view_of_string(path));
	for (char *at = part; rc == RC_OK && *at; at++) {
		if (*at != '/' || at == part)
			continue;
		*at = '\0';
		rc = make_one(part, 0755, &made, fault);
		*at = '/';
	}
	arena_done(&arena);
	if (rc == RC_OK)
		rc = make_one(path, 0700, &made, fault);
	return rc == RC_OK && made ? become_give(path, user, fault) : rc;
}

enum rc become_user(const char *user, struct fault *fault)
{
	struct identity identity;
	if (geteuid() != 0 || !user)
		return RC_OK;
	enum rc rc = find_user(user, fault, &identity);
	if (rc != RC_OK)
		return rc;
	if (initgroups(user, identity.group) != 0 ||
	    setresgid(identity.group, identity.group, identity.group) != 0 ||
	    setresuid(identity.user, identity.user, identity.user) != 0)
		return fault_set(fault, RC_DENIED, "cannot become %s: %s", user,
		    strerror(errno));
	return RC_OK;
}
