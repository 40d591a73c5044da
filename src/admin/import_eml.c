// SPDX-License-Identifier: Apache-2.0
// roost import eml: a folder of files, one message each. A folder inside it is
// a mailbox; the files directly in it go into --mailbox, or INBOX.
#include "admin/commands.h"
#include "admin/import.h"
#include "admin/listing.h"
#include "admin/maildir_name.h"
#include "store/mailbox.h"
#include "wire/date.h"
#include "wire/header.h"

struct emls {
	struct import *import;
	struct fault *fault;
	size_t files; // how many so far
};

// "invoice+FS.eml" means the same flags as "…:2,FS" in a Maildir.
static json_t *flags_of(const char *name)
{
	static const struct {
		char letter;
		const char *flag;
	} letters[] = {{'D', "\\Draft"}, {'F', "\\Flagged"},
	    {'P', "$Forwarded"}, {'R', "\\Answered"}, {'S', "\\Seen"},
	    {'T', "\\Deleted"}};
	json_t *flags = json_array();
	const char *plus = strrchr(name, '+');
	for (size_t i = 0; plus && i < ARRAY_LEN(letters); i++) {
		struct view part = view_of(plus, strcspn(plus, "."));
		if (view_find_char(part, letters[i].letter) != SIZE_MAX)
			json_array_append_new(
			    flags, json_string(letters[i].flag));
	}
	return flags;
}

// Uses the header's date, because the files' own dates are lost when they are
// copied.
static void set_date(
    const struct stat *info, struct view text, struct import_message *message)
{
	struct header_field field;
	struct date date;
	size_t header;
	if (header_length(text, &header) != RC_OK)
		header = text.len;
	text = view_slice(text, 0, header);
	if (header_find(text, VIEW("Date"), &field) &&
	    date_parse_rfc5322(field.value, &date) == RC_OK) {
		message->has_date = true;
		message->date = date.seconds;
		message->zone_minutes = date.zone_minutes;
	} else {
		message->has_date = true;
		message->date = info->st_mtime;
	}
}

static enum rc import_one(
    struct emls *emls, const struct folder *folder, const char *name)
{
	struct fault fault = {0};
	struct buf text;
	struct arena arena;
	struct stat info;
	int fd;
	if (import_open_file(emls->import, folder, name, &fd, &info) != RC_OK)
		return RC_OK; // it has been named and counted
	arena_init(&arena);
	buf_init(&text, IMPORT_FILE_MAX);
	const char *path = listing_join(&arena, folder->path, name);
	enum rc rc = import_read_all(fd, &fault, &text);
	if (rc != RC_OK) {
		import_bad(emls->import, path, fault.text);
		rc = RC_OK;
	} else {
		struct import_message message = {.text = buf_view(&text),
		    .source = path,
		    .flags = flags_of(name)};
		set_date(&info, message.text, &message);
		rc = import_message(emls->import, &message);
	}
	buf_done(&text);
	arena_done(&arena);
	return rc;
}

static bool is_eml(const char *name)
{
	struct view v = view_of_string(name);
	return name[0] != '.' && v.len > 4 &&
	       view_eq_nocase(view_from(v, v.len - 4), VIEW(".eml"));
}

static enum rc import_files(struct emls *emls, const struct folder *folder,
    const struct listing *list, struct view mailbox)
{
	uint64_t count = 0;
	for (size_t i = 0; i < list->count; i++)
		count += is_eml(list->names[i]);
	emls->files += count;
	if (count == 0)
		return RC_OK;
	enum rc rc = import_mailbox(emls->import, mailbox, true, count);
	if (rc != RC_OK)
		// It has been named and counted.
		return rc == RC_INVALID ? RC_OK : rc;
	for (size_t i = 0; rc == RC_OK && i < list->count; i++)
		if (is_eml(list->names[i]))
			rc = import_one(emls, folder, list->names[i]);
	return rc;
}

static enum rc import_tree(struct emls *emls, const struct folder *folder,
    struct view mailbox, unsigned depth);

// Imports the folder `entry`; anything else is left alone.
static enum rc import_entry(struct emls *emls, struct arena *arena,
    const struct folder *folder, const char *entry, struct view mailbox,
    unsigned depth)
{
	struct folder inner;
	struct fault fault = {0};
	struct buf name;
	enum folder_kind kind = folder_kind(folder, entry);
	const char *path = listing_join(arena, folder->path, entry);
	if (kind == FOLDER_AWAY)
		import_bad(emls->import, path,
		    "it is a link to a folder, "
		    "which is not followed");
	if (kind != FOLDER_FOLDER)
		return RC_OK;
	enum rc rc = folder_enter(arena, folder, entry, &fault, &inner);
	if (rc != RC_OK) { // the others still follow
		import_bad(emls->import, path, fault.text);
		return RC_OK;
	}
	buf_init(&name, 4 * STORE_NAME_MAX);
	buf_add(&name, mailbox);
	if (mailbox.len > 0)
		buf_add_char(&name, '/');
	maildir_level_decode(view_of_string(entry), &name);
	rc = import_tree(emls, &inner, buf_view(&name), depth + 1);
	buf_done(&name);
	folder_close(&inner);
	return rc;
}

static enum rc import_tree(struct emls *emls, const struct folder *folder,
    struct view mailbox, unsigned depth)
{
	struct arena arena;
	struct listing list;
	if (depth > LISTING_DEPTH_MAX) {
		import_bad(emls->import, folder->path, "too deep a folder");
		return RC_OK;
	}
	arena_init(&arena);
	enum rc rc = folder_list(&arena, folder, emls->fault, &list);
	if (rc == RC_OK)
		rc = import_files(emls, folder, &list,
		    mailbox.len > 0 ? mailbox : VIEW("INBOX"));
	for (size_t i = 0; rc == RC_OK && i < list.count; i++)
		if (list.names[i][0] != '.')
			rc = import_entry(emls, &arena, folder, list.names[i],
			    mailbox, depth);
	arena_done(&arena);
	return rc;
}

enum rc import_eml(struct import *import, const struct folder *folder,
    const char *mailbox, struct fault *fault)
{
	struct emls emls = {.import = import, .fault = fault};
	enum rc rc = import_tree(&emls, folder, view_of_string(mailbox), 0);
	if (rc == RC_OK && emls.files == 0)
		rc = fault_set(fault, RC_NOT_FOUND,
		    "there is no file *.eml in %s", folder->path);
	return rc;
}

static enum cli_exit import_folder(
    const struct cli_call *call, const struct folder *folder)
{
	struct fault fault = {0};
	struct place place;
	struct import *import;
	enum rc rc = import_begin(call, &place, &fault, &import);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	rc = import_eml(import, folder, cli_value(call, "mailbox"), &fault);
	enum cli_exit exit = import_close(&import, rc, &fault);
	place_close(&place);
	return exit;
}

enum cli_exit cmd_import_eml(const struct cli_call *call)
{
	struct fault fault = {0};
	struct arena arena;
	struct folder folder;
	enum cli_exit exit;
	arena_init(&arena);
	enum rc rc = folder_open(&arena, call->arguments[0], &fault, &folder);
	if (rc == RC_OK) {
		exit = import_folder(call, &folder);
		folder_close(&folder);
	} else {
		exit = cli_fail(rc, &fault);
	}
	arena_done(&arena);
	return exit;
}
