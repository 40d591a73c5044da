// SPDX-License-Identifier: Apache-2.0
// roost user import: one request for each user of a file, which is added
// completely or not at all. What cannot be added is named by file and line, and
// counted. No part of a password is ever printed.
#include "admin/commands.h"
#include "admin/import.h"
#include "admin/place.h"
#include "admin/user_file.h"
#include "base/map.h"
#include "wire/utf8.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)

struct user_import {
	const char *path;
	struct place *place;
	bool dry_run;
	struct map names; // prepared names that have come already
	size_t added, refused;
	enum rc rc; // not RC_OK: the import has to end
	struct fault fault;
};

static void refuse(
    struct user_import *import, const struct user_entry *entry, const char *why)
{
	struct auth_name name;
	import->refused++;
	// If it cannot be a user's name, it may be anything, even a hash: it is
	// not printed.
	if (auth_name_prepare(entry->name, NULL, &name) == RC_OK)
		fprintf(stderr, "%s:%zu: %s: %s\n", import->path, entry->line,
		    name.text, why);
	else
		fprintf(stderr, "%s:%zu: %s\n", import->path, entry->line, why);
}

// True for a mistake in one line; other failures would repeat in all lines.
static bool is_of_one_line(enum rc rc)
{
	return rc == RC_EXISTS || rc == RC_INVALID || rc == RC_UNSUPPORTED ||
	       rc == RC_LIMIT || rc == RC_SYNTAX || rc == RC_DENIED;
}

static void ask_for(struct user_import *import, const struct user_entry *entry)
{
	struct fault fault = {0};
	json_t *answer;
	json_t *request = json_pack("{s:s, s:b, s:b}", "do", "user.add",
	    "disabled", entry->disabled, "dry_run", import->dry_run);
	json_object_set_new(request, "user", link_text(entry->name));
	json_object_set_new(request, "stored", link_text(entry->stored));
	enum rc rc =
	    place_ask(import->place, request, NULL, NULL, &fault, &answer);
	struct view doubt = link_member(answer, "doubt");
	if (rc == RC_OK) {
		import->added++;
		if (doubt.len > 0)
			fprintf(stderr, "%s:%zu: %.*s was added, but %.*s\n",
			    import->path, entry->line, VIEW_FMT(entry->name),
			    VIEW_FMT(doubt));
	} else if (is_of_one_line(rc)) {
		refuse(import, entry, fault.text);
	} else {
		import->rc = rc;
		import->fault = fault;
	}
	json_decref(answer);
}

static void take_entry(void *context, const struct user_entry *entry)
{
	struct user_import *import = context;
	struct auth_name name;
	struct fault fault = {0};
	if (import->rc != RC_OK)
		return;
	if (entry->problem) {
		refuse(import, entry, entry->problem);
	} else if (!utf8_is_valid(entry->stored)) {
		refuse(import, entry, "the password is not UTF-8");
	} else if (auth_name_prepare(entry->name, &fault, &name) != RC_OK) {
		refuse(import, entry, "nobody can be called that");
	} else if (map_put(&import->names, auth_name_view(&name), import)) {
		refuse(import, entry, "the user is in the file before");
	} else {
		ask_for(import, entry);
	}
}

static enum rc read_users(const struct cli_call *call,
    struct user_import *import, struct view text, struct fault *fault)
{
	struct arena arena;
	enum user_file_format format;
	enum rc rc = RC_OK;
	struct user_file_reader reader = {.entry = take_entry,
	    .context = import,
	    .arena = &arena,
	    .scheme = view_of_string(cli_value(call, "scheme"))};
	const char *word = cli_value(call, "format");
	if (!word)
		rc = user_file_find_format(text, fault, &format);
	else if (!user_file_by_word(view_of_string(word), &format))
		rc = fault_set(fault, RC_INVALID,
		    "--format is passwd-file, csv, sasldb, userdb, json or "
		    "toml");
	if (rc != RC_OK)
		return rc;
	arena_init(&arena);
	rc = user_file_read(format, text, &reader, fault);
	arena_done(&arena);
	if (import->rc != RC_OK) {
		*fault = import->fault;
		return import->rc;
	}
	if (rc == RC_OK && import->added + import->refused == 0)
		rc = fault_set(fault, RC_INVALID, "no user is in it (as %s)",
		    user_file_word(format));
	return rc;
}

static enum cli_exit fail_for_file(
    const char *path, enum rc rc, struct fault *fault)
{
	struct fault named = {.rc = rc};
	snprintf(named.text, sizeof(named.text), "%s: %.*s", path,
	    (int)sizeof(named.text) / 2, fault->text);
	return cli_fail(rc, &named);
}

static enum cli_exit import_text(
    const struct cli_call *call, struct user_import *import, struct view text)
{
	struct place place;
	struct fault fault = {0};
	enum rc rc = place_open(&call->place, !import->dry_run, &fault, &place);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	// Nobody reads it after this call.
	// cppcheck-suppress autoVariables
	import->place = &place;
	map_init(&import->names);
	rc = read_users(call, import, text, &fault);
	map_done(&import->names);
	place_close(&place);
	if (import->added + import->refused > 0)
		printf(import->dry_run ? "%zu could be added, %zu not\n"
				       : "%zu added, %zu not\n",
		    import->added, import->refused);
	if (rc != RC_OK)
		return fail_for_file(import->path, rc, &fault);
	return import->refused > 0 ? CLI_PROBLEM : CLI_OK;
}

enum cli_exit cmd_user_import(const struct cli_call *call)
{
	struct user_import import = {.path = call->arguments[0],
	    .dry_run = cli_value(call, "dry-run") != NULL,
	    .rc = RC_OK};
	struct fault fault = {0};
	struct buf text;
	buf_init(&text, FILE_MAX_BYTES);
	int fd;
	enum rc rc = folder_open_named(import.path, true, &fault, &fd);
	if (rc == RC_OK)
		rc = import_read_all(fd, &fault, &text);
	enum cli_exit code = rc == RC_OK
				 ? import_text(call, &import, buf_view(&text))
				 : fail_for_file(import.path, rc, &fault);
	if (text.capacity > 0)
		explicit_bzero(text.ptr, text.capacity);
	buf_done(&text);
	return code;
}
