// SPDX-License-Identifier: Apache-2.0
#include "server/files.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc make_one(const char *path, mode_t mode, struct fault *fault)
{
	struct stat info;
	if (mkdir(path, mode) == 0)
		return RC_OK;
	if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return RC_OK;
	return fault_set(fault, errno == EACCES ? RC_DENIED : RC_IO,
	    "cannot make the folder %s: %s", path, strerror(errno));
}

enum rc files_make_folder(const char *path, struct fault *fault)
{
	enum rc rc = RC_OK;
	struct arena arena;
	arena_init(&arena);
	char *part = arena_string(&arena, view_of_string(path));
	for (char *at = part + 1; rc == RC_OK && *part && *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		rc = make_one(part, 0755, fault);
		*at = '/';
	}
	arena_done(&arena);
	return rc == RC_OK ? make_one(path, 0700, fault) : rc;
}

static const char *join(struct arena *arena, const char *a, const char *b)
{
	struct buf path;
	buf_init(&path, 4096);
	buf_printf(&path, "%s/%s", a, b);
	const char *joined = arena_string(arena, buf_view(&path));
	buf_done(&path);
	return joined;
}

enum rc files_certificate(
    struct config *config, bool *ret_made, struct fault *fault)
{
	*ret_made = false;
	if (config->certificate_count > 0)
		return RC_OK;
	const char *folder = join(&config->arena, config->data, "tls");
	enum rc rc = files_make_folder(folder, fault);
	if (rc != RC_OK)
		return rc;
	struct net_tls_pair *pair = &config->certificates[0];
	pair->certificate_path =
	    join(&config->arena, folder, "certificate.pem");
	pair->key_path = join(&config->arena, folder, "key.pem");
	config->certificate_count = 1;
	if (access(pair->certificate_path, F_OK) == 0 &&
	    access(pair->key_path, F_OK) == 0)
		return RC_OK;
	const char *names[] = {
	    config->server_name, "localhost", "127.0.0.1", "::1"};
	bool local = strcmp(config->server_name, "localhost") == 0;
	rc = net_tls_self_signed(pair->certificate_path, pair->key_path,
	    names + (local ? 1 : 0), ARRAY_LEN(names) - (local ? 1 : 0), fault);
	*ret_made = rc == RC_OK;
	return rc;
}
