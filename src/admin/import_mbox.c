// SPDX-License-Identifier: Apache-2.0
// roost import mbox: one file, or a folder of them, each a mailbox.
#include <errno.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/foreign.h"
#include "admin/import.h"
#include "admin/listing.h"
#include "admin/maildir_name.h"
#include "admin/mbox.h"
#include "store/mailbox.h"
#include "store/snapshot.h"
#include "wire/header.h"

#define READ_STEP    ((size_t)1 << 20)
#define KEYWORDS_MAX 65536 // bytes of the keywords of one message

struct mboxes {
	struct import *import;
	struct fault *fault;
	const char *mailbox;
	bool unquote;
	struct buf text; // the part of the file that is not imported yet
	struct buf message;
	struct buf keywords;
};

static json_t *flags_of(unsigned flags, struct view keywords)
{
	json_t *names = json_array();
	struct view word;
	if (flags & STORE_FLAG_SEEN)
		json_array_append_new(names, json_string("\\Seen"));
	if (flags & STORE_FLAG_ANSWERED)
		json_array_append_new(names, json_string("\\Answered"));
	if (flags & STORE_FLAG_FLAGGED)
		json_array_append_new(names, json_string("\\Flagged"));
	if (flags & STORE_FLAG_DELETED)
		json_array_append_new(names, json_string("\\Deleted"));
	if (flags & STORE_FLAG_DRAFT)
		json_array_append_new(names, json_string("\\Draft"));
	while (view_split(&keywords, ' ', &word))
		if (word.len > 0)
			json_array_append_new(names, link_text(word));
	return names;
}

// If the From_ line has no date, the header's date is used.
static void set_date(const struct mbox_message *parsed, struct view text,
    struct import_message *message)
{
	struct date date = parsed->date;
	struct header_field field;
	message->has_date = parsed->has_date;
	if (!message->has_date && header_find(text, VIEW("Date"), &field))
		message->has_date =
		    date_parse_rfc5322(field.value, &date) == RC_OK;
	message->date = date.seconds;
	message->zone_minutes = date.zone_minutes;
}

static enum rc import_one(
    struct mboxes *mboxes, struct view text, const char *path, uint64_t offset)
{
	struct mbox_message parsed;
	char source[4200];
	buf_reset(&mboxes->message);
	buf_reset(&mboxes->keywords);
	mbox_split(text, mboxes->unquote, &mboxes->message, &mboxes->keywords,
	    &parsed);
	snprintf(source, sizeof(source), "%s at byte %llu", path,
	    (unsigned long long)offset);
	if (parsed.internal || parsed.deleted)
		return RC_OK;
	if (!parsed.has_from) {
		const char *what = foreign_file(text);
		import_bad(mboxes->import, source,
		    what ? what
			 : "this is no mbox: it does not begin with "
			   "\"From \"");
		return RC_OK;
	}
	struct import_message message = {
	    .text = buf_view(&mboxes->message),
	    .source = source,
	    .flags = flags_of(parsed.flags, buf_view(&mboxes->keywords)),
	};
	set_date(&parsed, message.text, &message);
	return import_message(mboxes->import, &message);
}

// Reads more; false at the end of the file.
static enum rc read_more(struct mboxes *mboxes, int fd, bool *ret_at_end)
{
	char *to = buf_reserve(&mboxes->text, READ_STEP);
	if (!to)
		return fault_set(mboxes->fault, RC_LIMIT,
		    "there is a message of more than %zu MiB",
		    mboxes->text.max >> 20);
	for (;;) {
		ssize_t got = read(fd, to, READ_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_set(
			    mboxes->fault, RC_IO, "%s", strerror(errno));
		*ret_at_end = got == 0;
		buf_commit(&mboxes->text, (size_t)got);
		return RC_OK;
	}
}

// Warns that a message may have been read as part of the text of the message
// before it.
static void tell_doubt(struct mboxes *mboxes, const char *path, uint64_t offset)
{
	char source[4200];
	snprintf(source, sizeof(source), "%s at byte %llu", path,
	    (unsigned long long)offset);
	import_doubt(mboxes->import, source,
	    "a line \"From \" without a usual date was taken for text of the "
	    "message before, but a message may begin there");
}

// Imports the messages that are complete in what has been read.
static enum rc import_read(struct mboxes *mboxes, struct mbox_scan *scan,
    bool at_end, const char *path, uint64_t *offset)
{
	size_t done = 0, len;
	enum rc rc = RC_OK;
	for (;;) {
		struct view text = view_from(buf_view(&mboxes->text), done);
		// Blank lines between messages, or before the first.
		while (text.len > 0 && scan->at == 0 &&
		       (text.ptr[0] == '\n' || text.ptr[0] == '\r')) {
			text = view_from(text, 1);
			done++;
		}
		if (text.len == 0)
			break;
		if (mbox_find_end(scan, text, at_end, &len) != RC_OK)
			break;
		rc = import_one(
		    mboxes, view_slice(text, 0, len), path, *offset + done);
		if (scan->doubtful > 0)
			tell_doubt(
			    mboxes, path, *offset + done + scan->doubtful);
		if (rc != RC_OK)
			break;
		done += len;
		*scan = (struct mbox_scan){0};
	}
	buf_consume(&mboxes->text, done);
	*offset += done;
	return rc;
}

static enum rc import_bytes(struct mboxes *mboxes, int fd, const char *path)
{
	struct mbox_scan scan = {0};
	uint64_t offset = 0;
	bool at_end = false;
	enum rc rc = RC_OK;
	buf_reset(&mboxes->text);
	while (rc == RC_OK && !at_end) {
		rc = read_more(mboxes, fd, &at_end);
		if (rc != RC_OK) { // it is named; the other files still follow
			import_bad(mboxes->import, path, mboxes->fault->text);
			return RC_OK;
		}
		rc = import_read(mboxes, &scan, at_end, path, &offset);
	}
	return rc;
}

// Imports the open file, and closes it.
static enum rc import_one_file(
    struct mboxes *mboxes, int fd, const char *path, struct view mailbox)
{
	enum rc rc = import_mailbox(mboxes->import, mailbox, true, 0);
	if (rc == RC_OK)
		rc = import_bytes(mboxes, fd, path);
	else if (rc == RC_INVALID)
		rc = RC_OK; // it has been named and counted
	close(fd);
	return rc;
}

// Files that mail programs keep next to their mbox files.
static bool is_no_mbox(const char *name)
{
	struct view v = view_of_string(name);
	return name[0] == '.' || view_ends_with(v, VIEW(".msf")) ||
	       view_ends_with(v, VIEW(".dat")) ||
	       view_ends_with(v, VIEW(".lock"));
}

static enum rc import_tree(struct mboxes *mboxes, const struct folder *folder,
    struct view levels, unsigned depth);

// Imports what `entry` in the folder is: a folder, or a file.
static enum rc import_entry(struct mboxes *mboxes, struct arena *arena,
    const struct folder *folder, const char *entry, struct view mailbox,
    unsigned depth)
{
	struct folder inner;
	struct fault fault = {0};
	struct stat info;
	int fd;
	if (folder_kind(folder, entry) != FOLDER_FOLDER) {
		if (import_open_file(
			mboxes->import, folder, entry, &fd, &info) != RC_OK)
			return RC_OK; // it has been named and counted
		return import_one_file(mboxes, fd,
		    listing_join(arena, folder->path, entry), mailbox);
	}
	enum rc rc = folder_enter(arena, folder, entry, &fault, &inner);
	if (rc != RC_OK) { // the others still follow
		import_bad(mboxes->import,
		    listing_join(arena, folder->path, entry), fault.text);
		return RC_OK;
	}
	rc = import_tree(mboxes, &inner, mailbox, depth + 1);
	folder_close(&inner);
	return rc;
}

static enum rc import_tree(struct mboxes *mboxes, const struct folder *folder,
    struct view levels, unsigned depth)
{
	struct arena arena;
	struct listing list;
	struct buf name;
	if (depth > LISTING_DEPTH_MAX) {
		import_bad(mboxes->import, folder->path, "too deep a folder");
		return RC_OK;
	}
	arena_init(&arena);
	buf_init(&name, 4 * STORE_NAME_MAX);
	enum rc rc = folder_list(&arena, folder, mboxes->fault, &list);
	for (size_t i = 0; rc == RC_OK && i < list.count; i++) {
		struct view entry = view_of_string(list.names[i]);
		if (is_no_mbox(list.names[i]))
			continue;
		// Thunderbird: the mailboxes below X are in X.sbd.
		if (view_ends_with(entry, VIEW(".sbd")))
			entry.len -= 4;
		buf_reset(&name);
		buf_add(&name, levels);
		if (levels.len > 0)
			buf_add_char(&name, '/');
		maildir_level_decode(entry, &name);
		rc = import_entry(mboxes, &arena, folder, list.names[i],
		    buf_view(&name), depth);
	}
	buf_done(&name);
	arena_done(&arena);
	return rc;
}

// What the person named: a file, or a folder of them.
struct source {
	struct folder folder; // its descriptor is -1: it is a file
	int file;
};

static enum rc open_source(struct arena *arena, const char *path,
    struct fault *fault, struct source *ret_source)
{
	struct fault why = {0};
	*ret_source = (struct source){.folder.fd = -1, .file = -1};
	enum rc rc = folder_open(arena, path, fault, &ret_source->folder);
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = folder_open_named(path, false, &why, &ret_source->file);
	return rc == RC_OK ? rc
			   : fault_set(fault, rc, "%s: %s", path, why.text);
}

static enum rc import_all(
    struct mboxes *mboxes, const char *path, struct source *source)
{
	struct view mailbox = view_of_string(mboxes->mailbox);
	if (source->folder.fd >= 0)
		return import_tree(mboxes, &source->folder, mailbox, 0);
	int fd = source->file;
	source->file = -1;
	return import_one_file(
	    mboxes, fd, path, mailbox.len > 0 ? mailbox : VIEW("INBOX"));
}

static enum cli_exit import_source(
    const struct cli_call *call, struct mboxes *mboxes, struct source *source)
{
	struct place place;
	enum rc rc = import_begin(call, &place, mboxes->fault, &mboxes->import);
	if (rc != RC_OK)
		return cli_fail(rc, mboxes->fault);
	buf_init(&mboxes->text, IMPORT_FILE_MAX);
	buf_init(&mboxes->message, IMPORT_FILE_MAX);
	buf_init(&mboxes->keywords, KEYWORDS_MAX);
	rc = import_all(mboxes, call->arguments[0], source);
	buf_done(&mboxes->text);
	buf_done(&mboxes->message);
	buf_done(&mboxes->keywords);
	enum cli_exit exit = import_close(&mboxes->import, rc, mboxes->fault);
	place_close(&place);
	return exit;
}

enum cli_exit cmd_import_mbox(const struct cli_call *call)
{
	struct fault fault = {0};
	struct arena arena;
	struct source source;
	struct mboxes mboxes = {
	    .fault = &fault,
	    .mailbox = cli_value(call, "mailbox"),
	    .unquote = !cli_value(call, "mboxo"),
	};
	arena_init(&arena);
	enum rc rc = open_source(&arena, call->arguments[0], &fault, &source);
	enum cli_exit exit = rc == RC_OK ? import_source(call, &mboxes, &source)
					 : cli_fail(rc, &fault);
	folder_close(&source.folder);
	if (source.file >= 0)
		close(source.file);
	arena_done(&arena);
	return exit;
}
