// SPDX-License-Identifier: Apache-2.0
// roost restore: a whole data folder, or the mail of one user.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/backup_user.h"
#include "admin/become.h"
#include "admin/commands.h"
#include "admin/place.h"
#include "engine/format.h"

// The database gets its name when all its files are there, so that no server
// can start with a part of them.
#define PART "store.part"

struct restoring {
	struct arena arena;
	struct fault *fault;
	const struct vault *vault;
	const struct vault_backup *backup;
	struct become become;
	struct folder data;
	struct folder store;
	// Made when there is a file for them.
	struct folder tls, certificates;
	struct vault_pace pace;
};

// ---- A whole server --------------------------------------------------------

// Gives what root has made to the user of the server.
static enum rc give(struct restoring *restoring, int fd, const char *path)
{
	const struct become *become = &restoring->become;
	if (!become->from_root || fchown(fd, become->user, become->group) == 0)
		return RC_OK;
	return fault_set(restoring->fault, RC_IO, "cannot give %s away: %s",
	    path, strerror(errno));
}

static enum rc make_part(
    struct restoring *restoring, const char *name, struct folder *ret_part)
{
	enum rc rc = folder_make(&restoring->arena, &restoring->data, name,
	    restoring->fault, ret_part);
	return rc == RC_OK ? give(restoring, ret_part->fd, ret_part->path) : rc;
}

static enum rc restore_file(
    struct restoring *restoring, const struct vault_file *file)
{
	struct view name_of_part, path = view_of_string(file->path);
	struct folder *to = &restoring->store;
	const char *name = strchr(file->path, '/') + 1;
	enum rc rc = RC_OK;
	int fd;
	view_split(&path, '/', &name_of_part);
	if (view_eq(name_of_part, VIEW("tls")))
		to = &restoring->tls;
	if (view_eq(name_of_part, VIEW("certificates")))
		to = &restoring->certificates;
	if (to->fd < 0) // the store's is open
		rc = make_part(restoring,
		    arena_string(&restoring->arena, name_of_part), to);
	if (rc == RC_OK)
		rc = folder_make_file(to, name, restoring->fault, &fd);
	if (rc != RC_OK)
		return rc;
	rc = vault_take_out(
	    restoring->vault, file, fd, &restoring->pace, restoring->fault);
	if (rc == RC_OK)
		rc = give(restoring, fd, file->path);
	close(fd);
	return rc;
}

static enum rc restore_files(struct restoring *restoring)
{
	enum rc rc = make_part(restoring, PART, &restoring->store);
	for (size_t i = 0; rc == RC_OK && i < restoring->backup->count; i++)
		rc = restore_file(restoring, &restoring->backup->files[i]);
	if (rc != RC_OK)
		return rc;
	int data = restoring->data.fd;
	if (fsync(restoring->store.fd) != 0 ||
	    renameat2(data, PART, data, "store", RENAME_NOREPLACE) != 0 ||
	    fsync(data) != 0)
		return fault_set(restoring->fault, RC_IO, "%s: %s",
		    restoring->data.path, strerror(errno));
	return RC_OK;
}

static enum rc open_target(struct restoring *restoring, const char *path,
    const struct cli_place *place)
{
	struct listing list;
	struct fault *fault = restoring->fault;
	enum rc rc = become_find(place->user, path, fault, &restoring->become);
	if (rc == RC_OK)
		rc = become_make_folder(path, &restoring->become, fault);
	if (rc == RC_OK)
		rc = folder_open(
		    &restoring->arena, path, fault, &restoring->data);
	if (rc == RC_OK)
		rc = folder_list(
		    &restoring->arena, &restoring->data, fault, &list);
	if (rc == RC_OK && list.count > 0)
		rc = fault_set(
		    fault, RC_EXISTS, "%s is not an empty folder", path);
	return rc;
}

// Mail programs may have seen messages that came after the backup.
static enum rc renew(
    const struct cli_call *call, const char *data, struct fault *fault)
{
	struct cli_place at = call->place;
	struct place place;
	json_t *answer;
	at.data = data;
	enum rc rc = place_open(&at, false, fault, &place);
	if (rc != RC_OK)
		return rc;
	rc = place_ask(&place, json_pack("{s:s}", "do", "renew"), NULL, NULL,
	    fault, &answer);
	place_close(&place);
	if (rc == RC_OK) {
		printf("%lld users\n", (long long)json_integer_value(
					   json_object_get(answer, "users")));
		if (json_integer_value(json_object_get(answer, "bad")) > 0)
			rc = fault_set(fault, RC_CORRUPT,
			    "some accounts are damaged: see roost check");
	}
	json_decref(answer);
	return rc;
}

// A backup of a newer version is refused before anything is copied.
static enum rc check_format(const struct vault *vault,
    const struct vault_backup *backup, struct fault *fault)
{
	struct engine_format format;
	struct fault why = {0};
	char text[4096];
	int fd;
	for (size_t i = 0; i < backup->count; i++) {
		const struct vault_file *file = &backup->files[i];
		if (strcmp(file->path, "store/FORMAT") != 0)
			continue;
		enum rc rc = vault_open_file(vault, file, fault, &fd);
		if (rc != RC_OK)
			return rc;
		ssize_t len = read(fd, text, sizeof(text));
		close(fd);
		rc =
		    engine_format_read(view_of(text, len > 0 ? (size_t)len : 0),
			ENGINE_FORMAT, &why, &format);
		return rc == RC_OK ? rc
				   : fault_set(fault, rc, "the backup %s: %s",
					 backup->id, why.text);
	}
	return RC_OK;
}

static enum rc restore_server(const struct cli_call *call,
    const struct vault *vault, const struct vault_backup *backup,
    struct fault *fault)
{
	const char *to = cli_value(call, "to");
	struct restoring restoring = {.fault = fault,
	    .vault = vault,
	    .backup = backup,
	    .data.fd = -1,
	    .store.fd = -1,
	    .tls.fd = -1,
	    .certificates.fd = -1};
	arena_init(&restoring.arena);
	enum rc rc = check_format(vault, backup, fault);
	if (rc == RC_OK)
		rc = open_target(&restoring, to, &call->place);
	if (rc == RC_OK)
		rc = restore_files(&restoring);
	folder_close(&restoring.tls);
	folder_close(&restoring.certificates);
	folder_close(&restoring.store);
	folder_close(&restoring.data);
	arena_done(&restoring.arena);
	if (rc != RC_OK)
		return rc;
	printf("%s is restored from the backup %s: ", to, backup->id);
	return renew(call, to, fault);
}

// ---- The command -----------------------------------------------------------

static bool is_day(const char *text)
{
	static const char form[] = "0000-00-00";
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	return text[sizeof(form) - 1] == '\0';
}

static bool check_call(const struct cli_call *call)
{
	const char *as_of = cli_value(call, "as-of");
	bool part = cli_value(call, "mailbox") || cli_value(call, "into");
	if (!cli_value(call, "to") && !cli_value(call, "user"))
		cli_complain("say what comes back: --to DATA for a whole "
			     "server, or --user USER");
	else if (cli_value(call, "to") && part)
		cli_complain("--mailbox and --into go with --user");
	else if (as_of && !is_day(as_of))
		cli_complain(
		    "--as-of takes a day like 2026-11-20, not %s", as_of);
	else
		return true;
	return false;
}

static enum cli_exit restore_from(const struct cli_call *call,
    struct arena *arena, const struct vault *vault, struct fault *fault)
{
	struct vault_backup backup;
	enum rc rc = vault_find(arena, vault, cli_value(call, "backup"),
	    cli_value(call, "as-of"), fault, &backup);
	if (rc != RC_OK)
		return cli_fail(rc, fault);
	if (cli_value(call, "user")) {
		struct backup_user user = {.user = cli_value(call, "user"),
		    .mailbox = cli_value(call, "mailbox"),
		    .into = cli_value(call, "into")};
		return backup_user_restore(call, vault, &backup, &user);
	}
	rc = restore_server(call, vault, &backup, fault);
	return rc == RC_OK ? CLI_OK : cli_fail(rc, fault);
}

enum cli_exit cmd_restore(const struct cli_call *call)
{
	struct fault fault = {0};
	struct arena arena;
	struct vault vault;
	if (!check_call(call))
		return CLI_USAGE;
	arena_init(&arena);
	enum rc rc =
	    vault_open(&arena, call->arguments[0], VAULT_READ, &fault, &vault);
	enum cli_exit exit;
	if (rc == RC_OK) {
		exit = restore_from(call, &arena, &vault, &fault);
		vault_close(&vault);
	} else {
		exit = cli_fail(rc, &fault);
	}
	arena_done(&arena);
	return exit;
}
