// SPDX-License-Identifier: Apache-2.0
// roost import maildir: the folders of Maildir++ (".A.B" beside cur/ and new/)
// and of Dovecot's LAYOUT=fs ("A/B"), the order of dovecot-uidlist, the names
// of dovecot-keywords, and the subscriptions.
#include "admin/commands.h"
#include "admin/foreign.h"
#include "admin/import.h"
#include "admin/listing.h"
#include "admin/maildir_lists.h"
#include "admin/maildir_name.h"
#include "base/clock.h"
#include "base/map.h"
#include "store/mailbox.h"
#include "store/snapshot.h"
#include "wire/utf8.h"

#define DAY_SECONDS 86400
#define LINK_TEXT   "it is a link to a folder, which is not followed"

struct maildir {
	struct import *import;
	struct fault *fault;
	struct folder root;
	const char *prefix; // all mailboxes go below this one; NULL: below none
	bool subscribe_all; // there is no list of subscriptions
	size_t folders;     // how many so far
	struct arena arena;
	struct map long_names; // a folder without its dot -> the mailbox
};

struct file {
	bool is_new;      // in new/, not in cur/
	const char *text; // the whole name
	struct maildir_name name;
	uint64_t uid; // from dovecot-uidlist; UINT64_MAX: not in it
};

// One Maildir, which is one mailbox.
struct box {
	struct maildir *maildir;
	struct folder folder;
	struct folder cur, new;
	struct arena arena;
	struct file *files;
	size_t count;
	size_t capacity;
	struct view keywords[MAILDIR_KEYWORDS];
};

// ---- One folder ------------------------------------------------------------

static void read_keywords(struct box *box)
{
	struct view keyword;
	uint32_t n;
	struct view text = import_read_small(box->maildir->import, &box->arena,
	    &box->folder, "dovecot-keywords");
	while (maildir_keywords_next(&text, &n, &keyword))
		box->keywords[n] = keyword;
}

static void read_uids(struct box *box, struct map *uids)
{
	struct view unique;
	uint64_t uid;
	struct view text = import_read_small(
	    box->maildir->import, &box->arena, &box->folder, "dovecot-uidlist");
	while (maildir_uidlist_next(&text, &uid, &unique)) {
		uint64_t *kept = arena_alloc(&box->arena, sizeof(*kept));
		*kept = uid;
		map_put(uids, unique, kept);
	}
}

// Opens cur/ or new/, and lists the messages in it. It need not exist.
static enum rc list_files(struct box *box, const char *part,
    const struct map *uids, struct folder *ret_part)
{
	struct listing list;
	struct fault *fault = box->maildir->fault;
	if (folder_kind(&box->folder, part) == FOLDER_AWAY)
		import_bad(box->maildir->import,
		    listing_join(&box->arena, box->folder.path, part),
		    LINK_TEXT);
	enum rc rc =
	    folder_enter(&box->arena, &box->folder, part, fault, ret_part);
	if (rc == RC_OK)
		rc = folder_list(&box->arena, ret_part, fault, &list);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	for (size_t i = 0; i < list.count; i++) {
		if (list.names[i][0] == '.')
			continue;
		struct maildir_name name =
		    maildir_name_parse(view_of_string(list.names[i]));
		const uint64_t *uid = map_get(uids, name.unique);
		box->files = arena_grow(&box->arena, box->files, &box->capacity,
		    box->count + 1, sizeof(*box->files));
		box->files[box->count++] = (struct file){
		    .is_new = ret_part == &box->new,
		    .text = list.names[i],
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

static json_t *flags_of(const struct box *box, const struct file *file)
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
		if (name->keywords >> n & 1 && box->keywords[n].len > 0)
			json_array_append_new(
			    flags, link_text(box->keywords[n]));
	return flags;
}

// A message's date is the modification time of its file. If that cannot be
// right, it is the time at the beginning of the file's name.
static void set_date(const struct file *file, const struct stat *info,
    struct import_message *message)
{
	int64_t latest = clock_wall_seconds(NULL) + DAY_SECONDS;
	message->has_date = true;
	if (info->st_mtime != 0 && info->st_mtime < latest)
		message->date = info->st_mtime;
	else if (file->name.seconds > 0 &&
		 file->name.seconds < (uint64_t)latest)
		message->date = (int64_t)file->name.seconds;
	else
		message->has_date = false;
}

static enum rc import_one(struct box *box, const struct file *file)
{
	struct import *import = box->maildir->import;
	const struct folder *part = file->is_new ? &box->new : &box->cur;
	struct import_message message = {0};
	struct stat info;
	struct arena arena;
	int fd;
	if (import_open_file(import, part, file->text, &fd, &info) != RC_OK)
		return RC_OK; // it has been named and counted
	message.flags = flags_of(box, file);
	set_date(file, &info, &message);
	arena_init(&arena);
	enum rc rc = import_file(
	    import, fd, listing_join(&arena, part->path, file->text), &message);
	arena_done(&arena);
	return rc;
}

static enum rc import_files(struct box *box)
{
	enum rc rc = RC_OK;
	if (box->count > 1)
		qsort(
		    box->files, box->count, sizeof(*box->files), compare_files);
	for (size_t i = 0; rc == RC_OK && i < box->count; i++)
		rc = import_one(box, &box->files[i]);
	return rc;
}

static enum rc import_folder(
    struct maildir *maildir, const struct folder *folder, struct view name)
{
	struct box box = {
	    .maildir = maildir, .folder = *folder, .cur.fd = -1, .new.fd = -1};
	struct map uids;
	maildir->folders++;
	arena_init(&box.arena);
	map_init(&uids);
	read_keywords(&box);
	read_uids(&box, &uids);
	enum rc rc = list_files(&box, "new", &uids, &box.new);
	if (rc == RC_OK)
		rc = list_files(&box, "cur", &uids, &box.cur);
	if (rc == RC_OK)
		rc = import_mailbox(
		    maildir->import, name, maildir->subscribe_all, box.count);
	if (rc == RC_OK)
		rc = import_files(&box);
	else if (rc == RC_INVALID)
		rc = RC_OK; // it has been named and counted
	folder_close(&box.cur);
	folder_close(&box.new);
	map_done(&uids);
	arena_done(&box.arena);
	return rc;
}

// ---- All folders -----------------------------------------------------------

static bool is_maildir(const struct folder *folder)
{
	enum folder_kind kind = folder_kind(folder, "cur");
	return kind == FOLDER_FOLDER || kind == FOLDER_AWAY;
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

static enum rc import_tree(struct maildir *maildir, const struct folder *folder,
    struct view levels, unsigned depth);

// Adds the mailbox's name that the export wrote into a file, because the
// folder's name could not hold it.
static bool read_long_name(struct maildir *maildir, struct arena *arena,
    const struct folder *folder, const char *entry, struct buf *name)
{
	struct buf made;
	struct view plain = view_of_string(entry);
	if (!maildir_path_is_short(plain))
		return false;
	struct view text = view_trim(import_read_small(
	    maildir->import, arena, folder, MAILDIR_NAME_FILE));
	buf_init(&made, 16 * STORE_NAME_MAX);
	bool good = text.len > 0 && utf8_is_valid(text) &&
		    maildir_path_shorten(text, &made) == RC_OK &&
		    view_eq(buf_view(&made), plain);
	buf_done(&made);
	if (!good)
		return false;
	buf_add(name, text);
	map_put(&maildir->long_names, view_from(plain, 1),
	    arena_string(&maildir->arena, text));
	return true;
}

// Imports the open folder `entry`, whose mailbox is inside `levels`.
static enum rc import_inner(struct maildir *maildir, struct arena *arena,
    const struct folder *inner, const char *entry, struct view levels,
    unsigned depth)
{
	struct buf name;
	enum rc rc;
	bool plus = entry[0] == '.'; // Maildir++
	buf_init(&name, 4 * STORE_NAME_MAX);
	buf_add(&name, levels);
	if (levels.len > 0)
		buf_add_char(&name, '/');
	if (!plus)
		maildir_level_decode(view_of_string(entry), &name);
	else if (!read_long_name(maildir, arena, inner, entry, &name))
		maildir_path_decode(view_of_string(entry + 1), '.', &name);
	if (!plus)
		rc = import_tree(maildir, inner, buf_view(&name), depth + 1);
	else
		rc = import_folder(maildir, inner,
		    mailbox_name(maildir, arena, buf_view(&name)));
	buf_done(&name);
	return rc;
}

// Imports a folder inside `folder`, whose mailbox is `levels`.
static enum rc import_entry(struct maildir *maildir, struct arena *arena,
    const struct folder *folder, const char *entry, struct view levels,
    unsigned depth)
{
	struct folder inner;
	enum folder_kind kind = folder_kind(folder, entry);
	if (is_reserved(entry))
		return RC_OK;
	if (kind == FOLDER_AWAY)
		import_bad(maildir->import,
		    listing_join(arena, folder->path, entry), LINK_TEXT);
	if (kind != FOLDER_FOLDER)
		return RC_OK;
	enum rc rc = folder_enter(arena, folder, entry, maildir->fault, &inner);
	if (rc != RC_OK) { // the others still follow
		import_bad(maildir->import,
		    listing_join(arena, folder->path, entry),
		    maildir->fault->text);
		return RC_OK;
	}
	if (entry[0] != '.' || (depth == 0 && is_maildir(&inner)))
		rc = import_inner(maildir, arena, &inner, entry, levels, depth);
	folder_close(&inner);
	return rc;
}

static enum rc import_tree(struct maildir *maildir, const struct folder *folder,
    struct view levels, unsigned depth)
{
	struct arena arena;
	struct listing list;
	if (depth > LISTING_DEPTH_MAX) {
		import_bad(maildir->import, folder->path, "too deep a folder");
		return RC_OK;
	}
	arena_init(&arena);
	enum rc rc = folder_list(&arena, folder, maildir->fault, &list);
	if (rc == RC_OK && is_maildir(folder))
		rc = import_folder(
		    maildir, folder, mailbox_name(maildir, &arena, levels));
	for (size_t i = 0; rc == RC_OK && i < list.count; i++)
		rc = import_entry(
		    maildir, &arena, folder, list.names[i], levels, depth);
	arena_done(&arena);
	return rc;
}

// ---- Subscriptions ---------------------------------------------------------

static enum rc subscribe(
    struct maildir *maildir, struct view text, bool courier)
{
	struct maildir_subscriptions list =
	    maildir_subscriptions_open(text, courier);
	struct view line;
	enum rc rc = RC_OK;
	struct arena arena;
	struct buf name;
	arena_init(&arena);
	buf_init(&name, 4 * STORE_NAME_MAX);
	while (rc == RC_OK && maildir_subscriptions_next(&list, &line)) {
		buf_reset(&name);
		const char *whole = map_get(&maildir->long_names, line);
		if (whole)
			buf_add_string(&name, whole);
		else
			maildir_path_decode(line, list.separator, &name);
		struct view plain = buf_view(&name);
		if (view_eq_nocase(plain, VIEW("INBOX")))
			plain = VIEW("");
		rc = import_subscribe(
		    maildir->import, mailbox_name(maildir, &arena, plain));
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
	if (folder_list(&arena, &maildir->root, NULL, &list) == RC_OK)
		what = foreign_folder(&list);
	enum rc rc = fault_set(maildir->fault, RC_NOT_FOUND,
	    "there is no Maildir in %s, no folder with \"cur\" in it%s%s",
	    maildir->root.path, what ? ": " : "", what ? what : "");
	arena_done(&arena);
	return rc;
}

static enum rc import_all(struct maildir *maildir)
{
	struct arena arena;
	arena_init(&arena);
	struct view list = import_read_small(
	    maildir->import, &arena, &maildir->root, "subscriptions");
	struct view courier = import_read_small(
	    maildir->import, &arena, &maildir->root, "courierimapsubscribed");
	maildir->subscribe_all = list.len == 0 && courier.len == 0;
	enum rc rc = import_tree(maildir, &maildir->root, VIEW(""), 0);
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
	struct maildir maildir = {.fault = &fault,
	    .root.fd = -1,
	    .prefix = cli_value(call, "mailbox")};
	arena_init(&maildir.arena);
	map_init(&maildir.long_names);
	enum rc rc = folder_open(
	    &maildir.arena, call->arguments[0], &fault, &maildir.root);
	if (rc == RC_OK)
		rc = import_begin(call, &place, &fault, &maildir.import);
	enum cli_exit exit = CLI_FAILED;
	if (rc == RC_OK) {
		rc = import_all(&maildir);
		exit = import_close(&maildir.import, rc, &fault);
		place_close(&place);
	} else {
		exit = cli_fail(rc, &fault);
	}
	folder_close(&maildir.root);
	map_done(&maildir.long_names);
	arena_done(&maildir.arena);
	return exit;
}
