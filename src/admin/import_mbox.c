// SPDX-License-Identifier: Apache-2.0
// roost import mbox: one file, or a folder of them, each a mailbox.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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

static enum rc import_open_file(struct mboxes *mboxes, int fd, const char *path)
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

static enum rc import_one_file(
    struct mboxes *mboxes, const char *path, struct view mailbox)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		import_bad(mboxes->import, path, strerror(errno));
		return RC_OK;
	}
	enum rc rc = import_mailbox(mboxes->import, mailbox, true, 0);
	if (rc == RC_OK)
		rc = import_open_file(mboxes, fd, path);
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

static enum rc import_tree(
    struct mboxes *mboxes, const char *path, struct view levels, unsigned depth)
{
	struct arena arena;
	struct listing list;
	struct buf name;
	if (depth > LISTING_DEPTH_MAX) {
		import_bad(mboxes->import, path, "too deep a folder");
		return RC_OK;
	}
	arena_init(&arena);
	buf_init(&name, 4 * STORE_NAME_MAX);
	enum rc rc = listing_read(&arena, path, mboxes->fault, &list);
	for (size_t i = 0; rc == RC_OK && i < list.count; i++) {
		const char *inner = listing_join(&arena, path, list.names[i]);
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
		if (listing_is_folder(inner))
			rc = import_tree(
			    mboxes, inner, buf_view(&name), depth + 1);
		else
			rc = import_one_file(mboxes, inner, buf_view(&name));
	}
	buf_done(&name);
	arena_done(&arena);
	return rc;
}

static enum rc import_all(struct mboxes *mboxes, const char *path)
{
	struct view mailbox = view_of_string(mboxes->mailbox);
	if (listing_is_folder(path))
		return import_tree(mboxes, path, mailbox, 0);
	if (!listing_is_file(path))
		return fault_set(
		    mboxes->fault, RC_NOT_FOUND, "there is no file %s", path);
	return import_one_file(
	    mboxes, path, mailbox.len > 0 ? mailbox : VIEW("INBOX"));
}

enum cli_exit cmd_import_mbox(const struct cli_call *call)
{
	struct fault fault = {0};
	struct place place;
	struct mboxes mboxes = {
	    .fault = &fault,
	    .mailbox = cli_value(call, "mailbox"),
	    .unquote = !cli_value(call, "mboxo"),
	};
	enum rc rc = import_begin(call, &place, &fault, &mboxes.import);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	buf_init(&mboxes.text, IMPORT_FILE_MAX);
	buf_init(&mboxes.message, IMPORT_FILE_MAX);
	buf_init(&mboxes.keywords, KEYWORDS_MAX);
	rc = import_all(&mboxes, call->arguments[0]);
	buf_done(&mboxes.text);
	buf_done(&mboxes.message);
	buf_done(&mboxes.keywords);
	enum cli_exit exit = import_close(&mboxes.import, rc, &fault);
	place_close(&place);
	return exit;
}
