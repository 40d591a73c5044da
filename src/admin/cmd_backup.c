// SPDX-License-Identifier: Apache-2.0
// roost backup …: the server makes a checkpoint, which costs it nothing, and
// this process copies what is new in it.
#include <inttypes.h>
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"
#include "admin/vault.h"
#include "base/clock.h"
#include "base/map.h"

#define KIB          ((uint64_t)1 << 10)
#define MIB          ((uint64_t)1 << 20)
#define KEEP_DEFAULT 14  // backups
#define RATE_DEFAULT 100 // MiB a second

struct run {
	struct arena arena;
	struct fault *fault;
	struct vault vault;
	struct place place;
	struct vault_backup before; // the newest that there is
	bool has_before;
	struct vault_backup backup;
	struct vault_pace pace;
};

// Reads a number of an option.
static bool take_number(const struct cli_call *call, const char *name,
    uint32_t initial, uint32_t min, uint32_t *ret_number)
{
	const char *text = cli_value(call, name);
	*ret_number = initial;
	if (!text)
		return true;
	if (view_to_u32(view_of_string(text), ret_number) && *ret_number >= min)
		return true;
	cli_complain("--%s takes a number of at least %u, not %s", name,
	    (unsigned)min, text);
	return false;
}

// ---- Copying ---------------------------------------------------------------

static enum rc add_folder(
    struct run *run, const struct folder *from, const char *as)
{
	struct listing list;
	enum rc rc = folder_list(&run->arena, from, run->fault, &list);
	for (size_t i = 0; rc == RC_OK && i < list.count; i++) {
		const char *name = list.names[i];
		// A file ".new" is being written, and may soon have its name.
		if (name[0] == '.' || strcmp(name, "LOCK") == 0 ||
		    view_ends_with(view_of_string(name), VIEW(".new")) ||
		    folder_kind(from, name) == FOLDER_FOLDER)
			continue;
		rc = vault_add(&run->arena, &run->vault, from, name,
		    listing_join(&run->arena, as, name),
		    run->has_before ? &run->before : NULL, &run->pace,
		    &run->backup, run->fault);
	}
	return rc;
}

// The folder `name` of the data folder; one that is not there is left out.
static enum rc add_part(struct run *run, const struct folder *data,
    const char *name, const char *as)
{
	struct folder part;
	enum rc rc = folder_enter(&run->arena, data, name, run->fault, &part);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND && strcmp(as, "store") != 0 ? RC_OK
								      : rc;
	rc = add_folder(run, &part, as);
	folder_close(&part);
	return rc;
}

static enum rc add_all(
    struct run *run, const char *data_path, const char *checkpoint)
{
	struct folder data;
	enum rc rc = folder_open(&run->arena, data_path, run->fault, &data);
	if (rc != RC_OK)
		return rc;
	rc = add_part(run, &data, checkpoint, "store");
	if (rc == RC_OK)
		rc = add_part(run, &data, "tls", "tls");
	if (rc == RC_OK)
		rc = add_part(run, &data, "certificates", "certificates");
	folder_close(&data);
	return rc;
}

// Asks for a checkpoint, copies it, and lets it go.
static enum rc copy(struct run *run, const char *data)
{
	json_t *message;
	enum rc rc = link_send(
	    &run->place.link, json_pack("{s:s}", "do", "backup"), VIEW(""));
	if (rc == RC_OK)
		rc = place_receive(&run->place, run->fault, &message);
	if (rc != RC_OK)
		return rc == RC_END ? run->fault->rc : rc;
	char *name = view_to_string(link_member(message, "folder"));
	json_decref(message);
	rc = add_all(run, data, name);
	free(name);
	if (rc != RC_OK)
		return rc;
	rc =
	    link_send(&run->place.link, json_pack("{s:b}", "end", 1), VIEW(""));
	if (rc == RC_OK)
		rc = place_receive(&run->place, run->fault, &message);
	json_decref(message);
	return rc == RC_END ? run->fault->rc : rc;
}

static const char *new_id(struct arena *arena)
{
	char id[32];
	struct tm parts;
	time_t now = (time_t)clock_wall_seconds(NULL);
	gmtime_r(&now, &parts);
	strftime(id, sizeof(id), "%Y-%m-%dT%H%M%SZ", &parts);
	return arena_string(arena, view_of_string(id));
}

static enum rc make(struct run *run, const struct cli_call *call)
{
	struct fault ignored;
	run->has_before = vault_find(&run->arena, &run->vault, NULL, NULL,
			      &ignored, &run->before) == RC_OK;
	run->backup = (struct vault_backup){
	    .id = new_id(&run->arena), .version = call->place.version};
	enum rc rc = copy(run, call->place.data);
	return rc == RC_OK ? vault_write(&run->vault, &run->backup, run->fault)
			   : rc;
}

static enum cli_exit make_and_prune(
    struct run *run, const struct cli_call *call, size_t keep)
{
	size_t removed = 0;
	enum rc rc = make(run, call);
	if (rc != RC_OK)
		return cli_fail(rc, run->fault);
	printf("%s: %zu files, %" PRIu64 " KiB, of which %" PRIu64
	       " KiB were copied\n",
	    run->backup.id, run->backup.count,
	    (run->backup.bytes + KIB - 1) / KIB,
	    (run->pace.done + KIB - 1) / KIB);
	rc = vault_prune(&run->vault, keep, run->fault, &removed);
	if (removed > 0)
		printf("%zu old backups removed\n", removed);
	if (rc == RC_OK)
		return CLI_OK;
	cli_complain(
	    "the backup is made, but old ones stay: %s", run->fault->text);
	return CLI_PROBLEM;
}

enum cli_exit cmd_backup(const struct cli_call *call)
{
	struct fault fault = {0};
	struct run run = {.fault = &fault};
	uint32_t keep, rate;
	if (!take_number(call, "keep", KEEP_DEFAULT, 1, &keep) ||
	    !take_number(call, "rate", RATE_DEFAULT, 0, &rate))
		return CLI_USAGE;
	run.pace.rate = rate * MIB;
	arena_init(&run.arena);
	enum cli_exit exit = CLI_FAILED;
	enum rc rc = place_open(&call->place, false, &fault, &run.place);
	if (rc == RC_OK) {
		rc = vault_open(&run.arena, call->arguments[0], VAULT_CHANGE,
		    &fault, &run.vault);
		if (rc == RC_OK) {
			exit = make_and_prune(&run, call, keep);
			vault_close(&run.vault);
		}
		place_close(&run.place);
	}
	if (rc != RC_OK)
		exit = cli_fail(rc, &fault);
	arena_done(&run.arena);
	return exit;
}

// ---- Listing and verifying -------------------------------------------------

static const struct show_column columns[] = {
    {.title = "BACKUP"},
    {.title = "VERSION"},
    {.title = "FILES", .right = true},
    {.title = "BYTES", .right = true},
};

static enum rc list_all(struct arena *arena, const struct vault *vault,
    struct show_table *table, bool *ret_damaged, struct fault *fault)
{
	struct listing ids;
	enum rc rc = vault_list(arena, vault, fault, &ids);
	*ret_damaged = false;
	for (size_t i = 0; rc == RC_OK && i < ids.count; i++) {
		struct vault_backup backup = {.version = "damaged"};
		if (vault_read(arena, vault, ids.names[i], fault, &backup) !=
		    RC_OK)
			*ret_damaged = true;
		show_table_add(table, view_of_string(ids.names[i]));
		show_table_add(table, view_of_string(backup.version));
		show_table_add_number(table, (long long)backup.count);
		show_table_add_number(table, (long long)backup.bytes);
	}
	return rc;
}

enum cli_exit cmd_backup_list(const struct cli_call *call)
{
	struct fault fault = {0};
	struct arena arena;
	struct vault vault;
	struct show_table table;
	bool damaged = false;
	arena_init(&arena);
	show_table_init(&table, columns, ARRAY_LEN(columns));
	enum rc rc =
	    vault_open(&arena, call->arguments[0], VAULT_LOOK, &fault, &vault);
	if (rc == RC_OK) {
		rc = list_all(&arena, &vault, &table, &damaged, &fault);
		vault_close(&vault);
	}
	show_table_print(&table);
	show_table_done(&table);
	arena_done(&arena);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	return damaged ? CLI_PROBLEM : CLI_OK;
}

// Reads every file that the backups have, each one once.
static size_t verify(struct arena *arena, const struct vault *vault,
    const struct vault_backup *backup, struct map *seen,
    struct vault_pace *pace)
{
	size_t bad = 0;
	for (size_t i = 0; i < backup->count; i++) {
		const struct vault_file *file = &backup->files[i];
		struct view hash = view_of_string(file->hash);
		struct fault fault = {0};
		const char *known = map_get(seen, hash);
		if (!known) {
			enum rc rc =
			    vault_take_out(vault, file, -1, pace, &fault);
			known = rc == RC_OK ? ""
					    : arena_string(arena,
						  view_of_string(fault.text));
			map_put(seen, hash, (void *)(uintptr_t)known);
		}
		if (*known) {
			bad++;
			cli_complain("%s: %s", backup->id, known);
		}
	}
	return bad;
}

static enum rc verify_all(struct arena *arena, const struct vault *vault,
    const char *only, struct vault_pace *pace, size_t *ret_bad,
    struct fault *fault)
{
	struct listing ids;
	struct map seen;
	size_t checked = 0;
	map_init(&seen);
	*ret_bad = 0;
	enum rc rc = vault_list(arena, vault, fault, &ids);
	for (size_t i = 0; rc == RC_OK && i < ids.count; i++) {
		struct vault_backup backup;
		struct fault why = {0};
		if (only && strcmp(only, ids.names[i]) != 0)
			continue;
		checked++;
		if (vault_read(arena, vault, ids.names[i], &why, &backup) !=
		    RC_OK) {
			cli_complain("%s", why.text);
			++*ret_bad;
			continue;
		}
		size_t bad = verify(arena, vault, &backup, &seen, pace);
		printf("%s: %s\n", backup.id, bad ? "damaged" : "good");
		*ret_bad += bad;
	}
	map_done(&seen);
	if (rc == RC_OK && checked == 0)
		rc =
		    fault_set(fault, RC_NOT_FOUND, "there is no%s backup in %s",
			only ? " such" : "", vault->root.path);
	return rc;
}

enum cli_exit cmd_backup_verify(const struct cli_call *call)
{
	struct fault fault = {0};
	struct arena arena;
	struct vault vault;
	struct vault_pace pace = {0};
	uint32_t rate;
	size_t bad = 0;
	if (!take_number(call, "rate", RATE_DEFAULT, 0, &rate))
		return CLI_USAGE;
	pace.rate = rate * MIB;
	arena_init(&arena);
	enum rc rc =
	    vault_open(&arena, call->arguments[0], VAULT_READ, &fault, &vault);
	if (rc == RC_OK) {
		rc = verify_all(&arena, &vault, cli_value(call, "backup"),
		    &pace, &bad, &fault);
		vault_close(&vault);
	}
	arena_done(&arena);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	return bad > 0 ? CLI_PROBLEM : CLI_OK;
}
