// SPDX-License-Identifier: Apache-2.0
// roost import maildir: the folders of Maildir++ (".A.B" beside cur/ and new/)
// and of Dovecot's LAYOUT=fs ("A/B"), the order of dovecot-uidlist, the names
// of dovecot-keywords, and the subscriptions.
#include <sys/stat.h>

#include "admin/commands.h"
#include "admin/foreign.h"
#include "admin/import.h"
#include "admin/listing.h"
#include "admin/maildir_name.h"
#include "base/clock.h"
#include "base/map.h"
#include "store/mailbox.h"
#include "store/snapshot.h"

// Limit for dovecot-uidlist and similar files.
#define SMALL_FILE_MAX ((size_t)64 << 20)
#define DAY_SECONDS    86400

struct maildir {
	struct import *import;
	struct fault *fault;
	const char *root;
	const char *prefix; // all mailboxes go below this one; NULL: below none
	bool subscribe_all; // there is no list of subscriptions
	size_t folders;     // how many so far
};

struct file {
	const char *path;
	struct maildir_name name;
	uint64_t uid; // from dovecot-uidlist; UINT64_MAX: not in it
};

struct folder {
	struct arena arena;
	struct file *files;
	size_t count;
	size_t capacity;
	struct view keywords[MAILDIR_KEYWORDS];
};

// ---- One folder ------------------------------------------------------------

static void read_small(struct arena *arena, const char *path, const char *name,
    struct view *ret_text)
{
	struct buf text;
	buf_init(&text, SMALL_FILE_MAX);
	enum rc rc =
	    import_read_file(listing_join(arena, path, name), NULL, &text);
	*ret_text = rc == RC_OK ? arena_copy(arena, buf_view(&text)) : VIEW("");
	buf_done(&text);
}

// Reads a line like "0 $Forwarded": the number of the letter, and its keyword.
static void read_keywords(struct folder *folder, const char *path)
{
	struct view text, line, number;
	uint32_t n;
	read_small(&folder->arena, path, "dovecot-keywords", &text);
	while (view_split(&text, '\n', &line))
		if (view_split(&line, ' ', &number) &&
		    view_to_u32(number, &n) && n < MAILDIR_KEYWORDS)
			folder->keywords[n] = view_trim(line);
}

// Reads a line like "17 S123 :1700000000.M1P2.host,S=123": it begins with the
// UID, and has the file's name after " :". The flags in the name may be old.
static void read_uids(struct folder *folder, const char *path, struct map *uids)
{
	struct view text, line;
	uint64_t uid;
	read_small(&folder->arena, path, "dovecot-uidlist", &text);
	while (view_split(&text, '\n', &line)) {
		size_t colon = view_find(line, VIEW(" :"));
		struct view number =
		    view_slice(line, 0, view_find_char(line, ' '));
		if (colon == SIZE_MAX || !view_to_u64(number, &uid))
			continue;
		uint64_t *kept = arena_alloc(&folder->arena, sizeof(*kept));
		*kept = uid;
		map_put(uids,
		    maildir_name_parse(view_from(line, colon + 2)).unique,
		    kept);
	}
}

static enum rc list_files(struct folder *folder, const char *path,
    const struct map *uids, struct fault *fault)
{
	struct listing list;
	enum rc rc = listing_read(&folder->arena, path, fault, &list);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	for (size_t i = 0; i < list.count; i++) {
		if (list.names[i][0] == '.')
			continue;
		struct maildir_name name =
		    maildir_name_parse(view_of_string(list.names[i]));
		const uint64_t *uid = map_get(uids, name.unique);
		folder->files =
		    arena_grow(&folder->arena, folder->files, &folder->capacity,
			folder->count + 1, sizeof(*folder->files));
		folder->files[folder->count++] = (struct file){
		    .path = listing_join(&folder->arena, path, list.names[i]),
		    .name = name,
		    .uid = uid ? *uid : UINT64_MAX,
		};
	}
	return RC_OK;
}

// Sorts by UID. Files without a UID are sorted by the time at the beginning of
// their name.
static int compare_files(const void *left, const void *right)
{
	const struct file *a = left, *b = right;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	if (a->name.seconds != b->name.seconds)
		return a->name.seconds < b->name.seconds ? -1 : 1;
	return view_compare(a->name.unique, b->name.unique);
}

static json_t *flags_of(const struct folder *folder, const struct file *file)
{
	json_t *flags = json_array();
	const struct maildir_name *name = &file->name;
	if (name->flags & STORE_FLAG_SEEN)
		json_array_append_new(flags, json_string("\\Seen"));
	if (name->flags & STORE_FLAG_ANSWERED)
		json_array_append_new(flags, json_string("\\Answered"));
	if (name->flags & STORE_FLAG_FLAGGED)
		json_array_append_new(flags, json_string("\\Flagged"));
	if (name->flags & STORE_FLAG_DELETED)
		json_array_append_new(flags, json_string("\\Deleted"));
	if (name->flags & STORE_FLAG_DRAFT)
		json_array_append_new(flags, json_string("\\Draft"));
	if (name->forwarded)
		json_array_append_new(flags, json_string("$Forwarded"));
	for (unsigned n = 0; n < MAILDIR_KEYWORDS; n++)
		if (name->keywords >> n & 1 && folder->keywords[n].len > 0)
			json_array_append_new(
			    flags, link_text(folder->keywords[n]));
	return flags;
}

// A message's date is the modification time of its file. If that cannot be
// right, it is the time at the beginning of the file's name.
static void set_date(const struct file *file, struct import_message *message)
{
	struct stat info;
	int64_t latest = clock_wall_seconds(NULL) + DAY_SECONDS;
	message->has_date = true;
	if (stat(file->path, &info) == 0 && info.st_mtime != 0 &&
	    info.st_mtime < latest)
		message->date = info.st_mtime;
	else if (file->name.seconds > 0 &&
		 file->name.seconds < (uint64_t)latest)
		message->date = (int64_t)file->name.seconds;
	else
		message->has_date = false;
}

static enum rc import_files(struct maildir *maildir, struct folder *folder)
{
	enum rc rc = RC_OK;
	if (folder->count > 1)
		qsort(folder->files, folder->count, sizeof(*folder->files),
		    compare_files);
	for (size_t i = 0; rc == RC_OK && i < folder->count; i++) {
		struct file *file = &folder->files[i];
		struct import_message message = {
		    .flags = flags_of(folder, file)};
		set_date(file, &message);
		rc = import_file(maildir->import, file->path, &message);
	}
	return rc;
}

static enum rc import_folder(
    struct maildir *maildir, const char *path, struct view name)
{
	struct folder folder = {0};
	struct map uids;
	maildir->folders++;
	arena_init(&folder.arena);
	map_init(&uids);
	read_keywords(&folder, path);
	read_uids(&folder, path, &uids);
	enum rc rc = list_files(&folder,
	    listing_join(&folder.arena, path, "new"), &uids, maildir->fault);
	if (rc == RC_OK)
		rc = list_files(&folder,
		    listing_join(&folder.arena, path, "cur"), &uids,
		    maildir->fault);
	if (rc == RC_OK)
		rc = import_mailbox(maildir->import, name,
		    maildir->subscribe_all, folder.count);
	if (rc == RC_OK)
		rc = import_files(maildir, &folder);
	else if (rc == RC_INVALID)
		rc = RC_OK; // it has been named and counted
	map_done(&uids);
	arena_done(&folder.arena);
	return rc;
}

// ---- All folders -----------------------------------------------------------

static bool is_maildir(struct arena *arena, const char *path)
{
	return listing_is_folder(listing_join(arena, path, "cur"));
}

// The mailbox of a folder; "" is the Maildir itself.
static struct view mailbox_name(
    const struct maildir *maildir, struct arena *arena, struct view levels)
{
	struct buf name;
	buf_init(&name, 4 * STORE_NAME_MAX);
	if (maildir->prefix)
		buf_add_string(&name, maildir->prefix);
	else if (levels.len == 0)
		buf_add_literal(&name, "INBOX");
	if (maildir->prefix && levels.len > 0)
		buf_add_char(&name, '/');
	buf_add(&name, levels);
	struct view copy = arena_copy(arena, buf_view(&name));
	buf_done(&name);
	return copy;
}

static bool is_reserved(const char *name)
{
	struct view v = view_of_string(name);
	return view_eq(v, VIEW("cur")) || view_eq(v, VIEW("new")) ||
	       view_eq(v, VIEW("tmp"));
}

static enum rc import_tree(struct maildir *maildir, const char *path,
    struct view levels, unsigned depth);

// Imports a folder inside `path`, whose mailbox is `levels`.
static enum rc import_entry(struct maildir *maildir, struct arena *arena,
    const char *path, const char *entry, struct view levels, unsigned depth)
{
	const char *inner = listing_join(arena, path, entry);
	struct buf name;
	enum rc rc = RC_OK;
	bool plus = entry[0] == '.'; // Maildir++
	if (is_reserved(entry) || !listing_is_folder(inner))
		return RC_OK;
	if (plus && (depth > 0 || !is_maildir(arena, inner)))
		return RC_OK;
	buf_init(&name, 4 * STORE_NAME_MAX);
	buf_add(&name, levels);
	if (levels.len > 0)
		buf_add_char(&name, '/');
	if (plus)
		maildir_path_decode(view_of_string(entry + 1), '.', &name);
	else
		maildir_level_decode(view_of_string(entry), &name);
	if (!plus)
		rc = import_tree(maildir, inner, buf_view(&name), depth + 1);
	else
		rc = import_folder(maildir, inner,
		    mailbox_name(maildir, arena, buf_view(&name)));
	buf_done(&name);
	return rc;
}

static enum rc import_tree(struct maildir *maildir, const char *path,
    struct view levels, unsigned depth)
{
	struct arena arena;
	struct listing list;
	if (depth > LISTING_DEPTH_MAX) {
		import_bad(maildir->import, path, "too deep a folder");
		return RC_OK;
	}
	arena_init(&arena);
	enum rc rc = listing_read(&arena, path, maildir->fault, &list);
	if (rc == RC_OK && is_maildir(&arena, path))
		rc = import_folder(
		    maildir, path, mailbox_name(maildir, &arena, levels));
	for (size_t i = 0; rc == RC_OK && i < list.count; i++)
		rc = import_entry(
		    maildir, &arena, path, list.names[i], levels, depth);
	arena_done(&arena);
	return rc;
}

// ---- Subscriptions ---------------------------------------------------------

// Reads a list of subscriptions, which has one name in each line. Dovecot
// separates the levels by dots, or, after a first line "V\t2", by tabs. Courier
// separates them by dots, and writes "INBOX." before every name.
static enum rc subscribe(
    struct maildir *maildir, struct view text, bool courier)
{
	char separator = '.';
	struct view line;
	enum rc rc = RC_OK;
	struct arena arena;
	struct buf name;
	arena_init(&arena);
	buf_init(&name, 4 * STORE_NAME_MAX);
	while (rc == RC_OK && view_split(&text, '\n', &line)) {
		line = view_trim(line);
		if (view_eq(line, VIEW("V\t2"))) {
			separator = '\t';
			continue;
		}
		if (courier && view_starts_with(line, VIEW("INBOX.")))
			line = view_from(line, 6);
		buf_reset(&name);
		maildir_path_decode(line, separator, &name);
		struct view plain = buf_view(&name);
		if (view_eq_nocase(plain, VIEW("INBOX")))
			plain = VIEW("");
		if (line.len > 0)
			rc = import_subscribe(maildir->import,
			    mailbox_name(maildir, &arena, plain));
	}
	buf_done(&name);
	arena_done(&arena);
	return rc;
}

// Fails because no folder was found that could be imported.
static enum rc fail_without_folders(struct maildir *maildir)
{
	struct arena arena;
	struct listing list;
	arena_init(&arena);
	const char *what = NULL;
	if (listing_read(&arena, maildir->root, NULL, &list) == RC_OK)
		what = foreign_folder(&list);
	enum rc rc = fault_set(maildir->fault, RC_NOT_FOUND,
	    "there is no Maildir in %s, no folder with \"cur\" in it%s%s",
	    maildir->root, what ? ": " : "", what ? what : "");
	arena_done(&arena);
	return rc;
}

static enum rc import_all(struct maildir *maildir)
{
	struct arena arena;
	struct view list, courier;
	arena_init(&arena);
	read_small(&arena, maildir->root, "subscriptions", &list);
	read_small(&arena, maildir->root, "courierimapsubscribed", &courier);
	maildir->subscribe_all = list.len == 0 && courier.len == 0;
	enum rc rc = import_tree(maildir, maildir->root, VIEW(""), 0);
	if (rc == RC_OK && maildir->folders == 0)
		rc = fail_without_folders(maildir);
	if (rc == RC_OK)
		rc = subscribe(maildir, list, false);
	if (rc == RC_OK)
		rc = subscribe(maildir, courier, true);
	arena_done(&arena);
	return rc;
}

enum cli_exit cmd_import_maildir(const struct cli_call *call)
{
	struct fault fault = {0};
	struct place place;
	struct maildir maildir = {
	    .fault = &fault,
	    .root = call->arguments[0],
	    .prefix = cli_value(call, "mailbox"),
	};
	enum rc rc = import_begin(call, &place, &fault, &maildir.import);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	rc = import_all(&maildir);
	enum cli_exit exit = import_close(&maildir.import, rc, &fault);
	place_close(&place);
	return exit;
}
